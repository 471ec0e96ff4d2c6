/**
 * Export and import.
 */
import { assert, describe } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as ShareRecord from "../../../src/access/ShareRecord.ts"
import { EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import * as Value from "../../../src/Value.ts"
import * as values from "../values.ts"
import {
  Agents,
  assertMissing,
  bodyOf,
  busy,
  eventsOf,
  fails,
  freshId,
  type It,
  importLines,
  integers,
  Lifecycle,
  lifecycle,
  linesOf
} from "./support.ts"

const share = (version: number): ShareRecord.ShareRecord => ({
  agentId: "",
  id: freshId(),
  ownerId: "ada",
  recipientId: "bob",
  level: "read",
  content: { _tag: "Pinned", version },
  status: "accepted",
  createdAt: new Date(1),
  updatedAt: new Date(1),
  revision: 1
})

const annotate = (agentId: string, notes: ReadonlyArray<Note.Change>) =>
  EventStore.use((store) => store.append({ agentId, events: [], notes }))

const notesOf = (agentId: string) =>
  EventStore.use((store) =>
    Effect.map(Stream.runCollect(store.notes(agentId)), (notes) =>
      notes.map(({ body, due, name }) => ({ body, due, name }))
    )
  )

const snapshotsOf = (agentId: string) => SnapshotStore.use((store) => store.list(agentId, { limit: 1000 }))

export const register = (it: It): void => {
  describe("a context that travels", () => {
    it.effect("is the same under another id, with ids of its own", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const [source, target] = [freshId(), freshId()]
          const before = yield* busy(source)
          yield* agents.updateContext(source, { state: { last: 1 } }, { commandId: "command 1" })
          const context = yield* agents.getContext(source)
          const imported = yield* importLines(target, yield* linesOf(source))
          const events = yield* eventsOf(source)
          const copies = yield* eventsOf(target)
          assert.deepStrictEqual(copies.map(bodyOf), events.map(bodyOf))
          const ids = new Set([...events, ...copies].map(({ id }) => id))
          assert.strictEqual(ids.size, 2 * events.length)
          assert.deepStrictEqual(imported.context, { ...context, agentId: target, id: copies[0]?.id ?? "" })
          assert.deepInclude(imported.counts, { events: before.version + 1, commands: 1 })
          assert.deepStrictEqual(yield* agents.getContext(target), imported.context)
          // Snapshots are of the events that they name, and the replay can begin with them.
          const snapshots = yield* snapshotsOf(target)
          assert.isAbove(snapshots.length, 0)
          assert.strictEqual(snapshots.length, (yield* snapshotsOf(source)).length)
          for (const { eventId, version } of snapshots) assert.strictEqual(eventId, copies[version - 1]?.id)
          // A command that is repeated gets its first answer there, too.
          const repeated = yield* agents.setState(target, { other: 1 }, { commandId: "command 1" })
          assert.deepStrictEqual(repeated, imported.context)
          assert.isTrue((yield* (yield* Lifecycle).validateContextIntegrity(target)).isValid)
          assert.strictEqual((yield* agents.updateContext(target, { state: { on: 1 } })).version, context.version + 1)
          assert.deepStrictEqual(yield* agents.getContext(source), context)
        })
      )
    )

    it.effect("comes back after a purge with its ids, metadata, shares and expiry, above the versions it had", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* busy(agentId)
          const shared = share(3)
          const notes = [
            Note.put("metadata/topic", { value: "tea" }),
            Note.put(ShareRecord.nameOf(shared), ShareRecord.encode(shared)),
            Note.put("context-expiry", null, { due: 4_000_000_000_000 }),
            Note.put("timer/own", 1, { due: 4_000_000_000_000 })
          ]
          yield* annotate(agentId, notes)
          const before = yield* agents.getContext(agentId)
          const events = yield* eventsOf(agentId)
          const snapshots = yield* snapshotsOf(agentId)
          const lines = yield* linesOf(agentId)
          yield* agents.purge(agentId)
          const { context, counts } = yield* importLines(agentId, lines)
          const offset = before.version + 1
          assert.deepStrictEqual(context, { ...before, version: before.version + offset })
          assert.strictEqual(counts.notes, 3)
          assert.deepStrictEqual(
            (yield* eventsOf(agentId)).map(({ id, version }) => [id, version]),
            events.map(({ id, version }) => [id, version + offset])
          )
          assert.deepStrictEqual(
            (yield* snapshotsOf(agentId)).map(({ id, version }) => [id, version]),
            snapshots.map(({ id, version }) => [id, version + offset])
          )
          const moved = { ...shared, content: { _tag: "Pinned", version: 3 + offset } } as const
          assert.sameDeepMembers(
            [...(yield* notesOf(agentId))],
            [
              { name: "metadata/topic", body: { value: "tea" }, due: undefined },
              { name: ShareRecord.nameOf(moved), body: { ...ShareRecord.encode(moved) }, due: undefined },
              { name: "context-expiry", body: null, due: 4_000_000_000_000 }
            ]
          )
        })
      )
    )

    it.effect("leaves shares behind when it becomes another one, and takes metadata along", () =>
      lifecycle(
        Effect.gen(function* () {
          const [source, target] = [freshId(), freshId()]
          yield* busy(source, 1)
          const shared = share(1)
          const notes = [
            Note.put("metadata/topic", 1),
            Note.put(ShareRecord.nameOf(shared), ShareRecord.encode(shared)),
            Note.put(`${ShareRecord.idPrefix}${shared.id}`, null)
          ]
          yield* annotate(source, notes)
          yield* importLines(target, yield* linesOf(source))
          assert.deepStrictEqual(
            (yield* notesOf(target)).map(({ name }) => name),
            ["metadata/topic"]
          )
        })
      )
    )

    it.effect("takes along what is asked for", () =>
      lifecycle(
        Effect.gen(function* () {
          const source = freshId()
          yield* busy(source)
          yield* annotate(source, [Note.put("metadata/topic", 1), Note.put("context-expiry", null, { due: 9e12 })])
          for (const [options, expected] of [
            [
              { snapshots: "none", contents: [] },
              { snapshots: 0, notes: 0 }
            ],
            [
              { snapshots: "latest", contents: ["metadata"] },
              { snapshots: 1, notes: 1 }
            ],
            [{ contents: ["expiry"] }, { snapshots: 2, notes: 1 }]
          ] as const) {
            const { context, counts } = yield* importLines(freshId(), yield* linesOf(source, options))
            assert.deepInclude(counts, expected)
            assert.strictEqual(context.version, 16)
          }
        })
      )
    )

    it.effect("is refused where one is, also a deleted one, and replaces it when that is asked for", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const [source, target] = [freshId(), freshId()]
          yield* busy(source)
          yield* agents.setState(target, { other: true })
          const lines = yield* linesOf(source)
          yield* fails(importLines(target, lines), "ContextExists", { version: 1 })
          yield* agents.deleteContext(target)
          yield* fails(importLines(target, lines), "ContextExists", { version: 2 })
          const { context } = yield* importLines(target, lines, { existing: "replace" })
          assert.deepStrictEqual(context.state, (yield* agents.getContext(source)).state)
          assert.deepInclude(context, { version: 19, status: "active" })
          assert.strictEqual((yield* agents.setState(target, {})).version, 20)
          // And itself, keeping its ids.
          const ids = (yield* eventsOf(source)).map(({ id }) => id)
          yield* importLines(source, lines, { existing: "replace" })
          assert.deepStrictEqual(
            (yield* eventsOf(source)).map(({ id }) => id),
            ids
          )
        })
      )
    )

    it.effect("stays archived or deleted if it was", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const source = freshId()
          yield* busy(source, 1)
          yield* agents.archive(source)
          const archived = yield* importLines(freshId(), yield* linesOf(source))
          assert.strictEqual(archived.context.status, "archived")
          yield* agents.deleteContext(source)
          const deleted = yield* importLines(freshId(), yield* linesOf(source))
          assert.strictEqual(deleted.context.status, "deleted")
        })
      )
    )

    it.effect(
      "keeps its versions when its first events were deleted, and comes with the snapshot that stands in for them",
      () =>
        lifecycle(
          Effect.gen(function* () {
            const agents = yield* Agents
            const store = yield* EventStore
            const [source, target] = [freshId(), freshId()]
            const before = yield* busy(source)
            yield* store.deleteEvents(source, 6)
            assert.deepInclude(yield* store.head(source), { firstVersion: 7, isComplete: false })
            const { context } = yield* importLines(target, yield* linesOf(source, { snapshots: "none" }))
            assert.deepStrictEqual({ ...context, agentId: source, id: before.id }, before)
            assert.deepStrictEqual(yield* store.head(target), yield* store.head(source))
            assert.isTrue((yield* (yield* Lifecycle).validateContextIntegrity(target)).isValid)
            // Once more, above the version of a purge.
            const lines = yield* linesOf(target)
            const purged = (yield* Effect.andThen(agents.purge(target), store.head(target))).version
            const again = yield* importLines(target, lines)
            assert.isAbove(again.context.version, purged)
            assert.deepStrictEqual(again.context.state, before.state)
            assert.deepInclude(yield* store.head(target), { isComplete: false })
            assert.strictEqual((yield* agents.updateContext(target, {})).version, again.context.version + 1)
          })
        )
    )

    it.effect("is read in pieces of any length, with or without the last end of a line", () =>
      lifecycle(
        Effect.gen(function* () {
          const source = freshId()
          const { state } = yield* busy(source, 2)
          const text = (yield* linesOf(source)).join("")
          for (const size of [1, 7, 1000, text.length]) {
            const pieces = integers(Math.ceil(text.length / size), 0).map((at) =>
              text.slice(at * size, (at + 1) * size)
            )
            const { context } = yield* importLines(freshId(), pieces)
            assert.deepStrictEqual(context.state, state)
          }
          const { context } = yield* importLines(freshId(), [text.slice(0, -1)])
          assert.deepStrictEqual(context.state, state)
        })
      )
    )

    it.effect("tells how far it is, and that all has come in the end", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const [source, target] = [freshId(), freshId()]
          const events = integers(3500).map((amount) => ({ type: "counter.added", data: { amount } }))
          yield* agents.appendEvents(source, events)
          const store = yield* EventStore
          const told: Array<number> = []
          const { counts } = yield* importLines(target, yield* linesOf(source), {
            onProgress: ({ events }) =>
              Effect.gen(function* () {
                told.push(events)
                if (events < 3500) yield* Effect.orDie(assertMissing(target))
              }).pipe(Effect.provideService(EventStore, store))
          })
          assert.isAbove(told.length, 3)
          assert.deepStrictEqual(
            told,
            [...told].sort((left, right) => left - right)
          )
          assert.strictEqual(told.at(-1), 3500)
          assert.strictEqual(counts.events, 3500)
        })
      )
    )

    it.effect("is exported as it was when that began, and no further than its reader wants", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const { exportContext } = yield* Lifecycle
          const source = freshId()
          yield* busy(source)
          const lines = yield* Stream.runCollect(
            Stream.tap(exportContext(source), (line) =>
              line.startsWith('{"pantheon"') ? agents.updateContext(source, { state: { late: true } }) : Effect.void
            )
          )
          const { context } = yield* importLines(freshId(), lines)
          assert.strictEqual(context.version, 16)
          assert.isUndefined(context.state["late"])
          assert.lengthOf(yield* Stream.runCollect(Stream.take(exportContext(source), 2)), 2)
        })
      )
    )

    it.effect("is none where none is, or where it goes while it is read", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const { exportContext } = yield* Lifecycle
          const source = freshId()
          yield* fails(linesOf(source), "AgentMissing")
          yield* busy(source)
          const purged = Stream.tap(exportContext(source), (line) =>
            line.startsWith('{"pantheon"') ? agents.purge(source) : Effect.void
          )
          yield* fails(Stream.runDrain(purged), "ExportBroken")
        })
      )
    )

    const Name = Arbitrary.schema(Schema.Literals(values.names))
    const Edits = Arbitrary.array(Arbitrary.all([Name, values.arbitrary]), { maxLength: 8 })

    it.effect.prop(
      "folds to the same, whatever its values and ids are",
      {
        edits: Edits,
        name: Arbitrary.schema(Schema.Literals(["'; --", "%", "__proto__", "é", "e\u0301", "\u{10ffff}", "a/b", " "]))
      },
      ({ edits, name }) =>
        lifecycle(
          Effect.gen(function* () {
            const agents = yield* Agents
            const [source, target] = [`${freshId()} ${name}`, `${freshId()} ${name}`]
            yield* agents.setState(source, {})
            for (const [key, value] of edits) {
              const data = Object.fromEntries([[key, value]])
              if (Result.isFailure(Value.encode(data))) continue
              yield* agents.appendEvent(source, { type: "anything.happened", data, metadata: data })
              yield* agents.updateContext(source, { state: data, metadata: data })
            }
            const before = yield* agents.getContext(source)
            const { context } = yield* importLines(target, yield* linesOf(source))
            assert.deepStrictEqual({ ...context, agentId: source, id: before.id }, before)
            assert.deepStrictEqual((yield* eventsOf(target)).map(bodyOf), (yield* eventsOf(source)).map(bodyOf))
            // Exported once more, it is the same text, but for what is its own.
            const again = yield* importLines(source, yield* linesOf(target), { existing: "replace" })
            assert.deepStrictEqual(again.context.state, before.state)
            assert.isTrue(Option.isSome(yield* EventStore.use((store) => store.getEvent(again.context.id))))
          })
        )
    )
  })
}
