/**
 * Traces that go on across mailboxes, stores and processes, by the `traceparent` in the metadata of commands and events (W3C Trace Context,
 * https://www.w3.org/TR/trace-context/).
 *
 * A command is traced when its sender is in a span, or when the metadata of the command have a `traceparent`. Its span lasts from the sending to
 * the answer; the spans of its handler, of the recovery it may have to wait for, and of the append that persists it lie within. Its events
 * carry it in their metadata, so that whoever reads them can go on with `continueFrom`. Nothing is traced otherwise, and nothing exports by
 * itself: provide a tracer.
 */
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"
import type { Metadata } from "./ContextEvent.ts"

const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})/

/** The `traceparent` that names a span. */
export const toTraceparent = ({ sampled, spanId, traceId }: Tracer.AnySpan): string =>
  `00-${traceId.padStart(32, "0")}-${spanId.padStart(16, "0")}-${sampled ? "01" : "00"}`

/** The span that a `traceparent` names; nothing for a text that is none. */
export const fromTraceparent = (traceparent: string): Tracer.ExternalSpan | undefined => {
  const [, traceId, spanId, flags] = pattern.exec(traceparent) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return Tracer.externalSpan({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 })
}

/** The span that the metadata of a command or an event name. */
export const spanOf = (metadata: Metadata | undefined): Tracer.ExternalSpan | undefined => {
  const traceparent = metadata?.traceparent
  return typeof traceparent === "string" ? fromTraceparent(traceparent) : undefined
}

/** Runs an effect within the trace that the metadata of an event name, if they name one. */
export const continueFrom =
  (metadata: Metadata) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    const span = spanOf(metadata)
    return span === undefined ? effect : Effect.withParentSpan(effect, span)
  }
