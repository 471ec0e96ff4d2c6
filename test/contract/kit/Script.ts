/**
 * Runs commands through a definition's handlers, without an engine and without a store.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Any } from "../../../src/Actor.ts"
import { ActorCrashed } from "../../../src/ActorError.ts"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import type { Behavior } from "../../../src/actor/Behavior.ts"
import { Decision } from "../../../src/actor/Decision.ts"
import { CurrentTimerDesk } from "../../../src/actor/Timers.ts"
import { CurrentActor } from "../../../src/CurrentActor.ts"
import { InvalidInput } from "../../../src/StoreError.ts"
import { evolve, refuseThrown, type Thrown, untouched } from "./evolving.ts"
import { Flaw } from "./Flaw.ts"
import type { Passages } from "./Passage.ts"
import { checkTimer, deskOf, type Timer, type TimerChanges, timersIn } from "./timers.ts"

/** What a script is run with. */
export interface Cast<R> {
  readonly definition: Any
  readonly passages: Passages
  readonly behavior: Layer.Layer<never, unknown, R>
  readonly answer: Answer
}

/** Answers a handler that asks, or tells, another actor something. */
export type Answer = (actor: Any, id: string, command: string, payload: unknown) => Effect.Effect<unknown, unknown>

/** What happens, in order. */
export interface Script {
  /** The initial state of the definition, if it is left out. */
  readonly state?: { readonly value: unknown }
  readonly events: ReadonlyArray<unknown>
  readonly commands: ReadonlyArray<{ readonly name: string; readonly payload: unknown }>
}

/** Where a script has come to. */
export interface Outcome {
  readonly events: ReadonlyArray<unknown>
  readonly reply: unknown
  readonly state: unknown
  readonly timers: ReadonlyArray<Timer>
}

/** What one command has brought about. */
interface Step extends Omit<Outcome, "timers"> {
  readonly timers: TimerChanges
}

/** What the kit itself may answer to a command. */
export type KitError = InvalidInput | ActorCrashed | Flaw

/** Whether the kit answered, rather than the handler. */
export const isKitError = (error: unknown): error is KitError =>
  error instanceof Flaw || error instanceof ActorCrashed || error instanceof InvalidInput

/** Runs a script from its beginning. Fails as its first command fails that does. */
export const run = <R>(cast: Cast<R>, script: Script): Effect.Effect<Outcome, unknown, Exclude<R, ActorSystem>> =>
  Effect.suspend(() => {
    const registered: Array<Behavior> = []
    const system = systemOf(registered, cast.answer)
    // Built anew for every run, since the layer may be in use by an engine of the same test.
    const behavior = Layer.orDie(Layer.provide(cast.behavior, system))
    return Effect.provide(play(cast, registered, script), behavior, { local: true })
  })

/** A system that takes note of behaviors; what of it nobody has thought of dies when it is used. */
const systemOf = (registered: Array<Behavior>, answer: Answer): Layer.Layer<ActorSystem> => {
  // Asked anew whenever a handler tries again.
  const ask: Answer = (actor, id, command, payload) => Effect.suspend(() => answer(actor, id, command, payload))
  return Layer.mock(ActorSystem)({
    register: (behavior) =>
      Effect.sync(() => {
        registered.push(behavior)
      }),
    // Whoever writes the answers sees to it that they fit.
    ask: (actor, id, command, payload) => ask(actor, id, command, payload) as Effect.Effect<never, never>,
    askUnsafe: ask,
    tell: (actor, id, command, payload) => Effect.ignore(ask(actor, id, command, payload))
  })
}

const play = Effect.fnUntraced(function* (
  { definition, passages }: Pick<Cast<never>, "definition" | "passages">,
  registered: ReadonlyArray<Behavior>,
  script: Script
) {
  const behavior = yield* find(definition, registered)
  const beginning = script.state === undefined ? definition.codec.initialState : script.state.value
  yield* Effect.fromResult(passages.state.cross(beginning))
  const given = fold(definition, passages, beginning, script.events)
  let state = yield* Effect.fromResult(Result.mapError(given, (failure) => refuseThrown(definition, failure)))
  let reply: unknown
  const events: Array<unknown> = []
  const timers: TimerChanges = new Map()
  for (const { name, payload } of script.commands) {
    const step = yield* handle(behavior, passages, name, payload, state)
    state = step.state
    reply = step.reply
    events.push(...step.events)
    for (const [name, change] of step.timers) timers.set(name, change)
  }
  return { events, reply, state, timers: timersIn(timers) }
})

