import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { Actor, type ActorError, ActorSystem, type StoreError } from "../../src/index.ts"
import * as ActorKit from "../contract/ActorKit.ts"
import { AlarmClock, behavior, NotNow } from "../contract/engine/AlarmClock.ts"
import { Account, AccountBehavior, InsufficientFunds } from "../support/account.ts"

const account = ActorKit.make(Account, AccountBehavior)

/** The test that this is must fail, and say these things. */
const reports = <A, E, R>(test: Effect.Effect<A, E, R>, ...texts: ReadonlyArray<string>) =>
  Effect.map(Effect.exit(test), (exit) => {
    const report = exit._tag === "Failure" ? Cause.pretty(exit.cause) : "nothing to report"
    for (const text of texts) assert.include(report, text)
  })

describe("a test with the kit", () => {
  it.effect("says what a command persists and replies, and the state after it", () =>
    account
      .given({ _tag: "Deposited", amount: 10 })
      .when("Withdraw", { amount: 4 })
      .gives({ events: [{ _tag: "Withdrawn", amount: 4 }], reply: 6, state: { balance: 6 } })
  )

  it.effect("may begin with a state, and leave out what it does not care for", () =>
    Effect.gen(function* () {
      const rich = account.givenState({ balance: 100 })
      yield* rich.when("Balance").gives({ events: [], reply: 100 })
      yield* rich.when("Withdraw", { amount: 100 }).gives({ state: { balance: 0 } })
    })
  )

  it.effect("says with which error a command fails", () =>
    account.when("Withdraw", { amount: 4 }).fails(new InsufficientFunds({ balance: 0, asked: 4 }))
  )

  it.effect("may send several commands, and gets the events of all", () =>
    Effect.gen(function* () {
      const twice = account.when("Deposit", { amount: 1 }).when("Deposit", { amount: 2 })
      yield* twice.gives({
        events: [
          { _tag: "Deposited", amount: 1 },
          { _tag: "Deposited", amount: 2 }
        ],
        reply: 3
      })
      yield* twice.when("Withdraw", { amount: 4 }).fails(new InsufficientFunds({ balance: 3, asked: 4 }))
      // Nothing behind a command that fails is run.
      yield* account
        .when("Withdraw", { amount: 4 })
        .when("Crash")
        .fails(new InsufficientFunds({ balance: 0, asked: 4 }))
    })
  )

  it.effect("says that a handler dies", () =>
    Effect.gen(function* () {
      yield* account.when("Crash").crashes("boom")
      const crash = yield* Effect.flip(account.when("Crash").outcome)
      assert.deepInclude(crash, { _tag: "ActorCrashed", actor: "Account", command: "Crash" })
    })
  )

  it.effect("gets a payload refused as the engine refuses it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(account.when("Deposit", { amount: 0.5 }).outcome)
      assert.deepInclude(error, { _tag: "InvalidInput", path: "payload of Deposit" })
    })
  )

  it.effect("fails when something else comes of it, and names the place", () =>
    Effect.gen(function* () {
      const deposit = account.when("Deposit", { amount: 3 })
      yield* reports(deposit.gives({ reply: 4 }), "reply: expected 4, found 3")
      yield* reports(deposit.gives({ state: { balance: 4 } }), "state/balance: expected 4, found 3")
      yield* reports(
        deposit.gives({ events: [{ _tag: "Deposited", amount: 4 }] }),
        "events/0/amount: expected 4, found 3"
      )
      yield* reports(deposit.gives({ events: [] }), "events/0: expected nothing")
      yield* reports(deposit.crashes(), "expected to crash, but it replied 3")
      const withdrawal = account.when("Withdraw", { amount: 3 })
      yield* reports(
        withdrawal.fails(new InsufficientFunds({ balance: 1, asked: 3 })),
        "error/balance: expected 1, found 0"
      )
      yield* reports(withdrawal.gives({ reply: 1 }), "InsufficientFunds")
      yield* reports(
        account.when("Withdraw", { amount: 0 }).fails(new InsufficientFunds({ balance: 0, asked: 0 })),
        "to fail with"
      )
      yield* reports(account.when("Crash").crashes("bang"), "boom", "bang")
      yield* reports(account.when("Crash").gives({}), "boom")
    })
  )

  it.effect("may share the behavior with an engine of the same test", () =>
    Effect.gen(function* () {
      const client = (yield* Account.client)("a")
      yield* client.Deposit({ amount: 5 })
      yield* account.when("Balance").gives({ reply: 0 })
    }).pipe(Effect.provide(AccountBehavior.pipe(Layer.provideMerge(LocalEngine.layer), Layer.provide(Memory.layer))))
  )

  it.effect("is told when the layer is another actor's", () =>
    reports(ActorKit.make(Account, Layer.empty).when("Balance").gives({}), "no behavior for Account")
  )
})

