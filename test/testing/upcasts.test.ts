import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Actor } from "../../src/index.ts"
import * as ActorKit from "../contract/ActorKit.ts"

const options = {
  state: Schema.Struct({ cents: Schema.Int, last: Schema.NullOr(Schema.Date) }),
  initialState: { cents: 0, last: null },
  events: Schema.TaggedUnion({ Paid: { cents: Schema.Int, at: Schema.Date } }),
  evolve: ({ cents }: { readonly cents: number }, paid: { readonly cents: number; readonly at: Date }) => ({
    cents: cents + paid.cents,
    last: paid.at
  }),
  commands: [],
  schemaVersion: 2,
  stateVersion: 2
} as const

const Till = Actor.make("Till", {
  ...options,
  upcast: {
    1: {
      Paid: ({ dollars }, { timestamp }) => ({
        _tag: "Paid",
        cents: Number(dollars) * 100,
        at: timestamp.toISOString()
      }),
      Looked: () => []
    }
  },
  upcastState: { 1: ({ dollars }) => ({ cents: Number(dollars) * 100, last: null }) }
})

const timestamp = new Date(5)
const paid = { _tag: "Paid", dollars: 2 }

const flawOf = (effect: Effect.Effect<void, ActorKit.Flaw>) => Effect.map(Effect.flip(effect), ({ message }) => message)

describe("what older versions have stored, under the kit", () => {
  it.effect("is read as it is now", () =>
    Effect.gen(function* () {
      const now = { _tag: "Paid", cents: 200, at: timestamp } as const
      const written = { schemaVersion: 2, data: { _tag: "Paid", cents: 5, at: timestamp.toISOString() } }
      yield* ActorKit.reads(Till, [{ data: paid, timestamp }], {
        events: [now],
        state: { cents: 200, last: timestamp }
      })
      yield* ActorKit.reads(Till, [{ data: paid }, { data: { _tag: "Looked" } }, written], {
        state: { cents: 205, last: timestamp }
      })
      yield* ActorKit.readsState(Till, { stateVersion: 1, state: { dollars: 2 } }, { cents: 200, last: null })
      yield* ActorKit.readsState(Till, { stateVersion: 2, state: { cents: 2, last: null } }, { cents: 2, last: null })
    })
  )

  it.effect("fails the test when it comes to something else", () =>
    Effect.gen(function* () {
      for (const wrong of [
        ActorKit.reads(Till, [{ data: paid }], { state: { cents: 2, last: null } }),
        ActorKit.reads(Till, [{ data: paid }], { events: [] }),
        ActorKit.readsState(Till, { stateVersion: 1, state: { dollars: 2 } }, { cents: 2, last: null })
      ]) {
        const exit = yield* Effect.exit(wrong)
        assert.match(String(exit), /AssertionError/)
      }
    })
  )

  it.effect("has a flaw where it cannot be read", () =>
    Effect.gen(function* () {
      assert.match(
        yield* flawOf(ActorKit.reads(Till, [{ data: { _tag: "Opened" } }], {})),
        /event Opened of Till, version 1.*can fold/
      )
      assert.match(yield* flawOf(ActorKit.reads(Till, [{ schemaVersion: 3, data: paid }], {})), /found version 3/)
      assert.match(
        yield* flawOf(ActorKit.readsState(Till, { stateVersion: 1, state: 7 }, { cents: 0, last: null })),
        /state of Till, version 1/
      )
      assert.match(
        yield* flawOf(ActorKit.readsState(Till, { stateVersion: 3, state: {} }, { cents: 0, last: null })),
        /found version 3/
      )
      assert.match(
        yield* flawOf(ActorKit.reads(Till, [{ data: { _tag: "Paid", dollars: () => 1 } }], {})),
        /at stored\/dollars: expected what can lie in a store/
      )
    })
  )

  it.effect("has a flaw where a step is not pure", () =>
    Effect.gen(function* () {
      let calls = 0
      const at = timestamp.toISOString()
      const impure: ReadonlyArray<readonly [RegExp, Actor.EventStep]> = [
        [
          /at \/0\/cents: expected its steps to make the same of it each time/,
          () => ({ _tag: "Paid", cents: calls++, at })
        ],
        [/read only property|not extensible|read-only/, (data) => Object.assign(data, { cents: 1, at })]
      ]
      for (const [found, step] of impure) {
        const Impure = Actor.make("Till", { ...options, upcast: { 1: { Paid: step } } })
        assert.match(yield* flawOf(ActorKit.reads(Impure, [{ data: paid }], {})), found)
      }
    })
  )
})
