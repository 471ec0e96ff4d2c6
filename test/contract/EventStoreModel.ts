/**
 * Random operations on the store and on a small model of it, which must agree.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Formatter from "effect/Formatter"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { type Appended, EventStore } from "../../src/EventStore.ts"
import type { AppendError } from "../../src/StoreError.ts"
import { runConcurrently } from "./eventstore/concurrently.ts"
import { type Answer, Model, type ModelAppend, toAppend } from "./eventstore/model.ts"
import { Names, removing, type Sequential, sequential, together, versionIn, writing } from "./eventstore/operations.ts"
import { byUnits, feedEnd, freshId, type It, notesOf, ownFeed, told } from "./eventstore/support.ts"

export const register = (it: It): void => {
  describe("random operations", () => {
    it.effect.prop(
      "are answered as a small model answers them",
      { operations: sequential },
      ({ operations }) => runSequentially(operations),
      { arbitrary: { runs: 60, size: 40, seed: "one after the other", maxShrinks: 300 } }
    )

    it.effect.prop(
      "of several fibers at once store what was acknowledged, once, in streams without a hole and one feed",
      { fibers: writing },
      ({ fibers }) => runConcurrently(fibers, false),
      { arbitrary: { runs: 40, size: 12, seed: "at once", maxShrinks: 100 } }
    )

    it.effect.prop(
      "of several fibers at once, deletions and purges among them, give no version twice",
      { fibers: removing },
      ({ fibers }) => runConcurrently(fibers, true),
      { arbitrary: { runs: 40, size: 12, seed: "at once, with deletions", maxShrinks: 100 } }
    )
  })
}

/** For stores that can append to several agents together. */
export const registerTogether = (it: It): void => {
  describe("random operations", () => {
    it.effect.prop(
      "with appends to several agents together are answered as a small model answers them",
      { operations: together },
      ({ operations }) => runSequentially(operations),
      { arbitrary: { runs: 60, size: 40, seed: "together", maxShrinks: 300 } }
    )
  })
}

/** What the store says, in the words of the model. */
export const toAnswer = (result: Result.Result<Appended, AppendError>): Answer =>
  Result.isSuccess(result) ? answerOf(result.success) : refusalOf(result.failure)

const answerOf = ({ firstVersion, outcome, reply, version }: Appended): Answer =>
  Option.isSome(reply)
    ? { _tag: "answered", firstVersion, version, reply: reply.value }
    : { _tag: outcome, firstVersion, version }

const refusalOf = (error: AppendError): Answer => {
  switch (error._tag) {
    case "Conflict":
      return { _tag: "conflict", expected: error.expected, actual: error.actual }
    case "Rejected":
      return { _tag: "refused", reason: error.reason }
    case "Unknown":
      return { _tag: "refused", reason: "unknown" }
  }
}

