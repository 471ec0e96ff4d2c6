/**
 * The entries in the store: found by key, agent and tag, and written with the events that tell of them.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { AgentMissing } from "../AgentError.ts"
import * as MetadataRecord from "../access/MetadataRecord.ts"
import * as ShareRecord from "../access/ShareRecord.ts"
import * as AgentEvent from "../agent/AgentEvent.ts"
import * as LostRace from "../agent/LostRace.ts"
import type { NewEvent } from "../ContextEvent.ts"
import { CurrentPrincipal } from "../CurrentPrincipal.ts"
import type { Head } from "../EventStoreDriver.ts"
import * as Note from "../Note.ts"
import type { ReadError } from "../StoreError.ts"
import { appendSurely } from "../store/AppendSurely.ts"
import type { Stores } from "../store/Replay.ts"
import * as ReservedAgents from "../store/ReservedAgents.ts"
import { Sha256 } from "../store/Sha256.ts"
import type * as Uuid from "../store/Uuid.ts"
import type { Change, MetadataJournal, WriteFailure } from "./MetadataJournal.ts"

type Record = MetadataRecord.MetadataRecord

/** What is to become of an entry. */
export type Revision =
  | { readonly _tag: "Put"; readonly to: Record }
  | { readonly _tag: "Remove"; readonly entry: Record; readonly reason: "deleted" | "expired" }

// An agent may be written so often that nobody else ever finds it where it was read. Then the id of the event alone keeps two changes of an entry apart.
const patience = 4

/** What was found under a key, and where the agent stands. */
interface Found {
  /** The entry, whether its time is over or not. */
  readonly entry: Record | undefined
  readonly isEnded: boolean
  readonly presence: Head["presence"]
}

/** What a change comes to, and what its caller is told then. */
interface Planned<A> {
  readonly answer: A
  /** Nothing, if there is nothing to change. */
  readonly revision: Revision | undefined
}

/** How the attempts before this one ended. */
interface Attempts {
  readonly lost: number
  /** The id of an event that was taken. */
  readonly taken: string | undefined
}

/** Reads and writes entries; asks nobody whether he may. */
export class MetadataBook {
  private readonly stores: Stores
  private readonly journal: MetadataJournal
  private readonly nextId: Uuid.Generator

  constructor(stores: Stores, journal: MetadataJournal, nextId: Uuid.Generator) {
    this.stores = stores
    this.journal = journal
    this.nextId = nextId
  }

  // ---- finding ----

  /** The entry of a key, if there is one whose time is not over. */
  find(agentId: string, key: string): Effect.Effect<Record | undefined, ReadError> {
    return Effect.gen({ self: this }, function* () {
      const { entry, isEnded } = yield* this.look(agentId, key)
      const at = yield* Clock.currentTimeMillis
      return entry === undefined || isEnded || MetadataRecord.isExpired(entry, at) ? undefined : entry
    })
  }

  /** The entries of an agent whose keys begin so, in an order of the store's own, after one of them. */
  of(agentId: string, start: string, after: string | undefined): Stream.Stream<Record, ReadError> {
    const name = after === undefined ? undefined : MetadataRecord.nameOf(after)
    return this.read(this.stores.events.notes(agentId, { prefix: MetadataRecord.nameOf(start), after: name }))
  }

  /** The entries of all agents, in an order of the store's own, after one of them. */
  ofAll(after: Pick<Record, "agentId" | "key"> | undefined): Stream.Stream<Record, ReadError> {
    const key = after && { agentId: after.agentId, name: MetadataRecord.nameOf(after.key) }
    const notes = this.stores.events.tagged(MetadataRecord.tag, { after: key })
    return this.read(
      Stream.filter(
        notes,
        ({ agentId, name }) => name.startsWith(MetadataRecord.prefix) && !ReservedAgents.isReserved(agentId)
      )
    )
  }

  private read(notes: Stream.Stream<Note.Note, ReadError>): Stream.Stream<Record, ReadError> {
    return Stream.flattenIterable(Stream.mapEffect(Stream.chunks(notes), (page) => this.standing(page)))
  }

  /** The entries that notes are, without those of agents that were deleted, and those whose time is over. */
  private standing(notes: ReadonlyArray<Note.Note>): Effect.Effect<ReadonlyArray<Record>, ReadError> {
    const keys = [...new Set(notes.map(({ agentId }) => agentId))].map((agentId) => ({
      agentId,
      name: ShareRecord.endNote
    }))
    return Effect.gen({ self: this }, function* () {
      const ended = new Set((yield* this.stores.events.getNotes(keys)).map(({ agentId }) => agentId))
      const ours = notes.filter(({ agentId }) => !ended.has(agentId))
      const entries = yield* Effect.forEach(ours, (note) => Effect.fromResult(MetadataRecord.decode(note)))
      const at = yield* Clock.currentTimeMillis
      return entries.filter((entry) => !MetadataRecord.isExpired(entry, at))
    })
  }

  /** What lies under a key, whether its time is over or not, and whether the agent was deleted. */
  private look(agentId: string, key: string) {
    const name = MetadataRecord.nameOf(key)
    const keys = [name, ShareRecord.endNote].map((name) => ({ agentId, name }))
    return Effect.gen({ self: this }, function* () {
      const notes = yield* this.stores.events.getNotes(keys)
      const note = notes.find((note) => note.name === name)
      const entry = note && (yield* Effect.fromResult(MetadataRecord.decode(note)))
      return { entry, isEnded: notes.some((note) => note.name === ShareRecord.endNote) }
    })
  }

