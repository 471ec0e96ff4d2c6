/**
 * What is kept of agents, and what is left when keeping it goes wrong half-way.
 */
import { assert, describe } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type AgentStateManager, EventStore, SnapshotStore } from "../../../src/index.ts"
import * as FaultyStore from "../../contract/FaultyStore.ts"
import { agents as Agents, fails, freshId, type It, integers, managed, numberOf } from "./support.ts"

const versionsOf = (agentId: string) => SnapshotStore.SnapshotStore.use((store) => store.versions(agentId))

const firstVersion = (agentId: string) =>
  EventStore.EventStore.use((store) => Effect.map(store.head(agentId), (head) => head.firstVersion))

/** Counts to the next numbers. Then the count is the version. */
const count = (agentId: string, times: number) =>
  Effect.flatMap(Agents, (agents) =>
    Effect.forEach(integers(times), () => agents.appendEvent(agentId, { type: "counter.added", data: { amount: 1 } }))
  )

const eventually = <E, R>(holds: Effect.Effect<boolean, E, R>) =>
  Effect.gen(function* () {
    for (let attempt = 0; attempt < 1000; attempt++) {
      if (yield* holds) return
      yield* Effect.sleep("5 millis")
    }
    assert.fail("it never came to hold")
  })

/** The agent is whole: every version is what it was, or is below the first event and said to be gone. */
const checkWhole = (agentId: string, version: number) =>
  managed(
    Effect.gen(function* () {
      const agents = yield* Agents
      const first = yield* firstVersion(agentId)
      assert.deepInclude(yield* agents.getContext(agentId), { version, state: { count: version } })
      for (const at of integers(version)) {
        const told = yield* Effect.result(agents.getContextAt(agentId, { version: at }))
        if (told._tag === "Success") assert.deepInclude(told.success, { version: at, state: { count: at } })
        else {
          assert.deepInclude(told.failure, { _tag: "VersionMissing", asked: at, first, last: version })
          assert.isBelow(at, first)
        }
      }
    }),
    never
  )

const never = { snapshots: { every: Number.POSITIVE_INFINITY } }

/** Runs with stores that fail when they are told to. */
const faulty = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provide(effect, Layer.merge(FaultyStore.layer, Logger.layer([])), { local: true })

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Step = Schema.TaggedUnion({
  Count: { times: between(1, 4) },
  Snapshot: {},
  Restart: {},
  Fault: { on: Schema.Literals(["save", "versions", "deleteEvents", "deleteAll"]), times: between(1, 2) }
})

const Policy = Schema.Struct({ every: between(1, 5), keep: between(1, 3), deleteEvents: Schema.Boolean })

