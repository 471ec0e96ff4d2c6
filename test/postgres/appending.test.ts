/** How an append reaches the tables depends on what it is: a lone event, single events for different agents, or anything else. */
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore } from "../../src/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const schema = TestDatabase.freshSchema()

type Store = EventStore.EventStore["Service"]

/** A store beside the one of the layer, as another process would open it. */
const another = Effect.gen(function* () {
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const context = yield* Layer.buildWithScope(Postgres.layer({ url: TestDatabase.url, schema }), scope)
  return yield* Effect.provide(EventStore.EventStore, context)
})

const note = (agentId: string, expected?: EventStore.Append["expected"], id?: string): EventStore.Append => ({
  agentId,
  expected,
  events: [{ type: "noted", data: { of: agentId }, ...(id === undefined ? {} : { id }) }]
})

const inWords = (result: Result.Result<EventStore.Appended, { readonly _tag: string }>): string =>
  Result.isSuccess(result) ? `${result.success.outcome} ${result.success.version}` : describeError(result.failure)

const describeError = (error: { readonly _tag: string }): string =>
  "actual" in error ? `${error._tag} ${error.actual}` : "reason" in error ? String(error.reason) : error._tag

const append = (store: Store, one: EventStore.Append) => Effect.map(Effect.result(store.append(one)), inWords)

const appendAll = (store: Store, appends: ReadonlyArray<EventStore.Append>) =>
  Effect.map(store.appendAll(appends), (results) => results.map(inWords))

const versions = (store: Store, agentId: string) =>
  Effect.map(Stream.runCollect(store.read(agentId)), (events) => events.map((event) => event.version))

layer(TestDatabase.layer({ schema }), { excludeTestServices: true })("PostgreSQL", (it) => {
  describe("a lone event", () => {
    it.effect("is stored behind what another process has written since this one looked", () =>
      Effect.gen(function* () {
        const [ours, theirs] = [yield* EventStore.EventStore, yield* another]
        assert.strictEqual(yield* append(ours, note("lone")), "stored 1")
        assert.strictEqual(yield* append(theirs, note("lone")), "stored 2")
        assert.strictEqual(yield* append(theirs, note("lone")), "stored 3")
        assert.strictEqual(yield* append(ours, note("lone")), "stored 4")
        assert.strictEqual(yield* append(ours, note("lone")), "stored 5")
        assert.deepStrictEqual(yield* versions(ours, "lone"), [1, 2, 3, 4, 5])
      })
    )

    it.effect("never gets a version again that another process has deleted since this one looked", () =>
      Effect.gen(function* () {
        const [ours, theirs] = [yield* EventStore.EventStore, yield* another]
        yield* append(ours, note("deleted"))
        yield* appendAll(theirs, [note("deleted"), note("deleted"), note("deleted")])
        yield* theirs.deleteEvents("deleted", 4)
        assert.strictEqual(yield* append(ours, note("deleted")), "stored 5")
        yield* theirs.purge("deleted")
        assert.strictEqual(yield* append(ours, note("deleted", "none")), "stored 7")
      })
    )

    it.effect("of an agent that is known to another process only is stored behind its history", () =>
      Effect.gen(function* () {
        const [ours, theirs] = [yield* EventStore.EventStore, yield* another]
        for (const agentId of ["a", "b", "c"].map((name) => `stranger ${name}`)) {
          yield* appendAll(theirs, [note(agentId), note(agentId)])
          assert.strictEqual(yield* append(ours, note(agentId)), "stored 3")
        }
        assert.strictEqual(yield* append(ours, note("stranger d")), "stored 1")
        assert.strictEqual(yield* append(ours, note("stranger e")), "stored 1")
      })
    )

    it.effect("is refused when its agent has another version, and known again when it is repeated", () =>
      Effect.gen(function* () {
        const store = yield* EventStore.EventStore
        const id = crypto.randomUUID()
        assert.strictEqual(yield* append(store, note("refused", 0, id)), "stored 1")
        assert.strictEqual(yield* append(store, note("refused", 0, id)), "repeated 1")
        assert.strictEqual(yield* append(store, note("refused", "none")), "Conflict 1")
        assert.strictEqual(yield* append(store, note("refused", 2)), "Conflict 1")
        assert.strictEqual(yield* append(store, note("other", "any", id)), "EventIdTaken")
        assert.deepStrictEqual(yield* versions(store, "refused"), [1])
      })
    )
  })

  describe("single events for different agents", () => {
    const names = ["z", "a", "m", "k", "b"].map((name) => `flat ${name}`)
    const [z = "", a = "", m = "", k = "", b = ""] = names

    it.effect("are stored together, each behind its own agent's history", () =>
      Effect.gen(function* () {
        const [ours, theirs] = [yield* EventStore.EventStore, yield* another]
        yield* appendAll(theirs, [note(a), note(a), note(m)])
        const appends = [note(z), note(a, 2), note(m, "any"), note(k, "none"), note(b, 0)]
        assert.deepStrictEqual(yield* appendAll(ours, appends), [
          "stored 1",
          "stored 3",
          "stored 2",
          "stored 1",
          "stored 1"
        ])
      })
    )

    it.effect("are judged one by one when some cannot be stored", () =>
      Effect.gen(function* () {
        const store = yield* EventStore.EventStore
        const appends = [note(z, 0), note(a, 3), note(m, "none"), note(k, 9), note(b, "any")]
        assert.deepStrictEqual(yield* appendAll(store, appends), [
          "Conflict 1",
          "stored 4",
          "Conflict 2",
          "Conflict 1",
          "stored 2"
        ])
        assert.deepStrictEqual(yield* versions(store, z), [1])
        assert.deepStrictEqual(yield* versions(store, b), [1, 2])
      })
    )

    it.effect("are judged one by one when some are repeated, or have an id that is taken", () =>
      Effect.gen(function* () {
        const store = yield* EventStore.EventStore
        const [known, fresh] = [crypto.randomUUID(), crypto.randomUUID()]
        yield* append(store, note(z, "any", known))
        const appends = [note(z, 1, known), note(a, "any", known), note(m), note(k, "any", fresh), note(b, 0)]
        assert.deepStrictEqual(yield* appendAll(store, appends), [
          "repeated 2",
          "EventIdTaken",
          "stored 3",
          "stored 2",
          "Conflict 2"
        ])
      })
    )

    it.effect("are stored in a purged agent only if none, any or its version is expected", () =>
      Effect.gen(function* () {
        const store = yield* EventStore.EventStore
        for (const agentId of names) yield* store.purge(agentId)
        const heads = yield* Effect.forEach(names, (agentId) => store.head(agentId))
        const [first = 0, second = 0] = heads.map((head) => head.version)
        const appends = [note(z, "none"), note(a, second), note(m, "any"), note(k, 1), note(b, "none")]
        const answers = yield* appendAll(store, appends)
        assert.deepStrictEqual(answers.slice(0, 2), [`stored ${first + 1}`, `stored ${second + 1}`])
        assert.deepStrictEqual(
          answers.slice(2).map((answer) => answer.split(" ")[0]),
          ["stored", "Conflict", "stored"]
        )
      })
    )
  })
})
