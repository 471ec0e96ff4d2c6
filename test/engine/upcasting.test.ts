/** One actor in three generations: what the first two have written, the third reads. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { Actor, type ContextSnapshot, EventStore, SnapshotStore } from "../../src/index.ts"

const commands = [Rpc.make("Pay", { payload: { amount: Schema.Int } })] as const

/** Counts in dollars, and writes down what nobody wants to know any more. */
const First = Actor.make("Till", {
  state: Schema.Struct({ dollars: Schema.Int }),
  initialState: { dollars: 0 },
  events: Schema.TaggedUnion({
    Paid: { dollars: Schema.Int },
    Corrected: { from: Schema.Int, to: Schema.Int },
    Looked: {}
  }),
  evolve: ({ dollars }, event) => {
    if (event._tag === "Looked") return { dollars }
    return { dollars: event._tag === "Paid" ? dollars + event.dollars : dollars - event.from + event.to }
  },
  commands
})

const stepsFromFirst: Actor.EventSteps = {
  Paid: ({ dollars }) => ({ _tag: "Paid", cents: Number(dollars) * 100 }),
  Corrected: ({ from, to }) => [
    { _tag: "Paid", cents: Number(from) * -100 },
    { _tag: "Paid", cents: Number(to) * 100 }
  ],
  Looked: () => []
}

const stateFromFirst: Actor.StateStep = ({ dollars }) => ({ cents: Number(dollars) * 100 })

/** Counts in cents. */
const Second = Actor.make("Till", {
  state: Schema.Struct({ cents: Schema.Int }),
  initialState: { cents: 0 },
  events: Schema.TaggedUnion({ Paid: { cents: Schema.Int } }),
  evolve: ({ cents }, event) => ({ cents: cents + event.cents }),
  commands,
  schemaVersion: 2,
  upcast: { 1: stepsFromFirst },
  stateVersion: 2,
  upcastState: { 1: stateFromFirst }
})

const thirdOptions = {
  state: Schema.Struct({ cents: Schema.Int, last: Schema.NullOr(Schema.Date) }),
  initialState: { cents: 0, last: null },
  events: Schema.TaggedUnion({ Received: { cents: Schema.Int, at: Schema.Date } }),
  evolve: ({ cents }: { readonly cents: number }, event: { readonly cents: number; readonly at: Date }) => ({
    cents: cents + event.cents,
    last: event.at
  }),
  commands,
  schemaVersion: 3,
  upcast: {
    1: stepsFromFirst,
    2: {
      Paid: ({ cents }: { readonly [key: string]: unknown }, { timestamp }: { readonly timestamp: Date }) => ({
        _tag: "Received",
        cents,
        at: timestamp.toISOString()
      })
    }
  },
  stateVersion: 3
} as const

/** Knows when it was paid last, which is not in the older states. */
const Third = Actor.make("Till", thirdOptions)

const timestamp = new Date(86_400_000)

/** A till with a history of all three: paid 2 and 3 dollars, of which 1 was too much, 50 cents, and 5 cents. */
const history = [
  { type: "Till.Paid", data: { _tag: "Paid", dollars: 2 }, timestamp },
  { type: "Till.Looked", data: { _tag: "Looked" }, timestamp },
  { type: "Till.Paid", data: { _tag: "Paid", dollars: 3 }, timestamp },
  { type: "Till.Corrected", data: { _tag: "Corrected", from: 3, to: 2 }, timestamp },
  { type: "Till.Paid", schemaVersion: 2, data: { _tag: "Paid", cents: 50 }, timestamp },
  {
    type: "Till.Received",
    schemaVersion: 3,
    data: { _tag: "Received", cents: 5, at: timestamp.toISOString() },
    timestamp
  }
]

const written = (count: number) =>
  EventStore.append({ agentId: Third.agentId("a"), events: history.slice(0, count) }).pipe(Effect.asVoid)

/** Saves a snapshot as one of the generations would. */
const snapshot = (version: number, more: Partial<ContextSnapshot.NewSnapshot>) =>
  SnapshotStore.SnapshotStore.use((store) =>
    store.save({
      agentId: Third.agentId("a"),
      version,
      eventId: `e${version}`,
      state: {},
      reducer: "actor:Till",
      ...more
    })
  )

