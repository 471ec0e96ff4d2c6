/**
 * A whole agent on its way into a store: all of it or nothing. `EventStore.importAgent` takes one, and hands it to the driver.
 *
 * The contract, which `pantheon-state/testing` checks on every backend:
 *
 * 1. Until the import has succeeded, no read sees anything of it. It fails with its chunks, is interrupted, or dies with its process, and leaves
 *    nothing behind; what it read of the chunks is forgotten at the latest when the store is opened again.
 * 2. It succeeds only once all of it is on disk and every later read sees it. A read of the agent that begins meanwhile may have to wait.
 * 3. It is applied to an agent that is as `expected` says. One that is `present` is purged in the same write. An append to the agent that comes
 *    between makes it a `Conflict`.
 * 4. The events get the versions that they bring; the feed tells them like any others, in their order. Replies that were recorded, notes and
 *    snapshots come with them; of two with one name, the last stands.
 */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Alone, DriverError, EncodedCommand, EncodedEvent, EncodedNote, Head } from "./EventStoreDriver.ts"
import type { StoredSnapshot } from "./SnapshotStoreDriver.ts"

/** A command as it is recorded: its reply, and the versions of the events that answered it. */
export interface StoredCommand extends EncodedCommand {
  readonly firstVersion: number
  readonly lastVersion: number
}

/** A part of an agent. Chunks are in memory one or two at a time, so none should exceed a few megabytes. */
export interface ImportChunk {
  /** In the order of their versions, which go on where those of the chunk before ended. */
  readonly events: ReadonlyArray<EncodedEvent>
  readonly commands: ReadonlyArray<StoredCommand>
  readonly notes: ReadonlyArray<EncodedNote>
  /** Of this agent. */
  readonly snapshots: ReadonlyArray<StoredSnapshot>
}

/** An agent that is to be imported. */
export interface AgentImport<E = never, R = never> {
  readonly agentId: string
  /** How the agent must be. All versions that are brought in lie above its version, and that of the purge of one that is `present`. */
  readonly expected: Pick<Head, "version" | "presence">
  /** The version of the first event; 0 without events. When it does not come right after what there was, earlier events count as deleted. */
  readonly firstVersion: number
  /** The agent's version afterwards, which is that of the last event, if there is one. */
  readonly version: number
  /** `given` ids may be in the store already, or occur twice, and then the import is refused. `generated` ones were made for it. */
  readonly eventIds: "generated" | "given"
  readonly chunks: Stream.Stream<ImportChunk, E, R>
}

/** What became of an import. */
export type ImportOutcome =
  | { readonly _tag: "Imported" }
  /** The agent is not as expected. `actual` is its version. */
  | { readonly _tag: "Conflict"; readonly actual: number }
  /** The id of an event or of a snapshot is that of another one. */
  | { readonly _tag: "IdTaken"; readonly of: "event" | "snapshot"; readonly id: string }

/** The import of a driver. */
export type ImportAgent = <E, R>(
  agent: AgentImport<E, R>,
  alone: Alone
) => Effect.Effect<ImportOutcome, E | DriverError, R>

/** The version below which nothing of an import may lie: that of the agent, or that of its purge. */
export const baseOf = ({ presence, version }: AgentImport["expected"]): number =>
  presence === "present" ? version + 1 : version

/** Whether an agent is as an import expects it. */
export const isAsExpected = (
  { expected }: Pick<AgentImport, "expected">,
  found: Pick<Head, "version" | "presence">
): boolean => expected.version === found.version && expected.presence === found.presence