export const register = (it: It): void => {
  describe("retention", () => {
    it.effect("keeps so many snapshots, and no events below the oldest of them", () =>
      Effect.gen(function* () {
        const [thrifty, half, all] = [freshId(), freshId(), freshId()]
        const policies = new Map([
          [thrifty, { every: 5, keep: 2, deleteEvents: true }],
          [half, { every: 5, keep: 2 }]
        ])
        const snapshots = (agentId: string) => policies.get(agentId) ?? { every: 5 }
        for (const agentId of [thrifty, half, all]) {
          for (const _ of integers(4)) yield* managed(count(agentId, 5), { snapshots })
          yield* managed(count(agentId, 3), { snapshots })
        }
        assert.deepStrictEqual(yield* Effect.forEach([thrifty, half, all], versionsOf), [
          [20, 15],
          [20, 15],
          [20, 15, 10, 5]
        ])
        assert.deepStrictEqual(yield* Effect.forEach([thrifty, half, all], firstVersion), [15, 1, 1])
        for (const agentId of [thrifty, half, all]) yield* checkWhole(agentId, 23)
      })
    )

    it.effect("follows snapshots that the policy asks for after an event, wherever it lies in what was written", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const snapshots: AgentStateManager.Options["snapshots"] = {
          every: Number.POSITIVE_INFINITY,
          when: ({ data }, { agentId: id, state, version }) => {
            assert.deepStrictEqual([id, state["count"]], [agentId, version])
            return data["amount"] === 1 && version % 4 === 0
          },
          keep: 1,
          deleteEvents: true
        }
        const add = { type: "counter.added", data: { amount: 1 } }
        const write = (times: number) =>
          managed(
            Effect.flatMap(Agents, (agents) =>
              agents.appendEvents(
                agentId,
                integers(times).map(() => add)
              )
            ),
            { snapshots }
          )
        yield* write(3)
        assert.deepStrictEqual(yield* versionsOf(agentId), [])
        yield* write(2)
        assert.deepStrictEqual(yield* versionsOf(agentId), [5])
        yield* write(2)
        assert.deepStrictEqual(yield* versionsOf(agentId), [5])
        yield* write(1)
        assert.deepStrictEqual(yield* versionsOf(agentId), [8])
        assert.strictEqual(yield* firstVersion(agentId), 8)
        yield* checkWhole(agentId, 8)
      })
    )

    it.effect("harms no write when the policy's predicate throws", () =>
      faulty(
        Effect.gen(function* () {
          const agentId = freshId()
          const when = () => {
            throw new Error("the predicate is not total")
          }
          yield* managed(count(agentId, 6), { snapshots: { every: 5, when } })
          assert.deepStrictEqual(yield* versionsOf(agentId), [5])
          yield* checkWhole(agentId, 6)
        })
      )
    )

    it.effect("follows snapshots that a caller takes, too", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const snapshots = { every: Number.POSITIVE_INFINITY, keep: 1, deleteEvents: true }
        for (const version of [3, 6]) {
          yield* managed(
            Effect.gen(function* () {
              yield* count(agentId, 3)
              assert.strictEqual((yield* (yield* Agents).createSnapshot(agentId)).version, version)
            }),
            { snapshots }
          )
          assert.deepStrictEqual(yield* versionsOf(agentId), [version])
          assert.strictEqual(yield* firstVersion(agentId), version)
        }
        yield* checkWhole(agentId, 6)
      })
    )

    it.effect("is told in the history, which misses what was deleted and says so", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* managed(count(agentId, 10), { snapshots: { every: 10, keep: 1, deleteEvents: true } })
        yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            yield* count(agentId, 2)
            const versions = (options: AgentStateManager.HistoryOptions) =>
              Effect.map(agents.getContextHistory(agentId, options), ({ deleted, events }) => [
                events.map(({ version }) => version),
                deleted
              ])
            assert.deepStrictEqual(yield* versions({}), [[10, 11, 12], { from: 1, to: 9 }])
            assert.deepStrictEqual(yield* versions({ from: 4, limit: 1 }), [[10], { from: 4, to: 9 }])
            assert.deepStrictEqual(yield* versions({ from: 10 }), [[10, 11, 12], undefined])
            assert.deepStrictEqual(yield* versions({ from: 2, to: 7 }), [[], { from: 2, to: 7 }])
            assert.deepStrictEqual(yield* versions({ from: 13 }), [[], undefined])
            const backward = { direction: "backward" } as const
            assert.deepStrictEqual(yield* versions({ ...backward, limit: 2 }), [[12, 11], undefined])
            assert.deepStrictEqual(yield* versions(backward), [[12, 11, 10], { from: 1, to: 9 }])
            const stream = (options: AgentStateManager.HistoryOptions) =>
              Effect.map(Stream.runCollect(agents.history(agentId, options)), (events) => events.length)
            assert.strictEqual(yield* stream({}), 3)
            assert.strictEqual(yield* stream({ from: 13 }), 0)
            assert.strictEqual(yield* stream({ to: 9, limit: 0 }), 0)
            yield* fails(stream({ from: 2, to: 7 }), "VersionMissing", { asked: 2, first: 10, last: 12 })
            yield* fails(agents.revertTo(agentId, 9), "VersionMissing", { first: 10, last: 12 })
            assert.deepInclude(yield* agents.revertTo(agentId, 10), { state: { count: 10 }, version: 13 })
          }),
          never
        )
      })
    )

    it.effect("leaves those who follow the changes with the state of the first event that is left", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        yield* managed(count(agentId, 10), { snapshots: { every: 5, keep: 1, deleteEvents: true } })
        yield* eventually(Effect.map(firstVersion(agentId), (first) => first === 10))
        yield* managed(
          Effect.gen(function* () {
            const agents = yield* Agents
            yield* count(agentId, 2)
            const changes = agents.changes({ agentId, from: "beginning" })
            const found = yield* Stream.runCollect(Stream.take(changes, 3))
            assert.deepStrictEqual(
              found.map(({ context }) => [context.version, context.state["count"]]),
              [
                [10, 10],
                [11, 11],
                [12, 12]
              ]
            )
          }),
          never
        )
      })
    )

    it.effect("tells whoever repeats a write whose events were deleted that it is done", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const add = (agents: AgentStateManager.AgentStateManager["Service"]) =>
          agents.updateContext(agentId, { state: { a: 1 } }, { commandId: "first" })
        yield* managed(
          Effect.gen(function* () {
            yield* add(yield* Agents)
            yield* count(agentId, 4)
          }),
          { snapshots: { every: 5, keep: 1, deleteEvents: true } }
        )
        yield* managed(
          Effect.gen(function* () {
            const error = yield* fails(add(yield* Agents), "Corrupted", {
              subject: `version 1 of agent ${JSON.stringify(agentId)}`
            })
            assert.match(error.message, /The write is done/)
            assert.deepInclude(yield* (yield* Agents).getContext(agentId), { version: 5 })
          }),
          never
        )
      })
    )

    for (const on of ["save", "versions", "latest", "deleteEvents", "deleteAll"] as const) {
      it.effect(`that ends at \`${on}\` leaves the agent whole, and the next snapshot makes up for it`, () =>
        faulty(
          Effect.gen(function* () {
            const agentId = freshId()
            const faults = yield* FaultyStore.FaultyStore
            const passed = Effect.map(faults.passed({ on: "deleteAll", agentId }), (times) => times > 0)
            yield* managed(
              Effect.gen(function* () {
                yield* count(agentId, 5)
                yield* eventually(passed)
                yield* faults.fail({ on, agentId })
                const before = yield* faults.asked({ on, agentId })
                yield* count(agentId, 5)
                yield* eventually(Effect.map(faults.asked({ on, agentId }), (times) => times > before))
              }),
              { snapshots: { every: 5, keep: 1, deleteEvents: true } }
            )
            yield* faults.heal
            yield* checkWhole(agentId, 10)
            assert.strictEqual(yield* firstVersion(agentId), on === "deleteAll" ? 10 : 5)
            assert.deepStrictEqual(yield* versionsOf(agentId), on === "save" ? [5] : [10, 5])
            yield* managed(count(agentId, 5), { snapshots: { every: 5, keep: 1, deleteEvents: true } })
            yield* checkWhole(agentId, 15)
            // Counted from the last one that there is.
            const last = on === "save" ? 11 : 15
            assert.strictEqual(yield* firstVersion(agentId), last)
            assert.deepStrictEqual(yield* versionsOf(agentId), [last])
          })
        )
      )
    }

    it.effect("is no trouble to those who read meanwhile", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const snapshots = { every: 1, keep: 1, deleteEvents: true }
        yield* managed(count(agentId, 1), { snapshots })
        let isWriting = true
        const writing = Effect.ensuring(
          managed(count(agentId, 150), { snapshots }),
          Effect.sync(() => {
            isWriting = false
          })
        )
        const reading = Effect.gen(function* () {
          while (isWriting) {
            // One that remembers nothing.
            const { state, version } = yield* managed(
              Effect.flatMap(Agents, (agents) => agents.getContext(agentId)),
              never
            )
            assert.strictEqual(state["count"], version)
          }
        })
        yield* Effect.all([writing, reading, reading], { concurrency: "unbounded" })
        yield* checkWhole(agentId, 151)
      })
    )

    it.effect.prop(
      "with any policy, any history, and any failures in between, leaves every agent whole",
      { policy: Arbitrary.schema(Policy), steps: Arbitrary.array(Arbitrary.schema(Step), { maxLength: 25 }) },
      ({ policy, steps }) =>
        faulty(
          Effect.gen(function* () {
            const agentId = freshId()
            const faults = yield* FaultyStore.FaultyStore
            const lives: Array<Array<typeof Step.Type>> = [[]]
            for (const step of steps) {
              if (step._tag === "Restart") lives.push([])
              else lives.at(-1)?.push(step)
            }
            let version = 0
            for (const life of lives) {
              yield* managed(
                Effect.gen(function* () {
                  const agents = yield* Agents
                  for (const step of life) {
                    if (step._tag === "Count") {
                      yield* count(agentId, step.times)
                      version += step.times
                    } else if (step._tag === "Fault") yield* faults.fail({ on: step.on, times: step.times, agentId })
                    else if (step._tag === "Snapshot") yield* Effect.ignore(agents.createSnapshot(agentId))
                  }
                  if (version > 0) {
                    const { state } = yield* agents.getContext(agentId)
                    assert.strictEqual(numberOf(state, "count"), version)
                  }
                }),
                { snapshots: policy }
              )
              yield* faults.heal
              if (version > 0) yield* checkWhole(agentId, version)
              if (!policy.deleteEvents && version > 0) assert.strictEqual(yield* firstVersion(agentId), 1)
            }
            if (version === 0) return
            const snapshots = { ...policy, every: Number.POSITIVE_INFINITY }
            for (const _ of integers(policy.keep)) {
              yield* managed(
                Effect.gen(function* () {
                  yield* count(agentId, 1)
                  yield* (yield* Agents).createSnapshot(agentId)
                }),
                { snapshots }
              )
              version++
            }
            yield* checkWhole(agentId, version)
            assert.lengthOf(yield* versionsOf(agentId), policy.keep)
            assert.strictEqual(yield* firstVersion(agentId), policy.deleteEvents ? version - policy.keep + 1 : 1)
          })
        ),
      { arbitrary: { runs: 25, size: 25, seed: "retention", maxShrinks: 200 } }
    )
  })
}
