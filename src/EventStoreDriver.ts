/**
 * What a technology must do to be an event store: encoded rows in, encoded rows out.
 *
 * A backend author writes this and gets validation, ids, the value encoding, group commit, retries of split groups,
 * back-pressured streams and the live feed from `EventStore.make`. The contract is in the comments of `EventStore`;
 * `pantheon-state/testing` is its test.
 */
import type * as Effect from "effect/Effect"
import type { ImportAgent, StoredCommand } from "./AgentImport.ts"
import type { Corrupted, Unavailable } from "./StoreError.ts"

/** An event before the store gave it a version. */
export interface EncodedEvent {
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  /** Text of the value encoding. It may be any JSON text: keep it byte for byte. */
  readonly data: string
  readonly metadata: string
}

/** An event as it lies in the store. */
export interface StoredEvent extends EncodedEvent {
  readonly agentId: string
  readonly version: number
}

/** A command that the append answers. Unique per agent; the reply is kept for whoever repeats the command. */
export interface EncodedCommand {
  readonly id: string
  readonly reply: string
}

/** What the writer expects of the agent: nothing, that it has no history, or that it has exactly this version. */
export type Expected = "any" | "none" | number

/** A note: a small named record beside an agent's events. It is no part of the history, has no version, and the last one stands. */
export interface EncodedNote {
  readonly name: string
  /** Text of the value encoding. */
  readonly body: string
  /** Milliseconds since the epoch, from 0. */
  readonly due: number | undefined
  readonly tag?: string | undefined
}

/** A note as it lies in the store. */
export interface StoredNote extends EncodedNote {
  readonly agentId: string
}

/** A stored note that has a due time. */
export interface DueNote extends StoredNote {
  readonly due: number
}

/** Puts a note in the place of the one with its name, or, without a body, removes that. */
export type NoteChange =
  | EncodedNote
  | { readonly name: string; readonly body: undefined; readonly due: undefined; readonly tag?: undefined }

/** Which note. */
export type NoteKey = Pick<StoredNote, "agentId" | "name">

/**
 * One append: one agent and its events, all or nothing. It may have no events if it has notes, and then it has no commands and takes no
 * version. The names of its notes differ.
 */
export interface EncodedAppend {
  readonly agentId: string
  readonly expected: Expected
  readonly events: ReadonlyArray<EncodedEvent>
  readonly commands: ReadonlyArray<EncodedCommand>
  /**
   * Applied together with the events, and only if the append is `Stored`. Without events nothing tells a repetition from its first try, so a first
   * try must not come after it.
   */
  readonly notes: ReadonlyArray<NoteChange>
}

/** What became of one append of a batch. */
export type Outcome =
  /** Stored, on disk, and visible to every later read; the events, if there are any, have the versions from `firstVersion` upwards. */
  | { readonly _tag: "Stored"; readonly firstVersion: number }
  /** These event ids are already stored for this agent with the same bodies, in this order, from `firstVersion`. */
  | { readonly _tag: "Repeated"; readonly firstVersion: number }
  /** The only command of the append is already recorded: its reply, and the versions its events have. */
  | {
      readonly _tag: "Answered"
      readonly reply: string
      readonly firstVersion: number
      readonly lastVersion: number
    }
  /** The expectation did not hold. `actual` is the agent's version. Repeats are told before conflicts. */
  | { readonly _tag: "Conflict"; readonly actual: number }
  /** Some event ids are stored already: with other bodies, for another agent, or not all of them. */
  | { readonly _tag: "EventIdTaken"; readonly eventId: string }
  /** One of several command ids is recorded already. */
  | { readonly _tag: "CommandIdTaken"; readonly commandId: string }
  /** Not tried in this batch (it clashes with a batch mate); put it into the next one. Never for the first append. */
  | { readonly _tag: "Again" }

/** An outcome by which an append is stored, now or before. */
export type Acceptance = Extract<Outcome, { readonly _tag: "Stored" | "Repeated" | "Answered" }>

