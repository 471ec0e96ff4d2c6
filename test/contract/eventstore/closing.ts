/**
 * A store that is closed. Each test builds a store of its own, after the one of the other tests is closed.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { EventStore } from "../../../src/EventStore.ts"
import { freshId, integers, numbered, rejected } from "./support.ts"

/** A store and what closes it. */
const opening = <E>(layer: Layer.Layer<EventStore, E>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(Layer.fresh(layer), scope)
    return { store: Context.get(context, EventStore), close: Scope.close(scope, Exit.void) }
  })

/** What needs `appendTogether`. */
export const registerTogether = <E>(layer: Layer.Layer<EventStore, E>): void => {
  describe("closing", () => {
    it.live("still stores what is to be stored together and waits, and refuses what comes too late", () =>
      Effect.gen(function* () {
        const { close, store } = yield* opening(layer)
        const step = (agentIds: ReadonlyArray<string>) =>
          store.appendTogether(agentIds.map((agentId) => ({ agentId, events: numbered(2) })))
        const [left, right] = [freshId(), freshId()]
        const callers = yield* Effect.forEach(integers(20), () =>
          Effect.forkChild(step([left, right]), { startImmediately: true })
        )
        const closing = yield* Effect.forkChild(close, { startImmediately: true })
        const late = yield* Effect.flip(step([freshId(), freshId()]))
        assert.deepInclude(late.failure, { _tag: "Rejected", reason: "Closed" })
        const answers = yield* Effect.forEach(callers, Fiber.join)
        yield* Fiber.join(closing)
        const versions = answers.map((answer) => answer.map(({ version }) => version).join(" "))
        assert.sameMembers(
          versions,
          integers(20).map((number) => `${2 * number} ${2 * number}`)
        )
      })
    )
  })
}

export const register = <E>(layer: Layer.Layer<EventStore, E>): void => {
  const open = opening(layer)

  describe("closing", () => {
    it.live("refuses appends from then on, and says that the store is closed", () =>
      Effect.gen(function* () {
        const { close, store } = yield* open
        const agentId = freshId()
        yield* store.append({ agentId, events: numbered(1) })
        yield* close
        const error = yield* rejected(store.append({ agentId, events: numbered(1) }), "Closed")
        assert.deepInclude(error, { agentId })
        const results = yield* store.appendAll(integers(3).map(() => ({ agentId, events: numbered(1) })))
        for (const result of results) {
          assert.isTrue(result._tag === "Failure" && result.failure._tag === "Rejected")
          assert.deepInclude(result._tag === "Failure" ? result.failure : {}, { reason: "Closed" })
        }
        assert.strictEqual(results.length, 3)
      })
    )

    it.live("refuses reads, listings, deletions and the feed from then on, and ends a feed that waits for news", () =>
      Effect.gen(function* () {
        const { close, store } = yield* open
        const agentId = freshId()
        yield* store.append({ agentId, events: numbered(1) })
        const after = Option.getOrUndefined(yield* store.feedEnd)
        const waiting = yield* Effect.forkChild(Effect.flip(Stream.runDrain(store.feed({ after, live: true }))))
        yield* Effect.sleep("20 millis")
        yield* close
        const refusals = yield* Effect.all(
          [
            Effect.flip(Stream.runDrain(store.read(agentId))),
            Effect.flip(store.head(agentId)),
            Effect.flip(store.getEvent(freshId())),
            Effect.flip(store.replies(agentId, ["a"])),
            Effect.flip(Stream.runDrain(store.agents())),
            Effect.flip(store.getNotes([{ agentId, name: "a" }])),
            Effect.flip(Stream.runDrain(store.notes(agentId))),
            Effect.flip(Stream.runDrain(store.due({ until: 0 }))),
            Effect.flip(Stream.runDrain(store.feed())),
            Effect.flip(store.feedEnd),
            Effect.flip(store.deleteEvents(agentId, 1)),
            Effect.flip(store.purge(agentId)),
            Fiber.join(waiting)
          ],
          { concurrency: "unbounded" }
        )
        for (const refusal of refusals) assert.deepInclude(refusal, { _tag: "Unavailable", reason: "Closed" })
      })
    )

    it.live("still stores the appends that wait, answers every one, and refuses those that come too late", () =>
      Effect.gen(function* () {
        const { close, store } = yield* open
        const agentIds = integers(5).map(freshId)
        const callers = yield* Effect.forEach(integers(100), (number) =>
          Effect.forkChild(store.append({ agentId: agentIds[number % 5] ?? "", events: numbered(2) }), {
            startImmediately: true
          })
        )
        const closing = yield* Effect.forkChild(close, { startImmediately: true })
        const late = yield* rejected(store.append({ agentId: freshId(), events: numbered(1) }), "Closed")
        assert.isNotEmpty(late.message)
        const answers = yield* Effect.forEach(callers, Fiber.join)
        yield* Fiber.join(closing)
        const places = answers.map(({ agentId, version }) => `${agentId} ${version}`)
        assert.strictEqual(new Set(places).size, 100)
        for (const agentId of agentIds) {
          const own = answers.filter((answer) => answer.agentId === agentId).map(({ version }) => version)
          assert.strictEqual(Math.max(...own), 40)
        }
      })
    )

    it.live("can be done again and again", () =>
      Effect.gen(function* () {
        for (const _ of integers(5)) {
          const { close, store } = yield* open
          const agentId = freshId()
          assert.strictEqual((yield* store.append({ agentId, events: numbered(1) })).version, 1)
          yield* close
        }
      })
    )
  })
}
