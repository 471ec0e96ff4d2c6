/**
 * The beginning and the end of contexts: creation, expiry, deletion.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { AccessPolicy } from "../AccessPolicy.ts"
import type { AgentContext } from "../AgentContext.ts"
import { type AgentArchived, type AgentDeleted, AgentMissing, type AgentWriteError } from "../AgentError.ts"
import * as ShareRecord from "../access/ShareRecord.ts"
import * as AgentEvent from "../agent/AgentEvent.ts"
import type { AgentInterior } from "../agent/AgentInterior.ts"
import type { Standing } from "../agent/AgentJournal.ts"
import { notAnObject, toArgument } from "../agent/AgentPreparation.ts"
import { admitActive, type Write } from "../agent/AgentWriter.ts"
import { ContextExists } from "../LifecycleError.ts"
import * as Note from "../Note.ts"
import { Conflict, InvalidInput, type ReadError } from "../StoreError.ts"
import { isDue } from "../store/NoteInput.ts"
import type { Stores } from "../store/Replay.ts"
import * as Value from "../Value.ts"
import * as ExportFormat from "./ExportFormat.ts"

/** How to create a context. */
export interface CreateOptions {
  /** When `cleanUp` may end it; never by default. */
  readonly expiresAt?: Date | undefined
  /** Of the event; an object of values. */
  readonly metadata?: object | undefined
}

/** What the lifecycle works with. */
export interface Parts {
  readonly stores: Stores
  readonly interior: AgentInterior["Service"]
  readonly policy: AccessPolicy
}

const write = <E>({ interior: { writer } }: Parts, request: Omit<Write<E>, "rename">) =>
  writer.write<AgentContext, E, never>({ ...request, rename: toArgument }, writer.contextOf)

/** Creates a context, also one with an empty state. */
export const create = (
  parts: Parts,
  agentId: string,
  state: object,
  { expiresAt, metadata }: CreateOptions
): Effect.Effect<AgentContext, ContextExists | AgentWriteError> =>
  Effect.gen(function* () {
    if (!Value.isRecord(state)) return yield* notAnObject("initialState", state)
    const notes = expiresAt === undefined ? [] : [yield* expiryOf(expiresAt)]
    const data = expiresAt === undefined ? { state } : { state, expiresAt }
    return yield* write(parts, {
      agentId,
      events: [{ type: AgentEvent.replaced, data, metadata }],
      notes,
      expected: "none",
      admit: ({ context, version }) =>
        context === undefined
          ? Result.succeed(true)
          : Result.fail(new ContextExists({ agentId, version, status: context.status }))
    })
  })

/** Says when a context expires, or, without a time, that it never does. */
export const setExpiry = (
  parts: Parts,
  agentId: string,
  expiresAt: Date | undefined
): Effect.Effect<AgentContext, AgentMissing | AgentWriteError> =>
  Effect.gen(function* () {
    const note = expiresAt === undefined ? Note.remove(ExportFormat.expiryNote) : yield* expiryOf(expiresAt)
    const data = expiresAt === undefined ? {} : { expiresAt }
    return yield* write(parts, {
      agentId,
      events: [{ type: AgentEvent.expirySet, data }],
      notes: [note],
      admit: (at): Result.Result<boolean, AgentMissing | AgentDeleted | AgentArchived | Conflict> =>
        at.context === undefined ? Result.fail(new AgentMissing({ agentId })) : admitActive(agentId, "any")(at)
    })
  })

const expiryOf = (expiresAt: Date): Effect.Effect<Note.Change, InvalidInput> => {
  const due = expiresAt instanceof Date ? expiresAt.getTime() : Number.NaN
  if (isDue(due)) return Effect.succeed(Note.put(ExportFormat.expiryNote, null, { due }))
  return Effect.fail(
    new InvalidInput({
      path: "expiresAt",
      expected: "a valid Date, from 1970 on",
      found: expiresAt instanceof Date ? String(due) : `a value of type ${typeof expiresAt}`,
      remedy: "Leave it out for a context that never expires."
    })
  )
}

// A loser reads the notes again, which others may have changed.
const mostTries = 100

/** What became of a deletion. */
export interface Deletion {
  readonly context: AgentContext
  /** Whether there was anything left to delete. */
  readonly isNew: boolean
}

/** Deletes a context if it is as it should be, with its metadata, its shares and its expiry, in one write. Nothing happens if it is deleted already. */
export const remove = (
  parts: Parts,
  agentId: string,
  isWanted: Effect.Effect<boolean, ReadError>,
  tries = 1
): Effect.Effect<Deletion | undefined, AgentMissing | AgentWriteError> =>
  Effect.gen(function* () {
    const { context, version } = yield* parts.interior.reader.look(agentId)
    if (context === undefined) return yield* new AgentMissing({ agentId })
    if (!(yield* isWanted)) return undefined
    const found = yield* Stream.runCollect(notesOf(parts, agentId))
    if (context.status === "deleted" && found.length === 0) return { context, isNew: false }
    // Whatever was shared is shared no more, also what is shared at this moment by somebody who has not seen the deletion.
    const notes = [...found.map(({ name }) => Note.remove(name)), Note.put(ShareRecord.endNote, null)]
    const deleted = yield* write(parts, {
      agentId,
      events: [{ type: AgentEvent.deleted, data: {} }],
      notes,
      admit: (at) => admitDeletion(agentId, at, version)
    })
    parts.policy.sharesChanged(agentId)
    return { context: deleted, isNew: true }
  }).pipe(
    Effect.catchTag("Conflict", (conflict) =>
      tries === mostTries ? Effect.fail(conflict) : remove(parts, agentId, isWanted, tries + 1)
    )
  )

/** Deletes a context, whatever there is of it. */
export const removeNow = (parts: Parts, agentId: string): Effect.Effect<AgentContext, AgentMissing | AgentWriteError> =>
  Effect.flatMap(remove(parts, agentId, Effect.succeed(true)), (deletion) =>
    deletion === undefined
      ? Effect.die(new Error("a deletion that was wanted did not happen"))
      : Effect.succeed(deletion.context)
  )

const admitDeletion = (
  agentId: string,
  { context, version }: Standing,
  expected: number
): Result.Result<boolean, Conflict | AgentMissing | AgentDeleted> => {
  if (context === undefined) return Result.fail(new AgentMissing({ agentId }))
  return version === expected ? Result.succeed(true) : Result.fail(new Conflict({ agentId, expected, actual: version }))
}

/** The notes that go with a context. */
const notesOf = ({ stores }: Parts, agentId: string): Stream.Stream<Note.Note, ReadError> =>
  Stream.flatMap(Stream.fromIterable(ExportFormat.notePrefixes), ([prefix, content]) =>
    Stream.filter(stores.events.notes(agentId, { prefix }), ({ name }) => ExportFormat.contentOf(name) === content)
  )
