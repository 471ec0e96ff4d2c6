import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { AgentStateManager } from "../../../src/index.ts"
import { arbitraryRecord, assertSame, define } from "../../contract/values.ts"
import { checkAgent } from "./independent.ts"
import {
  agents as Agents,
  eventsOf,
  fails,
  freshId,
  type It,
  includes,
  integers,
  managed,
  storedVersion
} from "./support.ts"

export const register = (it: It): void => {
  describe("writing", () => {
    it.effect("merges top-level keys, and replaces nested values whole", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.updateContext(agentId, { state: { a: 1, b: { c: 2 } }, metadata: { owner: "me" } })
          const second = yield* agents.updateContext(agentId, { state: { b: { d: 3 } } })
          assert.deepInclude(second, { state: { a: 1, b: { d: 3 } }, metadata: { owner: "me" }, version: 2 })
          const third = yield* agents.updateContext(agentId, { metadata: { topic: "x" } })
          assert.deepInclude(third, { state: second.state, metadata: { owner: "me", topic: "x" }, version: 3 })
          yield* checkAgent(agentId, [second, third])
        })
      )
    )

    it.effect("replaces the state when it is set, and keeps the metadata", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.updateContext(agentId, { state: { a: 1 }, metadata: { owner: "me" } })
          const context = yield* agents.setState(agentId, { b: 2 })
          assert.deepInclude(context, { state: { b: 2 }, metadata: { owner: "me" }, version: 2 })
          yield* checkAgent(agentId, [context])
        })
      )
    )

    it.effect("gives five concurrent updates the versions 1 to 5", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const contexts = yield* Effect.forEach(
            integers(5),
            (number) => agents.updateContext(agentId, { state: { [`key${number}`]: number } }),
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual(
            contexts.map(({ version }) => version),
            [1, 2, 3, 4, 5]
          )
          const { state, version } = yield* agents.getContext(agentId)
          assert.deepStrictEqual([version, state], [5, { key1: 1, key2: 2, key3: 3, key4: 4, key5: 5 }])
          yield* checkAgent(agentId, contexts)
        })
      )
    )

    it.effect.prop(
      "gives back any state to the bit, however it is written",
      [arbitraryRecord, arbitraryRecord],
      ([first, second]) =>
        managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            const agentId = freshId()
            const contexts = [
              yield* agents.setState(agentId, first),
              yield* agents.updateContext(agentId, { state: second, metadata: first }),
              yield* agents.patchState(agentId, [
                { op: "test", path: "", value: { ...first, ...second } },
                { op: "add", path: "/__proto__", value: first },
                { op: "add", path: "/patched", value: second }
              ])
            ]
            const expected = { ...first, ...second, patched: second }
            define(expected, "__proto__", first)
            assertSame(contexts[2]?.state, expected)
            assertSame(contexts[2]?.metadata, first)
            yield* agents.createSnapshot(agentId)
            for (const context of contexts) {
              const read = yield* agents.getContextAt(agentId, { version: context.version })
              assertSame(read.state, context.state)
              assert.deepStrictEqual(read, context)
            }
            yield* managed(
              Effect.gen(function* () {
                assertSame((yield* (yield* Agents).getContext(agentId)).state, expected)
              })
            )
          })
        ),
      { arbitrary: { runs: 25, size: 30 } }
    )

    it.effect("patches all of it or nothing", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const start = { n: 1, items: [1, 2], at: new Date(0), big: 1n }
          yield* agents.setState(agentId, start)
          const patch: Parameters<AgentStateManager.AgentStateManager["Service"]["patchState"]>[1] = [
            { op: "add", path: "/items/-", value: 3 },
            { op: "test", path: "/at", value: new Date(0) },
            { op: "test", path: "/n", value: 2 }
          ]
          const error = yield* fails(agents.patchState(agentId, patch), "PatchFailed", {
            index: 2,
            op: "test",
            path: "/n"
          })
          includes(error, { agentId, expected: "2", found: "1" })
          assert.deepInclude(yield* agents.getContext(agentId), { state: start, version: 1 })
          assert.strictEqual(yield* storedVersion(agentId), 1)
          const context = yield* agents.patchState(agentId, patch.slice(0, 2))
          assert.deepInclude(context, { state: { ...start, items: [1, 2, 3] }, version: 2 })
          const malformed = agents.patchState(agentId, [{ op: "add", path: "no pointer", value: 1 }])
          yield* fails(malformed, "InvalidInput", { path: "patch/0/path" })
          yield* fails(agents.patchState(agentId, [{ op: "add", path: "/f", value: () => 1 }]), "InvalidInput", {
            path: "patch/0/value"
          })
          yield* checkAgent(agentId, [context])
        })
      )
    )

    it.effect("refuses a patch that nests the state deeper than an event can hold", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) })
          yield* agents.setState(agentId, nested(63))
          const path = "/a".repeat(62)
          yield* agents.patchState(agentId, [{ op: "add", path: `${path}/b`, value: 1 }])
          yield* fails(agents.patchState(agentId, [{ op: "add", path: `${path}/b`, value: {} }]), "PatchFailed")
          assert.strictEqual((yield* agents.revertTo(agentId, 1)).version, 3)
        })
      )
    )

    it.effect("folds events with the reducer of their type; others count and are in the history only", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.appendEvent(agentId, { type: "counter.added", data: { amount: 5 } })
          const unknown = yield* agents.appendEvent(agentId, { type: "something.else", data: { at: new Date(1) } })
          const added = yield* agents.appendEvent(agentId, {
            type: "counter.added",
            schemaVersion: 1,
            data: { amount: 2 },
            metadata: { principal: "me" }
          })
          assert.deepInclude(yield* agents.getContext(agentId), { state: { count: 7 }, version: 3 })
          const events = yield* eventsOf(agentId)
          assert.deepStrictEqual(events.slice(1), [unknown, added])
          yield* checkAgent(agentId)
        })
      )
    )

    it.effect("appends several events in order, all or none", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const stored = yield* agents.appendEvents(
            agentId,
            integers(4).map((item) => ({ type: "list.extended", data: { item } }))
          )
          assert.deepStrictEqual(stored, yield* eventsOf(agentId))
          const failing = agents.appendEvents(agentId, [{ type: "list.extended" }, { type: "reducer.throws" }])
          yield* fails(failing, "ReducerFailed", { eventType: "reducer.throws" })
          const { state, version } = yield* agents.getContext(agentId)
          assert.deepStrictEqual([version, state["list"]], [4, integers(4).map((item) => ({ item, version: item }))])
          assert.strictEqual(yield* storedVersion(agentId), 4)
        })
      )
    )

    it.effect("refuses an event whose reducer throws or gives no state, and stores nothing", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const thrown = yield* fails(agents.appendEvent(agentId, { type: "reducer.throws" }), "ReducerFailed")
          assert.include(thrown.found, "boom")
          const senseless = agents.appendEvent(agentId, { type: "reducer.gives" })
          const { expected, found } = yield* fails(senseless, "ReducerFailed", { agentId, eventType: "reducer.gives" })
          assert.include(expected, "state/deep/time")
          assert.include(found, "invalid Date")
          for (const type of ["reducer.forgets", "reducer.waits"]) {
            const { expected } = yield* fails(agents.appendEvent(agentId, { type }), "ReducerFailed")
            assert.strictEqual(expected, "an object of values")
          }
          yield* fails(agents.getContext(agentId), "AgentMissing")
          assert.strictEqual(yield* storedVersion(agentId), 0)
          yield* agents.appendEvent(agentId, { type: "counter.added", data: { amount: 1 } })
          assert.deepInclude(yield* agents.getContext(agentId), { state: { count: 1 }, version: 1 })
        })
      )
    )

    it.effect("calls it damage when events that were stored cannot be folded", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* managed(
          Effect.gen(function* () {
            yield* (yield* Agents).appendEvent(agentId, { type: "counter.added", data: { amount: 1 } })
          })
        )
        yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            const error = yield* fails(agents.getContext(agentId), "Corrupted")
            assert.include(error.message, "event 1")
            assert.include(error.message, "no more")
            yield* fails(agents.updateContext(agentId, { state: {} }), "Corrupted")
          }),
          {
            reducers: {
              "counter.added": () => {
                throw new Error("no more")
              }
            }
          }
        )
      })
    )

    it.effect("keeps the event types of the manager to itself", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          for (const type of ["context.updated", "context.deleted", "context.", "context.mine"]) {
            yield* fails(agents.appendEvent(agentId, { type }), "InvalidInput", { path: "event/type" })
            const several = agents.appendEvents(agentId, [{ type: "fine" }, { type }])
            yield* fails(several, "InvalidInput", { path: "events/1/type" })
          }
          assert.strictEqual(yield* storedVersion(agentId), 0)
        })
      )
    )

    it.effect("records who wrote and why in the metadata of the event", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const metadata = { principal: "me", correlationId: "c-1" }
          yield* agents.updateContext(agentId, { state: { a: 1 } }, { metadata, id: `${agentId}-1`, commandId: "k-1" })
          const [event] = yield* eventsOf(agentId)
          assert.deepInclude(event, { id: `${agentId}-1`, metadata: { ...metadata, commandId: "k-1" } })
        })
      )
    )

    it.effect("refuses bad input with the path of the caller's argument, and stores nothing", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          const refused = <A, E extends { readonly _tag: string }>(write: Effect.Effect<A, E>, path: string) =>
            Effect.map(Effect.flip(write), (error) => includes(error, { _tag: "InvalidInput", path }))
          const unsafe: (value: unknown) => never = (value) => value as never
          yield* refused(agents.updateContext(agentId, { state: { a: { b: undefined } } }), "state/a/b")
          yield* refused(agents.updateContext(agentId, { state: { a: Number.NaN } }), "state/a")
          yield* refused(agents.updateContext(agentId, { metadata: { a: () => 1 } }), "metadata/a")
          yield* refused(agents.updateContext(agentId, { state: [] }), "state")
          yield* refused(agents.updateContext(agentId, { metadata: new Map() }), "metadata")
          yield* refused(agents.updateContext(agentId, unsafe(undefined)), "update")
          yield* refused(agents.updateContext(agentId, unsafe({ version: 7, state: {} })), "update/version")
          yield* refused(agents.setState(agentId, new Date(0)), "state")
          yield* refused(agents.setState(agentId, { a: new Map() }), "state/a")
          yield* refused(agents.setState(agentId, {}, { id: "" }), "options/id")
          yield* refused(agents.setState(agentId, {}, { commandId: "" }), "commandId")
          yield* refused(agents.setState(agentId, {}, { metadata: { a: new Set() } }), "options/metadata/a")
          yield* refused(agents.setState(agentId, {}, { metadata: new Set(), commandId: "c" }), "options/metadata")
          yield* refused(agents.setState(agentId, {}, { expected: 1.5 }), "expected")
          yield* refused(agents.setState(agentId, {}, { expected: -1 }), "expected")
          yield* refused(agents.setState(agentId, {}, { expected: unsafe("some") }), "expected")
          yield* refused(agents.appendEvent(agentId, { type: "" }), "event/type")
          yield* refused(agents.appendEvent(agentId, unsafe({})), "event/type")
          yield* refused(agents.appendEvent(agentId, unsafe(undefined)), "event")
          yield* refused(agents.appendEvent(agentId, { type: "a", data: { b: [new Map()] } }), "event/data/b/0")
          yield* refused(agents.appendEvents(agentId, []), "events")
          yield* refused(agents.appendEvents(agentId, unsafe("ab")), "events")
          yield* refused(
            agents.appendEvents(agentId, [{ type: "a" }, { type: "b", data: { c: undefined } }]),
            "events/1/data/c"
          )
          yield* refused(agents.patchState(agentId, unsafe({})), "patch")
          yield* refused(
            agents.modify(agentId, () => Effect.succeed([])),
            "state"
          )
          yield* refused(
            agents.modify(agentId, () => Effect.succeed({ a: { b: undefined } })),
            "state/a/b"
          )
          yield* refused(
            agents.modify(agentId, () => Effect.as(Effect.yieldNow, { a: { b: undefined } })),
            "state/a/b"
          )
          assert.strictEqual(yield* storedVersion(agentId), 0)
        })
      )
    )

    it.effect("lets a write that is refused harm no other that goes with it", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.setState(agentId, { n: 0, list: [] })
          const results = yield* Effect.all(
            [
              agents.updateContext(agentId, { state: { a: 1 } }),
              agents.patchState(agentId, [{ op: "test", path: "/n", value: 5 }]),
              agents.appendEvent(agentId, { type: "reducer.throws" }),
              agents.updateContext(agentId, { state: { b: 1 } }, { expected: 1 }),
              agents.patchState(agentId, [{ op: "add", path: "/list/-", value: 1 }]),
              agents.setState(agentId, {}, { expected: "none" }),
              agents.updateContext(agentId, { state: { c: undefined } }),
              agents.modify(agentId, () => Effect.fail({ _tag: "No" as const })),
              agents
                .modify(agentId, () => Effect.die("no"))
                .pipe(Effect.catchDefect(() => Effect.fail({ _tag: "Died" as const }))),
              agents.appendEvent(agentId, { type: "counter.added", data: { amount: 2 } })
            ].map((write) =>
              Effect.result(write as Effect.Effect<{ readonly version: number }, { readonly _tag: string }>)
            ),
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual(
            results.map((result) => (result._tag === "Success" ? result.success.version : result.failure._tag)),
            [2, "PatchFailed", "ReducerFailed", "Conflict", 3, "Conflict", "InvalidInput", "No", "Died", 4]
          )
          assert.deepInclude(yield* agents.getContext(agentId), {
            state: { n: 0, list: [1], a: 1, count: 2 },
            version: 4
          })
          yield* checkAgent(agentId)
        })
      )
    )

    it.effect("lets two writes in the same breath expect the same version only once", () =>
      managed(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* agents.setState(agentId, {})
          const writes = integers(6).map((n) => Effect.result(agents.setState(agentId, { n }, { expected: 1 })))
          const results = yield* Effect.all(writes, { concurrency: "unbounded" })
          assert.deepStrictEqual(
            results.map((result) => (result._tag === "Success" ? result.success.version : result.failure.message)),
            [
              2,
              ...integers(5).map(
                () => `agent "${agentId}": expected version 1, found version 2. Read the agent again and decide anew.`
              )
            ]
          )
        })
      )
    )
  })
}