const deleteEvents = (toVersion: number) =>
  EventStore.EventStore.use((store) => store.deleteEvents(Third.agentId("a"), toVersion))

const stores = Layer.mergeAll(Layer.fresh(Memory.layer), Logger.layer([]))

const centsAt = (at: number) => Effect.map(Third.readState("a", { at }), ({ state, version }) => [state.cents, version])

describe("events of older versions", () => {
  it.effect("are read in the shape of today: in other units and under other names, several for one, and none", () =>
    Effect.gen(function* () {
      yield* written(6)
      assert.deepStrictEqual(yield* Third.readState("a"), { state: { cents: 455, last: timestamp }, version: 6 })
      // Versions are those of the events in the store, whatever they have become.
      const expected = [
        [0, 0],
        [200, 1],
        [200, 2],
        [500, 3],
        [400, 4],
        [450, 5],
        [455, 6]
      ]
      assert.deepStrictEqual(yield* Effect.forEach(expected.keys(), centsAt), expected)
    }).pipe(Effect.provide(stores))
  )

  it.effect("lie beside new ones, which are written in the current version", () =>
    Effect.gen(function* () {
      yield* written(5)
      const behavior = Third.toLayer({
        Pay: (_, { amount }) => Third.persist({ _tag: "Received", cents: amount, at: timestamp })
      })
      yield* Effect.gen(function* () {
        yield* (yield* Third.client)("a").Pay({ amount: 7 })
      }).pipe(Effect.provide(Layer.provideMerge(behavior, LocalEngine.layer)))
      assert.deepStrictEqual(yield* centsAt(6), [457, 6])
      const events = yield* Stream.runCollect(EventStore.read(Third.agentId("a")))
      assert.deepStrictEqual(
        events.map(({ schemaVersion }) => schemaVersion),
        [1, 1, 1, 1, 2, 3]
      )
    }).pipe(Effect.provide(stores))
  )

  it.effect("of a version from which no step leads any more are an error that names it", () =>
    Effect.gen(function* () {
      const { 2: fromSecond } = thirdOptions.upcast
      const Forgetful = Actor.make("Till", { ...thirdOptions, upcast: { 2: fromSecond } })
      yield* written(1)
      const error = yield* Effect.flip(Forgetful.readState("a"))
      assert.deepInclude(error, { _tag: "Corrupted", subject: 'event 1 of agent "Till/a"' })
      assert.match(error.message, /Till\.Paid of version 2 to 3, found version 1/)
    }).pipe(Effect.provide(stores))
  )

  for (const [what, step, found] of [
    [
      "throws",
      () => {
        throw new Error("no such coin")
      },
      /no such coin/
    ],
    ["makes what its schema refuses", () => ({ _tag: "Received", cents: "many" }), /cents/],
    ["makes what is no event", () => [[1]], /Expected/]
  ] as const) {
    it.effect(`whose step ${what} are an error that names the event`, () =>
      Effect.gen(function* () {
        const Clumsy = Actor.make("Till", { ...thirdOptions, upcast: { ...thirdOptions.upcast, 2: { Paid: step } } })
        yield* written(1)
        const error = yield* Effect.flip(Clumsy.readState("a"))
        assert.deepInclude(error, { _tag: "Corrupted", subject: 'event 1 of agent "Till/a"' })
        assert.match(error.message, found)
      }).pipe(Effect.provide(stores))
    )
  }
})

describe("events of a newer version", () => {
  it.effect("are not misread: the actor does not wake, and says that a newer program is needed", () =>
    Effect.gen(function* () {
      yield* written(5)
      const behavior = First.toLayer({ Pay: (_, { amount }) => First.persist({ _tag: "Paid", dollars: amount }) })
      yield* Effect.gen(function* () {
        const error = yield* Effect.flip((yield* First.client)("a").Pay({ amount: 1 }))
        assert.isTrue(error._tag === "RecoveryFailed")
        assert.deepInclude(error._tag === "RecoveryFailed" ? error.cause : {}, {
          _tag: "Unavailable",
          reason: "NewerSchema",
          operation: 'read event 5 of agent "Till/a"',
          expected: "a Till.Paid of version 1",
          found: "version 2"
        })
      }).pipe(Effect.provide(Layer.provideMerge(behavior, LocalEngine.layer)))
      assert.deepInclude(yield* First.readState("a", { at: 4 }), { state: { dollars: 4 } })
      const store = yield* EventStore.EventStore
      assert.deepInclude(yield* store.head(First.agentId("a")), { version: 5 })
    }).pipe(Effect.provide(stores))
  )
})

