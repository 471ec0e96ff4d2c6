/**
 * How and why an actor leaves the memory.
 */
import type { ActorStopped } from "../../../src/ActorError.ts"

export interface Ending {
  readonly status: "passivated" | "stopped" | "failed"
  /** What those are told whose commands come too late. */
  readonly reason: ActorStopped["reason"]
}

/** The next command wakes it. */
export const asleep: Ending = { status: "passivated", reason: "stopped" }

/** Its behavior or its engine is closing. */
export const shutdown: Ending = { status: "passivated", reason: "shutdown" }

/** On request. */
export const stopped: Ending = { status: "stopped", reason: "stopped" }

/** Its restarts are spent. */
export const failed: Ending = { status: "failed", reason: "failed" }

/** A second writer was found out. */
export const conflict: Ending = { status: "failed", reason: "conflict" }
