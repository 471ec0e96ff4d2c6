/**
 * What the audit log keeps, finds and tells.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as AuditLog from "../../../src/AuditLog.ts"
import * as AuditSink from "../../../src/AuditSink.ts"
import { EventStore } from "../../../src/EventStore.ts"
import { as, fails, freshId, user } from "../sharing/support.ts"
import type { It } from "./support.ts"

const log = AuditLog.AuditLog

/** Who may read all of the log. */
const auditor = user("auditor", "audit:read:*")

/** Runs with a log of its own over the stores, which is flushed when it ends; as somebody who may read all of it. */
const logged = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  as(auditor)(Effect.provide(effect, AuditLog.layer, { local: true }))

const record = (deed: AuditSink.Deed) => Effect.flatMap(AuditSink.AuditSink, (sink) => sink.record(deed))

const read = (agentId: string, reason: string): AuditSink.Deed => ({
  resource: "context",
  action: "read",
  agentId,
  outcome: "allowed",
  reason
})

const reasons = (query: AuditLog.Query) =>
  Effect.map(
    log.use((log) => log.query(query)),
    (entries) => entries.map(({ reason }) => reason)
  )

export const register = (it: It) => {
  describe("the audit log", () => {
    it.effect("keeps who did what to which agent, and how it ended", () =>
      Effect.gen(function* () {
        const [agentId, ann] = [freshId(), user(freshId())]
        const deed = { ...read(agentId, "because"), details: { size: 3n, at: new Date(5) } } as const
        yield* as(ann)(record(deed))
        const [entry, ...others] = yield* log.use((log) => log.query({ agentId }))
        assert.lengthOf(others, 0)
        assert.deepInclude<object>(entry ?? {}, { ...deed, principalId: ann.id, principalKind: "user" })
        assert.instanceOf(entry?.at, Date)
      }).pipe(logged)
    )

    it.effect("finds entries by who, what, which agent, how and when", () =>
      Effect.gen(function* () {
        const [ann, bob] = [user(freshId()), user(freshId())]
        const agentId = freshId()
        yield* as(ann)(record(read(agentId, "1")))
        yield* as(ann)(record({ ...read(agentId, "2"), action: "write" }))
        yield* as(bob)(record({ ...read(agentId, "3"), outcome: "refused" }))
        yield* as(bob)(record({ ...read(agentId, "4"), resource: "lifecycle" }))
        yield* as(bob)(record({ resource: "credential", action: "authenticate", outcome: "refused", reason: "5" }))
        const oldest = { agentId, order: "oldest" } as const
        assert.deepStrictEqual(yield* reasons(oldest), ["1", "2", "3", "4"])
        assert.deepStrictEqual(yield* reasons({ agentId }), ["4", "3", "2", "1"])
        assert.deepStrictEqual(yield* reasons({ ...oldest, principalId: ann.id }), ["1", "2"])
        assert.deepStrictEqual(yield* reasons({ ...oldest, action: "write" }), ["2"])
        assert.deepStrictEqual(yield* reasons({ ...oldest, outcome: "refused" }), ["3"])
        assert.deepStrictEqual(yield* reasons({ ...oldest, resource: "lifecycle" }), ["4"])
        assert.deepStrictEqual(yield* reasons({ principalId: bob.id }), ["5", "4", "3"])
        const [first] = yield* log.use((log) => log.query(oldest))
        const at = first?.at ?? new Date(0)
        const before = new Date(at.getTime() - 1)
        assert.include(yield* reasons({ ...oldest, from: at, to: at }), "1")
        assert.deepStrictEqual(yield* reasons({ ...oldest, to: before }), [])
        assert.lengthOf(yield* reasons({ ...oldest, from: before }), 4)
        assert.deepStrictEqual(yield* reasons({ ...oldest, from: new Date(at.getTime() + 86_400_000) }), [])
      }).pipe(logged)
    )

    it.effect("is read as a whole only by who may read all of it, not by who may read an agent that is called *", () =>
      Effect.gen(function* () {
        yield* record(read("*", "of the star"))
        for (const text of ["audit:read:\\*", "audit:admin:\\**"] as const) {
          const star = user(freshId(), text)
          yield* as(star)(
            fails(
              log.use((log) => log.query()),
              "AccessDenied"
            )
          )
          yield* as(star)(
            fails(
              log.use((log) => Stream.runHead(log.changes())),
              "AccessDenied"
            )
          )
          assert.include(yield* as(star)(reasons({ agentId: "*" })), "of the star")
        }
      }).pipe(logged)
    )

    it.effect("gives pages, in both orders, without a gap or a repetition", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const all = Array.from({ length: 257 }, (_, index) => `${index}`)
        for (const reason of all) yield* record(read(agentId, reason))
        for (const order of ["oldest", "newest"] as const) {
          const found: Array<string> = []
          let after: string | undefined
          while (true) {
            const page: ReadonlyArray<AuditLog.Entry> = yield* log.use((log) =>
              log.query({ agentId, order, after, limit: 50 })
            )
            found.push(...page.map(({ reason }) => reason))
            after = page.at(-1)?.id
            if (page.length < 50) break
          }
          assert.deepStrictEqual(found, order === "oldest" ? all : all.toReversed())
        }
      }).pipe(logged)
    )

    it.effect("refuses queries that make no sense", () =>
      Effect.gen(function* () {
        const wrong: ReadonlyArray<readonly [AuditLog.Query, string]> = [
          [{ limit: 0 }, "limit"],
          [{ limit: 1.5 }, "limit"],
          [{ after: "x" }, "after"],
          [{ from: new Date(Number.NaN) }, "from"],
          [{ to: new Date(Number.NaN) }, "to"]
        ]
        for (const [query, path] of wrong)
          yield* fails(
            log.use((log) => log.query(query)),
            "InvalidInput",
            { path }
          )
      }).pipe(logged)
    )

    it.effect("shows its entries to those alone who may read them, and keeps who tried", () =>
      Effect.gen(function* () {
        const { changes, query } = yield* log
        const [agentId, ann] = [freshId(), user(freshId(), "context:admin:*", "audit:read:team/*")]
        yield* record(read(agentId, "secret"))
        const tried = [query(), query({ agentId }), Stream.runDrain(changes()), Stream.runDrain(changes({ agentId }))]
        for (const attempt of tried) {
          const { message } = yield* fails(as(ann)(attempt), "AccessDenied", { resource: "audit", action: "read" })
          assert.notInclude(message, "secret")
        }
        yield* record(read("team/1", agentId))
        assert.include(yield* as(ann)(reasons({ agentId: "team/1" })), agentId)
        const kept = yield* query({ principalId: ann.id, resource: "audit", outcome: "refused" })
        assert.lengthOf(kept, tried.length)
      }).pipe(logged)
    )

    it.effect("tells entries as they are stored, also those of another process", () =>
      Effect.gen(function* () {
        const { changes } = yield* log
        const agentId = freshId()
        const heard = yield* Effect.forkChild(Stream.runCollect(Stream.take(changes({ agentId }), 3)))
        const tell = Effect.andThen(logged(record(read(agentId, "there"))), Effect.sleep("20 millis"))
        yield* Effect.raceFirst(Fiber.await(heard), Effect.forever(tell))
        for (const { agentId: of, reason } of yield* Fiber.join(heard)) {
          assert.deepStrictEqual([of, reason], [agentId, "there"])
        }
      }).pipe(logged)
    )

    it.effect("stores what was told before it closes, and many entries in few appends", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const store = yield* EventStore
        const count = 1000
        const today = Effect.map(Stream.runCollect(store.agents({ prefix: "pantheon/audit/" })), (days) =>
          days.reduce((sum, { version }) => sum + version, 0)
        )
        const before = yield* today
        yield* logged(
          Effect.gen(function* () {
            for (const index of Array.from({ length: count }).keys()) yield* record(read(agentId, `${index}`))
          })
        )
        assert.isBelow((yield* today) - before, count / 4)
        const found = yield* logged(reasons({ agentId, limit: 2 * count, order: "oldest" }))
        assert.deepStrictEqual(
          found,
          Array.from({ length: count }, (_, index) => `${index}`)
        )
      })
    )

    it.effect("takes ids for what they are, whatever is in them", () =>
      Effect.gen(function* () {
        const mark = freshId()
        const odd = [
          "__proto__",
          "constructor",
          "'; DROP TABLE events; --",
          "100%",
          "_",
          "a\u0000b",
          "\ud800",
          "*",
          "",
          "\u{1F419}"
        ]
        for (const id of odd) yield* as(user(`${mark}${id}`))(record(read(`${mark}${id}`, mark)))
        for (const id of odd) {
          const found = yield* log.use((log) => log.query({ agentId: `${mark}${id}` }))
          assert.deepStrictEqual(
            found.map(({ principalId }) => principalId),
            [`${mark}${id}`]
          )
        }
      }).pipe(logged)
    )

    it.effect("keeps no secret of those who are let in or refused", () =>
      Effect.gen(function* () {
        const agentId = freshId()
        const secret = "hunter2-hunter2"
        const jwt = `eyJhbGciOiJIUzI1NiJ9.${"a".repeat(40)}.${"b".repeat(43)}`
        const key = `pk_${"c".repeat(22)}_${"d".repeat(43)}`
        const details = { password: secret, nested: [{ Authorization: `Bearer ${secret}` }, jwt], [key]: 1, key }
        yield* record({ ...read(agentId, `shown ${jwt} and ${key}, password=${secret}`), details })
        yield* as(user(jwt))(record(read(key, agentId)))
        yield* log.use((log) => log.query({ agentId }))
        const store = yield* EventStore
        const days = yield* Stream.runCollect(store.agents({ prefix: "pantheon/audit/" }))
        for (const { agentId: day } of days) {
          const events = yield* Stream.runCollect(store.read(day))
          const text = JSON.stringify(events, (_, value) => (typeof value === "bigint" ? `${value}` : value))
          for (const hidden of [secret, jwt, key]) assert.notInclude(text, hidden)
        }
      }).pipe(logged)
    )
  })
}
