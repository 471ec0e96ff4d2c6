import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import {
  type AccessError,
  Actor,
  type ActorError,
  ActorSystem,
  type AgentError,
  type EventStore,
  type SnapshotStore,
  type StoreError
} from "../../src/index.ts"
import { Account, type InsufficientFunds } from "./example/account.ts"
import { AccountBehavior } from "./example/account-behavior.ts"
import { program, Runtime } from "./example/main.ts"

class Fees extends Context.Service<Fees, { readonly of: (amount: number) => number }>()("Fees") {}
class Mail extends Context.Service<Mail, { readonly send: (text: string) => Effect.Effect<void> }>()("Mail") {}

interface State {
  readonly balance: number
}
type Event =
  | { readonly _tag: "Deposited"; readonly amount: number }
  | { readonly _tag: "Withdrawn"; readonly amount: number }
type Commands = ActorSystem.CommandsOf<typeof Account>
type Handlers = Actor.Handlers<State, Event, Commands>

/** What `toLayer` takes when it is as particular as it can be. */
type Taken<H> = H extends Parameters<typeof Account.toLayer<H extends Handlers ? H : never>>[0] ? true : false

const handlers = {
  Deposit: (_: State, { amount }: { readonly amount: number }) =>
    Account.persist({ _tag: "Deposited", amount }, (state) => state.balance),
  Withdraw: () => Effect.succeed(1)
}
type Good = typeof handlers

