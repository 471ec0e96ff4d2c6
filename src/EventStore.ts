/**
 * The journal: one stream of events for each agent, and one feed of all of them.
 *
 * The contract, which `pantheon-state/testing` checks on every backend:
 *
 * 1. One append is one agent and its events, all or nothing. Versions are 1, 2, 3 … per agent, gapless, given by
 *    the store; the highest version never falls, whatever is deleted.
 * 2. An append succeeds only once its events are on disk and every later read is sure to see them. When the store is unsure
 *    it says `Unknown`, never `Rejected`; a broken connection is never a rejection.
 * 3. Appends may share a flush, but each stands or falls alone, and its answer is its own.
 * 4. Appends are idempotent. An event id that is stored already for the agent with the same body gives the first result; with
 *    another body, for another agent, or for only a part of the events, the append is refused. A command id is recorded with its
 *    reply, once per agent; whoever repeats it gets the first reply, and nothing is stored. Repeats are recognised before expectations are checked.
 * 5. A read or a deletion of an agent waits for the appends of this process to that agent that were under way before it began.
 * 6. The feed holds every event once, in one order that is the same for every reader and contradicts no stream, and
 *    never passes over an event that becomes visible later, whatever commits out of order.
 * 7. "None" means none: what cannot be read is an error.
 * 8. A note is a small named record beside an agent's events: no part of the history, without a version, in no feed; the last one stands. Notes
 *    are put and removed by the appends that carry them, in the same write as the events: those of an append that is repeated, refused or
 *    in conflict are not applied. An append of notes alone takes no version; repeated, it puts the same notes once more. What is due is found by
 *    its time, and what has a tag by its tag. Deleting events leaves the notes, purging the agent removes them.
 * 9. Appends to several agents that are handed over together are stored all or none, in one write: no read of one agent, and no crash, comes between in
 *    such a way that one is stored for good and another is not. They are repeated, and answered, as a whole.
 * 10. When the store closes, appends that wait are still written and answered; every later call is refused as `Closed`, and live feeds end with it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AgentImport, ImportOutcome, StoredCommand } from "./AgentImport.ts"
import type { ContextEvent, NewEvent } from "./ContextEvent.ts"
import type { AgentEntry, EventStoreDriver, Expected, FeedEntry, Head, NoteKey } from "./EventStoreDriver.ts"
import * as Limits from "./Limits.ts"
import type * as Note from "./Note.ts"
import type { AppendError, ReadError, TogetherFailed } from "./StoreError.ts"
import type { PreparedEvent } from "./store/AppendInput.ts"
import { makeAppender } from "./store/EventStoreAppend.ts"
import { makeImporter } from "./store/EventStoreImport.ts"
import { makeReader } from "./store/EventStoreRead.ts"
import { makeTogether } from "./store/EventStoreTogether.ts"
import * as GroupCommit from "./store/GroupCommit.ts"
import type { PreparedNote } from "./store/NoteInput.ts"
import { makeNoteReader } from "./store/NoteRead.ts"
import * as OpenDriver from "./store/OpenDriver.ts"
import * as Uuid from "./store/Uuid.ts"
import type * as Value from "./Value.ts"

/** A command that an append answers. */
export interface Command {
  /** Unique per agent, 1 to 255 characters. */
  readonly id: string
  /** Kept for whoever repeats the command. */
  readonly reply?: unknown
}

/** What to append to one agent. */
export interface Append {
  readonly agentId: string
  readonly events: ReadonlyArray<NewEvent | PreparedEvent>
  /** `any` (the default), `none` for an agent that must have no history, or the exact version it must have. */
  readonly expected?: Expected | undefined
  /** The commands that these events answer. */
  readonly commands?: ReadonlyArray<Command> | undefined
  /** Changes of the agent's notes, one for each name. An append with some may do without events, and then it has no commands. */
  readonly notes?: ReadonlyArray<Note.Change | PreparedNote> | undefined
}

