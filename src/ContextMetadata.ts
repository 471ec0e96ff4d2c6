/**
 * Metadata: what is known about an agent beside its state, entry by entry, each with a key, a type, and those who may see it.
 *
 * ```ts
 * const program = Effect.gen(function* () {
 *   const metadata = yield* ContextMetadata.ContextMetadata
 *   yield* metadata.set("agent-1", "mood", "curious", { visibility: "shared" })
 *   const { value, version } = yield* metadata.get("agent-1", "mood")
 *   yield* metadata.update("agent-1", "mood", { value: "sure" }, { expectedVersion: version })
 *   const moods = yield* metadata.query({ keyPattern: "mood*", visibility: "shared" })
 * })
 *
 * const Metadata = ContextMetadata.layer.pipe(Layer.provideMerge(AgentStateManager.layer()))
 * ```
 *
 * The contract, which `pantheon-state/testing` checks on every backend:
 *
 * 1. An agent has one entry of a key. Whoever may `metadata:write` the agent sets entries; an entry is owned by the principal who set it first.
 * 2. A private entry is seen by its owner, while he may `metadata:read` the agent, and by whoever may `metadata:admin` it; a shared one by whoever may
 *    `metadata:read` the agent; a public one by everybody but anonymous principals, who see what the `AccessPolicy` lets them read. An entry that one may not see
 *    is missing, in every read, change and query; only setting its key is refused as `AccessDenied`, since the key is in use.
 * 3. Whoever sees an entry and may `metadata:write` the agent changes or deletes it. Its visibility is changed by its owner, and whoever may `metadata:admin` the agent.
 * 4. Each change counts the entry's version by one. With `expectedVersion` it is done only if nobody has changed the entry since; of several that expect the same version,
 *    in any processes, one succeeds. An entry that is set again after its end begins with version 1.
 * 5. What has expired, by the `Clock` at each use, is missing.
 * 6. Each change is an event of the agent, written with it, that changes no state. It tells the entry; of one that is private no more than its id. What was told while an
 *    entry was shared or public stays in the history.
 * 7. Refusals that the `AccessPolicy` did not make are told to the `AuditSink`, with the reason that the caller is not told.
 * 8. An archived agent's metadata can be read only; those of a deleted or purged agent are missing.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AccessDenied } from "./AccessError.ts"
import * as AccessPolicy from "./AccessPolicy.ts"
import type { AgentArchived, AgentDeleted, AgentMissing, AgentWriteError } from "./AgentError.ts"
import * as AuditSink from "./AuditSink.ts"
import type * as MetadataRecord from "./access/MetadataRecord.ts"
import { AgentInterior } from "./agent/AgentInterior.ts"
import type { EventStore } from "./EventStore.ts"
import * as Limits from "./Limits.ts"
import type { MetadataChanged, MetadataMissing } from "./MetadataError.ts"
import { MetadataBook } from "./metadata/MetadataBook.ts"
import { MetadataJournal } from "./metadata/MetadataJournal.ts"
import * as MetadataReads from "./metadata/MetadataReads.ts"
import * as MetadataWrites from "./metadata/MetadataWrites.ts"
import type { SnapshotStore } from "./SnapshotStore.ts"
import type { AppendError, ReadError } from "./StoreError.ts"
import * as Replay from "./store/Replay.ts"
import * as Uuid from "./store/Uuid.ts"

/** An entry of metadata. */
export type Entry = MetadataRecord.MetadataRecord

/** Who may see an entry; see the contract. */
export type Visibility = MetadataRecord.Visibility

/** What is said of an entry beside its value. What is left out is as by default, whatever the entry was before. */
export interface SetOptions {
  /** What kind of entry it is, 1 to 255 characters, as an id; `generic` by default. */
  readonly type?: string | undefined
  /** `private` by default. */
  readonly visibility?: Visibility | undefined
  /** From then on it is missing; never, by default. In the future. */
  readonly expiresAt?: Date | undefined
  /** The version that the entry must have; 0 if there must be none. */
  readonly expectedVersion?: number | undefined
}

/** What of an entry is to change; what is left out stays as it is. */
export interface MetadataChange {
  readonly value?: unknown
  readonly type?: string | undefined
  readonly visibility?: Visibility | undefined
  /** `null` for never. */
  readonly expiresAt?: Date | null | undefined
}

/** Options of a change. */
export interface ChangeOptions {
  /** The version that the entry must have. */
  readonly expectedVersion?: number | undefined
}

/** Which entries; those that fit all that is given. */
export interface MetadataQuery {
  /** Of this agent; without it all entries of all agents are looked through. */
  readonly agentId?: string | undefined
  readonly type?: string | undefined
  readonly visibility?: Visibility | undefined
  /** A `Pattern`, such as `topic:*`. */
  readonly keyPattern?: string | undefined
  /** Entries with an equal value; the order of an object's keys does not matter. */
  readonly value?: unknown
  /** The last entry of the page before. */
  readonly after?: Pick<Entry, "agentId" | "key"> | undefined
  /** Most entries on the page, 100 by default. A page that is shorter is the last. */
  readonly limit?: number | undefined
}

/** What every change may fail with. */
export type MetadataWriteError =
  | AccessDenied
  | MetadataChanged
  | AgentMissing
  | AgentDeleted
  | AgentArchived
  | AppendError
  | ReadError

/** Metadata of agents; the contract is at the head of this module. */
export class ContextMetadata extends Context.Service<
  ContextMetadata,
  {
    /** Sets an entry, in the place of the one that has this key. Keys have 1 to 246 characters, as ids. */
    readonly set: (
      agentId: string,
      key: string,
      value: unknown,
      options?: SetOptions
    ) => Effect.Effect<Entry, MetadataWriteError>
    readonly get: (agentId: string, key: string) => Effect.Effect<Entry, MetadataMissing | ReadError>
    /** Changes an entry that there is. */
    readonly update: (
      agentId: string,
      key: string,
      change: MetadataChange,
      options?: ChangeOptions
    ) => Effect.Effect<Entry, MetadataMissing | MetadataWriteError>
    readonly delete: (
      agentId: string,
      key: string,
      options?: ChangeOptions
    ) => Effect.Effect<void, MetadataMissing | MetadataWriteError>
    /** The entries that the current principal may see, in an order of the store's own. */
    readonly query: (query?: MetadataQuery) => Effect.Effect<ReadonlyArray<Entry>, ReadError>
    /** Removes the entries that have expired, and gives the exact number of those that this call has removed; needs `metadata:admin` of all agents. */
    readonly cleanUp: Effect.Effect<number, AccessDenied | AgentWriteError>
  }
>()("pantheon-state/ContextMetadata") {}

/** The service, beside the manager of the same stores. */
export const layer: Layer.Layer<ContextMetadata, never, EventStore | SnapshotStore | AgentInterior> = Layer.effect(
  ContextMetadata,
  Effect.gen(function* () {
    const stores = yield* Replay.stores
    const policy = yield* AccessPolicy.AccessPolicy
    const sink = yield* AuditSink.AuditSink
    const limits = yield* Limits.Limits
    const nextId = yield* Uuid.makeGenerator
    const book = new MetadataBook(stores, new MetadataJournal(stores, yield* AgentInterior), nextId)
    return ContextMetadata.of({
      ...MetadataWrites.make(book, policy, sink, limits, nextId),
      ...MetadataReads.make(stores, book, policy, sink, limits)
    })
  })
)
