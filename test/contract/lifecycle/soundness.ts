/**
 * The check of a context: healthy ones pass it, and damage is found, each kind under its name.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { ImportChunk } from "../../../src/AgentImport.ts"
import { EventStore } from "../../../src/EventStore.ts"
import { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { Agents, busy, freshId, type It, integers, Lifecycle, lifecycle } from "./support.ts"

const check = (agentId: string) =>
  Effect.flatMap(Lifecycle, ({ validateContextIntegrity }) => validateContextIntegrity(agentId))

const added = (amount: unknown) => ({ type: "counter.added", data: JSON.stringify({ amount }) })

/** An agent with such rows, whatever they are. */
const withRows = (rows: ReadonlyArray<{ readonly type: string; readonly data: string }>) =>
  Effect.gen(function* () {
    const agentId = freshId()
    const events: ImportChunk["events"] = rows.map((row) => ({
      ...row,
      id: freshId(),
      schemaVersion: 1,
      timestamp: 1,
      metadata: "{}"
    }))
    const store = yield* EventStore
    yield* store.importAgent({
      agentId,
      expected: { version: 0, presence: "missing" },
      firstVersion: 1,
      version: rows.length,
      eventIds: "given",
      chunks: Stream.make({ events, commands: [], notes: [], snapshots: [] })
    })
    return { agentId, ids: events.map(({ id }) => id) }
  })

export const register = (it: It): void => {
  describe("the check of a context", () => {
    it.effect("finds nothing wrong with healthy ones, whatever has happened to them", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* busy(agentId, 4)
          yield* agents.createSnapshot(agentId)
          yield* agents.revertTo(agentId, 3)
          yield* agents.archive(agentId)
          yield* agents.restore(agentId)
          const fork = freshId()
          yield* agents.fork(agentId, fork)
          yield* agents.updateContext(fork, { state: { on: 1 }, metadata: { by: "ada" } })
          const cut = freshId()
          yield* busy(cut, 4)
          yield* EventStore.use((store) => store.deleteEvents(cut, 6))
          const gone = freshId()
          yield* busy(gone, 1)
          yield* agents.deleteContext(gone)
          const reborn = freshId()
          yield* busy(reborn, 1)
          yield* agents.purge(reborn)
          yield* busy(reborn, 3)
          for (const id of [agentId, fork, cut, gone, reborn]) {
            assert.deepStrictEqual(yield* check(id), { isValid: true, findings: [] })
          }
        })
      )
    )

    it.effect("finds a context that does not exist", () =>
      lifecycle(
        Effect.gen(function* () {
          const { findings, isValid } = yield* check(freshId())
          assert.isFalse(isValid)
          assert.deepStrictEqual(findings, [{ _tag: "Missing" }])
        })
      )
    )

    it.effect("finds snapshots that do not say what the events do", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const snapshots = yield* SnapshotStore
          const agentId = freshId()
          yield* busy(agentId)
          const good = Option.getOrThrow(yield* snapshots.latest(agentId, { maxVersion: 7 }))
          const { id: _, ...kept } = good
          yield* snapshots.save({ ...kept, state: { name: "forged" } })
          yield* snapshots.save({ ...kept, version: 9 })
          yield* snapshots.save({ ...kept, version: 10, reducer: "actor:Other", state: 1 })
          const { findings } = yield* check(agentId)
          assert.deepStrictEqual(findings, [
            { _tag: "SnapshotDiffers", version: 7, found: "another state" },
            { _tag: "SnapshotDiffers", version: 9, found: `event ${JSON.stringify(good.eventId)}` },
            { _tag: "SnapshotDiffers", version: 9, found: "another state" },
            { _tag: "SnapshotDiffers", version: 10, found: `event ${JSON.stringify(good.eventId)}` }
          ])
          yield* agents.purge(agentId)
        })
      )
    )

    it.effect("finds rows that cannot be read, and what comes behind them is read all the same", () =>
      lifecycle(
        Effect.gen(function* () {
          const rows = [
            added(1),
            { type: "counter.added", data: "{" },
            added(2),
            { type: "counter.added", data: '{"x":{"$date":"?"}}' }
          ]
          const { agentId } = yield* withRows([...rows, ...integers(600).map(added)])
          const { findings } = yield* check(agentId)
          assert.deepStrictEqual(
            findings.map(({ _tag, ...more }) => [_tag, "subject" in more ? more.subject : ""]),
            [2, 4].map((version) => ["Unreadable", `data of event ${version} of agent ${JSON.stringify(agentId)}`])
          )
        })
      )
    )

    it.effect("finds events that cannot be folded", () =>
      lifecycle(
        Effect.gen(function* () {
          const rows = [added(1), { type: "context.replaced", data: "{}" }, added(2)]
          const { agentId } = yield* withRows(rows)
          const { findings } = yield* check(agentId)
          assert.deepStrictEqual(
            findings.map((finding) => [finding._tag, "version" in finding ? finding.version : 0]),
            [["Unfoldable", 2]]
          )
        })
      )
    )

    it.effect("finds a beginning that was deleted, with nothing in its place", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const agentId = freshId()
          yield* busy(agentId)
          yield* EventStore.use((store) => store.deleteEvents(agentId, 3))
          yield* SnapshotStore.use((store) => store.deleteAll(agentId))
          const { findings } = yield* check(agentId)
          assert.deepStrictEqual(findings, [{ _tag: "NoBeginning", firstVersion: 4 }])
          yield* agents.purge(agentId)
        })
      )
    )

    it.effect("finds events that are missing, and ids that lead elsewhere", () =>
      Effect.gen(function* () {
        const store = yield* EventStore
        const { agentId, ids } = yield* withRows(integers(1200).map(added))
        // What a store would say that has lost some rows, and has two events of one id.
        const damaged: EventStore["Service"] = {
          ...store,
          read: (id, options) =>
            Stream.filter(store.read(id, options), ({ version }) => version !== 3 && (version < 900 || version > 1150)),
          getEvent: (id) => store.getEvent(id === ids[9] ? (ids[10] ?? "") : id)
        }
        const { findings } = yield* Effect.provideService(lifecycle(check(agentId)), EventStore, damaged)
        assert.deepStrictEqual(findings, [
          { _tag: "IdMismatch", version: 10, id: ids[9] ?? "" },
          { _tag: "Gap", from: 3, to: 3 },
          { _tag: "Gap", from: 900, to: 1000 },
          { _tag: "Gap", from: 1001, to: 1150 }
        ])
      })
    )

    it.effect("gives the first hundred findings, and all of them as a stream", () =>
      lifecycle(
        Effect.gen(function* () {
          const { agentId } = yield* withRows(integers(150).map(() => ({ type: "counter.added", data: "{" })))
          assert.lengthOf((yield* check(agentId)).findings, 100)
          const { findings } = yield* Lifecycle
          assert.strictEqual(yield* Stream.runCount(findings(agentId)), 150)
        })
      )
    )
  })
}
