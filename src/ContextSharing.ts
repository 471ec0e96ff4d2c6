/**
 * Sharing an agent's context with another principal: all of it or parts, as it is or as it was, to read, to write or to administer.
 *
 * ```ts
 * const program = Effect.gen(function* () {
 *   const sharing = yield* ContextSharing.ContextSharing
 *   const share = yield* sharing.share({ agentId: "agent-1", recipientId: "bob", level: "read", paths: ["/profile"] })
 *   // Bob: what he gets of it.
 *   const { state } = yield* Effect.provideService(sharing.getSharedContext(share.id), CurrentPrincipal.CurrentPrincipal, bob)
 *   yield* sharing.revoke(share.id)                             // Bob's next read finds nothing.
 * })
 *
 * const Sharing = ContextSharing.layer.pipe(Layer.provideMerge(AgentStateManager.layer()))
 * ```
 *
 * The contract, which `pantheon-state/testing` checks on every backend:
 *
 * 1. Whoever may `share:write` an agent may share it. The share is his: he alone changes it. He revokes it, and whoever may `share:admin` the agent. Its
 *    recipient can neither raise, prolong, pass on nor revoke it; he may decline it.
 * 2. A share of all of an agent, live, lets its recipient do with `AgentStateManager`, actors and metadata what its level says, where the `AccessPolicy` is
 *    `layerScoped`; `admin` also archives, restores, deletes and purges it. A share that is pinned to a version, or of parts, is used here only.
 * 3. A live share shows the agent as it is at each read; a pinned one what it was, whatever becomes of its events and snapshots. A part that is not there is
 *    left out. What is outside the parts can be neither read nor written, nor told from the answers.
 * 4. What was revoked, declined, or has expired shows nothing from the next call on, in every process that shares the store; the `AccessPolicy` of another process
 *    heeds it within a second. Expiry is by the `Clock` at each use.
 * 5. Unknown shares, shares of others, and shares that do not let the caller do what he asks for give one answer: `ShareMissing`.
 * 6. One principal shares the same content and parts of an agent with one recipient once; a second time is refused with `ShareExists`.
 * 7. Deleting or purging the agent ends its shares. An archived agent can be shared and read.
 * 8. Shares, and each change of one, are events of the shared agent; they change no state. Offers grant nothing until they are accepted.
 * 9. Anonymous principals neither share nor receive.
 * 10. What is done with shares, and why somebody was answered `ShareMissing`, is told to the `AuditSink`.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Result from "effect/Result"
import type { AccessDenied } from "./AccessError.ts"
import * as AccessPolicy from "./AccessPolicy.ts"
import type {
  AgentArchived,
  AgentDeleted,
  AgentMissing,
  PatchFailed,
  SnapshotMissing,
  VersionMissing
} from "./AgentError.ts"
import * as AuditSink from "./AuditSink.ts"
import type { ShareRecord } from "./access/ShareRecord.ts"
import { AgentInterior } from "./agent/AgentInterior.ts"
import type { WriteOptions } from "./agent/AgentRequest.ts"
import { EventStore } from "./EventStore.ts"
import type * as Permission from "./Permission.ts"
import type { ShareChanged, ShareExists, ShareMissing } from "./ShareError.ts"
import type { Patch } from "./StatePatch.ts"
import type { AppendError, ReadError } from "./StoreError.ts"
import * as ShareAudit from "./sharing/ShareAudit.ts"
import { ShareBook } from "./sharing/ShareBook.ts"
import { ShareChanges } from "./sharing/ShareChanges.ts"
import { SharedContents } from "./sharing/SharedContents.ts"
import * as SharedWrites from "./sharing/SharedWrites.ts"
import * as ShareLists from "./sharing/ShareLists.ts"
import * as ShareOwning from "./sharing/ShareOwning.ts"
import * as Uuid from "./store/Uuid.ts"
import type * as Value from "./Value.ts"

/** A share of an agent, as it is told to those whom it concerns. */
export type Share = ShareRecord

/** What may be done by a share; each level includes those before it. */
export type Level = Permission.Action

/** A share that is to be made. */
export interface NewShare {
  readonly agentId: string
  /** The id of the principal whom it is for. */
  readonly recipientId: string
  /** `admin` is for all of an agent, live; what is pinned can only be read. */
  readonly level: Level
  /** The agent as it is at each read (`live`, the default), or as it was at a version, or in a snapshot. */
  readonly content?: "live" | { readonly version: number } | { readonly snapshotId: string } | undefined
  /** JSON pointers, through objects, to the parts of the state that are shared; all of it by default. */
  readonly paths?: ReadonlyArray<string> | undefined
  /** From then on it shows nothing; never, by default. */
  readonly expiresAt?: Date | undefined
  /** Whether it is an offer, which grants nothing until the recipient accepts it. `false` by default. */
  readonly needsAcceptance?: boolean | undefined
}

/** What of a share is to change; what is left out stays as it is. */
export interface ShareChange {
  readonly level?: Level | undefined
  /** `null` for never. */
  readonly expiresAt?: Date | null | undefined
  /** `null` for all of the state. */
  readonly paths?: ReadonlyArray<string> | null | undefined
}

/** What a share shows. */
export interface SharedContent {
  /** The shared parts of the state; frozen. */
  readonly state: Value.Record
  /** The version of the agent that has this state. */
  readonly version: number
  /** When the agent came to this version. */
  readonly updatedAt: Date
}

