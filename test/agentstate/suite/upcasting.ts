import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { type AgentStateManager, EventStore, type StateReducer } from "../../../src/index.ts"
import { agents as Agents, eventsOf, fails, freshId, type It, managed, numberOf } from "./support.ts"

/** Counts in hours. */
const first: AgentStateManager.Options = {
  reducers: { "work.done": (state, { data }) => ({ hours: numberOf(state, "hours") + numberOf(data, "hours") }) }
}

const workDone: StateReducer.VersionedReducer = {
  schemaVersion: 3,
  upcast: {
    1: ({ hours }) => ({ minutes: Number(hours) * 60 }),
    2: (data, { timestamp }) => ({ ...data, at: timestamp })
  },
  reduce: (state, { data, schemaVersion }) => {
    assert.strictEqual(schemaVersion, 3)
    return { minutes: numberOf(state, "minutes") + numberOf(data, "minutes"), at: data["at"] }
  }
}

/** Counts in minutes, and knows when. */
const third: AgentStateManager.Options = {
  reducers: { "work.done": workDone },
  stateVersion: 2,
  upcastState: { 1: ({ hours }) => ({ minutes: numberOf({ hours: hours ?? 0 }, "hours") * 60, at: new Date(0) }) }
}

const timestamp = new Date(86_400_000)

const written = (agentId: string) =>
  managed(
    Effect.gen(function* () {
      const agents = yield* Agents
      yield* agents.appendEvents(agentId, [
        { type: "work.done", data: { hours: 1 }, timestamp },
        { type: "work.done", data: { hours: 2 }, timestamp }
      ])
      return yield* agents.createSnapshot(agentId)
    }),
    first
  )

export const register = (it: It): void => {
  describe("events of older versions", () => {
    it.effect("are folded in the shape of today, and are in the history as they were written", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* written(agentId)
        yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            assert.deepStrictEqual((yield* agents.getContextAt(agentId, { version: 1 })).state, {
              minutes: 60,
              at: timestamp
            })
            const event = { type: "work.done", data: { minutes: 5, at: new Date(1) } }
            assert.deepInclude(yield* agents.appendEvent(agentId, event), { schemaVersion: 3, version: 3 })
            // Whoever has old events may still hand them over as what they are.
            yield* agents.appendEvent(agentId, {
              type: "work.done",
              schemaVersion: 2,
              data: { minutes: 1 },
              timestamp: new Date(2)
            })
            const expected = { minutes: 186, at: new Date(2) }
            assert.deepStrictEqual((yield* agents.getContext(agentId)).state, expected)
          }),
          { ...third, upcastState: undefined }
        )
        yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            assert.deepStrictEqual((yield* agents.getContext(agentId)).state, { minutes: 186, at: new Date(2) })
            const { events } = yield* agents.getContextHistory(agentId)
            assert.deepStrictEqual(
              events.map(({ data, schemaVersion }) => [schemaVersion, data["hours"] ?? data["minutes"]]),
              [
                [1, 1],
                [1, 2],
                [3, 5],
                [2, 1]
              ]
            )
            assert.deepStrictEqual(events, yield* eventsOf(agentId))
          }),
          { ...third, upcastState: undefined }
        )
      })
    )

    it.effect("from which no step leads, or whose step fails, are errors that name them", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* written(agentId)
        const broken: ReadonlyArray<readonly [RegExp, StateReducer.VersionedReducer]> = [
          [/work\.done of version 3, found version 1/, { ...workDone, upcast: undefined }],
          [/no such unit/, { ...workDone, upcast: { 1: () => assert.fail("no such unit"), 2: (data) => data } }],
          [/an object of values/, { ...workDone, upcast: { 1: () => [], 2: (data) => data } }],
          [/data\/at/, { ...workDone, upcast: { 1: () => ({ at: Number.NaN }), 2: (data) => data } }]
        ]
        for (const [found, reducer] of broken) {
          yield* managed(
            Effect.gen(function* () {
              const agents = yield* Agents
              const error = yield* fails(agents.getContext(agentId), "Corrupted")
              assert.match(error.message, found)
              assert.strictEqual(error.subject, `event 1 of agent ${JSON.stringify(agentId)}`)
            }),
            { reducers: { "work.done": reducer }, stateVersion: 2 }
          )
        }
      })
    )
  })

  describe("events of newer versions", () => {
    it.effect("are not misread and not written: reads say that a newer program is needed", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            const event = { type: "work.done", schemaVersion: 2, data: { minutes: 5 } }
            yield* fails(agents.appendEvent(agentId, event), "InvalidInput", {
              path: "event/schemaVersion",
              expected: "version 1"
            })
            yield* agents.appendEvent(agentId, { type: "work.planned", schemaVersion: 7 })
            const store = yield* EventStore.EventStore
            yield* store.append({ agentId, events: [event] })
            const error = yield* fails(agents.getContext(agentId), "Unavailable", { reason: "NewerSchema" })
            assert.match(error.message, /event 2 .* version 1, found version 2/)
            yield* fails(agents.updateContext(agentId, { state: { a: 1 } }), "Unavailable", { reason: "NewerSchema" })
            const future = freshId()
            const updated = { type: "context.updated", schemaVersion: 2, data: { state: {} } }
            yield* store.append({ agentId: future, events: [updated] })
            yield* fails(agents.getContext(future), "Unavailable", { reason: "NewerSchema" })
          }),
          first
        )
      })
    )
  })

  describe("a snapshot of an older version", () => {
    it.effect("is used when a step leads from it, also when the events are gone and there are other reducers", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const { id } = yield* written(agentId)
        const store = yield* EventStore.EventStore
        yield* store.deleteEvents(agentId, 2)
        const expected = { minutes: 180, at: new Date(0) }
        yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            const context = yield* agents.getContext(agentId)
            assert.deepStrictEqual(context.state, expected)
            assert.isTrue(Object.isFrozen(context.state))
            assert.deepStrictEqual(yield* agents.restoreFromSnapshot(id), context)
            yield* agents.appendEvent(agentId, { type: "work.done", data: { minutes: 5, at: new Date(1) } })
          }),
          { ...third, reducers: { ...third.reducers, "work.planned": (state) => state } }
        )
        yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            assert.deepStrictEqual((yield* agents.getContext(agentId)).state, { minutes: 185, at: new Date(1) })
          }),
          third
        )
      })
    )

    it.effect("without a step, or with one that fails, is an error when the events are gone", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* written(agentId)
        const store = yield* EventStore.EventStore
        yield* store.deleteEvents(agentId, 2)
        const without: ReadonlyArray<readonly [RegExp, AgentStateManager.Options]> = [
          [/version 1, from which no step leads/, { ...third, upcastState: undefined }],
          [/no such unit/, { ...third, upcastState: { 1: () => assert.fail("no such unit") } }],
          [/state/, { ...third, upcastState: { 1: () => ({ at: Number.NaN }) } }],
          [/other reducers/, { reducers: { ...first.reducers, "work.planned": (state) => state } }]
        ]
        for (const [found, options] of without) {
          yield* managed(
            Effect.gen(function* () {
              const error = yield* fails((yield* Agents).getContext(agentId), "Corrupted")
              assert.match(error.message, found)
            }),
            options
          )
        }
        // Warnings about the snapshots are what this is about.
      }).pipe(Effect.provide(Logger.layer([])))
    )
  })
}