const runSequentially = (operations: ReadonlyArray<Sequential>) =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const names = new Names(freshId())
    const model = new Model()
    const history: Array<ModelAppend> = []
    const steps: Array<ReadonlyArray<ModelAppend>> = []
    const start = yield* feedEnd
    const agentIds = [0, 1, 2].map((agent) => names.agent(agent))

    const appendAll = (appends: ReadonlyArray<ModelAppend>) =>
      Effect.gen(function* () {
        history.push(...appends)
        const results = yield* store.appendAll(appends.map(toAppend))
        const expected = appends.map((append) => model.append(append))
        return [results.map(toAnswer), expected] as const
      })

    const append = (append: ModelAppend) =>
      Effect.gen(function* () {
        history.push(append)
        const result = yield* Effect.result(store.append(toAppend(append)))
        return [toAnswer(result), model.append(append)] as const
      })

    /** What the store answers, and what the model answers. */
    const perform = (operation: Sequential): Effect.Effect<readonly [unknown, unknown], unknown, EventStore> =>
      Effect.gen(function* () {
        switch (operation._tag) {
          case "Append":
            return yield* append(names.append(operation.append, versionIn(model, names, operation.append)))
          case "AppendAll":
            return yield* appendAll(
              operation.appends.map((draft, index) => {
                const earlier = operation.appends.slice(0, index).filter(({ agent }) => agent === draft.agent)
                const grown = earlier.reduce((sum, { events }) => sum + events.length, 0)
                return names.append(draft, versionIn(model, names, draft) + grown)
              })
            )
          case "Together": {
            const { appends, which } = operation
            const firsts = appends.filter(
              (draft, index) => appends.findIndex(({ agent }) => agent === draft.agent) === index
            )
            const fresh = firsts.map((draft) => names.append(draft, versionIn(model, names, draft)))
            const step = (which < 40 ? steps[which % Math.max(steps.length, 1)] : undefined) ?? fresh
            steps.push(step)
            const result = yield* Effect.result(store.appendTogether(step.map(toAppend)))
            const found = Result.isSuccess(result)
              ? result.success.map(answerOf)
              : [result.failure.index, refusalOf(result.failure.failure)]
            return [found, model.together(step)]
          }
          case "Repeat": {
            const repeated = history[operation.which % Math.max(history.length, 1)]
            return repeated === undefined ? [0, 0] : yield* append(repeated)
          }
          case "Read": {
            const { from, isBackward, limit, to } = operation
            const agentId = names.agent(operation.agent)
            const direction = isBackward ? "backward" : "forward"
            const events = yield* Stream.runCollect(store.read(agentId, { from, to, limit, direction }))
            return [
              events.map(({ data, id, version }) => ({ id, body: data["body"], version })),
              model.read(agentId, from, to, limit, isBackward)
            ]
          }
          case "Look": {
            const agentId = names.agent(operation.agent)
            const eventId = names.event(Math.min(operation.event, 4))
            const commandId = names.command(operation.command)
            const event = Option.getOrUndefined(yield* store.getEvent(eventId))
            const found = event && { agentId: event.agentId, version: event.version, body: event.data["body"] }
            const reply = Option.getOrUndefined(yield* store.reply(agentId, commandId))
            const stored = yield* notesOf(agentId)
            const notes = stored
              .map(({ body, due, name, tag }) => ({ name, body, due, tag }))
              .sort((left, right) => byUnits(left.name, right.name))
            return [
              { head: yield* store.head(agentId), found, reply, notes },
              {
                head: model.head(agentId),
                found: model.find(eventId),
                reply: model.agent(agentId).replies.get(commandId)?.reply,
                notes: model.notes(agentId)
              }
            ]
          }
          case "DeleteEvents": {
            const agentId = names.agent(operation.agent)
            const toVersion = Math.max(model.agent(agentId).version - operation.behind, 0)
            return [yield* store.deleteEvents(agentId, toVersion), model.deleteEvents(agentId, toVersion)]
          }
          case "Purge": {
            const agentId = names.agent(operation.agent)
            return [yield* store.purge(agentId), model.purge(agentId)]
          }
          case "List": {
            const listed = new Map<string, number>()
            let after: string | undefined
            for (let page = 0; page < 5; page++) {
              const options = { prefix: names.prefix, after, limit: operation.limit + 1 }
              for (const { agentId, version } of yield* Stream.runCollect(store.agents(options))) {
                listed.set(agentId, version)
                after = agentId
              }
            }
            return [listed, model.list()]
          }
          case "Due": {
            const found = yield* Stream.runCollect(store.due({ until: operation.until, agentPrefix: names.prefix }))
            const times = found.map(({ due }) => due)
            assert.deepStrictEqual(times, [...times].sort())
            const place = (note: { agentId: string; name: string; due: number | undefined }) =>
              `${note.agentId} ${note.name} ${note.due}`
            return [
              found.map(place).sort(byUnits),
              agentIds
                .flatMap((agentId) => model.notes(agentId).map((note) => ({ ...note, agentId })))
                .filter(({ due }) => due !== undefined && due <= operation.until)
                .map(place)
                .sort(byUnits)
            ]
          }
          case "Tagged": {
            const tag = names.tag(operation.tag)
            const found = yield* Stream.runCollect(store.tagged(tag))
            return [
              found.map(({ agentId, name }) => `${agentId} ${name}`).sort(byUnits),
              agentIds
                .flatMap((agentId) => model.notes(agentId).map((note) => ({ ...note, agentId })))
                .filter((note) => note.tag === tag)
                .map(({ agentId, name }) => `${agentId} ${name}`)
                .sort(byUnits)
            ]
          }
          case "Feed": {
            // The store may keep the newest back for a while, but of each stream it tells the beginning.
            const entries = yield* Stream.runCollect(ownFeed(agentIds, { after: start }))
            return [
              agentIds.map((agentId) => versionsIn(entries, agentId)),
              agentIds.map((agentId) => {
                const versions = model.agent(agentId).events.map(({ version }) => version)
                return versions.slice(0, versionsIn(entries, agentId).length)
              })
            ]
          }
        }
      })

    for (const [index, operation] of operations.entries()) {
      const [found, expected] = yield* perform(operation)
      const difference = `${Formatter.format(found)} instead of ${Formatter.format(expected)}`
      assert.deepStrictEqual(found, expected, `operation ${index}, ${operation._tag}: ${difference}`)
    }

    const alive = agentIds.map((agentId) => model.agent(agentId).events.map(({ version }) => version))
    const entries = yield* told(agentIds, start, alive.flat().length)
    assert.deepStrictEqual(
      agentIds.map((agentId) => versionsIn(entries, agentId)),
      alive
    )
  })

const versionsIn = (
  entries: ReadonlyArray<{ readonly event: { readonly agentId: string; readonly version: number } }>,
  agentId: string
): ReadonlyArray<number> => entries.flatMap(({ event }) => (event.agentId === agentId ? [event.version] : []))