  // ---- writing ----

  /**
   * Changes an entry, or ends it. What is to become of it is decided on the entry as it is; when another was faster it is decided anew. Gives the
   * entry as it is then, or as it was before its end.
   */
  revise<E>(
    agentId: string,
    key: string,
    decide: (entry: Record | undefined, at: number) => Effect.Effect<Revision, E>
  ): Effect.Effect<Record, E | WriteFailure> {
    return this.change(
      agentId,
      key,
      Effect.fnUntraced(function* ({ entry, isEnded, presence }, at) {
        const standing = entry === undefined || isEnded || MetadataRecord.isExpired(entry, at) ? undefined : entry
        const revision = yield* decide(standing, at)
        if (revision._tag === "Put" && presence === "missing") return yield* new AgentMissing({ agentId })
        return { answer: revision._tag === "Put" ? revision.to : revision.entry, revision }
      })
    )
  }

  /** Ends an entry whose time is over; whether this caller did. */
  expire(
    { agentId, name }: Pick<Note.Note, "agentId" | "name">,
    until: number
  ): Effect.Effect<boolean, Exclude<WriteFailure, AgentMissing>> {
    const expiring = this.change(agentId, name.slice(MetadataRecord.prefix.length), ({ entry, isEnded, presence }) => {
      if (entry === undefined || !MetadataRecord.isExpired(entry, until)) return Effect.succeed(untouched)
      // Else it was over with its agent before; only its note is still there.
      if (!isEnded && presence === "present") return Effect.succeed({ answer: true, revision: expiryOf(entry) })
      const removal = appendSurely(this.stores.events, { agentId, events: [], notes: [Note.remove(name)] })
      return Effect.as(removal, untouched)
    })
    // It was purged meanwhile.
    return Effect.catchTag(expiring, "AgentMissing", () => Effect.succeed(false))
  }

  private change<A, E>(
    agentId: string,
    key: string,
    plan: (found: Found, at: number) => Effect.Effect<Planned<A>, E>,
    { lost, taken }: Attempts = { lost: 0, taken: undefined }
  ): Effect.Effect<A, E | WriteFailure> {
    return Effect.gen({ self: this }, function* () {
      // Read before the entry that is decided on: whoever changes that takes a version.
      const { presence, version } = yield* this.stores.events.head(agentId)
      const found = { ...(yield* this.look(agentId, key)), presence }
      const at = yield* Clock.currentTimeMillis
      const { answer, revision } = yield* plan(found, at)
      if (revision === undefined) return answer
      const id = eventId(agentId, key, found.entry)
      const isTaken = id === taken
      const change: Change = {
        agentId,
        event: yield* this.eventOf(revision, isTaken ? undefined : id, at),
        notes: [revision._tag === "Put" ? MetadataRecord.put(revision.to) : Note.remove(MetadataRecord.nameOf(key))],
        read: version,
        isForced: lost >= patience && !isTaken,
        isCleaning: revision._tag === "Remove" && revision.reason === "expired"
      }
      return yield* Effect.matchEffect(this.journal.write(change), {
        onSuccess: () => Effect.succeed(answer),
        onFailure: (error) => {
          if (!isLost(error) || lost === LostRace.mostTries) return Effect.fail(error)
          const attempts = { lost: lost + 1, taken: error._tag === "Rejected" ? id : taken }
          return Effect.andThen(LostRace.pause(lost), this.change(agentId, key, plan, attempts))
        }
      })
    })
  }

  /** Each change has a mark of its own, lest two that are alike be taken for one that was repeated. */
  private eventOf(revision: Revision, id: string | undefined, at: number) {
    return Effect.gen({ self: this }, function* () {
      const { id: principal } = yield* CurrentPrincipal
      const metadata = { principal, change: this.nextId(at) }
      const own = id === undefined ? {} : { id }
      if (revision._tag === "Put") {
        const data = { entry: MetadataRecord.told(revision.to) }
        return { ...own, type: AgentEvent.metadataSet, data, metadata } satisfies NewEvent
      }
      const { id: entryId, key, version, visibility } = revision.entry
      const entry = visibility === "private" ? { id: entryId } : { id: entryId, key }
      const data = { entry: { ...entry, version, visibility }, reason: revision.reason }
      return { ...own, type: AgentEvent.metadataDeleted, data, metadata } satisfies NewEvent
    })
  }
}

const untouched: Planned<boolean> = { answer: false, revision: undefined }

const expiryOf = (entry: Record): Revision => ({ _tag: "Remove", entry, reason: "expired" })

/**
 * The id of the event that follows an entry as it is, or begins a key that was never used: the store keeps it once, so of two that change one entry one is refused. Once
 * it was used, as when the key was used, deleted, and is used again, it keeps nobody apart, and only who finds the agent where it was read may write.
 */
const eventId = (agentId: string, key: string, entry: Record | undefined): string => {
  const digest = new Sha256()
  digest.add(JSON.stringify([agentId, ...(entry === undefined ? [key] : [entry.id, entry.version + 1])]))
  return `metadata/${digest.end()}`
}

const isLost = (error: WriteFailure): boolean =>
  error._tag === "Conflict" || (error._tag === "Rejected" && error.reason === "EventIdTaken")
