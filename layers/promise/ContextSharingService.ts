/**
 * Sharing agents with each other, for callers without Effect; what it promises is at the head of `src/ContextSharing.ts`.
 *
 * ```ts
 * const sharing = new ContextSharingService(agents)
 * const share = await sharing.shareContext({ sourceAgentId: "agent-1", targetAgentId: "agent-2", shareType: "read" })
 * const [shared] = await sharing.getSharedContexts("agent-2")
 * await sharing.revokeShare(share.id, "agent-1")
 * ```
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Sharing from "../../src/ContextSharing.ts"
import type { Patch } from "../../src/StatePatch.ts"
import { InvalidInput } from "../../src/StoreError.ts"
import type { CallerError } from "./CallerError.ts"
import { checkObject } from "./given.ts"
import { type Asker, asAgent, asAsker, groundOf, type Home } from "./Home.ts"
import { type Failure, fromFailure, type PantheonError } from "./PantheonError.ts"
import { Session } from "./Session.ts"
import { Shell } from "./Shell.ts"

/** What a share lets its target do; each includes those before it. */
export type ShareType = Sharing.Level

/** The same in words; what contradicts `shareType` is refused. */
export interface SharePermissions {
  readonly canView?: boolean | undefined
  /** Goes with `write` and `admin`. */
  readonly canEdit?: boolean | undefined
}

/** A share that is to be made. */
export interface NewContextShare {
  readonly sourceAgentId: string
  readonly targetAgentId: string
  /** `read` by default. */
  readonly shareType?: ShareType | undefined
  /** Shares the source as it was in this snapshot; as it is at each read when this and `version` are left out. What is pinned can only be read. */
  readonly contextSnapshotId?: string | undefined
  /** Shares the source as it was at this version. */
  readonly version?: number | undefined
  /** JSON pointers to the parts of the state that are shared; all of it by default. */
  readonly paths?: ReadonlyArray<string> | undefined
  readonly permissions?: SharePermissions | undefined
  /** From then on it shows nothing; never, by default. */
  readonly expiresAt?: Date | undefined
  /** Whether the target must accept it first; `false` by default. */
  readonly needsAcceptance?: boolean | undefined
}

/** A share. */
export interface ContextShare {
  readonly id: string
  readonly sourceAgentId: string
  readonly targetAgentId: string
  readonly shareType: ShareType
  readonly permissions: { readonly canView: boolean; readonly canEdit: boolean }
  /** The version of the source that is shared; left out for the source as it is. */
  readonly version?: number
  readonly paths?: ReadonlyArray<string>
  readonly status: "offered" | "accepted"
  readonly expiresAt?: Date
  readonly createdAt: Date
  readonly updatedAt: Date
  /** Whose share it is. */
  readonly createdBy: string
  /** Counts the changes, from 1. */
  readonly revision: number
}

/** A share, and what it shows now. */
export interface SharedAgentContext {
  readonly share: ContextShare
  /** `null` when it cannot be read. */
  readonly context: Sharing.SharedContent | null
  /** Why it cannot be read. */
  readonly error: PantheonError | null
}

/** What of a share changes; what is left out stays. */
export interface ShareUpdate {
  readonly shareType?: ShareType | undefined
  /** `null` for never. */
  readonly expiresAt?: Date | null | undefined
  /** `null` for all of the state. */
  readonly paths?: ReadonlyArray<string> | null | undefined
  /** The revision that the share must have. */
  readonly expectedRevision?: number | undefined
}

/** Which page of a list. */
export interface SharePage {
  /** The last share of the page before. */
  readonly after?: ContextShare | undefined
  /** 100 by default. */
  readonly limit?: number | undefined
}

type Core = Sharing.ContextSharing["Service"]

const owner = "ContextSharingService"

/** Shares of agents. Each call says in whose name it acts; unknown shares, and those that do not let it do this, are `SHARE_NOT_FOUND`. */
export class ContextSharingService extends Shell<Sharing.ContextSharing> {
  /** Takes the manager of the agents, or their stores. */
  constructor(shareStore: Home) {
    const { layer, policy, release } = groundOf(owner, shareStore)
    super(new Session(owner, Sharing.layer.pipe(Layer.provide(policy), Layer.provide(layer))), release)
  }

