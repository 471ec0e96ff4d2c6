/**
 * Tests of what an actor does, without an engine and without a store. A test reads as a specification:
 *
 * ```ts
 * // account.test.ts
 * const account = ActorKit.make(Account, AccountBehavior)
 *
 * it.effect("pays out what is there", () =>
 *   account
 *     .given({ _tag: "Deposited", amount: 10 })
 *     .when("Withdraw", { amount: 4 })
 *     .gives({ events: [{ _tag: "Withdrawn", amount: 4 }], reply: 6, state: { balance: 6 } }))
 *
 * it.effect("refuses what is not there", () =>
 *   account.when("Withdraw", { amount: 4 }).fails(new InsufficientFunds({ balance: 0, asked: 4 })))
 *
 * it.effect("survives storage", () => ActorKit.check(Account))
 *
 * it.effect("still reads what version 1 wrote, in dollars", () =>
 *   ActorKit.reads(Account, [{ data: { _tag: "Deposited", dollars: 10 } }], { state: { balance: 1000 } }))
 * ```
 *
 * Every run takes the states, events, payloads, replies and errors that it meets through their schemas to JSON text and back, and fails with
 * a `Flaw` that names the path where one does not come back as it was. It also fails when `evolve` or a handler changes what it is given.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Actor } from "../../src/Actor.ts"
import { ActorCrashed } from "../../src/ActorError.ts"
import type { ActorSystem } from "../../src/ActorSystem.ts"
import type * as Command from "../../src/actor/Command.ts"
import * as checking from "./kit/checking.ts"
import { assertSame, print } from "./kit/difference.ts"
import type { Flaw } from "./kit/Flaw.ts"
import { passagesOf } from "./kit/Passage.ts"
import * as reading from "./kit/reading.ts"
import * as Script from "./kit/Script.ts"
import type { Timer } from "./kit/timers.ts"

export type { CheckOptions } from "./kit/checking.ts"
export { Flaw } from "./kit/Flaw.ts"
export type { StoredEvent, StoredState } from "./kit/reading.ts"
export type { KitError } from "./kit/Script.ts"
export type { Timer } from "./kit/timers.ts"

/** Where commands have brought an actor. */
export interface Outcome<State, Event, Reply> {
  /** What was persisted, by all commands, in order. */
  readonly events: ReadonlyArray<Event>
  /** The reply to the last command. */
  readonly reply: Reply
  /** The state after it. */
  readonly state: State
  /** The timers that all commands have set, but for those that were cancelled; the earliest first. They do not go off here. */
  readonly timers: ReadonlyArray<Timer>
}

/** An actor that waits for a command. */
export interface Given<State, Event, Commands extends Command.Command, R, Failure = never> {
  /** Sends a command. A payload that its schema refuses is answered with `InvalidInput`, as by an engine. */
  readonly when: <const Tag extends Commands["_tag"]>(
    command: Tag,
    ...payload: Payload<Named<Commands, Tag>>
  ) => When<
    State,
    Event,
    Commands,
    R,
    Command.Reply<Named<Commands, Tag>>,
    Failure | Command.Failure<Named<Commands, Tag>>
  >
}

type Named<Commands, Tag> = Extract<Commands, { readonly _tag: Tag }>

type Payload<C> = [undefined] extends [Command.Input<C>] ? [payload?: Command.Input<C>] : [payload: Command.Input<C>]

/** An actor at its beginning. */
export interface Kit<State, Event, Commands extends Command.Command, R> extends Given<State, Event, Commands, R> {
  /** The actor that this has happened to. */
  readonly given: (...events: Array<Event>) => Given<State, Event, Commands, R>
  /** The actor in this state. */
  readonly givenState: (state: State) => Given<State, Event, Commands, R>
}

/** An actor that has got a command. Each of the effects runs the script from its beginning. */
export interface When<State, Event, Commands extends Command.Command, R, Reply, Failure>
  extends Given<State, Event, Commands, R, Failure> {
  /** For assertions of your own. Fails as the first command that fails; later ones are not run then. */
  readonly outcome: Effect.Effect<Outcome<State, Event, Reply>, Failure | Script.KitError, R>
  /** The commands are answered, and what is named here is what comes of them. */
  readonly gives: (expected: Partial<Outcome<State, Event, Reply>>) => Effect.Effect<void, Failure | Script.KitError, R>
  /** A command fails with this very error. */
  readonly fails: (expected: Failure) => Effect.Effect<void, Script.KitError, R>
  /** A handler, or `evolve`, dies, with a message that holds this text. */
  readonly crashes: (text?: string) => Effect.Effect<void, Failure | Script.KitError, R>
}

