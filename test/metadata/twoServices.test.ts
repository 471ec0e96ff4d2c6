import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Postgres from "../../layers/postgres/index.ts"
import {
  Agents,
  as,
  fails,
  freshId,
  hour,
  inFuture,
  later,
  Metadata,
  root,
  services,
  user
} from "../contract/metadata/support.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

/** Two services that share nothing but the database. */
const two = Effect.gen(function* () {
  const schema = TestDatabase.freshSchema()
  yield* Layer.build(TestDatabase.layer({ schema }))
  const make = Effect.suspend(() => {
    const stores = Postgres.layer({ url: TestDatabase.url, schema, maxConnections: 4, feedPollMilliseconds: 20 })
    return Layer.build(Layer.provideMerge(services, stores))
  })
  const [left, right] = [yield* make, yield* make]
  const agentId = freshId()
  yield* Context.get(left, Agents).setState(agentId, { a: 1 })
  return {
    left: Context.get(left, Metadata),
    right: Context.get(right, Metadata),
    rightAgents: Context.get(right, Agents),
    agentId
  }
})

const integers = Array.from({ length: 20 }, (_, index) => index)

describe("two services of metadata on one PostgreSQL schema", { timeout: 60_000 }, () => {
  it.live("see each other's changes at once", () =>
    Effect.gen(function* () {
      const { agentId, left, right, rightAgents } = yield* two
      yield* left.set(agentId, "x", 0)
      for (const value of integers) {
        const [one, other] = value % 2 === 0 ? [left, right] : [right, left]
        const changed = yield* one.update(agentId, "x", { value }, { expectedVersion: value + 1 })
        assert.deepStrictEqual(yield* other.get(agentId, "x"), changed)
      }
      yield* right.update(agentId, "x", { visibility: "private" })
      yield* fails(as(user(freshId()))(left.get(agentId, "x")), "MetadataMissing")
      yield* right.delete(agentId, "x")
      yield* fails(left.get(agentId, "x"), "MetadataMissing")
      yield* rightAgents.archive(agentId)
      yield* fails(left.set(agentId, "x", 1), "AgentArchived")
    }).pipe(as(root), Effect.scoped)
  )

  it.live("lose no change and do none twice, as fast as they can", () =>
    Effect.gen(function* () {
      const { agentId, left, right } = yield* two
      const sides = [left, right]
      const both = <A, E>(attempt: (metadata: typeof left, n: number) => Effect.Effect<A, E>) =>
        Effect.forEach(
          sides,
          (metadata) => Effect.forEach(integers, (n) => Effect.result(attempt(metadata, n)), { concurrency: 4 }),
          { concurrency: 2 }
        )
      const succeeded = (results: ReadonlyArray<ReadonlyArray<Result.Result<unknown, unknown>>>) =>
        results.flat().filter(Result.isSuccess).length
      assert.strictEqual(
        succeeded(yield* both((metadata, n) => metadata.set(agentId, "x", n, { expectedVersion: 0 }))),
        1
      )
      assert.strictEqual(succeeded(yield* both((metadata, n) => metadata.update(agentId, "x", { value: n }))), 40)
      assert.strictEqual((yield* left.get(agentId, "x")).version, 41)
      const raced = yield* both((metadata, n) =>
        metadata.update(agentId, "x", { value: n }, { expectedVersion: 41 + Math.floor(n / 4) })
      )
      const { version } = yield* right.get(agentId, "x")
      assert.strictEqual(succeeded(raced), version - 41)
      assert.strictEqual(succeeded(yield* both((metadata) => metadata.delete(agentId, "x"))), 1)
    }).pipe(as(root), Effect.scoped)
  )

  it.live("clean up side by side, and count each entry once", () =>
    Effect.gen(function* () {
      const { agentId, left, right } = yield* two
      const expiresAt = yield* inFuture(hour)
      for (const n of integers) yield* left.set(agentId, `${n}`, n, n % 2 === 0 ? { expiresAt } : {})
      const cleaned = yield* Effect.all([left.cleanUp, right.cleanUp, right.cleanUp].map(later(hour)), {
        concurrency: "unbounded"
      })
      assert.strictEqual(
        cleaned.reduce((sum, count) => sum + count, 0),
        10
      )
      assert.lengthOf(yield* later(hour)(right.query({ agentId })), 10)
    }).pipe(as(root), Effect.scoped)
  )
})