class Fees extends Context.Service<Fees, { readonly of: (amount: number) => number }>()("Fees") {}

const Till = Actor.make("Till", {
  state: Schema.Struct({ takings: Schema.Int, at: Schema.NullOr(Schema.Date) }),
  initialState: { takings: 0, at: null },
  events: Schema.TaggedUnion({ Sold: { price: Schema.Int, at: Schema.Date } }),
  evolve: ({ takings }, { at, price }) => ({ takings: takings + price, at }),
  commands: [
    Rpc.make("Sell", { payload: { price: Schema.Int } }),
    Rpc.make("Report"),
    Rpc.make("Bank", { payload: { to: Schema.String }, success: Schema.Int })
  ]
})

const TillBehavior = Till.toLayer({
  Sell: Effect.fnUntraced(function* (_, { price }) {
    const at = new Date(yield* Clock.currentTimeMillis)
    return yield* Till.persist({ _tag: "Sold", price: price + (yield* Fees).of(price), at })
  }),
  Report: () => ActorSystem.ActorSystem.use((system) => Effect.orDie(system.tell(Account, "r", "Balance", undefined))),
  Bank: Effect.fnUntraced(function* ({ takings }, { to }) {
    const bank = (yield* Account.client)(to)
    // Whatever the bank may have against it is no business of the test.
    return yield* Effect.orDie(Effect.retry(bank.Deposit({ amount: takings }), { times: 1 }))
  })
})

describe("handlers under the kit", () => {
  const fees = Layer.succeed(Fees, { of: (price) => price / 10 })
  const till = ActorKit.make(Till, TillBehavior)

  it.effect("use the services and the clock of the test", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      yield* till.when("Sell", { price: 10 }).gives({ state: { takings: 11, at: new Date(60_000) } })
    }).pipe(Effect.provide(fees))
  )

  it.effect("use the services that the layer was given", () =>
    ActorKit.make(Till, Layer.provide(TillBehavior, fees))
      .when("Sell", { price: 20 })
      .gives({ reply: undefined, events: [{ _tag: "Sold", price: 22, at: new Date(0) }] })
  )

  it.effect("wait for the clock of the test", () =>
    Effect.gen(function* () {
      const Slow = Actor.make("Slow", {
        state: Schema.Struct({}),
        initialState: {},
        events: Schema.TaggedUnion({ Done: {} }),
        evolve: (state) => state,
        commands: [Rpc.make("Wait", { success: Schema.Int })]
      })
      const slow = ActorKit.make(Slow, Slow.toLayer({ Wait: () => Effect.delay(Clock.currentTimeMillis, "1 hour") }))
      const fiber = yield* Effect.forkChild(slow.when("Wait").gives({ reply: 3_600_000 }), { startImmediately: true })
      yield* TestClock.adjust("1 hour")
      yield* Fiber.join(fiber)
    })
  )

  it.effect("ask and tell other actors what the test answers", () =>
    Effect.gen(function* () {
      const asked: Array<unknown> = []
      const kit = ActorKit.make(Till, Layer.provide(TillBehavior, fees), {
        answer: ({ name }, id, command, payload) => {
          asked.push([name, id, command, payload])
          // The first try is in vain.
          return asked.length === 1 ? Effect.fail(new Error("not now")) : Effect.succeed(42)
        }
      })
      const full = kit.givenState({ takings: 7, at: null })
      yield* full.when("Bank", { to: "b" }).gives({ reply: 42, events: [] })
      const deposit = ["Account", "b", "Deposit", { amount: 7 }]
      assert.deepStrictEqual(asked, [deposit, deposit])
      yield* full.when("Report").gives({ reply: undefined })
      assert.deepStrictEqual(asked.at(-1), ["Account", "r", "Balance", undefined])
    })
  )

  it.effect("die when they ask other actors and the test answers nothing", () =>
    till.when("Bank", { to: "b" }).crashes('nobody answers Deposit to Account "b"').pipe(Effect.provide(fees))
  )
})

