/**
 * What recipients write through shares: inside what is shared, and no more.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import { AgentArchived, PatchFailed } from "../AgentError.ts"
import * as AgentId from "../AgentId.ts"
import type { AuditSink } from "../AuditSink.ts"
import type { ShareRecord } from "../access/ShareRecord.ts"
import * as AgentEvent from "../agent/AgentEvent.ts"
import type { AgentInterior } from "../agent/AgentInterior.ts"
import type { Standing } from "../agent/AgentJournal.ts"
import { notAnObject, toArgument } from "../agent/AgentPreparation.ts"
import { admitExpected } from "../agent/AgentWriter.ts"
import type { ContextSharing, SharedContent, SharedWriteOptions } from "../ContextSharing.ts"
import * as Permission from "../Permission.ts"
import { ShareMissing } from "../ShareError.ts"
import * as StatePatch from "../StatePatch.ts"
import type { FoldFailure } from "../StateReducer.ts"
import { type AppendError, type Conflict, InvalidInput, type ReadError } from "../StoreError.ts"
import * as Value from "../Value.ts"
import * as ShareAudit from "./ShareAudit.ts"
import { type SharedContents, toContent } from "./SharedContents.ts"
import { ShareScope } from "./ShareScope.ts"

/** A write, before it is known whether it is inside what is shared. */
interface Change<E> {
  readonly type: string
  readonly data: object
  /** The places that it names, by their paths in the caller's arguments. */
  readonly places: ReadonlyMap<string, string>
  /** Why it cannot be done on what the recipient sees of the state. */
  readonly refusal: (agentId: string, shown: Value.Record) => E | undefined
  /** What the caller is told of an event that cannot be folded. */
  readonly refuse: (failure: FoldFailure) => Exit.Exit<never, E>
}

/** The two writes of the service. */
export const make = (
  { writer }: AgentInterior["Service"],
  contents: SharedContents,
  sink: AuditSink
): Pick<ContextSharing["Service"], "patchState" | "updateContext"> => {
  const write = Effect.fnUntraced(function* <E>(
    shareId: string,
    { data, places, refusal, refuse, type }: Change<E>,
    { commandId, expected, metadata }: SharedWriteOptions = {}
  ): Effect.fn.Return<SharedContent, E | ShareMissing | AgentArchived | AppendError | ReadError> {
    const share = yield* contents.received(shareId)
    if (share.content._tag !== "Live" || !Permission.includes(share.level, "write")) {
      return yield* new ShareMissing({ shareId })
    }
    const { agentId } = share
    const scope = new ShareScope(share.paths)
    for (const [argument, pointer] of places) {
      if (scope.holds(pointer)) continue
      yield* ShareAudit.outside(sink, share, pointer)
      return yield* refuseOutside(share, argument, pointer)
    }
    // Asked in the lane of the agent, so that nothing can come between.
    const admit = (at: Standing): Result.Result<boolean, E | ShareMissing | AgentArchived | Conflict> => {
      const { context, version } = at
      if (context === undefined || context.status === "deleted") return Result.fail(new ShareMissing({ shareId }))
      if (context.status === "archived") return Result.fail(new AgentArchived({ agentId, version }))
      const refused = scope.isWhole ? undefined : refusal(agentId, scope.project(context.state))
      return refused === undefined ? admitExpected(agentId, at, expected) : Result.fail(refused)
    }
    const event = { type, data, metadata: withShare(metadata, shareId) }
    const ownCommandId = yield* Effect.fromResult(toCommandId(shareId, commandId))
    const context = yield* writer.write(
      { agentId, events: [event], commandId: ownCommandId, expected, admit, refuse, rename: toArgument },
      writer.contextOf
    )
    return toContent(share, context)
  })

  return {
    patchState: Effect.fnUntraced(function* (shareId, patch, options) {
      const operations = yield* Effect.fromResult(StatePatch.validate(patch))
      return yield* write<PatchFailed>(
        shareId,
        {
          type: AgentEvent.patched,
          data: { patch },
          places: placesOf(operations),
          refusal: (agentId, shown) => {
            const patched = StatePatch.apply(operations, shown)
            return Result.isFailure(patched) ? new PatchFailed({ agentId, ...patched.failure }) : undefined
          },
          refuse: (failure) => (failure._tag === "PatchFailed" ? Exit.fail(failure) : Exit.die(failure))
        },
        options
      )
    }),
    updateContext: Effect.fnUntraced(function* (shareId, update, options) {
      const state = yield* Effect.fromResult(checkUpdate(update))
      const change: Change<never> = {
        type: AgentEvent.updated,
        data: { state },
        places: new Map(Object.keys(state).map((key) => [`state/${escape(key)}`, `/${escape(key)}`])),
        refusal: () => undefined,
        refuse: Exit.die
      }
      return yield* write(shareId, change, options)
    })
  }
}

const placesOf = (patch: StatePatch.Patch): ReadonlyMap<string, string> => {
  const places = new Map<string, string>()
  for (const [index, operation] of patch.entries()) {
    places.set(`patch/${index}/path`, operation.path)
    if ("from" in operation) places.set(`patch/${index}/from`, operation.from)
  }
  return places
}

const checkUpdate = (update: unknown): Result.Result<Value.Record, InvalidInput> => {
  if (!Value.isRecord(update)) return Result.fail(notAnObject("update", update))
  const [other] = Object.keys(update).filter((key) => key !== "state")
  if (other !== undefined) {
    const remedy = "Only the state is shared."
    return Result.fail(
      new InvalidInput({ path: `update/${other}`, expected: "state alone", found: JSON.stringify(other), remedy })
    )
  }
  const { state } = update
  return Value.isRecord(state) ? Result.succeed(state) : Result.fail(notAnObject("state", state))
}

/** As a token of a JSON pointer. */
const escape = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1")

/** Tells only what the recipient knows: what is shared with him. */
const refuseOutside = ({ paths = [] }: ShareRecord, path: string, found: string): InvalidInput =>
  new InvalidInput({
    path,
    expected: `a place inside ${paths.map((path) => JSON.stringify(path)).join(" or ")}`,
    found: JSON.stringify(found),
    remedy: "Write only what is shared with you."
  })

/** A command of a recipient is none of anybody else, whatever he calls it. */
const toCommandId = (
  shareId: string,
  commandId: string | undefined
): Result.Result<string | undefined, InvalidInput> =>
  commandId === undefined
    ? Result.succeed(undefined)
    : Result.flatMap(AgentId.validate(commandId, "commandId"), () =>
        AgentId.validate(`${shareId}/${commandId}`, "commandId")
      )

/** So that the history tells by which share it was written. What is no object of values is refused where it is encoded. */
const withShare = (metadata: object | undefined, shareId: string): object =>
  metadata === undefined || Value.isRecord(metadata) ? { ...metadata, share: shareId } : metadata