/** A share, and what it shows now; what cannot be read of one agent is told with its share. */
export interface SharedContext {
  readonly share: Share
  readonly content: Result.Result<SharedContent, ReadError>
}

/** Which page of a list. */
export interface PageOptions {
  /** The last share of the page before. */
  readonly after?: Pick<Share, "id" | "agentId" | "recipientId"> | undefined
  /** Most on the page, 100 by default. A page that is shorter is the last. */
  readonly limit?: number | undefined
}

/** How many shares concern an agent; those that are revoked, declined or cleaned up are gone. */
export interface ShareStatistics {
  /** Shares of the agent. */
  readonly created: number
  /** Shares with the principal of this id. */
  readonly received: number
  /** Of both together, each counted once: those that grant something now. */
  readonly active: number
  /** Of both together, each counted once: those whose time is over. */
  readonly expired: number
}

/** Options of a write through a share. */
export type SharedWriteOptions = Pick<WriteOptions, "expected" | "commandId" | "metadata">

type Listed = Effect.Effect<ReadonlyArray<Share>, ReadError>
type Written<A, E> = Effect.Effect<A, E | ShareMissing | AppendError | ReadError>

/** Shares of contexts; the contract is at the head of this module. */
export class ContextSharing extends Context.Service<
  ContextSharing,
  {
    /** Shares an agent. The current principal is the owner of the share. */
    readonly share: (
      share: NewShare
    ) => Effect.Effect<
      Share,
      | AccessDenied
      | ShareExists
      | AgentMissing
      | AgentDeleted
      | VersionMissing
      | SnapshotMissing
      | AppendError
      | ReadError
    >
    /** Accepts what is offered to the current principal. Nothing happens if it is accepted already. */
    readonly accept: (shareId: string) => Written<Share, never>
    /** Gives back what is offered to, or shared with, the current principal. */
    readonly decline: (shareId: string) => Written<void, never>
    /** Changes a share; its owner only. With `expectedRevision`, only if nobody has changed it since. */
    readonly change: (
      shareId: string,
      change: ShareChange,
      options?: { readonly expectedRevision?: number | undefined }
    ) => Written<Share, ShareExists | ShareChanged>
    /** Ends a share; its owner, or whoever may `share:admin` the agent. */
    readonly revoke: (shareId: string) => Written<void, never>
    /** A share that the current principal owns, holds, or may see by `share:read` of the agent. */
    readonly getShare: (shareId: string) => Effect.Effect<Share, ShareMissing | ReadError>
    /** The shares of an agent that the current principal owns or holds; with `share:read`, all of them. Those that have expired are told to their owner. */
    readonly sharesOf: (agentId: string, page?: PageOptions) => Listed
    /** The shares with a principal that the current principal owns or holds; with `share:read`, all of that agent. */
    readonly sharesWith: (recipientId: string, page?: PageOptions) => Listed
    /** What is shared with the current principal, and what it shows; without what is only offered, or has expired. */
    readonly getSharedContexts: (page?: PageOptions) => Effect.Effect<ReadonlyArray<SharedContext>, ReadError>
    /** What a share shows its recipient. */
    readonly getSharedContext: (shareId: string) => Effect.Effect<SharedContent, ShareMissing | ReadError>
    /** Applies a JSON Patch (RFC 6902) to what is shared, all of it or nothing. Every place that it names must be inside. Gives what the share shows then. */
    readonly patchState: (
      shareId: string,
      patch: Patch,
      options?: SharedWriteOptions
    ) => Written<SharedContent, PatchFailed | AgentArchived>
    /** Merges top-level keys into the state; each must be inside what is shared. Gives what the share shows then. */
    readonly updateContext: (
      shareId: string,
      update: { readonly state: object },
      options?: SharedWriteOptions
    ) => Written<SharedContent, AgentArchived>
    /** Whether the current principal may do so much with all of an agent's context, by a permission or by a share. Reads the shares anew. */
    readonly checkAccess: (agentId: string, level: Level) => Effect.Effect<boolean, ReadError>
    /** Counts; needs `share:read` of the agent, unless it is the current principal itself. */
    readonly statistics: (agentId: string) => Effect.Effect<ShareStatistics, AccessDenied | ReadError>
    /** Removes the shares that have expired, and gives their number; needs `share:admin` of all agents. */
    readonly cleanUp: Effect.Effect<number, AccessDenied | AppendError | ReadError>
  }
>()("pantheon-state/ContextSharing") {}

/** The service, beside the manager of the same stores. */
export const layer: Layer.Layer<ContextSharing, never, EventStore | AgentInterior> = Layer.effect(
  ContextSharing,
  Effect.gen(function* () {
    const events = yield* EventStore
    const policy = yield* AccessPolicy.AccessPolicy
    const interior = yield* AgentInterior
    const book = new ShareBook(events)
    const sink = yield* AuditSink.AuditSink
    const changes = new ShareChanges(events, book, policy, sink)
    const contents = new SharedContents(events, interior, book)
    const service = ContextSharing.of({
      ...ShareOwning.make(book, changes, contents, policy, sink, yield* Uuid.makeGenerator),
      ...ShareLists.make(events, book, changes, contents, policy),
      ...SharedWrites.make(interior, contents, sink),
      getSharedContext: (shareId) => contents.get(shareId)
    })
    return sink === AuditSink.silent ? service : ShareAudit.around(service, sink, book)
  })
)