describe("the types of an actor", () => {
  it("let the example compose", () => {
    expectTypeOf(AccountBehavior).toEqualTypeOf<Layer.Layer<never, ActorError.RegisterError, ActorSystem.ActorSystem>>()
    expectTypeOf<Layer.Success<typeof Runtime>>().toEqualTypeOf<ActorSystem.ActorSystem>()
    expectTypeOf<Layer.Services<typeof Runtime>>().toEqualTypeOf<never>()
    expectTypeOf(program).toEqualTypeOf<Effect.Effect<number, ActorError.ActorError, ActorSystem.ActorSystem>>()
    expectTypeOf(Account.name).toEqualTypeOf<"Account">()
    assert.isTrue(Layer.isLayer(Runtime) && Effect.isEffect(program))
  })

  it("make the services that handlers use the requirements of the layer, and nothing else", () => {
    const layer = Account.toLayer({
      Deposit: Effect.fnUntraced(function* (_, { amount }) {
        const fee = (yield* Fees).of(amount)
        return yield* Account.persist(
          [
            { _tag: "Deposited", amount },
            { _tag: "Withdrawn", amount: fee }
          ],
          (state) => state.balance
        )
      }),
      Withdraw: (state) =>
        Effect.as(
          Mail.use((mail) => mail.send("no")),
          state.balance
        )
    })
    expectTypeOf(layer).toEqualTypeOf<
      Layer.Layer<never, ActorError.RegisterError, ActorSystem.ActorSystem | Fees | Mail>
    >()
    const throwing = Account.toLayer({
      Deposit: () => {
        throw new Error("never")
      },
      Withdraw: () => Effect.die("never")
    })
    expectTypeOf(throwing).toEqualTypeOf<Layer.Layer<never, ActorError.RegisterError, ActorSystem.ActorSystem>>()
  })

  it("take handlers that fit, and no others", () => {
    expectTypeOf<Taken<Good>>().toEqualTypeOf<true>()
    // One is missing, one is misspelt, one is too many.
    expectTypeOf<Taken<Pick<Good, "Deposit">>>().toEqualTypeOf<false>()
    expectTypeOf<Taken<Pick<Good, "Deposit"> & { Withdrow: Good["Withdraw"] }>>().toEqualTypeOf<false>()
    expectTypeOf<Taken<Good & { Steal: Good["Withdraw"] }>>().toEqualTypeOf<false>()
    // Another state, payload, reply, error, event.
    type With<Deposit> = Omit<Good, "Deposit"> & { readonly Deposit: Deposit }
    expectTypeOf<Taken<With<(state: { count: number }) => Effect.Effect<number>>>>().toEqualTypeOf<false>()
    expectTypeOf<
      Taken<With<(state: State, payload: { text: string }) => Effect.Effect<number>>>
    >().toEqualTypeOf<false>()
    expectTypeOf<Taken<With<() => Effect.Effect<string>>>>().toEqualTypeOf<false>()
    expectTypeOf<Taken<With<() => Effect.Effect<void>>>>().toEqualTypeOf<false>()
    expectTypeOf<Taken<With<() => Effect.Effect<number, InsufficientFunds>>>>().toEqualTypeOf<false>()
    expectTypeOf<Taken<With<() => number>>>().toEqualTypeOf<false>()
    const other = Actor.make("Other", {
      state: Schema.Struct({ balance: Schema.Int }),
      initialState: { balance: 0 },
      events: Schema.TaggedUnion({ Opened: {} }),
      evolve: (state) => state,
      commands: []
    })
    const persisted = other.persist({ _tag: "Opened" }, (state) => state.balance)
    expectTypeOf<Taken<With<() => typeof persisted>>>().toEqualTypeOf<false>()
    const silent = Account.persist({ _tag: "Deposited", amount: 1 })
    expectTypeOf<Taken<With<() => typeof silent>>>().toEqualTypeOf<false>()
  })

  it("let persist take the definition's own events only", () => {
    expectTypeOf(Account.persist).toBeCallableWith({ _tag: "Deposited", amount: 1 })
    expectTypeOf(Account.persist).toBeCallableWith([{ _tag: "Deposited", amount: 1 }])
    expectTypeOf<{ _tag: "Opened" }>().not.toExtend<Parameters<typeof Account.persist>[0]>()
    expectTypeOf<{ _tag: "Deposited"; amount: string }>().not.toExtend<Parameters<typeof Account.persist>[0]>()
  })

  it("give a client one method for each command", () => {
    const use = Effect.map(Account.client, (client) => client("a"))
    type Client = Effect.Success<typeof use>
    expectTypeOf<keyof Client>().toEqualTypeOf<"Deposit" | "Withdraw">()
    expectTypeOf<Parameters<Client["Deposit"]>>().toEqualTypeOf<
      [payload: { readonly amount: number }, options?: ActorSystem.AskOptions]
    >()
    expectTypeOf<ReturnType<Client["Deposit"]>>().toEqualTypeOf<Effect.Effect<number, ActorError.ActorError>>()
    expectTypeOf<ReturnType<Client["Withdraw"]>>().toEqualTypeOf<
      Effect.Effect<number, InsufficientFunds | ActorError.ActorError>
    >()
  })

  it("let a payload be left out that the schema lets be left out", () => {
    const Plain = Actor.make("Plain", {
      state: Schema.Struct({}),
      initialState: {},
      events: Schema.TaggedUnion({ Done: {} }),
      evolve: (state) => state,
      commands: [
        Rpc.make("Nothing"),
        Rpc.make("Text", { payload: Schema.String }),
        Rpc.make("Defaulted", {
          payload: { times: Schema.Int.pipe(Schema.withConstructorDefault(Effect.succeed(1))) },
          success: Schema.Int
        })
      ]
    })
    type Client = ReturnType<Effect.Success<typeof Plain.client>>
    expectTypeOf<Client["Nothing"]>().toBeCallableWith()
    expectTypeOf<Client["Nothing"]>().toBeCallableWith(undefined, { commandId: "a" })
    expectTypeOf<Client["Text"]>().toBeCallableWith("text")
    expectTypeOf<Client["Defaulted"]>().toBeCallableWith({})
    expectTypeOf<ReturnType<Client["Nothing"]>>().toEqualTypeOf<Effect.Effect<void, ActorError.ActorError>>()
    const layer = Plain.toLayer({
      Nothing: () => Effect.void,
      Text: (_, text) => Effect.sync(() => expectTypeOf(text).toEqualTypeOf<string>()).pipe(Effect.asVoid),
      Defaulted: (_, { times }) => Effect.succeed(times)
    })
    assert.isTrue(Layer.isLayer(layer))
  })

  it("give the system's ask and tell the payload, reply and error of the command", () => {
    const asked = ActorSystem.ActorSystem.use((system) => system.ask(Account, "a", "Withdraw", { amount: 1 }))
    expectTypeOf(asked).toEqualTypeOf<
      Effect.Effect<number, InsufficientFunds | ActorError.ActorError, ActorSystem.ActorSystem>
    >()
    const told = ActorSystem.ActorSystem.use((system) => system.tell(Account, "a", "Deposit", { amount: 1 }))
    expectTypeOf(told).toEqualTypeOf<Effect.Effect<void, ActorError.NotTaken, ActorSystem.ActorSystem>>()
    expectTypeOf<ActorSystem.TagOf<typeof Account>>().toEqualTypeOf<"Deposit" | "Withdraw">()
    expectTypeOf<ActorSystem.Payload<typeof Account, "Deposit">>().toEqualTypeOf<{ readonly amount: number }>()
    const listed = ActorSystem.ActorSystem.useSync((system) => system.list(Account))
    expectTypeOf<Effect.Success<typeof listed>>().toEqualTypeOf<
      Stream.Stream<ActorSystem.ActorInfo, StoreError.ReadError | ActorError.OrderError>
    >()
  })

  it("say that reading a state needs the stores and no engine", () => {
    const read = Account.readState("a", { at: 3 })
    expectTypeOf<Effect.Success<typeof read>["state"]>().toEqualTypeOf<State>()
    expectTypeOf<Effect.Services<typeof read>>().toEqualTypeOf<EventStore.EventStore | SnapshotStore.SnapshotStore>()
    expectTypeOf<Effect.Error<typeof read>>().toEqualTypeOf<
      AccessError.AccessDenied | StoreError.ReadError | AgentError.VersionMissing
    >()
  })

  it("let timers send the commands of their definition only, with their payloads", () => {
    const timer = Account.timers.after("fee", "1 minute", "Withdraw", { amount: 1 })
    expectTypeOf(timer).toEqualTypeOf<Effect.Effect<void>>()
    expectTypeOf<Parameters<typeof Account.timers.every>[2]>().toEqualTypeOf<"Deposit" | "Withdraw">()
    expectTypeOf(Account.timers.at<"Deposit">).parameters.toEqualTypeOf<
      [string, number, "Deposit", { readonly amount: number }]
    >()
    const Bell = Actor.make("Bell", {
      state: Schema.Null,
      initialState: null,
      events: Schema.TaggedUnion({ Rung: {} }),
      evolve: () => null,
      commands: [Rpc.make("Ring")]
    })
    expectTypeOf(Bell.timers.after("a", 1, "Ring")).toEqualTypeOf<Effect.Effect<void>>()
  })

  it("refuse commands that stream or need services, saying so", () => {
    const streaming = [Rpc.make("Watch", { success: Schema.Int, stream: true })] as const
    type Options<C extends ReadonlyArray<Actor.Command>> = Parameters<
      typeof Actor.make<"A", typeof Schema.String, typeof events, C>
    >[1]
    const events = Schema.TaggedUnion({ Done: {} })
    expectTypeOf<typeof streaming>().not.toExtend<Options<typeof streaming>["commands"]>()
    const fine = [Rpc.make("Look", { success: Schema.Int })] as const
    expectTypeOf<typeof fine>().toExtend<Options<typeof fine>["commands"]>()
  })
})
