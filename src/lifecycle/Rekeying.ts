/**
 * What changes when an agent is imported: versions, and the ids that must be its own.
 */
import * as Result from "effect/Result"
import { type AgentImport, baseOf, type StoredCommand } from "../AgentImport.ts"
import * as MetadataRecord from "../access/MetadataRecord.ts"
import * as ShareRecord from "../access/ShareRecord.ts"
import type { EncodedEvent, EncodedNote, Head } from "../EventStoreDriver.ts"
import type { StoredSnapshot } from "../SnapshotStoreDriver.ts"
import { foldName } from "../StateReducer.ts"
import * as Checksum from "../store/Checksum.ts"
import * as Value from "../Value.ts"
import * as ExportFormat from "./ExportFormat.ts"
import type { ReadSnapshot, Refusal } from "./RowReader.ts"

/** Brings the rows of an export into the shape they have in the store. */
export class Rekeying {
  /** Where the versions of the agent begin and end. */
  readonly firstVersion: number
  readonly version: number
  readonly eventIds: AgentImport["eventIds"]
  /** The id of the last event as the export gave it. */
  lastGiven = ""
  private readonly shareIds: Array<string> = []
  private readonly agentId: string
  private readonly base: number
  /** What is added to each version. */
  private readonly offset: number
  private readonly nextId: () => string
  private lastId = ""
  /** The context's own id, which is that of its first event. */
  private contextId: string | undefined

  constructor(
    agentId: string,
    head: ExportFormat.Head,
    expected: Pick<Head, "version" | "presence">,
    nextId: () => string
  ) {
    this.agentId = agentId
    this.base = baseOf(expected)
    this.offset = offsetOf(head, this.base)
    this.firstVersion = head.firstVersion === 0 ? 0 : head.firstVersion + this.offset
    this.version = head.version + this.offset
    // Ids are unique in the store, so only the agent itself can have its own back.
    this.eventIds = head.agentId === agentId ? "given" : "generated"
    this.nextId = nextId
  }

  event(event: EncodedEvent): EncodedEvent {
    this.lastGiven = event.id
    this.lastId = this.eventIds === "given" ? event.id : this.nextId()
    this.contextId ??= this.lastId
    return this.eventIds === "given" ? event : { ...event, id: this.lastId }
  }

  /** Nothing for one that lies too far below the events to have a version here. */
  snapshot(snapshot: ReadSnapshot): StoredSnapshot | undefined {
    const version = snapshot.version + this.offset
    if (version <= this.base) return undefined
    return {
      ...snapshot,
      id: this.eventIds === "given" ? snapshot.id : this.nextId(),
      metadata: this.metadata(snapshot),
      agentId: this.agentId,
      version,
      eventId: this.lastId === "" ? snapshot.eventId : this.lastId,
      checksum: Checksum.of(snapshot.state)
    }
  }

  /** The snapshot of a context names its id, which a replay from the first event must give, too. */
  private metadata({ metadata, reducer }: ReadSnapshot): string {
    if (this.eventIds === "given" || !reducer.startsWith(foldName)) return metadata
    this.contextId ??= this.nextId()
    return JSON.stringify({ ...JSON.parse(metadata), id: this.contextId })
  }

  command(command: StoredCommand): StoredCommand {
    const { firstVersion, lastVersion } = command
    return { ...command, firstVersion: firstVersion + this.offset, lastVersion: lastVersion + this.offset }
  }

  /** Nothing for what belongs to a share of another agent: it was given for that one. */
  note(note: EncodedNote): Result.Result<EncodedNote | undefined, Refusal> {
    if (note.name.startsWith(MetadataRecord.prefix)) return this.entry(note)
    if (ExportFormat.contentOf(note.name) !== "shares") return Result.succeed(note)
    if (this.eventIds === "generated") return Result.succeed(undefined)
    if (note.name.startsWith(ShareRecord.idPrefix)) return this.shareId(note)
    return note.name.startsWith(ShareRecord.prefix) ? this.share(note) : Result.succeed(note)
  }

  /** The ids of shares that were brought in since this was asked the last time. */
  takeShareIds(): ReadonlyArray<string> {
    return this.shareIds.splice(0)
  }

  /** What finds a share by its id must not lead anywhere else. */
  private shareId(note: EncodedNote): Result.Result<EncodedNote, Refusal> {
    const { body, name, tag } = note
    const id = name.slice(ShareRecord.idPrefix.length)
    const read = Result.getOrUndefined(Value.decode(body, name))
    const found = Value.isRecord(read) ? read["name"] : undefined
    const isOfShare = typeof found === "string" && found.startsWith(ShareRecord.prefix) && found.endsWith(`/${id}`)
    if (!isOfShare || (tag !== undefined && tag !== name)) {
      return Result.fail({
        reason: "Malformed",
        expected: "what finds the share of this id",
        found: JSON.stringify(name)
      })
    }
    this.shareIds.push(id)
    return Result.succeed(note)
  }

  /** One that is found across agents, or when its time is over, and is no entry would be in the way of all others. */
  private entry(note: EncodedNote): Result.Result<EncodedNote, Refusal> {
    const { due, name, tag } = note
    if (tag === undefined && due === undefined) return Result.succeed(note)
    const { agentId } = this
    const read = Result.flatMap(Value.decode(note.body, name), (body) => MetadataRecord.decode({ agentId, name, body }))
    return Result.isSuccess(read) && read.success.expiresAt?.getTime() === due
      ? Result.succeed(note)
      : Result.fail({
          reason: "Malformed",
          expected: "an entry that is due when it expires",
          found: JSON.stringify(name)
        })
  }

  private share(note: EncodedNote): Result.Result<EncodedNote, Refusal> {
    const { agentId } = this
    const { name } = note
    const read = Result.flatMap(Value.decode(note.body, name), (body) => ShareRecord.decode({ agentId, name, body }))
    if (Result.isFailure(read) || ShareRecord.nameOf(read.success) !== name) {
      return Result.fail({ reason: "Malformed", expected: "a share under its own name", found: JSON.stringify(name) })
    }
    const { content, recipientId } = read.success
    if (note.tag !== undefined && note.tag !== ShareRecord.tagFor(recipientId)) {
      return Result.fail({ reason: "Malformed", expected: "the tag of its recipient", found: JSON.stringify(note.tag) })
    }
    if (content._tag === "Live" || this.offset === 0) return Result.succeed(note)
    const moved = { ...read.success, content: { ...content, version: content.version + this.offset } }
    return Result.mapBoth(Value.encode(ShareRecord.encode(moved), name), {
      onSuccess: (body) => ({ ...note, body }),
      onFailure: ({ expected, found }) => ({ reason: "TooLarge", expected, found })
    })
  }
}

/** Versions stay what they are where they can. */
const offsetOf = ({ firstVersion, isComplete, version }: ExportFormat.Head, base: number): number => {
  if (isComplete) return base + 1 - firstVersion
  // One version stands for the events that were deleted.
  return firstVersion === 0 ? Math.max(0, base + 1 - version) : Math.max(0, base + 2 - firstVersion)
}