  /** Shares an agent with another. The share belongs to the source. */
  async shareContext(share: NewContextShare): Promise<ContextShare> {
    checkObject("share", "an object with sourceAgentId, targetAgentId and shareType", share)
    return this.#run(share.sourceAgentId, (sharing) =>
      Effect.flatMap(Effect.fromResult(termsOf(share)), (terms) => Effect.map(sharing.share(terms), shown))
    )
  }

  /** What is shared with an agent, and what it shows now. */
  getSharedContexts(agentId: string, page?: SharePage): Promise<ReadonlyArray<SharedAgentContext>> {
    return this.#run(agentId, (sharing) =>
      Effect.map(sharing.getSharedContexts(pageOf(page)), (found) =>
        found.map(({ content, share }) => ({
          share: shown(share),
          context: Result.isSuccess(content) ? content.success : null,
          error: Result.isSuccess(content) ? null : fromFailure(content.failure)
        }))
      )
    )
  }

  /** What one share shows its target. */
  getSharedContext(shareId: string, targetAgentId: string): Promise<Sharing.SharedContent> {
    return this.#run(targetAgentId, (sharing) => sharing.getSharedContext(shareId))
  }

  /** Merges top-level keys into the state of what is shared, for its target. */
  updateSharedContext(
    shareId: string,
    update: { readonly state: object },
    targetAgentId: string
  ): Promise<Sharing.SharedContent> {
    return this.#run(targetAgentId, (sharing) => sharing.updateContext(shareId, update))
  }

  /** Applies a JSON Patch (RFC 6902) to the state of what is shared, for its target; all of it or nothing. */
  patchSharedContext(shareId: string, patch: Patch, targetAgentId: string): Promise<Sharing.SharedContent> {
    return this.#run(targetAgentId, (sharing) => sharing.patchState(shareId, patch))
  }

  /** Accepts what is offered. */
  acceptShare(shareId: string, targetAgentId: string): Promise<ContextShare> {
    return this.#run(targetAgentId, (sharing) => Effect.map(sharing.accept(shareId), shown))
  }

  /** Gives back what is offered to, or shared with, an agent. */
  declineShare(shareId: string, targetAgentId: string): Promise<void> {
    return this.#run(targetAgentId, (sharing) => sharing.decline(shareId))
  }

  /** Ends a share: its owner, the source, or the program when it names nobody. */
  revokeShare(shareId: string, ...asker: Asker): Promise<void> {
    return this.#ask(asker, (sharing) => sharing.revoke(shareId))
  }

  /** Changes a share; only its owner. */
  async updateSharePermissions(shareId: string, update: ShareUpdate, requestingAgentId: string): Promise<ContextShare> {
    checkObject("update", "an object with what is to change", update)
    const { expectedRevision, shareType: level, ...change } = update
    return this.#run(requestingAgentId, (sharing) =>
      Effect.map(sharing.change(shareId, { ...change, level }, { expectedRevision }), shown)
    )
  }

  /** A share, if this agent may see it; the program sees all. */
  getShare(shareId: string, ...asker: Asker): Promise<ContextShare> {
    return this.#ask(asker, (sharing) => Effect.map(sharing.getShare(shareId), shown))
  }

  /** The shares of an agent. */
  getSharesForAgent(sourceAgentId: string, page?: SharePage): Promise<ReadonlyArray<ContextShare>> {
    return this.#ask([], (sharing) =>
      Effect.map(sharing.sharesOf(sourceAgentId, pageOf(page)), (found) => found.map(shown))
    )
  }

  /** Whether an agent may do so much with all of another one, now. */
  checkShareAccess(agentId: string, sourceAgentId: string, required: ShareType = "read"): Promise<boolean> {
    return this.#run(agentId, (sharing) => sharing.checkAccess(sourceAgentId, required))
  }

  /** How many shares an agent has made and received. */
  getShareStatistics(agentId: string): Promise<Sharing.ShareStatistics> {
    return this.#run(agentId, (sharing) => sharing.statistics(agentId))
  }

  /** Removes the shares that have expired, and gives their exact number. */
  cleanupExpiredShares(): Promise<number> {
    return this.#ask([], (sharing) => sharing.cleanUp)
  }

  #run<A>(agentId: string, use: (sharing: Core) => Effect.Effect<A, Failure | CallerError>): Promise<A> {
    return this.session.run(asAgent(agentId, Sharing.ContextSharing.use(use)))
  }

  #ask<A>(asker: Asker, use: (sharing: Core) => Effect.Effect<A, Failure | CallerError>): Promise<A> {
    return this.session.run(asAsker(asker, Sharing.ContextSharing.use(use)))
  }
}

const termsOf = (share: NewContextShare): Result.Result<Sharing.NewShare, InvalidInput> => {
  const { contextSnapshotId: snapshotId, permissions = {}, shareType = "read", version, ...rest } = share
  const canEdit = shareType !== "read"
  const { canEdit: wantsEdit = canEdit, canView = true, ...unknown } = permissions
  const [stranger] = Object.keys(unknown)
  if (stranger !== undefined) return refuse(stranger, "canView and canEdit only", JSON.stringify(stranger))
  if (!canView) return refuse("canView", "true, or left out", String(canView))
  if (wantsEdit !== canEdit) return refuse("canEdit", `${canEdit} for a share to ${shareType}`, String(wantsEdit))
  if (snapshotId !== undefined && version !== undefined) {
    return refuse("version", "left out beside contextSnapshotId", String(version))
  }
  return Result.succeed({
    agentId: rest.sourceAgentId,
    recipientId: rest.targetAgentId,
    level: shareType,
    content: snapshotId !== undefined ? { snapshotId } : version !== undefined ? { version } : "live",
    paths: rest.paths,
    expiresAt: rest.expiresAt,
    needsAcceptance: rest.needsAcceptance
  })
}

const refuse = (path: string, expected: string, found: string): Result.Result<never, InvalidInput> =>
  Result.fail(new InvalidInput({ path, expected, found, remedy: "Say by shareType what the target may do." }))

const pageOf = ({ after, limit }: SharePage = {}): Sharing.PageOptions => ({
  limit,
  after: after && { id: after.id, agentId: after.sourceAgentId, recipientId: after.targetAgentId }
})

const shown = ({ agentId, content, level, ownerId, recipientId, ...share }: Sharing.Share): ContextShare => ({
  ...share,
  sourceAgentId: agentId,
  targetAgentId: recipientId,
  shareType: level,
  permissions: { canView: true, canEdit: level !== "read" },
  ...(content._tag === "Pinned" ? { version: content.version } : {}),
  createdBy: ownerId
})
