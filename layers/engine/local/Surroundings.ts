/**
 * What actors find around them in their engine.
 */
import type * as Semaphore from "effect/Semaphore"
import type { Alarms } from "./Alarms.ts"
import type { Changes } from "./Changes.ts"
import type { DeadLetters } from "./DeadLetters.ts"
import type { Gauges } from "./Gauges.ts"
import type { Archive } from "./LiveJournal.ts"
import type { Workshop } from "./Preparation.ts"
import type { Realm } from "./Realm.ts"
import type { Residents } from "./Residents.ts"
import type { Turns } from "./Turns.ts"

/** What all actors need of their engine. */
export interface EngineSurroundings extends Workshop, Archive {
  readonly realm: Realm
  readonly alarms: Alarms
  readonly turns: Turns
  readonly residents: Residents
  readonly changes: Changes
  readonly deadLetters: DeadLetters
  /** How many actors may recover at the same time. */
  readonly recoveries: Semaphore.Semaphore
  /** Nanoseconds that only tell how long something took. */
  readonly nanoseconds: () => bigint
}

/** What an actor needs of its engine. */
export interface Surroundings extends EngineSurroundings {
  /** Those of its definition. */
  readonly gauges: Gauges
}