describe("a snapshot of an older version", () => {
  it.effect("is used when a step leads from it, also when the events are gone", () =>
    Effect.gen(function* () {
      yield* written(5)
      yield* snapshot(4, { state: { dollars: 400 }, schemaVersion: 1 })
      // It is not the fold of the events, so it shows that it was used.
      assert.deepStrictEqual(yield* Second.readState("a"), { state: { cents: 40_050 }, version: 5 })
      yield* deleteEvents(4)
      assert.deepStrictEqual(yield* Second.readState("a"), { state: { cents: 40_050 }, version: 5 })
    }).pipe(Effect.provide(stores))
  )

  it.effect("without a step is replaced by the events, and is an error when they are gone", () =>
    Effect.gen(function* () {
      yield* written(5)
      yield* snapshot(4, { state: { dollars: 400 }, schemaVersion: 1 })
      assert.deepStrictEqual(yield* centsAt(5), [450, 5])
      yield* deleteEvents(4)
      const error = yield* Effect.flip(Third.readState("a"))
      assert.strictEqual(error._tag, "Corrupted")
      assert.match(error.message, /version 1, from which no step leads/)
      assert.deepInclude(yield* Effect.flip(Third.readState("a", { at: 3 })), {
        _tag: "VersionMissing",
        asked: 3,
        first: 5,
        last: 5
      })
    }).pipe(Effect.provide(stores))
  )

  for (const [what, options] of [
    ["that its step cannot make anything of", { upcastState: { 1: () => ({ cents: "many" }) } }],
    [
      "whose step throws",
      {
        upcastState: {
          1: () => {
            throw new Error("no such coin")
          }
        }
      }
    ]
  ] as const) {
    it.effect(`${what} is replaced by the events, and is an error when they are gone`, () =>
      Effect.gen(function* () {
        const Clumsy = Actor.make("Till", { ...thirdOptions, stateVersion: 2, ...options })
        yield* written(5)
        yield* snapshot(4, { state: { dollars: 400 }, schemaVersion: 1 })
        assert.deepInclude((yield* Clumsy.readState("a")).state, { cents: 450 })
        yield* deleteEvents(4)
        assert.strictEqual((yield* Effect.flip(Clumsy.readState("a")))._tag, "Corrupted")
      }).pipe(Effect.provide(stores))
    )
  }
})

describe("a snapshot of a newer version", () => {
  it.effect("is replaced by the events, and needs a newer program when they are gone", () =>
    Effect.gen(function* () {
      yield* written(4)
      yield* snapshot(3, { state: { cents: 1, last: null }, schemaVersion: 3 })
      assert.deepStrictEqual(yield* Second.readState("a"), { state: { cents: 400 }, version: 4 })
      yield* deleteEvents(3)
      const error = yield* Effect.flip(Second.readState("a"))
      assert.deepInclude(error, { _tag: "Unavailable", reason: "NewerSchema", found: "version 3" })
    }).pipe(Effect.provide(stores))
  )
})

describe("a snapshot that is of no use", () => {
  it.effect("is replaced by the one before it, when the events that follow that one are there", () =>
    Effect.gen(function* () {
      yield* written(5)
      yield* snapshot(2, { state: { dollars: 200 }, schemaVersion: 1 })
      yield* snapshot(3, { state: { dollars: "many" }, schemaVersion: 1 })
      yield* snapshot(4, { state: { dollars: 400 }, schemaVersion: 1, reducer: "another" })
      yield* deleteEvents(2)
      assert.deepStrictEqual(yield* Second.readState("a"), { state: { cents: 20_250 }, version: 5 })
      yield* deleteEvents(3)
      const error = yield* Effect.flip(Second.readState("a"))
      assert.strictEqual(error._tag, "Corrupted")
      assert.match(error.message, /a snapshot of another/)
    }).pipe(Effect.provide(stores))
  )
})