/** An outcome by which an append is not stored. */
export type Refusal = Extract<Outcome, { readonly _tag: "Conflict" | "EventIdTaken" | "CommandIdTaken" }>

/** What became of appends that were to be stored together. `AppendDecision.together` makes it of their outcomes. */
export type TogetherOutcome =
  /** All are stored now, or all were before; one outcome for each, in order. */
  | { readonly _tag: "Accepted"; readonly outcomes: ReadonlyArray<Acceptance> }
  /** Nothing is stored, because of the append at this place. */
  | { readonly _tag: "Refused"; readonly index: number; readonly outcome: Refusal }

/** Runs an effect while no `appendBatch`, `deleteEvents` or `purge` is under way; appends wait meanwhile. */
export type Alone = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>

/** Why a batch as a whole did not work. */
export interface BatchFailure {
  readonly _tag: "BatchFailure"
  /**
   * `refused`: surely nothing of the batch was stored, and the fault may lie in one of its rows: the batch is split until the guilty
   * append is alone. `unavailable`: surely nothing was stored, and no row is to blame. `unknown`: anything may have happened.
   */
  readonly certainty: "refused" | "unavailable" | "unknown"
  readonly cause: unknown
}

/** The position of an agent's stream. */
export interface Head {
  /** The highest version ever given; 0 for an agent that was never written. It never falls. */
  readonly version: number
  /** The lowest version that still has its event, or 0 when none has. */
  readonly firstVersion: number
  /** `missing`: never written, or purged. `present`: it has history, even if all its events were deleted. */
  readonly presence: "missing" | "present"
  /** Whether no event was deleted since the beginning, or since the last purge: then a replay from the first gives the whole state. */
  readonly isComplete: boolean
}

/** A part of one agent's stream. */
export interface StreamRange {
  readonly agentId: string
  /** Lowest version, inclusive. */
  readonly from: number
  /** Highest version, inclusive. */
  readonly to: number
  readonly direction: "forward" | "backward"
  /** Most events to return, from 1. */
  readonly limit: number
}

/** An event with its place in the feed. */
export interface FeedEntry<Event> {
  /** Opaque; hand it back to resume after this event. Means nothing in another store. */
  readonly position: string
  readonly event: Event
}

/** An agent in a listing. */
export interface AgentEntry {
  readonly agentId: string
  /** As `Head.version`. */
  readonly version: number
}