describe("timers in the kit", () => {
  const clock = ActorKit.make(AlarmClock, behavior())
  const timer = { name: "a", milliseconds: 10, label: "x" }

  it.effect("are told as they stand after all commands, the earliest first, with the events", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(1000)
      yield* clock
        .when("Set", { ...timer, name: "later", milliseconds: 20 })
        .when("Every", { ...timer, name: "often" })
        .when("Set", { ...timer, name: "cancelled" })
        .when("SetBad", { name: "bare", command: "Fail" })
        .when("Cancel", { name: "cancelled" })
        .when("RingAndSet", timer)
        .gives({
          events: [{ _tag: "Rung", label: "set x" }],
          timers: [
            { name: "bare", due: 1001, command: "Fail" },
            { name: "a", due: 1010, command: "Ring", payload: { label: "x" } },
            { name: "often", due: 1010, command: "Ring", payload: { label: "x" }, every: 10 },
            { name: "later", due: 1020, command: "Ring", payload: { label: "x", at: new Date(5) } }
          ]
        })
      yield* clock.when("Rung").gives({ timers: [] })
      yield* reports(clock.when("Set", timer).gives({ timers: [] }), "timers/0", "expected nothing")
    })
  )

  it.effect("are refused where an engine would refuse them", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(clock.when("Set", { ...timer, name: "" }).outcome)
      assert.deepInclude(error, { _tag: "InvalidInput", path: "timers/name" })
      const late = yield* Effect.flip(clock.when("SetAt", { ...timer, milliseconds: -1 }).outcome)
      assert.strictEqual(late._tag, "InvalidInput")
    })
  )

  it.effect("are set by nobody when the command fails", () => clock.when("SetAndFail", timer).fails(new NotNow()))
})

describe("the types of the kit", () => {
  it("are those of the definition", () => {
    const withdrawal = account.when("Withdraw", { amount: 1 })
    expectTypeOf<Effect.Success<typeof withdrawal.outcome>>().toEqualTypeOf<
      ActorKit.Outcome<
        { readonly balance: number },
        | { readonly _tag: "Deposited"; readonly amount: number }
        | { readonly _tag: "Withdrawn"; readonly amount: number },
        number
      >
    >()
    expectTypeOf<Effect.Error<typeof withdrawal.outcome>>().toEqualTypeOf<
      InsufficientFunds | ActorError.ActorCrashed | StoreError.InvalidInput | ActorKit.Flaw
    >()
    expectTypeOf<Effect.Services<typeof withdrawal.outcome>>().toEqualTypeOf<never>()
    expectTypeOf(withdrawal.fails).parameters.toEqualTypeOf<[InsufficientFunds]>()
    expectTypeOf(account.when("Deposit", { amount: 1 }).fails).parameters.toEqualTypeOf<[never]>()
    expectTypeOf<Parameters<typeof account.when>[0]>().toEqualTypeOf<
      "Deposit" | "Withdraw" | "Balance" | "Crash" | "DepositBadly"
    >()
    type Event = Parameters<typeof account.given>[number]
    expectTypeOf<{ _tag: "Deposited"; amount: number }>().toExtend<Event>()
    expectTypeOf<{ _tag: "Opened" }>().not.toExtend<Event>()
    const sale = ActorKit.make(Till, TillBehavior).when("Sell", { price: 1 })
    expectTypeOf<Effect.Services<typeof sale.outcome>>().toEqualTypeOf<Fees>()
  })
})