/** An append that is on disk. */
export interface Appended {
  readonly agentId: string
  /** The version of the first of the events. */
  readonly firstVersion: number
  /** The version of the last of the events, and so the agent's; without events it is what it was. */
  readonly version: number
  /** `repeated`: the events, or the command, had been stored before, and this is the first result again. */
  readonly outcome: "stored" | "repeated"
  /** The recorded reply, when a command was repeated. */
  readonly reply: Option.Option<Value.Value>
  /** The ids under which the events were handed over or filled in. */
  readonly eventIds: ReadonlyArray<string>
  /** The events as a read gives them; empty when a command was repeated. */
  readonly events: ReadonlyArray<ContextEvent>
}

/** Which part of a stream to read; all bounds inclusive. */
export interface ReadOptions {
  /** Lowest version; 1 by default. */
  readonly from?: number | undefined
  /** Highest version; unbounded by default. */
  readonly to?: number | undefined
  /** Most events; unbounded by default. */
  readonly limit?: number | undefined
  /** `forward` by default. */
  readonly direction?: "forward" | "backward" | undefined
}

/** Which agents to list. */
export interface AgentsOptions {
  /** Only ids that start with this text. */
  readonly prefix?: string | undefined
  /** Only ids after this one, in the order of the listing: the last id of the page before. */
  readonly after?: string | undefined
  readonly limit?: number | undefined
}

/** Which notes of an agent to list. */
export interface NotesOptions {
  /** Only names that start with this text. */
  readonly prefix?: string | undefined
  /** Only names after this one, in the order of the listing: the last name of the page before. */
  readonly after?: string | undefined
  readonly limit?: number | undefined
}

/** Which due notes to find. */
export interface DueOptions {
  /** Due at this time or before, in milliseconds since the epoch. */
  readonly until: number
  /** Only of agents whose id starts with this text. */
  readonly agentPrefix?: string | undefined
  readonly limit?: number | undefined
}

/** Which notes with a tag to find. */
export interface TaggedOptions {
  /** Only of agents whose id starts with this text. */
  readonly agentPrefix?: string | undefined
  /** Only notes after this one, in the order of the listing: the last of the page before. */
  readonly after?: NoteKey | undefined
  readonly limit?: number | undefined
}

/** Where a feed begins and whether it ends. */
export interface FeedOptions {
  /** Begin after this position; at the first event by default. */
  readonly after?: string | undefined
  /** Go on with what is appended later, for ever. `false` by default. */
  readonly live?: boolean | undefined
}