/** What handlers may need beside services. */
export interface Options {
  /** Answers handlers that ask other actors, or tell them something. Without it, they die. */
  readonly answer?: Script.Answer | undefined
}

/**
 * Takes a definition and the layer that its `toLayer` made. Services that its handlers use are requirements of the effects; provide them there,
 * or to the layer.
 */
export const make = <State, Event, Commands extends Command.Command, R>(
  definition: Actor<string, State, Event, Commands>,
  behavior: Layer.Layer<never, unknown, R>,
  options?: Options
): Kit<State, Event, Commands, Exclude<R, ActorSystem>> => {
  const cast: Script.Cast<R> = {
    definition,
    passages: passagesOf(definition),
    behavior,
    answer: options?.answer ?? nobody
  }
  const kit = {
    ...begin(cast, { events: [], commands: [] }),
    given: (...events: ReadonlyArray<Event>) => begin(cast, { events, commands: [] }),
    givenState: (value: State) => begin(cast, { state: { value }, events: [], commands: [] })
  }
  // The definition has tied the names of commands to their types; below they are looked up by name.
  return kit as unknown as Kit<State, Event, Commands, Exclude<R, ActorSystem>>
}

/** Checks a definition with generated values: those of its schemas survive storage; `evolve` is total, pure, and gives states that do, too. */
export const check = <State, Event, Commands extends Command.Command>(
  definition: Actor<string, State, Event, Commands>,
  options?: checking.CheckOptions<State, Event>
): Effect.Effect<void, Flaw> => checking.check(definition, options ?? {})

/** Events as older versions have stored them are read as these events, and make this state. What is left out is not compared. */
export const reads = <State, Event, Commands extends Command.Command>(
  definition: Actor<string, State, Event, Commands>,
  stored: ReadonlyArray<reading.StoredEvent>,
  expected: { readonly events?: ReadonlyArray<NoInfer<Event>>; readonly state?: NoInfer<State> }
): Effect.Effect<void, Flaw> =>
  Effect.map(Effect.fromResult(reading.readEvents(definition, stored)), (found) => {
    for (const part of ["events", "state"] as const) {
      if (part in expected) assertSame(found[part], expected[part], part)
    }
  })

/** A state as an older version has stored it in a snapshot is read as this state. */
export const readsState = <State, Event, Commands extends Command.Command>(
  definition: Actor<string, State, Event, Commands>,
  stored: reading.StoredState,
  expected: NoInfer<State>
): Effect.Effect<void, Flaw> =>
  Effect.map(Effect.fromResult(reading.readState(definition, stored)), (found) => assertSame(found, expected, "state"))

const nobody: Script.Answer = ({ name }, id, command) =>
  Effect.die(new Error(`nobody answers ${command} to ${name} ${JSON.stringify(id)}. Give the kit an \`answer\`.`))

const begin = <R>(cast: Script.Cast<R>, script: Script.Script): object => ({
  when: (name: string, payload?: unknown) => {
    const longer = { ...script, commands: [...script.commands, { name, payload }] }
    return { ...begin(cast, longer), ...expectations(Script.run(cast, longer)) }
  }
})

const expectations = <R>(outcome: Effect.Effect<Script.Outcome, unknown, R>) => ({
  outcome,
  gives: (expected: Partial<Script.Outcome>) =>
    Effect.map(outcome, (found) => {
      for (const part of ["events", "reply", "state", "timers"] as const) {
        if (part in expected) assertSame(found[part], expected[part], part)
      }
    }),
  fails: (expected: unknown) =>
    Effect.matchEffect(outcome, {
      onSuccess: (found) => refute(`to fail with ${print(expected)}`, found),
      onFailure: (error) =>
        Script.isKitError(error) ? Effect.fail(error) : Effect.sync(() => assertSame(error, expected, "error"))
    }),
  crashes: (text = "") =>
    Effect.matchEffect(outcome, {
      onSuccess: (found) => refute("to crash", found),
      onFailure: (error) => {
        if (!(error instanceof ActorCrashed)) return Effect.fail(error)
        if (error.message.includes(text)) return Effect.void
        return Effect.sync(() => assert.fail(`expected a crash that says ${print(text)}, found: ${error.message}`))
      }
    })
})

const refute = (expected: string, { reply }: Script.Outcome): Effect.Effect<never> =>
  Effect.sync(() => assert.fail(`expected ${expected}, but it replied ${print(reply)}`))