/** What a technology implements. Reads see every append whose outcome was given before the read began. */
export interface EventStoreDriver {
  /** Where the store is, for error messages: `LevelDB at ./data`. No secrets. */
  readonly name: string
  /** `process` when no other process can use the same store at the same time; unless said, several machines may. */
  readonly reach?: "process" | "machines" | undefined
  /**
   * Tries each append on its own and gives one outcome for each, in order, after everything stored is on disk. Appends to
   * one agent are applied in order. `appendBatch`, `deleteEvents` and `purge` of one driver never run at the same time, but for the batches that
   * `concurrentBatches` allows.
   */
  readonly appendBatch: (appends: ReadonlyArray<EncodedAppend>) => Effect.Effect<ReadonlyArray<Outcome>, BatchFailure>
  /**
   * Stores all of these appends, of agents that differ, with event ids that differ, or none of them, and answers after they are on disk; no read sees a
   * part. A store that cannot do so leaves it out, and `EventStore.appendTogether` is refused as `Unsupported`.
   */
  readonly appendTogether?:
    | ((appends: ReadonlyArray<EncodedAppend>, alone: Alone) => Effect.Effect<TogetherOutcome, BatchFailure>)
    | undefined
  /** Most appends that make sense in one batch, from 1. */
  readonly maximumBatch: number
  /** How many batches may be under way at the same time, 1 by default; they share no agent, but they may share an event id. */
  readonly concurrentBatches?: number | undefined
  /** How many appends must wait before a batch beside another is worth it, 64 by default; fewer do better to wait for the other to end. */
  readonly concurrentFrom?: number | undefined
  readonly readHead: (agentId: string) => Effect.Effect<Head, DriverError>
  /** The events of the range that still exist, in its direction, at most `limit` of them. */
  readonly readStream: (range: StreamRange) => Effect.Effect<ReadonlyArray<StoredEvent>, DriverError>
  readonly readEvent: (eventId: string) => Effect.Effect<StoredEvent | undefined, DriverError>
  /** The recorded replies among these command ids of one agent. */
  readonly readReplies: (
    agentId: string,
    commandIds: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<EncodedCommand>, DriverError>
  /** The recorded commands of an agent, after the id `after`, ordered by id in an order of the store's own. */
  readonly listCommands: (page: {
    readonly agentId: string
    readonly after: string | undefined
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<StoredCommand>, DriverError>
  /** Agents that are present, whose id starts with `prefix`, after the id `after`, ordered by id in an order of the store's own. */
  readonly listAgents: (page: {
    readonly prefix: string
    readonly after: string | undefined
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<AgentEntry>, DriverError>
  /** The notes among these that exist, in any order. */
  readonly getNotes: (keys: ReadonlyArray<NoteKey>) => Effect.Effect<ReadonlyArray<StoredNote>, DriverError>
  /** The notes of an agent, present or not, whose name starts with `prefix`, after the name `after`, ordered by name in an order of the store's own. */
  readonly listNotes: (page: {
    readonly agentId: string
    readonly prefix: string
    readonly after: string | undefined
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<StoredNote>, DriverError>
  /**
   * The notes that are due by `until`, inclusive, of agents whose id starts with `agentPrefix`: ordered by their due time, those of one time in
   * an order of the store's own, after the place of the note `after`, which may be gone.
   */
  readonly listDue: (page: {
    readonly until: number
    readonly agentPrefix: string
    readonly after: Pick<DueNote, "agentId" | "name" | "due"> | undefined
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<DueNote>, DriverError>
  /**
   * The notes with this tag of agents whose id starts with `agentPrefix`: ordered by agent and name in an order of the store's own, after the place
   * of the note `after`, which may be gone.
   */
  readonly listTagged: (page: {
    readonly tag: string
    readonly agentPrefix: string
    readonly after: NoteKey | undefined
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<StoredNote>, DriverError>
  /**
   * Events of all agents after a position (or from the start), in one order that contradicts no stream and is the same for every
   * reader. Shorter than `limit` only at the end of what may be told yet; never passes over an event that may still appear.
   */
  readonly readFeed: (page: {
    readonly after: string | undefined
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<FeedEntry<StoredEvent>>, DriverError | InvalidPosition>
  /** The position after everything that `readFeed` may tell now. */
  readonly readFeedEnd: Effect.Effect<string | undefined, DriverError>
  /** How often, in milliseconds, a live feed must ask when it hears nothing; `undefined` when only this process can write. */
  readonly feedPollMilliseconds: number | undefined
  /** Completes when another process hints at new events; never fails. Left out by stores that hear nothing. */
  readonly awaitHint?: Effect.Effect<void> | undefined
  /** Deletes the events up to a version, and forgets nothing else: head, replies and notes stay. Gives the exact count. */
  readonly deleteEvents: (agentId: string, toVersion: number) => Effect.Effect<number, DriverError>
  /**
   * Deletes everything of an agent, notes included, but its highest version, which it raises by one, and makes it `missing`; the version of an
   * agent that is missing already stays as it is. Gives the exact count of events.
   */
  readonly purge: (agentId: string) => Effect.Effect<number, DriverError>
  /** Brings in a whole agent; what it must hold is at the head of `AgentImport`. */
  readonly importAgent: ImportAgent
}

/** The failures of a driver's reads and deletions. */
export type DriverError = Unavailable | Corrupted

/** The position was not written by this store. */
export interface InvalidPosition {
  readonly _tag: "InvalidPosition"
  readonly found: string
}
