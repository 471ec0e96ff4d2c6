/**
 * How and why an actor leaves the memory.
 */
import type { ActorStopped } from "../../../src/ActorError.ts"
import type { ActorEnd } from "../../../src/ActorSystem.ts"
import type { Closing } from "../../../src/actor/ServiceEvents.ts"
import type { ActorAddress } from "../../../src/CurrentActor.ts"

export interface Ending {
  readonly status: "passivated" | "stopped" | "failed"
  /** What those are told whose commands come too late. */
  readonly reason: ActorStopped["reason"]
  /** What it failed of. */
  readonly cause?: unknown
  /** What becomes of the tie to its parent; nothing, unless said. */
  readonly parent?: "left" | "told"
}

/** The next command wakes it. */
export const asleep: Ending = { status: "passivated", reason: "stopped" }

/** Its behavior or its engine is closing. */
export const shutdown: Ending = { status: "passivated", reason: "shutdown" }

/** On request. */
export const stopped: Ending = { status: "stopped", reason: "stopped", parent: "left" }

/** Its parent has failed; it is still a child, for the parent may come back. */
export const orphaned: Ending = { status: "stopped", reason: "stopped" }

/** Its restarts are spent. */
export const failed = (cause: unknown): Ending => ({ status: "failed", reason: "failed", cause })

/** Its restarts are spent, and its parent is to deal with that. */
export const escalated = (cause: unknown): Ending => ({ status: "failed", reason: "failed", cause, parent: "told" })

/** A second writer was found out. */
export const conflict = (cause: unknown): Ending => ({ status: "failed", reason: "conflict", cause })

/** Another machine wrote to it, so this one may own it no longer; the next command finds whoever does. */
export const overtaken = (cause: unknown): Ending => ({ status: "passivated", reason: "conflict", cause })

/** Another machine owns it from now on. */
export const moved: Ending = { status: "passivated", reason: "moved" }

/** Nothing can be stored of it. The next command looks whether that is still so. */
export const closed = (why: Closing): Ending => ({ status: "passivated", reason: why })

/** What watchers are told. */
export const toSignal = ({ cause, reason, status }: Ending, { actor, id }: ActorAddress): ActorEnd => {
  if (reason === "conflict") return { _tag: "Failed", actor, id, cause }
  switch (status) {
    case "failed":
      return { _tag: "Failed", actor, id, cause }
    case "stopped":
      return { _tag: "Stopped", actor, id }
    case "passivated":
      return { _tag: "Passivated", actor, id }
  }
}
