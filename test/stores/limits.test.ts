import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Memory from "../../layers/memory/index.ts"
import { EventStore, Limits, SnapshotStore } from "../../src/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

const limits: Limits.Limits = { eventBytes: 100, snapshotBytes: 200, depth: 4, eventsPerAppend: 3 }

/** A text that takes so many bytes with the field around it: `{"t":"…"}`. */
const sized = (bytes: number) => ({ t: "x".repeat(bytes - 8) })

/** Arrays around a number. */
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])

const suite = <E>(name: string, layer: Layer.Layer<EventStore.EventStore | SnapshotStore.SnapshotStore, E>) => {
  const small = Layer.provide(Layer.fresh(layer), Layer.succeed(Limits.Limits, limits))

  describe(`the limits of ${name}`, () => {
    it.layer(small, { excludeTestServices: true })("that were set when it was built", (it) => {
      const append = (...events: ReadonlyArray<object>) =>
        EventStore.append({ agentId: "a", events: events.map((event) => ({ type: "a.noted", ...event })) })

      /** What is refused, and what says so: where, what was expected, what was found. */
      const refused = <A, E, R>(effect: Effect.Effect<A, E, R>, text: RegExp) =>
        Effect.map(Effect.flip(effect), (error) => assert.match(String(error), text))

      it.effect("let through what is just small enough", () =>
        Effect.gen(function* () {
          const snapshots = yield* SnapshotStore.SnapshotStore
          yield* append({ data: sized(100), metadata: sized(100) }, { data: { n: nested(3) } }, {})
          assert.strictEqual((yield* Stream.runCollect(EventStore.read("a"))).length, 3)
          const saved = yield* snapshots.save({ agentId: "a", version: 1, eventId: "e", state: sized(200) })
          assert.deepStrictEqual(yield* snapshots.latest("a"), Option.some(saved))
        })
      )

      it.effect("refuse what is one byte, one level or one event too much, name it, and store nothing", () =>
        Effect.gen(function* () {
          const store = yield* EventStore.EventStore
          const snapshots = yield* SnapshotStore.SnapshotStore
          const before = yield* store.head("a")
          yield* refused(append({ data: sized(101) }), /event\/data: .*at most 100 bytes.*101 bytes/)
          yield* refused(append({}, { metadata: sized(101) }), /events\/1\/metadata: .*at most 100 bytes.*101 bytes/)
          yield* refused(append({}, { data: { n: nested(4) } }), /events\/1\/data\/n\/0\/0\/0.*more than 4 levels/)
          yield* refused(append({}, {}, {}, {}), /events: .*1 to 3 events.*4 events/)
          yield* refused(append(), /events: .*1 to 3 events.*0 events/)
          const command = { id: "c", reply: sized(101) }
          const events = [{ type: "a.noted" }]
          yield* refused(store.append({ agentId: "a", events, commands: [command] }), /commands\/0\/reply: .*101 bytes/)
          const save = (state: unknown, metadata = {}) =>
            snapshots.save({ agentId: "a", version: 9, eventId: "e", state, metadata })
          yield* refused(save(sized(201)), /state: .*at most 200 bytes.*201 bytes/)
          yield* refused(save({ n: nested(4) }), /state\/n\/0\/0\/0.*more than 4 levels/)
          yield* refused(save(1, sized(101)), /metadata: .*at most 100 bytes.*101 bytes/)
          assert.deepStrictEqual(yield* store.head("a"), before)
          assert.isTrue(Option.isNone(yield* snapshots.latest("a", { minVersion: 9 })))
        })
      )

      it.effect("count bytes, not letters", () =>
        refused(append({ data: { t: "é".repeat(50) } }), /at most 100 bytes.*108 bytes/)
      )
    })
  })
}

suite("the memory store", Memory.layer)
suite("the LevelDB store", TestDirectory.layer)
suite("the PostgreSQL store", TestDatabase.layer())
