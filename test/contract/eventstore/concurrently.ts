/**
 * Several fibers work on the same agents at once; afterwards, what they were told must fit what is stored.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type { ContextEvent } from "../../../src/ContextEvent.ts"
import { EventStore } from "../../../src/EventStore.ts"
import { type ModelAppend, toAppend } from "./model.ts"
import { type Concurrent, Names } from "./operations.ts"
import { feedEnd, freshId, integers, read, told } from "./support.ts"

/** Notes on one run. */
interface Notes {
  /** Appends that were stored, and from where. */
  readonly stored: Array<{ readonly append: ModelAppend; readonly firstVersion: number }>
  readonly repeated: Array<{ readonly append: ModelAppend; readonly firstVersion: number }>
  readonly conflicts: Array<{ readonly append: ModelAppend; readonly actual: number }>
  /** Appends whose fate nobody was told. */
  readonly abandoned: Array<ModelAppend>
}

export const runConcurrently = (fibers: ReadonlyArray<ReadonlyArray<Concurrent>>, removes: boolean) =>
  Effect.gen(function* () {
    const names = new Names(freshId())
    const notes: Notes = { stored: [], repeated: [], conflicts: [], abandoned: [] }
    const agentIds = [0, 1, 2].map((agent) => names.agent(agent))
    const start = yield* feedEnd
    yield* Effect.forEach(fibers, (operations) => work(operations, names, notes, removes), {
      concurrency: "unbounded",
      discard: true
    })
    const streams = yield* Effect.forEach(agentIds, (agentId) => read(agentId))
    const heads = yield* Effect.forEach(agentIds, (agentId) => EventStore.use((store) => store.head(agentId)))
    for (const [index, events] of streams.entries()) {
      const { firstVersion, version } = heads[index] ?? { firstVersion: 0, version: 0 }
      if (!removes) assert.strictEqual(events.length, version)
      if (events.length > 0) assert.strictEqual(events.at(-1)?.version, version)
      assert.deepStrictEqual(
        events.map((event) => event.version),
        integers(events.length, firstVersion)
      )
    }
    checkAnswers(notes)
    checkStored(streams.flat(), notes, removes)
    const entries = yield* told(agentIds, start, streams.flat().length)
    for (const [index, agentId] of agentIds.entries()) {
      const own = entries.filter(({ event }) => event.agentId === agentId).map(({ event }) => event)
      assert.deepStrictEqual(own, streams[index])
    }
  })

/** No version was won twice, and no loser was told what would have let it win. */
const checkAnswers = ({ conflicts, stored }: Notes): void => {
  const versions = stored.flatMap(({ append, firstVersion }) =>
    integers(append.events.length, firstVersion).map((version) => `${append.agentId} ${version}`)
  )
  assert.strictEqual(new Set(versions).size, versions.length, "a version was given twice")
  for (const { append, firstVersion } of stored) {
    if (typeof append.expected === "number") assert.strictEqual(firstVersion, append.expected + 1)
  }
  for (const { actual, append } of conflicts) assert.notStrictEqual(actual, append.expected)
}

/** What was acknowledged is there, once, where it was said to be; and nothing else is. */
const checkStored = (events: ReadonlyArray<ContextEvent>, notes: Notes, removes: boolean): void => {
  const places = new Map(events.map(({ agentId, id, version }) => [id, `${agentId} ${version}`]))
  assert.strictEqual(places.size, events.length, "an event is there twice")
  const acknowledged = new Set<string>()
  for (const { append, firstVersion } of [...notes.stored, ...notes.repeated]) {
    for (const [index, { id }] of append.events.entries()) {
      acknowledged.add(id)
      if (!removes) assert.strictEqual(places.get(id), `${append.agentId} ${firstVersion + index}`)
    }
  }
  const possible = new Set(notes.abandoned.flatMap(({ events }) => events.map(({ id }) => id)))
  for (const id of places.keys()) assert.isTrue(acknowledged.has(id) || possible.has(id), `${id} came from nowhere`)
  if (removes) return
  for (const { events } of notes.abandoned) {
    const there = events.filter(({ id }) => places.has(id) && !acknowledged.has(id)).length
    const own = events.filter(({ id }) => !acknowledged.has(id)).length
    // An id of the pool may have come with another append, so only appends of their own ids tell.
    if (own === events.length && events.every(({ id }) => id.includes("fresh"))) assert.include([0, own], there)
  }
}

const work = (operations: ReadonlyArray<Concurrent>, names: Names, notes: Notes, removes: boolean) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const history: Array<ModelAppend> = []
    const versions = new Map<string, number>()

    const look = (agent: number) =>
      Effect.gen(function* () {
        const agentId = names.agent(agent)
        const { version } = yield* store.head(agentId)
        assert.isAtLeast(version, versions.get(agentId) ?? 0, "the version fell")
        versions.set(agentId, version)
        return version
      })

    const note = (append: ModelAppend, result: Effect.Success<ReturnType<typeof store.appendAll>>[number]) => {
      if (Result.isSuccess(result)) {
        const { firstVersion, outcome, reply, version } = result.success
        if (reply._tag === "Some") return
        notes[outcome].push({ append, firstVersion })
        if (outcome === "stored") versions.set(append.agentId, Math.max(versions.get(append.agentId) ?? 0, version))
        return
      }
      const error = result.failure
      assert.notStrictEqual(error._tag, "Unknown")
      if (error._tag === "Conflict") notes.conflicts.push({ append, actual: error.actual })
    }

    const appendAll = (appends: ReadonlyArray<ModelAppend>) =>
      Effect.gen(function* () {
        history.push(...appends)
        const results = yield* store.appendAll(appends.map(toAppend))
        for (const [index, append] of appends.entries()) {
          const result = results[index]
          if (result !== undefined) note(append, result)
        }
      })

    const append = (append: ModelAppend) =>
      Effect.gen(function* () {
        history.push(append)
        note(append, yield* Effect.result(store.append(toAppend(append))))
      })

    for (const operation of operations) {
      switch (operation._tag) {
        case "Append":
          yield* append(names.append(operation.append, yield* look(operation.append.agent)))
          break
        case "AppendAll": {
          const drafts = operation.appends
          yield* appendAll(
            yield* Effect.forEach(drafts, (draft) =>
              Effect.map(look(draft.agent), (version) => names.append(draft, version))
            )
          )
          break
        }
        case "Repeat": {
          const repeated = history[operation.which % Math.max(history.length, 1)]
          if (repeated !== undefined) yield* append(repeated)
          break
        }
        case "Abandon": {
          const abandoned = names.append(operation.append, yield* look(operation.append.agent))
          notes.abandoned.push(abandoned)
          const caller = yield* Effect.forkChild(store.append(toAppend(abandoned)), { startImmediately: true })
          for (const _ of integers(operation.patience)) yield* Effect.yieldNow
          yield* Fiber.interrupt(caller)
          break
        }
        case "Look": {
          const agentId = names.agent(operation.agent)
          const version = yield* look(operation.agent)
          const events = yield* read(agentId)
          const last = events.at(-1)?.version ?? 0
          if (!removes) assert.isAtLeast(last, version)
          assert.deepStrictEqual(
            events.map((event) => event.version),
            integers(events.length, last - events.length + 1)
          )
          break
        }
        case "DeleteEvents": {
          const version = yield* look(operation.agent)
          yield* store.deleteEvents(names.agent(operation.agent), Math.max(version - operation.behind, 0))
          break
        }
        case "Purge":
          yield* store.purge(names.agent(operation.agent))
      }
    }
  })
