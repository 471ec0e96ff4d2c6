/** Positions of a feed that another store gave. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Memory from "../../layers/memory/index.ts"
import { EventStore } from "../../src/EventStore.ts"
import { freshId, integers, invalid, numbered } from "../contract/eventstore/support.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

const stores: { readonly [name: string]: Layer.Layer<EventStore, unknown> } = {
  memory: Memory.layer,
  LevelDB: TestDirectory.layer,
  PostgreSQL: TestDatabase.layer()
}

/** A store of its own, with so many events, each of a flush of its own. */
const storeWith = (layer: Layer.Layer<EventStore, unknown>, count: number) =>
  Effect.gen(function* () {
    const store = Context.get(yield* Layer.build(Layer.fresh(layer)), EventStore)
    for (const _ of integers(count)) yield* store.append({ agentId: freshId(), events: numbered(1) })
    return store
  })

const refuses = (store: EventStore["Service"], after: string) =>
  Effect.gen(function* () {
    yield* invalid(Stream.runCollect(store.feed({ after })), "after")
    yield* invalid(Stream.runHead(store.feed({ after, live: true })), "after")
  })

describe("a position of another store", () => {
  for (const [name, layer] of Object.entries(stores)) {
    it.live(`is refused by ${name} when a store of another technology gave it`, () =>
      Effect.gen(function* () {
        const store = yield* storeWith(layer, 5)
        for (const [other, layer] of Object.entries(stores)) {
          if (other === name) continue
          const entries = yield* Stream.runCollect(Stream.take((yield* storeWith(layer, 3)).feed({ live: true }), 3))
          for (const { position } of entries) yield* refuses(store, position)
        }
      })
    )

    it.live(`is refused by ${name} when it lies behind all that this store has ever had`, () =>
      Effect.gen(function* () {
        const store = yield* storeWith(layer, 2)
        const entries = yield* Stream.runCollect(Stream.take(store.feed({ live: true }), 2))
        const position = entries[1]?.position ?? ""
        assert.deepStrictEqual(yield* Stream.runCollect(store.feed({ after: position })), [])
        // Every number in it, one after the other, far higher than it is.
        const parts = position.split(".")
        const far = parts.map((_, index) => parts.with(index, "999999999999").join("."))
        const beyond = name === "PostgreSQL" ? far.slice(0, 2) : far.slice(0, 1)
        for (const after of beyond) yield* refuses(store, after)
        const endless = parts.map((_, index) => parts.with(index, "9".repeat(20)).join("."))
        for (const after of endless) yield* refuses(store, after)
      })
    )
  }
})