const find = ({ codec, name }: Any, registered: ReadonlyArray<Behavior>): Effect.Effect<Behavior> => {
  const behavior = registered.find(({ definition }) => definition.codec === codec)
  if (behavior !== undefined) return Effect.succeed(behavior)
  const found = registered.map(({ definition }) => definition.name).join(", ")
  return Effect.die(new TypeError(`the layer registers no behavior for ${name}, but for: ${found || "nothing"}`))
}

/** Folds events one after the other. */
const fold = (
  definition: Any,
  passages: Passages,
  state: unknown,
  events: ReadonlyArray<unknown>
): Result.Result<unknown, Flaw | Thrown> =>
  events.reduce<Result.Result<unknown, Flaw | Thrown>>(
    (state, event) => Result.flatMap(state, (state) => evolve(definition, passages, state, event)),
    Result.succeed(state)
  )

/** The id of the only actor. */
const id = "under test"

/** Runs one command on a state. */
const handle = Effect.fnUntraced(function* (
  behavior: Behavior,
  passages: Passages,
  name: string,
  input: unknown,
  state: unknown
): Effect.fn.Return<Step, unknown> {
  const { definition, handlers, services } = behavior
  const command = definition.codec.commands.get(name)
  const handler = handlers.get(name)
  const passage = passages.commands.get(name)
  if (command === undefined || handler === undefined || passage === undefined) {
    return yield* Effect.die(new TypeError(`${definition.name} has no command ${name}`))
  }
  const crash = (cause: unknown) => new ActorCrashed({ actor: definition.name, id, command: name, cause })

  const payload = yield* Effect.fromResult(command.makePayload(input))
  yield* Effect.fromResult(passage.payload.cross(payload))
  const lent = yield* Effect.fromResult(passages.state.cross(state))
  const timers: TimerChanges = new Map()
  const handling = Effect.suspend(() => handler(lent, payload)).pipe(
    Effect.provideService(CurrentActor, { actor: definition.name, id, agentId: definition.codec.agentId(id) }),
    Effect.provideService(CurrentTimerDesk, deskOf(definition, timers))
  )
  const exit = yield* Effect.exit(Effect.provideContext(handling, services))
  yield* Effect.fromResult(untouched(`the handler of ${definition.name}.${name}`, "the state", state, lent))
  if (Exit.isFailure(exit)) {
    const error = Cause.findError(exit.cause)
    if (Cause.hasDies(exit.cause) || Result.isFailure(error)) return yield* crash(Cause.squash(exit.cause))
    yield* Effect.fromResult(passage.error.cross(error.success))
    return yield* Effect.fail(error.success)
  }
  const outcome = yield* Effect.fromResult(
    Result.mapError(conclude(definition, passages, exit.value, state), (failure) =>
      failure._tag === "Thrown" ? crash(failure.cause) : failure
    )
  )
  yield* Effect.fromResult(passage.reply.cross(outcome.reply))
  for (const change of timers.values()) yield* Effect.fromResult(checkTimer(definition, passages, change))
  return { ...outcome, timers }
})

/** What comes of what a handler gave. */
const conclude = (
  definition: Any,
  passages: Passages,
  given: unknown,
  state: unknown
): Result.Result<Omit<Outcome, "timers">, Flaw | Thrown> => {
  if (!(given instanceof Decision)) return Result.succeed({ events: [], reply: given, state })
  const { events, reply } = given as Decision<unknown, unknown>
  return Result.flatMap(fold(definition, passages, state, events), (state) =>
    Result.try({
      // The definition ties the reply to its own state.
      try: () => ({ events, reply: (reply as (state: unknown) => unknown)(state), state }),
      catch: (cause): Thrown => ({ _tag: "Thrown", cause })
    })
  )
}
