import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as LevelDb from "../../layers/leveldb/index.ts"
import * as Memory from "../../layers/memory/index.ts"
import { capacity } from "../../src/access/AuditWriter.ts"
import { AccessPolicy, AgentStateManager, AuditLog, AuditSink } from "../../src/index.ts"
import * as FaultyStore from "../contract/FaultyStore.ts"
import { as, fails, freshId, user } from "../contract/sharing/support.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

const auditor = user("auditor", "audit:read:*")

const faulty = FaultyStore.layer.pipe(Layer.provide(Memory.layer))

const onFaulty = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  as(auditor)(Effect.provide(effect, AuditLog.layer.pipe(Layer.provideMerge(faulty)), { local: true }))

const record = (agentId: string, reason: string) =>
  Effect.flatMap(AuditSink.AuditSink, (sink) =>
    sink.record({ resource: "context", action: "read", agentId, outcome: "refused", reason })
  )

const query = (query: AuditLog.Query) => AuditLog.AuditLog.use((log) => log.query(query))

describe("the audit log", () => {
  it.effect("waits rather than drops or fills the memory while the store cannot be reached, and goes on then", () =>
    Effect.gen(function* () {
      const faults = yield* FaultyStore.FaultyStore
      const agentId = freshId()
      const count = 3 * capacity
      yield* faults.fail({ on: "appends", times: Number.POSITIVE_INFINITY })
      let told = 0
      const flood = yield* Effect.forkChild(
        Effect.gen(function* () {
          while (told < count) {
            yield* record(agentId, `${told}`)
            told++
          }
        }),
        { startImmediately: true }
      )
      yield* TestClock.adjust("1 minute")
      assert.isAtMost(told, 2 * capacity)
      yield* faults.heal
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(flood)
      const kept = yield* query({ agentId, order: "oldest", limit: count + 1 })
      assert.deepStrictEqual(
        kept.map(({ reason }) => reason),
        Array.from({ length: count }, (_, index) => `${index}`)
      )
    }).pipe(onFaulty)
  )

  it.effect("is not read while what was recorded before cannot be stored", () =>
    Effect.gen(function* () {
      const faults = yield* FaultyStore.FaultyStore
      yield* faults.fail({ on: "appends", times: Number.POSITIVE_INFINITY })
      yield* record("a", "1")
      const answer = yield* Effect.forkChild(Effect.exit(query({})), { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      assert.isTrue(Exit.isFailure(yield* Fiber.join(answer)))
      yield* faults.heal
      yield* TestClock.adjust("1 minute")
      assert.lengthOf(yield* query({}), 1)
    }).pipe(onFaulty)
  )

  it.effect("keeps an entry once whose append's answer is lost", () =>
    Effect.gen(function* () {
      const faults = yield* FaultyStore.FaultyStore
      yield* faults.loseAnswer()
      yield* record("a", "1")
      yield* TestClock.adjust("1 minute")
      yield* record("a", "2")
      assert.deepStrictEqual(
        (yield* query({ order: "oldest" })).map(({ reason }) => reason),
        ["1", "2"]
      )
    }).pipe(onFaulty)
  )

  it.effect("puts entries to the day that they are of", () =>
    Effect.gen(function* () {
      for (const day of [1, 2, 3]) {
        yield* record("a", `${day}`)
        yield* record("b", `${day}`)
        yield* TestClock.adjust("1 day")
      }
      const all = yield* query({ order: "oldest" })
      assert.deepStrictEqual(
        all.map(({ reason }) => reason),
        ["1", "1", "2", "2", "3", "3"]
      )
      const second = new Date(86_400_000)
      assert.lengthOf(yield* query({ from: second, to: second }), 2)
      assert.lengthOf(yield* query({ from: second }), 4)
      assert.lengthOf(yield* query({ after: all[3]?.id }), 3)
      assert.lengthOf(yield* query({ after: all[3]?.id, order: "oldest" }), 2)
    }).pipe(onFaulty)
  )

  it.live("is after a restart what it was before", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      const open = <A, E>(use: Effect.Effect<A, E, AuditLog.AuditLog>) => {
        const stores = LevelDb.layer({ directory })
        return as(auditor)(Effect.provide(use, AuditLog.layer.pipe(Layer.provide(stores)), { local: true }))
      }
      yield* open(record("a", "1"))
      yield* open(record("a", "2"))
      const kept = yield* open(query({ agentId: "a", order: "oldest" }))
      assert.deepStrictEqual(
        kept.map(({ reason }) => reason),
        ["1", "2"]
      )
    })
  )

  it.effect("keeps what services refuse through the scoped policy, and is no agent of theirs", () => {
    const services = AgentStateManager.layer().pipe(
      Layer.provideMerge(AccessPolicy.layerScoped()),
      Layer.provideMerge(AuditLog.layer),
      Layer.provideMerge(Memory.layer)
    )
    return Effect.gen(function* () {
      const agents = yield* AgentStateManager.AgentStateManager
      const ann = user("ann")
      yield* fails(as(ann)(agents.getContext("agent-1")), "AccessDenied")
      const [entry] = yield* query({ agentId: "agent-1" })
      assert.deepInclude(entry, {
        principalId: "ann",
        outcome: "refused",
        reason: "no permission covers it, and no share"
      })
      const day = `pantheon/audit/${entry?.at.toISOString().slice(0, 10)}`
      yield* fails(as(user("root", "*:admin:*"))(agents.getContext(day)), "InvalidInput")
      yield* fails(as(user("root", "*:admin:*"))(Stream.runDrain(agents.history(day))), "InvalidInput")
    }).pipe(as(auditor), Effect.provide(services, { local: true }))
  })
})
