/**
 * Scripted actors as they are, or were.
 */
import * as Schema from "effect/Schema"
import * as ActorScript from "./ActorScript.ts"
import type { BehaviorRegistry } from "./BehaviorRegistry.ts"
import { BehaviorsMissing } from "./ScriptError.ts"
import type { ScriptState, Tick, TickReport } from "./script/ScriptState.ts"
import type * as Value from "./Value.ts"

export type { Tick, TickReport } from "./script/ScriptState.ts"

/** What a scripted actor is doing. What came of its ticks is another matter, but for `failed`. */
export const ActorState = Schema.Literals([
  /** It waits for a message, or for its time. */
  "idle",
  /** A tick is under way, or waits. */
  "running",
  /** On request. Nothing moves until it is resumed, not even a tick that is under way; messages wait. */
  "paused",
  /** No plans are bound to some of its behaviors in this process. It goes on once they are. */
  "suspended",
  /** A plan said that the goal is reached. It ticks no more by itself, but still answers messages. A new goal makes it active again. */
  "completed",
  /** Something in its last tick failed. Its schedule goes on, the slower the more ticks have failed. */
  "failed",
  /** On request; its children too. It takes no messages until it is resumed. */
  "stopped"
])

/** What a scripted actor is doing. */
export type ActorState = typeof ActorState.Type

/** A scripted actor. */
export interface ScriptedActor {
  readonly id: string
  readonly script: ActorScript.ActorScript
  readonly goals: ReadonlyArray<string>
  readonly metadata: Value.Record
  readonly state: ActorState
  /** Why it is suspended, if it is. */
  readonly suspended: BehaviorsMissing | undefined
  /** The version of its history. */
  readonly version: number
  /** Counts the updates, from 1; an update may expect it. */
  readonly revision: number
  readonly parent: string | undefined
  /** Generations above it. */
  readonly depth: number
  readonly children: ReadonlyArray<string>
  /** The interval of its ticks, in milliseconds, if it has one. */
  readonly everyMilliseconds: number | undefined
  /** How many messages wait. */
  readonly mailbox: number
  readonly tick: Tick | undefined
  readonly lastTick: TickReport | undefined
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** What is seen of a state in a process with these behaviors. */
export const make = (actor: ScriptState, version: number, behaviors: BehaviorRegistry["Service"]): ScriptedActor => {
  const { everyMilliseconds, lastTick, mail, parent, standing, tick, failedTicks, ...same } = actor
  const missing = standing === "active" ? missingOf(actor, behaviors) : undefined
  return {
    ...same,
    state: missing === undefined ? stateOf(actor) : "suspended",
    suspended: missing,
    version,
    parent: parent ?? undefined,
    everyMilliseconds: everyMilliseconds ?? undefined,
    mailbox: mail.length,
    tick: tick ?? undefined,
    lastTick: lastTick ?? undefined
  }
}

/** The behaviors of an actor without a plan, if there are any. */
export const missingOf = (
  { id, script }: Pick<ScriptState, "id" | "script">,
  registry: BehaviorRegistry["Service"]
): BehaviorsMissing | undefined => {
  const behaviors = ActorScript.behaviors(script)
    .filter((behavior) => !registry.has(behavior))
    .map(({ name, version }) => ({ name, version }))
  return behaviors.length === 0 ? undefined : new BehaviorsMissing({ id, behaviors })
}

const stateOf = ({ failedTicks, standing, tick }: ScriptState): ActorState => {
  if (standing === "paused" || standing === "stopped") return standing
  if (tick !== null) return "running"
  if (standing === "completed") return "completed"
  return failedTicks > 0 ? "failed" : "idle"
}
