/**
 * What scripted actors decide.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as CurrentActor from "../CurrentActor.ts"
import { ActorExists, ActorHeld, ActorMissing, MailFull } from "../ScriptError.ts"
import type { ScriptEvent } from "../ScriptEvent.ts"
import { Conflict } from "../StoreError.ts"
import { ScriptActor } from "./ScriptActor.ts"
import * as ScriptProgress from "./ScriptProgress.ts"
import type { ScriptState } from "./ScriptState.ts"
import * as ScriptTimers from "./ScriptTimers.ts"
import * as TickDecision from "./TickDecision.ts"

/** What the decisions need of their process. */
export interface Surroundings {
  /** Sees to it that somebody does what there is to do for an actor, once this command is on disk. */
  readonly drive: (id: string) => void
  /** Interrupts whatever is being done for an actor. */
  readonly drop: (id: string) => void
  /** Makes the id of a tick. */
  readonly nextId: (milliseconds: number) => string
  /** Most messages that may wait for one actor. */
  readonly mailCapacity: number
}

type State = ScriptState | null

const now = Effect.map(Clock.currentTimeMillis, (milliseconds) => new Date(milliseconds))

/** Persists the events with all that follows from them, sets the timers, and replies with what is made of the new state. */
const decide = Effect.fnUntraced(function* <A>(
  before: State,
  decided: ReadonlyArray<ScriptEvent>,
  reply: (after: State) => A
) {
  const { events, state } = ScriptProgress.settle(before, decided, yield* now)
  yield* ScriptTimers.follow(before, state)
  return yield* ScriptActor.persist(events, reply)
})

const nothing = (): void => {}

const itself = (state: State): State => state

const existing = Effect.fnUntraced(function* (state: State) {
  if (state !== null) return state
  const { id } = yield* CurrentActor.self
  return yield* new ActorMissing({ id })
})

/** The actor, unless it is held in one of these ways. */
const free = Effect.fnUntraced(function* (state: State, ...holds: ReadonlyArray<ActorHeld["state"]>) {
  const actor = yield* existing(state)
  const held = holds.find((hold) => hold === actor.standing)
  return held === undefined ? actor : yield* new ActorHeld({ id: actor.id, state: held })
})

/** The handlers of all commands. */
export const make = ({ drive, drop, mailCapacity, nextId }: Surroundings) =>
  ({
    Spawn: Effect.fnUntraced(function* (state: State, spawned) {
      const { id } = yield* CurrentActor.self
      if (state !== null) return yield* new ActorExists({ id })
      return yield* decide(state, [{ _tag: "Spawned", id, ...spawned, at: yield* now }], nothing)
    }),

    Update: Effect.fnUntraced(function* (state: State, { expected, ...update }) {
      const { id, revision } = yield* existing(state)
      if (expected !== undefined && expected !== revision) {
        return yield* new Conflict({ agentId: ScriptActor.agentId(id), expected, actual: revision })
      }
      return yield* decide(state, [{ _tag: "Updated", ...update, at: yield* now }], nothing)
    }),

    Send: Effect.fnUntraced(function* (state: State, { mail }) {
      const { id, mail: waiting } = yield* free(state, "stopped")
      if (waiting.length >= mailCapacity) return yield* new MailFull({ id, capacity: mailCapacity })
      drive(id)
      return yield* decide(state, [{ _tag: "MessageReceived", mail, at: yield* now }], () => mail.id)
    }),

    Tick: Effect.fnUntraced(function* (state: State, { tickId }) {
      const actor = yield* free(state, "paused", "stopped")
      drive(actor.id)
      if (actor.tick !== null) return actor.tick.id
      const started = ScriptProgress.tickStarted(actor, tickId, null, yield* now)
      return yield* decide(state, [started], () => tickId)
    }),

    Schedule: Effect.fnUntraced(function* (state: State, { everyMilliseconds }) {
      yield* free(state, "stopped")
      return yield* decide(state, [{ _tag: "Scheduled", everyMilliseconds, at: yield* now }], nothing)
    }),

    Pause: Effect.fnUntraced(function* (state: State) {
      const { id, standing } = yield* free(state, "stopped")
      drive(id)
      return yield* decide(state, standing === "paused" ? [] : [{ _tag: "Paused", at: yield* now }], nothing)
    }),

    Resume: Effect.fnUntraced(function* (state: State) {
      const { id, standing } = yield* existing(state)
      drive(id)
      yield* ScriptTimers.resume(state, yield* now)
      return yield* decide(state, standing === "active" ? [] : [{ _tag: "Resumed", at: yield* now }], nothing)
    }),

    Stop: Effect.fnUntraced(function* (state: State) {
      const { id, standing } = yield* existing(state)
      drop(id)
      const events: ReadonlyArray<ScriptEvent> = standing === "stopped" ? [] : [{ _tag: "Stopped", at: yield* now }]
      return yield* decide(state, events, (after) => after?.children ?? [])
    }),

    LeaveChildren: Effect.fnUntraced(function* (state: State, { children }) {
      return yield* decide(state, [{ _tag: "ChildrenLeft", children, at: yield* now }], itself)
    }),

    Look: (state: State) => Effect.succeed(state),

    TakePlan: Effect.fnUntraced(function* (state: State, planned) {
      return yield* decide(state, TickDecision.planned(state, planned, yield* now), itself)
    }),

    TakeResult: Effect.fnUntraced(function* (state: State, ended) {
      return yield* decide(state, TickDecision.actionEnded(state, ended, yield* now), itself)
    }),

    ScheduledTick: Effect.fnUntraced(function* (state: State) {
      const at = yield* now
      if (state === null || !TickDecision.isDue(state, at)) return
      drive(state.id)
      return yield* decide(state, [ScriptProgress.tickStarted(state, nextId(at.getTime()), null, at)], nothing)
    }),

    Wake: Effect.fnUntraced(function* (state: State) {
      if (state === null) return
      drive(state.id)
      yield* ScriptTimers.resume(state, yield* now)
      return yield* decide(state, [], nothing)
    })
  }) satisfies Handlers

type Handlers = Parameters<typeof ScriptActor.toLayer>[0]
