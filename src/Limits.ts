/**
 * Upper bounds on what a store accepts.
 */
import * as Context from "effect/Context"

/** The bounds; every one is a positive integer. */
export interface Limits {
  /** Largest encoded `data` or `metadata` of one event, or body of a note, in UTF-8 bytes. Default 4 MiB. */
  readonly eventBytes: number
  /** Largest encoded state of one snapshot, in UTF-8 bytes. Default 12 MiB. */
  readonly snapshotBytes: number
  /** Deepest nesting of arrays and objects in a value. Default 64. */
  readonly depth: number
  /** Most events, and most notes, in one append. Default 100,000. */
  readonly eventsPerAppend: number
}

/** The bounds of a new application. */
export const defaults: Limits = {
  eventBytes: 4 * 1024 * 1024,
  snapshotBytes: 12 * 1024 * 1024,
  depth: 64,
  eventsPerAppend: 100_000
}

/** The bounds in force; a store reads them once, when its layer is built. */
export const Limits: Context.Reference<Limits> = Context.Reference<Limits>("pantheon-state/Limits", {
  defaultValue: () => defaults
})
