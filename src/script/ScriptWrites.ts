/**
 * The parts of the port that let actors do something.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import { ActorScript, type ScriptInput, type ScriptServices } from "../ActorScript.ts"
import type { ActorStatePort } from "../ActorStatePort.ts"
import type { BehaviorRegistry } from "../BehaviorRegistry.ts"
import { ActorHeld, ActorMissing } from "../ScriptError.ts"
import * as ScriptedActor from "../ScriptedActor.ts"
import { InvalidInput } from "../StoreError.ts"
import { ScriptActor } from "./ScriptActor.ts"
import type { ScriptClient } from "./ScriptClient.ts"
import type { Follow, Followed } from "./ScriptFeed.ts"
import * as ScriptHistory from "./ScriptHistory.ts"

type Port = ActorStatePort["Service"]

/** Makes the writes. */
export const make = (
  client: ScriptClient,
  behaviors: BehaviorRegistry["Service"],
  follow: Follow,
  newId: Effect.Effect<string>
): Omit<Port, "get" | "list" | "history" | "watch"> => {
  const { read, to } = client

  const existing = Effect.fnUntraced(function* (id: string) {
    const { state, version } = yield* read(id)
    return state === null ? yield* new ActorMissing({ id }) : { state, version }
  })

  const look = (id: string) =>
    Effect.map(existing(id), ({ state, version }) => ScriptedActor.make(state, version, behaviors))

  const register = Effect.fnUntraced(function* <S extends ScriptInput>(script: S) {
    const services = yield* Effect.context<ScriptServices<S>>()
    for (const { name, plan, version } of script.talents.flatMap((talent) => talent.behaviors)) {
      if (plan === undefined) continue
      yield* Effect.provideContext(behaviors.register({ name, version, plan }), services)
    }
  })

  const spawn: Port["spawn"] = Effect.fnUntraced(function* (script, goal, { id, metadata = {} } = {}) {
    const stored = yield* withoutPlans(script)
    const actorId = id ?? (yield* newId)
    yield* register(script)
    yield* to(actorId).Spawn({
      script: stored,
      goals: [goal],
      metadata,
      parent: null,
      depth: 0
    })
    // What was just stored is found.
    return yield* Effect.catchTag(look(actorId), "ActorMissing", Effect.die)
  })

  const send: Port["send"] = Effect.fnUntraced(function* (id, content, { commandId, from = "user" } = {}) {
    return yield* to(id).Send({ mail: { id: yield* newId, from, content } }, { commandId })
  })

  const tick: Port["tick"] = Effect.fnUntraced(function* (id, { from, message } = {}) {
    const { state, version } = yield* existing(id)
    const missing = ScriptedActor.missingOf(state, behaviors)
    if (missing !== undefined) return yield* missing
    // Otherwise the message would wait for the actor to be resumed.
    if (state.standing === "paused") return yield* new ActorHeld({ id, state: "paused" })
    const followed = yield* follow(ScriptActor.agentId(id))
    const tickId =
      message === undefined ? yield* to(id).Tick({ tickId: yield* newId }) : yield* send(id, message, { from })
    return yield* reportOf(id, tickId, version, followed)
  }, Effect.scoped)

  /** Waits for the end of a tick, which comes after a version. */
  const reportOf = Effect.fnUntraced(function* (id: string, tickId: string, after: number, followed: Followed) {
    while (true) {
      for (const { event, version } of yield* ScriptHistory.entriesOf(yield* Queue.take(followed))) {
        const ends = (event._tag === "TickEnded" && event.tickId === tickId) || event._tag === "Stopped"
        // A feed may tell late what happened before.
        if (!ends || version <= after) continue
        const { state } = yield* read(id, version)
        if (state?.lastTick?.tickId === tickId) return state.lastTick
        // A message that waited is forgotten with the stop; a tick under way ends with the next event.
        if (state?.tick?.id !== tickId) return yield* new ActorHeld({ id, state: "stopped" })
      }
    }
  })

  return {
    spawn,
    send,
    tick,
    update: Effect.fnUntraced(function* (id, { goals, metadata }, { expected } = {}) {
      yield* to(id).Update({
        ...(goals === undefined ? {} : { goals }),
        ...(metadata === undefined ? {} : { metadata }),
        ...(expected === undefined ? {} : { expected })
      })
      return yield* look(id)
    }),
    start: Effect.fnUntraced(function* (id, { every }) {
      const everyMilliseconds = yield* interval(every)
      yield* to(id).Schedule({ everyMilliseconds })
    }),
    pause: (id) => to(id).Pause(),
    resume: (id) => to(id).Resume(),
    stop: client.stop
  }
}

const decode = Schema.decodeUnknownEffect(ActorScript)

/** Checks a script, which may come from a file. What is no part of its schema, such as plans, falls away. */
const withoutPlans = (script: ScriptInput): Effect.Effect<ActorScript, InvalidInput> =>
  Effect.mapError(
    decode(script),
    ({ message }) =>
      new InvalidInput({
        path: "script",
        expected: "what the schema ActorScript accepts",
        found: message,
        remedy: "Compare it with the fields of ActorScript."
      })
  )

const interval = (every: Duration.Input): Effect.Effect<number, InvalidInput> => {
  const milliseconds = Option.match(Duration.fromInput(every), { onNone: () => Number.NaN, onSome: Duration.toMillis })
  if (milliseconds >= 1 && Number.isFinite(milliseconds)) return Effect.succeed(milliseconds)
  return Effect.fail(
    new InvalidInput({
      path: "every",
      expected: "a finite time of at least a millisecond",
      found: String(every),
      remedy: "Choose another interval."
    })
  )
}
