import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Tracer from "effect/Tracer"
import { Trace } from "../src/index.ts"

const hex = (length: number) => Schema.String.check(Schema.isPattern(new RegExp(`^[0-9a-f]{${length - 1}}[1-9a-f]$`)))

describe("a traceparent", () => {
  it.effect.prop(
    "names the span it was made of",
    { sampled: Schema.Boolean, spanId: hex(16), traceId: hex(32) },
    ({ sampled, spanId, traceId }) =>
      Effect.sync(() => {
        const found = Trace.fromTraceparent(Trace.toTraceparent(Tracer.externalSpan({ sampled, spanId, traceId })))
        assert.deepStrictEqual([found?.traceId, found?.spanId, found?.sampled], [traceId, spanId, sampled])
      })
  )

  it("that breaks the grammar names none", () => {
    const trace = "0123456789abcdef0123456789abcdef"
    const span = "0123456789abcdef"
    for (const text of [
      "",
      "x",
      `00-${trace}-${span}`,
      `00-${trace.slice(1)}-${span}-01`,
      `00-${trace.toUpperCase()}-${span}-01`,
      `00-${"0".repeat(32)}-${span}-01`,
      `00-${trace}-${"0".repeat(16)}-01`,
      `ff-${trace}-${span}-01`
    ]) {
      assert.strictEqual(Trace.fromTraceparent(text), undefined, text)
    }
  })

  it.effect("in the metadata of an event makes what follows a part of its trace", () =>
    Effect.gen(function* () {
      const traceparent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
      const span = yield* Effect.currentSpan.pipe(Effect.withSpan("a projection"), Trace.continueFrom({ traceparent }))
      assert.strictEqual(span.traceId, "0123456789abcdef0123456789abcdef")
      const alone = yield* Effect.result(Effect.currentParentSpan).pipe(Trace.continueFrom({ traceparent: "nonsense" }))
      assert.strictEqual(alone._tag, "Failure")
    })
  )
})
