/**
 * How far an engine reaches: which actors may be in its memory, and how those of a family are told that may be elsewhere.
 */
import type * as Effect from "effect/Effect"
import type { ActorAddress, RunningActor } from "../../../src/CurrentActor.ts"
import type { AppendError, Conflict, ReadError } from "../../../src/StoreError.ts"
import type { Refusal } from "./Adoptions.ts"
import * as Ending from "./Ending.ts"

/** What members of a family do to each other. */
export interface Relatives {
  /** Ends a child, and all below it. */
  readonly end: (child: ActorAddress, ending: Ending.Ending) => Effect.Effect<void>
  /** Lets a parent deal with a child that has failed. */
  readonly trouble: (parent: ActorAddress, child: RunningActor, cause: unknown) => Effect.Effect<void>
  /** Brings a child back whose parent goes on in spite of it. */
  readonly bringBack: (child: RunningActor) => Effect.Effect<void>
  /** A parent has one child less. */
  readonly discount: (parent: ActorAddress) => Effect.Effect<void>
  /** Ties a child to its parent, unless something speaks against it. */
  readonly tie: (
    parent: RunningActor,
    child: RunningActor
  ) => Effect.Effect<Refusal | undefined, ReadError | AppendError>
}

/** The reach of an engine. */
export interface Realm {
  /** Whether an actor may be brought into memory here. */
  readonly holds: (actor: string, id: string) => boolean
  /** How an actor ends that has met another writer. */
  readonly afterConflict: (conflict: Conflict) => Ending.Ending
  /** How relatives are reached; unless said, all of them are here. */
  readonly relatives: Relatives | undefined
}

/** All actors are here, and whoever else writes to them should not. */
export const whole: Realm = { holds: () => true, afterConflict: Ending.conflict, relatives: undefined }