/** The event store; the guarantees are those at the head of this module. */
export class EventStore extends Context.Service<
  EventStore,
  {
    /** `process` when no other process can use the same store; unless said, several machines may. */
    readonly reach?: "process" | "machines" | undefined
    /** Appends to one agent, durably. An interrupted caller's append may still be stored. */
    readonly append: (append: Append) => Effect.Effect<Appended, AppendError>
    /** Hands over many appends at once, so that they can share a flush; one result for each, in order. */
    readonly appendAll: (
      appends: ReadonlyArray<Append>
    ) => Effect.Effect<ReadonlyArray<Result.Result<Appended, AppendError>>>
    /**
     * Appends to several agents, each of which may come once, all or none, durably; gives what became of each, in order. Repeated as a whole, it gives the first
     * answers. Together they may have as many events as one append. An interrupted caller's appends may still be stored, all of them.
     */
    readonly appendTogether: (appends: ReadonlyArray<Append>) => Effect.Effect<ReadonlyArray<Appended>, TogetherFailed>
    /** The events of one agent, in chunks with back-pressure. Nothing for an unknown agent or an inverted range. */
    readonly read: (agentId: string, options?: ReadOptions) => Stream.Stream<ContextEvent, ReadError>
    readonly getEvent: (eventId: string) => Effect.Effect<Option.Option<ContextEvent>, ReadError>
    /** The position of an agent's stream, and whether it has one. */
    readonly head: (agentId: string) => Effect.Effect<Head, ReadError>
    /** The reply that was recorded for a command of an agent. */
    readonly reply: (agentId: string, commandId: string) => Effect.Effect<Option.Option<Value.Value>, ReadError>
    /** The replies that were recorded for several commands of an agent, by command id. */
    readonly replies: (
      agentId: string,
      commandIds: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyMap<string, Value.Value>, ReadError>
    /** The commands that were recorded for an agent, as they are stored, by id in an order of the store's own. */
    readonly commands: (agentId: string) => Stream.Stream<StoredCommand, ReadError>
    /** Agents with history, each once, in an order of the store's own; none that exists throughout is missed while others write. */
    readonly agents: (options?: AgentsOptions) => Stream.Stream<AgentEntry, ReadError>
    /** The notes among these that exist, in any order. */
    readonly getNotes: (keys: ReadonlyArray<NoteKey>) => Effect.Effect<ReadonlyArray<Note.Note>, ReadError>
    /** The notes of one agent, which needs no history, by name in an order of the store's own; none that stands throughout is missed. */
    readonly notes: (agentId: string, options?: NotesOptions) => Stream.Stream<Note.Note, ReadError>
    /** The notes of all agents that are due, the earliest first; none that stands throughout is missed. */
    readonly due: (options: DueOptions) => Stream.Stream<Note.Due, ReadError>
    /** The notes of all agents that have this tag, by agent and name in an order of the store's own; none that stands throughout is missed. */
    readonly tagged: (tag: string, options?: TaggedOptions) => Stream.Stream<Note.Note, ReadError>
    /** All events of the store in one order, resumable after each. */
    readonly feed: (options?: FeedOptions) => Stream.Stream<FeedEntry<ContextEvent>, ReadError>
    /** The position after everything the feed can tell now; none for an empty store. */
    readonly feedEnd: Effect.Effect<Option.Option<string>, ReadError>
    /** Deletes an agent's events up to a version, inclusive; its version stays. Gives the exact count. */
    readonly deleteEvents: (agentId: string, toVersion: number) => Effect.Effect<number, ReadError>
    /**
     * Deletes all that is stored of an agent, snapshots, replies and notes included; its version stays, so that none is given twice. The purge
     * takes a version itself: a writer that does not know of it meets `Conflict`. Gives the exact count of events.
     */
    readonly purge: (agentId: string) => Effect.Effect<number, ReadError>
    /**
     * Brings in a whole agent, all of it or nothing; see the head of `AgentImport`. It takes rows as they are stored and does not check them: that is for
     * `ContextLifecycle.importContext`, which reads them from a file. After `Unavailable`, its head tells whether the agent was stored.
     */
    readonly importAgent: <E, R>(agent: AgentImport<E, R>) => Effect.Effect<ImportOutcome, E | ReadError, R>
  }
>()("pantheon-state/EventStore") {}

/** Builds the event store over a driver. When the scope closes, queued appends are still written, later calls refused, and live feeds fail. */
export const make = (driver: EventStoreDriver): Effect.Effect<EventStore["Service"], never, Scope.Scope> =>
  Effect.gen(function* () {
    const limits = yield* Limits.Limits
    const nextId = yield* Uuid.makeGenerator
    const commits = yield* GroupCommit.make(driver)
    const open = OpenDriver.make(driver, commits)
    return EventStore.of({
      reach: driver.reach,
      ...makeAppender(driver, commits, limits, nextId),
      appendTogether: makeTogether(driver, commits, limits, nextId),
      ...makeReader(open, commits),
      ...makeImporter(open, commits),
      ...makeNoteReader(open, commits)
    })
  })

/** Appends to one agent, durably; see the service. */
export const append = (append: Append): Effect.Effect<Appended, AppendError, EventStore> =>
  EventStore.use((store) => store.append(append))

/** The events of one agent; see the service. */
export const read = (agentId: string, options?: ReadOptions): Stream.Stream<ContextEvent, ReadError, EventStore> =>
  Stream.unwrap(EventStore.useSync((store) => store.read(agentId, options)))

/** All events of the store in one order; see the service. */
export const feed = (options?: FeedOptions): Stream.Stream<FeedEntry<ContextEvent>, ReadError, EventStore> =>
  Stream.unwrap(EventStore.useSync((store) => store.feed(options)))
