/**
 * What shares show their recipients.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { AgentContext } from "../AgentContext.ts"
import { type AgentDeleted, AgentMissing, SnapshotMissing, type VersionMissing } from "../AgentError.ts"
import * as ShareRecord from "../access/ShareRecord.ts"
import type { AgentInterior } from "../agent/AgentInterior.ts"
import { refuseDeleted } from "../agent/AgentReader.ts"
import * as StateValue from "../agent/StateValue.ts"
import type { NewShare, SharedContent } from "../ContextSharing.ts"
import { CurrentPrincipal, type Principal } from "../CurrentPrincipal.ts"
import type { EventStore } from "../EventStore.ts"
import { ShareMissing } from "../ShareError.ts"
import { Corrupted, type ReadError } from "../StoreError.ts"
import * as Value from "../Value.ts"
import { contentNote, type ShareBook } from "./ShareBook.ts"
import { ShareScope } from "./ShareScope.ts"

type Record = ShareRecord.ShareRecord

/** What is shared, and what is kept of it if it is pinned. */
export interface Contents {
  readonly content: ShareRecord.Content
  readonly kept: Value.Record | undefined
}

/** What a pinned share keeps. */
const decodeKept = Schema.decodeUnknownResult(
  Schema.Struct({ state: Schema.Unknown, version: Schema.Int, updatedAt: Schema.Date })
)

/** Whether a share is for somebody. Whoever has shown nothing is nobody's recipient, whatever he calls himself. */
export const isFor = ({ recipientId }: Record, { id, kind }: Principal): boolean =>
  kind !== "anonymous" && id === recipientId

/** Reads what is shared. */
export class SharedContents {
  private readonly events: EventStore["Service"]
  private readonly interior: AgentInterior["Service"]
  private readonly book: ShareBook

  constructor(events: EventStore["Service"], interior: AgentInterior["Service"], book: ShareBook) {
    this.events = events
    this.interior = interior
    this.book = book
  }

  /** What a new share is of. What is pinned is kept, so that it outlives the events and snapshots that it came from. */
  pin(
    agentId: string,
    content: NewShare["content"] = "live"
  ): Effect.Effect<Contents, AgentMissing | VersionMissing | SnapshotMissing | ReadError> {
    if (content === "live") return Effect.succeed({ content: { _tag: "Live" }, kept: undefined })
    const { reader } = this.interior
    if ("version" in content) return Effect.map(reader.atVersion(agentId, content.version), toContents)
    const { snapshotId } = content
    return Effect.flatMap(reader.restoreFromSnapshot(snapshotId), (context) =>
      context.agentId === agentId
        ? Effect.succeed(toContents(context))
        : Effect.fail(new SnapshotMissing({ snapshotId }))
    )
  }

  /** Why an agent that was deleted cannot be shared. */
  refuseEnded(agentId: string): Effect.Effect<never, AgentDeleted | AgentMissing | ReadError> {
    return Effect.flatMap(this.interior.reader.look(agentId), ({ context }) =>
      Effect.fail(context === undefined ? new AgentMissing({ agentId }) : refuseDeleted(context))
    )
  }

  /** A share that the current principal may use now. */
  received(shareId: string): Effect.Effect<Record, ShareMissing | ReadError> {
    return Effect.gen({ self: this }, function* () {
      const share = yield* this.book.find(shareId)
      const isUsable = isFor(share, yield* CurrentPrincipal)
        ? ShareRecord.isEffective(share, yield* Clock.currentTimeMillis)
        : false
      return isUsable ? share : yield* new ShareMissing({ shareId })
    })
  }

  /** What a share shows the current principal. */
  get(shareId: string): Effect.Effect<SharedContent, ShareMissing | ReadError> {
    return Effect.flatMap(this.received(shareId), (share) => this.show(share))
  }

  /** What a share shows. */
  show(share: Record): Effect.Effect<SharedContent, ShareMissing | ReadError> {
    return share.content._tag === "Live" ? this.showLive(share) : this.showKept(share)
  }

  private showLive(share: Record): Effect.Effect<SharedContent, ShareMissing | ReadError> {
    return Effect.flatMap(this.interior.reader.look(share.agentId), ({ context }) =>
      context === undefined || context.status === "deleted"
        ? Effect.fail(new ShareMissing({ shareId: share.id }))
        : Effect.succeed(toContent(share, context))
    )
  }

  private showKept(share: Record): Effect.Effect<SharedContent, ShareMissing | ReadError> {
    const key = { agentId: share.agentId, name: contentNote(share.id) }
    return Effect.gen({ self: this }, function* () {
      const [note] = yield* this.events.getNotes([key])
      if (note === undefined) return yield* new ShareMissing({ shareId: share.id })
      const kept = decodeKept(note.body)
      if (Result.isFailure(kept) || !Value.isRecord(kept.success.state)) return yield* damaged(key)
      const { state, updatedAt, version } = kept.success
      return toContent(share, { state, updatedAt, version })
    })
  }
}

/** The shared parts of an agent. */
export const toContent = (
  { paths }: Record,
  { state, updatedAt, version }: Pick<AgentContext, "state" | "updatedAt" | "version">
): SharedContent =>
  Object.freeze({ state: StateValue.freeze(new ShareScope(paths).project(state)), version, updatedAt })

const toContents = ({ state, updatedAt, version }: AgentContext): Contents => ({
  content: { _tag: "Pinned", version },
  kept: { state, updatedAt, version }
})

const damaged = ({ agentId, name }: { readonly agentId: string; readonly name: string }): Corrupted =>
  new Corrupted({
    subject: `note ${JSON.stringify(name)} of agent ${JSON.stringify(agentId)}`,
    expected: "the state that a share keeps",
    found: "another body",
    remedy: "Revoke the share, and share the version anew."
  })
