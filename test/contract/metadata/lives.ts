/**
 * How an entry is set, changed, and ends.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { MetadataChange } from "../../../src/ContextMetadata.ts"
import { anonymous } from "../../../src/CurrentPrincipal.ts"
import { EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import {
  Agents,
  as,
  company,
  fails,
  freshId,
  hour,
  type It,
  inFuture,
  keysOf,
  Lifecycle,
  later,
  Metadata,
  newAgent,
  shared,
  user
} from "./support.ts"

/** The changes of metadata in the history. */
const toldOf = (agentId: string) =>
  Effect.gen(function* () {
    const { events } = yield* (yield* Agents).getContextHistory(agentId, { from: 2 })
    return events.map(({ data, metadata, type }) => ({ type, data, principal: metadata["principal"] }))
  })

export const register = (it: It): void => {
  describe("an entry of metadata", () => {
    it.effect("is told as it was set; what was not said of it is generic, private and for ever", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const { agentId, ann } = yield* company
        const set = yield* as(ann)(metadata.set(agentId, "mood", { word: "curious" }))
        assert.deepInclude<object>(set, { agentId, key: "mood", value: { word: "curious" }, type: "generic" })
        assert.deepInclude<object>(set, { visibility: "private", owner: ann.id, version: 1 })
        assert.isFalse("expiresAt" in set)
        assert.deepStrictEqual(set.createdAt, set.updatedAt)
        assert.deepStrictEqual(yield* as(ann)(metadata.get(agentId, "mood")), set)
        const expiresAt = yield* inFuture(hour)
        const options = { type: "day", visibility: "public", expiresAt } as const
        const other = yield* as(ann)(metadata.set(agentId, "day", 7, options))
        assert.deepInclude<object>(other, { value: 7, version: 1, ...options })
        assert.deepStrictEqual(yield* as(ann)(metadata.get(agentId, "day")), other)
      }).pipe(shared)
    )

    it.effect("gives back every value that can be stored, and refuses the others with the place", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agentId = yield* newAgent
        const values = [
          null,
          "",
          -0,
          12n ** 40n,
          new Date(7),
          Uint8Array.of(1, 2),
          [],
          {},
          { $date: "no date", nested: [{ at: new Date(0), id: { $id: 1 } }] },
          JSON.parse('{"__proto__":{"a":1},"constructor":2}')
        ]
        for (const [index, value] of values.entries()) {
          for (const visibility of ["private", "public"] as const) {
            const set = yield* metadata.set(agentId, `${visibility} ${index}`, value, { visibility })
            assert.deepStrictEqual<unknown>(set.value, value)
            assert.deepStrictEqual<unknown>((yield* metadata.get(agentId, set.key)).value, value)
          }
        }
        yield* fails(metadata.set(agentId, "x", { a: [1, () => 1] }), "InvalidInput", { path: "value/a/1" })
        yield* fails(metadata.set(agentId, "x", undefined), "InvalidInput", { path: "value" })
        yield* fails(metadata.set(agentId, "x", "a".repeat(5_000_000)), "InvalidInput", { path: "value" })
        const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)])
        for (const visibility of ["private", "public"] as const) {
          yield* metadata.set(agentId, "deep", deep(62), { visibility })
          yield* fails(metadata.set(agentId, "deep", deep(63), { visibility }), "InvalidInput")
        }
      }).pipe(shared)
    )

    it.effect("is not changed by what the caller does with his value later", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agentId = yield* newAgent
        const value = { list: [1] }
        const set = yield* metadata.set(agentId, "x", value)
        value.list.push(2)
        assert.deepStrictEqual<unknown>(set.value, { list: [1] })
        assert.deepStrictEqual<unknown>((yield* metadata.get(agentId, "x")).value, { list: [1] })
      }).pipe(shared)
    )

    it.effect("keeps its id, owner and beginning while it is changed, and counts the changes", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const { agentId, ann, bob } = yield* company
        const expiresAt = yield* inFuture(hour)
        const terms = { type: "a", visibility: "shared", expiresAt } as const
        const first = yield* as(ann)(metadata.set(agentId, "x", 1, terms))
        const second = yield* later(5)(as(bob)(metadata.update(agentId, "x", { value: 2 })))
        assert.isAbove(second.updatedAt.getTime(), first.updatedAt.getTime())
        assert.deepStrictEqual(second, { ...first, value: 2, version: 2, updatedAt: second.updatedAt })
        const third = yield* as(bob)(metadata.update(agentId, "x", { type: "b", expiresAt: null }))
        const { expiresAt: _, ...rest } = second
        assert.deepStrictEqual(third, { ...rest, type: "b", version: 3, updatedAt: third.updatedAt })
        const fourth = yield* as(bob)(metadata.set(agentId, "x", 4, { visibility: "shared" }))
        const { createdAt, id } = first
        const { updatedAt } = fourth
        const is = { agentId, key: "x", id, owner: ann.id, createdAt, updatedAt, value: 4, type: "generic" }
        assert.deepStrictEqual<unknown>(fourth, { ...is, visibility: "shared", version: 4 })
        assert.deepStrictEqual(yield* as(ann)(metadata.get(agentId, "x")), fourth)
      }).pipe(shared)
    )

    it.effect("is changed only at the version that is expected", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agentId = yield* newAgent
        const at = (expectedVersion: number) => ({ expectedVersion })
        yield* fails(metadata.set(agentId, "x", 1, at(1)), "MetadataChanged", { key: "x", expected: 1, actual: 0 })
        yield* metadata.set(agentId, "x", 1, at(0))
        yield* fails(metadata.set(agentId, "x", 2, at(0)), "MetadataChanged", { expected: 0, actual: 1 })
        yield* metadata.set(agentId, "x", 2, at(1))
        yield* fails(metadata.update(agentId, "x", { value: 3 }, at(1)), "MetadataChanged", { actual: 2 })
        yield* metadata.update(agentId, "x", { value: 3 }, at(2))
        yield* fails(metadata.delete(agentId, "x", at(2)), "MetadataChanged", { expected: 2, actual: 3 })
        assert.deepInclude<object>(yield* metadata.get(agentId, "x"), { value: 3, version: 3 })
        yield* metadata.delete(agentId, "x", at(3))
        yield* fails(metadata.update(agentId, "x", { value: 4 }, at(3)), "MetadataMissing", { agentId, key: "x" })
        assert.strictEqual((yield* metadata.set(agentId, "x", 1, at(0))).version, 1)
        for (const expectedVersion of [-1, 1.5, Number.NaN]) {
          yield* fails(metadata.delete(agentId, "x", { expectedVersion }), "InvalidInput", { path: "expectedVersion" })
        }
      }).pipe(shared)
    )

    it.effect("is changed by one of those who expect the same version at the same time, and loses no change", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agents = yield* Agents
        const agentId = yield* newAgent
        const eight = Array.from({ length: 8 }, (_, index) => index)
        const race = <A, E extends { readonly _tag: string }>(attempt: (index: number) => Effect.Effect<A, E>) =>
          Effect.gen(function* () {
            const results = yield* Effect.forEach(eight, (index) => Effect.result(attempt(index)), { concurrency: 8 })
            return results.filter(Result.isSuccess).length
          })
        assert.strictEqual(yield* race((index) => metadata.set(agentId, "x", index, { expectedVersion: 0 })), 1)
        const update = (index: number) => metadata.update(agentId, "x", { value: index }, { expectedVersion: 1 })
        assert.strictEqual(yield* race(update), 1)
        assert.strictEqual(yield* race(() => metadata.delete(agentId, "x")), 1)
        assert.strictEqual(yield* race(() => metadata.set(agentId, "x", 1, { expectedVersion: 0 })), 1)
        const busy = Effect.forEach(eight, (n) => agents.updateContext(agentId, { state: { n } }), { concurrency: 4 })
        const all = race((index) => metadata.update(agentId, "x", { value: index }))
        const [done] = yield* Effect.all([all, busy], { concurrency: 2 })
        assert.strictEqual(done, 8)
        assert.strictEqual((yield* metadata.get(agentId, "x")).version, 9)
      }).pipe(shared)
    )

    it.effect("is missing from the moment that it expires, and its key is free", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const { agentId, ann, bob } = yield* company
        const expiresAt = yield* inFuture(hour)
        yield* as(ann)(metadata.set(agentId, "x", 1, { expiresAt }))
        const atEnd = later(hour)
        yield* fails(atEnd(as(ann)(metadata.get(agentId, "x"))), "MetadataMissing")
        yield* fails(atEnd(as(ann)(metadata.update(agentId, "x", { expiresAt: null }))), "MetadataMissing")
        yield* fails(atEnd(as(ann)(metadata.delete(agentId, "x"))), "MetadataMissing")
        assert.isEmpty(yield* atEnd(metadata.query({ agentId })))
        assert.deepInclude<object>(yield* atEnd(as(bob)(metadata.set(agentId, "x", 2))), { version: 1, owner: bob.id })
        yield* fails(as(ann)(metadata.get(agentId, "x")), "MetadataMissing")
      }).pipe(shared)
    )

    it.effect("expires in the future, and takes what it should be", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agentId = yield* newAgent
        const wrong = (options: object, path: string) =>
          Effect.gen(function* () {
            yield* fails(metadata.set(agentId, "x", 1, options), "InvalidInput", { path })
            yield* fails(metadata.update(agentId, "x", options), "InvalidInput", { path })
          })
        for (const expiresAt of [new Date(0), new Date(Number.NaN), 9e15, "tomorrow"])
          yield* wrong({ expiresAt }, "expiresAt")
        for (const visibility of ["", "Public", "everybody", 1]) yield* wrong({ visibility }, "visibility")
        for (const type of ["", "a\u0000", "x".repeat(256), 1]) yield* wrong({ type }, "type")
        const change = 1 as MetadataChange
        yield* fails(metadata.update(agentId, "x", change), "InvalidInput", { path: "change" })
        for (const key of ["", "a\u0000b", "\u007f", "\ud800", "x".repeat(247)]) {
          yield* fails(metadata.set(agentId, key, 1), "InvalidInput", { path: "key" })
          yield* fails(metadata.get(agentId, key), "InvalidInput", { path: "key" })
          yield* fails(metadata.update(agentId, key, {}), "InvalidInput", { path: "key" })
          yield* fails(metadata.delete(agentId, key), "InvalidInput", { path: "key" })
        }
        yield* fails(metadata.set("pantheon/audit", "x", 1), "InvalidInput", { path: "agentId" })
        assert.isEmpty(yield* metadata.query({ agentId }))
      }).pipe(shared)
    )
  })

  describe("the history", () => {
    it.effect("tells each change of metadata and who made it, and the state stays what it was", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const { agentId, ann, bob } = yield* company
        const first = yield* as(ann)(metadata.set(agentId, "x", new Date(7), { visibility: "shared" }))
        const second = yield* as(bob)(metadata.update(agentId, "x", { value: 2 }))
        yield* as(bob)(metadata.delete(agentId, "x"))
        const told = ({ agentId: _, ...entry }: typeof first) => ({ entry })
        const { id, visibility } = first
        const end = { entry: { id, key: "x", version: 2, visibility }, reason: "deleted" }
        assert.deepStrictEqual<unknown>(yield* toldOf(agentId), [
          { type: "context.metadata-set", data: told(first), principal: ann.id },
          { type: "context.metadata-set", data: told(second), principal: bob.id },
          { type: "context.metadata-deleted", data: end, principal: bob.id }
        ])
        const context = yield* (yield* Agents).getContext(agentId)
        assert.deepInclude<object>(context, { version: 4, state: { a: 1 }, metadata: {} })
      }).pipe(shared)
    )

    it.effect("tells no key, type, owner or value of what is private, also when it was not before", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const { agentId, ann } = yield* company
        const { id } = yield* as(ann)(metadata.set(agentId, "secret-key", "secret-value", { type: "secret-type" }))
        yield* as(ann)(metadata.update(agentId, "secret-key", { value: "secret-other" }))
        yield* as(ann)(metadata.delete(agentId, "secret-key"))
        const told = (version: number) => ({ id, version, visibility: "private" })
        const history = yield* toldOf(agentId)
        assert.deepStrictEqual<unknown>(
          history.map(({ data }) => data),
          [{ entry: told(1) }, { entry: told(2) }, { entry: told(2), reason: "deleted" }]
        )
        assert.notInclude(JSON.stringify(history), "secret")
        const open = yield* as(ann)(metadata.set(agentId, "y", "open", { visibility: "public" }))
        yield* as(ann)(metadata.update(agentId, "y", { visibility: "private", value: "closed" }))
        assert.deepStrictEqual<unknown>((yield* toldOf(agentId)).at(-1)?.data, {
          entry: { id: open.id, version: 2, visibility: "private" }
        })
      }).pipe(shared)
    )

    it.effect("with metadata in it is sound, and travels with them", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const lifecycle = yield* Lifecycle
        const { agentId, ann } = yield* company
        yield* as(ann)(metadata.set(agentId, "mine", 1))
        const open = yield* as(ann)(metadata.set(agentId, "x", { at: new Date(1) }, { visibility: "shared" }))
        yield* metadata.update(agentId, "x", { value: 2 })
        assert.isTrue((yield* lifecycle.validateContextIntegrity(agentId)).isValid)
        const text = yield* Stream.runCollect(lifecycle.exportContext(agentId))
        const copyId = freshId()
        yield* lifecycle.importContext(copyId, Stream.fromIterable(text))
        const copies = yield* metadata.query({ agentId: copyId })
        assert.deepStrictEqual(keysOf(copies), ["mine", "x"])
        const copy = yield* metadata.get(copyId, "x")
        assert.deepInclude<object>(copy, { owner: ann.id, value: 2, version: 2, createdAt: open.createdAt })
        assert.strictEqual((yield* metadata.update(copyId, "x", { value: 3 })).version, 3)
        assert.strictEqual((yield* metadata.update(agentId, "x", { value: 4 })).version, 3)
        assert.isTrue((yield* lifecycle.validateContextIntegrity(copyId)).isValid)
        assert.strictEqual((yield* lifecycle.getContextStatistics(copyId)).totalMetadata, 2)
        yield* lifecycle.importContext(agentId, Stream.fromIterable(text), { existing: "replace" })
        assert.strictEqual((yield* metadata.get(agentId, "x")).version, 2)
        assert.strictEqual((yield* metadata.update(agentId, "x", { value: 5 })).version, 3)
      }).pipe(shared)
    )
  })

  describe("an agent", () => {
    it.effect("that is archived keeps its metadata as they are until it is restored", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agents = yield* Agents
        const agentId = yield* newAgent
        const entry = yield* metadata.set(agentId, "x", 1)
        yield* agents.archive(agentId)
        assert.deepStrictEqual(yield* metadata.get(agentId, "x"), entry)
        yield* fails(metadata.set(agentId, "y", 1), "AgentArchived", { agentId })
        yield* fails(metadata.update(agentId, "x", { value: 2 }), "AgentArchived")
        yield* fails(metadata.delete(agentId, "x"), "AgentArchived")
        assert.deepStrictEqual(yield* metadata.query({ agentId }), [entry])
        yield* agents.restore(agentId)
        yield* metadata.update(agentId, "x", { value: 2 })
      }).pipe(shared)
    )

    it.effect("that is deleted, whichever way, purged, or was never there has none", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agents = yield* Agents
        const lifecycle = yield* Lifecycle
        for (const remove of [agents.deleteContext, lifecycle.deleteContext]) {
          const agentId = yield* newAgent
          yield* metadata.set(agentId, "x", 1, { visibility: "public" })
          yield* remove(agentId)
          yield* fails(metadata.get(agentId, "x"), "MetadataMissing")
          assert.isEmpty(yield* metadata.query({ agentId }))
          yield* fails(metadata.update(agentId, "x", { value: 1 }), "MetadataMissing")
          yield* fails(metadata.delete(agentId, "x"), "MetadataMissing")
          yield* fails(metadata.set(agentId, "x", 1), "AgentDeleted", { agentId })
          yield* agents.purge(agentId)
          yield* fails(metadata.set(agentId, "x", 1), "AgentMissing", { agentId })
          yield* agents.setState(agentId, {})
          yield* fails(metadata.get(agentId, "x"), "MetadataMissing")
          assert.strictEqual((yield* metadata.set(agentId, "x", 2)).version, 1)
        }
        yield* fails(metadata.set(freshId(), "x", 1), "AgentMissing")
        yield* fails(metadata.get(freshId(), "x"), "MetadataMissing")
      }).pipe(shared)
    )
  })

  describe("the clean-up of metadata", () => {
    it.effect("removes what has expired, also of archived agents, and nothing else, and counts it once", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agents = yield* Agents
        // Only this test's clock comes to these times.
        const far = 1_000_000 * hour + Math.floor(Math.random() * 1000) * hour
        const [soon, late] = [yield* inFuture(far), yield* inFuture(far + 2 * hour)]
        const [agentId, archived, deleted] = [yield* newAgent, yield* newAgent, yield* newAgent]
        yield* metadata.set(agentId, "a", 1, { expiresAt: soon })
        yield* metadata.set(agentId, "b", 1, { expiresAt: soon, visibility: "public" })
        yield* metadata.set(agentId, "prolonged", 1, { expiresAt: soon })
        yield* metadata.update(agentId, "prolonged", { expiresAt: late })
        yield* metadata.set(agentId, "later", 1, { expiresAt: late })
        yield* metadata.set(agentId, "ever", 1)
        yield* metadata.set(archived, "a", 1, { expiresAt: soon })
        yield* metadata.set(deleted, "a", 1, { expiresAt: soon })
        yield* agents.archive(archived)
        yield* agents.deleteContext(deleted)
        const atEnd = later(far + hour)
        for (const other of [anonymous, user(freshId(), "metadata:admin:x*", `metadata:admin:${agentId}`)]) {
          yield* fails(as(other)(atEnd(metadata.cleanUp)), "AccessDenied", { resource: "metadata", action: "admin" })
        }
        yield* atEnd(metadata.set(agentId, "again", 1, { expiresAt: late }))
        const before = (yield* agents.getContext(agentId)).version
        const counts = yield* Effect.all([atEnd(metadata.cleanUp), atEnd(metadata.cleanUp)], { concurrency: 2 })
        const own = (yield* toldOf(agentId)).filter(({ data }) => data["reason"] === "expired")
        assert.lengthOf(own, 2)
        assert.isAtLeast(counts[0] + counts[1], 3)
        assert.strictEqual((yield* agents.getContext(agentId)).version, before + 2)
        assert.strictEqual(yield* atEnd(metadata.cleanUp), 0)
        const left = yield* atEnd(metadata.query({ agentId }))
        assert.deepStrictEqual(keysOf(left), ["again", "ever", "later", "prolonged"])
        for (const id of [archived, deleted]) {
          const notes = yield* EventStore.use((store) => Stream.runCollect(store.notes(id, { prefix: "metadata/" })))
          assert.isEmpty(notes)
        }
      }).pipe(shared)
    )

    it.effect("tells what it cannot read", () =>
      Effect.gen(function* () {
        const metadata = yield* Metadata
        const agentId = yield* newAgent
        const broken = Note.put("metadata/x", { value: 1 }, { tag: "metadata" })
        yield* EventStore.use((store) => store.append({ agentId, events: [], notes: [broken] }))
        yield* fails(metadata.get(agentId, "x"), "Corrupted")
        yield* fails(metadata.query({ agentId }), "Corrupted")
        yield* EventStore.use((store) => store.append({ agentId, events: [], notes: [Note.remove("metadata/x")] }))
      }).pipe(shared)
    )
  })
}
