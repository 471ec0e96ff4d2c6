/**
 * From what a program of the user's failed with to what is stored of it.
 */
import * as Cause from "effect/Cause"
import * as Formatter from "effect/Formatter"
import * as Predicate from "effect/Predicate"
import type { Failure } from "../ScriptAction.ts"

/** What went wrong, by the first error or defect of the cause. */
export const of = (cause: Cause.Cause<unknown>): Failure => ofError(Cause.squash(cause))

/** What went wrong. */
export const ofError = (error: unknown): Failure => ({
  tag: tagOf(error),
  message: error instanceof Error ? error.message : Formatter.format(error),
  critical: Predicate.hasProperty(error, "critical") && error.critical === true
})

const tagOf = (error: unknown): string => {
  // The port wraps what a tool failed with; the tool's own error says more.
  if (Predicate.isTagged(error, "ToolFailed") && Predicate.hasProperty(error, "reason")) return String(error.reason)
  if (Predicate.hasProperty(error, "_tag") && typeof error._tag === "string") return error._tag
  return error instanceof Error ? error.name : "Defect"
}
