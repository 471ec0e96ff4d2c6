import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as AuditSink from "../../src/AuditSink.ts"

describe("where services tell what was done", () => {
  it.effect("keeps nothing unless a sink is provided", () =>
    Effect.gen(function* () {
      const sink = yield* AuditSink.AuditSink
      assert.strictEqual(sink, AuditSink.silent)
      yield* sink.record({
        resource: "context",
        action: "read",
        agentId: "a",
        outcome: "allowed",
        reason: "permission"
      })
    })
  )

  it.effect("hands deeds to the sink that is provided", () => {
    const kept: Array<AuditSink.Deed> = []
    const sink: AuditSink.AuditSink = { record: (deed) => Effect.sync(() => void kept.push(deed)) }
    const deed: AuditSink.Deed = {
      resource: "credential",
      action: "authenticate",
      outcome: "refused",
      reason: "Expired"
    }
    return Effect.gen(function* () {
      yield* Effect.flatMap(AuditSink.AuditSink, (found) => found.record(deed))
      assert.deepStrictEqual(kept, [deed])
    }).pipe(Effect.provideService(AuditSink.AuditSink, sink))
  })
})
