/**
 * Events in the memory of this process; gone when the layer closes.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type AgentImport, type ImportChunk, type ImportOutcome, isAsExpected } from "../../src/AgentImport.ts"
import { decide, type RecordedCommand, together, type View } from "../../src/AppendDecision.ts"
import type {
  EncodedAppend,
  EncodedEvent,
  EventStoreDriver,
  FeedEntry,
  Head,
  Outcome,
  StoredEvent,
  TogetherOutcome
} from "../../src/EventStoreDriver.ts"
import { type MemoryData, purgeSnapshots, saveSnapshot } from "./MemoryData.ts"
import { findTaken } from "./MemoryImport.ts"
import { MemoryNotes } from "./MemoryNotes.ts"
import { firstIndex } from "./search.ts"

interface Agent {
  /** By version, ascending. */
  events: Array<StoredEvent>
  /** The highest version ever given. */
  version: number
  /** The version that the last purge took; 0 for none. */
  origin: number
  readonly commands: Map<string, RecordedCommand>
}

/** A driver over maps. */
export const make = (data: MemoryData["Service"]): EventStoreDriver => {
  const agents = new Map<string, Agent>()
  const byId = new Map<string, StoredEvent>()
  const feed: Array<FeedEntry<StoredEvent>> = []
  const notes = new MemoryNotes()
  let positions = 0

  const readHead = (agentId: string): Head => {
    const agent = agents.get(agentId)
    if (agent === undefined) return { version: 0, firstVersion: 0, presence: "missing", isComplete: true }
    const firstVersion = agent.events[0]?.version ?? 0
    const presence = isPurged(agent) ? "missing" : "present"
    return {
      version: agent.version,
      firstVersion,
      presence,
      isComplete: presence === "missing" || firstVersion === agent.origin + 1
    }
  }

  const view: View = {
    head: readHead,
    event: (eventId) => byId.get(eventId),
    command: (agentId, commandId) => agents.get(agentId)?.commands.get(commandId)
  }

  const apply = (append: EncodedAppend): Outcome => {
    const outcome = decide(append, view)
    if (outcome._tag === "Stored") store(append, outcome.firstVersion)
    return outcome
  }

  const applyTogether = (appends: ReadonlyArray<EncodedAppend>): TogetherOutcome => {
    const decided = appends.map((append) => decide(append, view))
    const outcome = together(appends, decided)
    if (outcome._tag === "Refused") return outcome
    for (const [index, append] of appends.entries()) {
      const one = outcome.outcomes[index]
      if (one?._tag === "Stored") store(append, one.firstVersion)
    }
    return outcome
  }

  const agentOf = (agentId: string): Agent => {
    const agent: Agent = agents.get(agentId) ?? { events: [], version: 0, origin: 0, commands: new Map() }
    agents.set(agentId, agent)
    return agent
  }

  const addEvents = (
    agent: Agent,
    agentId: string,
    events: ReadonlyArray<EncodedEvent>,
    firstVersion: number
  ): void => {
    for (const [index, event] of events.entries()) {
      const stored: StoredEvent = { ...event, agentId, version: firstVersion + index }
      agent.events.push(stored)
      byId.set(event.id, stored)
      feed.push({ position: String(++positions), event: stored })
    }
  }

  const store = ({ agentId, commands, events, notes: changes }: EncodedAppend, firstVersion: number): void => {
    notes.apply(agentId, changes)
    if (events.length === 0) return
    const agent = agentOf(agentId)
    addEvents(agent, agentId, events, firstVersion)
    agent.version = firstVersion + events.length - 1
    for (const { id, reply } of commands) agent.commands.set(id, { reply, firstVersion, lastVersion: agent.version })
  }

  const forget = (agent: Agent, toVersion: number): number => {
    const forgotten = new Set(agent.events.filter((event) => event.version <= toVersion))
    agent.events = agent.events.filter((event) => !forgotten.has(event))
    for (const event of forgotten) byId.delete(event.id)
    const kept = feed.filter((entry) => !forgotten.has(entry.event))
    feed.splice(0, feed.length, ...kept)
    return forgotten.size
  }

  const purge = (agentId: string): number => {
    const agent = agents.get(agentId)
    purgeSnapshots(data, agentId)
    notes.purge(agentId)
    if (agent === undefined || isPurged(agent)) return 0
    agent.commands.clear()
    agent.origin = ++agent.version
    return forget(agent, agent.version)
  }

  const importGathered = (imported: AgentImport, chunks: ReadonlyArray<ImportChunk>): ImportOutcome => {
    const { agentId, expected, firstVersion, version } = imported
    const head = readHead(agentId)
    if (!isAsExpected(imported, head)) return { _tag: "Conflict", actual: head.version }
    const taken = findTaken(agentId, chunks, byId, data)
    if (taken !== undefined) return taken
    if (expected.presence === "present") purge(agentId)
    const agent = agentOf(agentId)
    let next = firstVersion
    for (const { commands, events, notes: put, snapshots } of chunks) {
      addEvents(agent, agentId, events, next)
      next += events.length
      for (const { id, ...command } of commands) agent.commands.set(id, command)
      notes.apply(agentId, put)
      for (const snapshot of snapshots) saveSnapshot(data, snapshot)
    }
    agent.version = version
    return { _tag: "Imported" }
  }

  return {
    name: "the memory store",
    reach: "process",
    maximumBatch: 10_000,
    feedPollMilliseconds: undefined,
    appendBatch: (appends) => Effect.sync(() => appends.map(apply)),
    appendTogether: (appends) => Effect.sync(() => applyTogether(appends)),
    readHead: (agentId) => Effect.sync(() => readHead(agentId)),
    readStream: ({ agentId, direction, from, limit, to }) =>
      Effect.sync(() => {
        const events = agents.get(agentId)?.events ?? []
        const inRange = events.slice(firstFrom(events, from), firstFrom(events, to + 1))
        return direction === "forward" ? inRange.slice(0, limit) : inRange.slice(-limit).reverse()
      }),
    readEvent: (eventId) => Effect.sync(() => byId.get(eventId)),
    readReplies: (agentId, commandIds) =>
      Effect.sync(() =>
        commandIds.flatMap((id) => {
          const recorded = agents.get(agentId)?.commands.get(id)
          return recorded === undefined ? [] : [{ id, reply: recorded.reply }]
        })
      ),
    listCommands: ({ after, agentId, limit }) =>
      Effect.sync(() =>
        [...(agents.get(agentId)?.commands ?? [])]
          .filter(([id]) => after === undefined || id > after)
          .sort(([left], [right]) => (left < right ? -1 : 1))
          .slice(0, limit)
          .map(([id, command]) => ({ id, ...command }))
      ),
    listAgents: ({ after, limit, prefix }) =>
      Effect.sync(() =>
        [...agents]
          .filter(([id, agent]) => !isPurged(agent) && id.startsWith(prefix) && (after === undefined || id > after))
          .sort(([left], [right]) => (left < right ? -1 : 1))
          .slice(0, limit)
          .map(([agentId, agent]) => ({ agentId, version: agent.version }))
      ),
    getNotes: (keys) => Effect.sync(() => keys.flatMap(({ agentId, name }) => notes.get(agentId, name) ?? [])),
    listNotes: (page) => Effect.sync(() => notes.list(page)),
    listDue: (page) => Effect.sync(() => notes.listDue(page)),
    listTagged: (page) => Effect.sync(() => notes.listTagged(page)),
    readFeed: ({ after, limit }) =>
      Effect.suspend(() => {
        const position = after === undefined ? 0 : /^\d{1,15}$/.test(after) ? Number(after) : Number.NaN
        // A higher one is of another store, such as one before a restart; going on behind it would lose events.
        if (!(position <= positions)) return Effect.fail({ _tag: "InvalidPosition" as const, found: after ?? "" })
        const start = firstIndex(feed, (entry) => Number(entry.position) > position)
        return Effect.succeed(feed.slice(start, start + limit))
      }),
    readFeedEnd: Effect.sync(() => (positions === 0 ? undefined : String(positions))),
    deleteEvents: (agentId, toVersion) =>
      Effect.sync(() => {
        const agent = agents.get(agentId)
        return agent === undefined ? 0 : forget(agent, toVersion)
      }),
    purge: (agentId) => Effect.sync(() => purge(agentId)),
    importAgent: (imported) =>
      Effect.map(Stream.runCollect(imported.chunks), (chunks) =>
        importGathered({ ...imported, chunks: Stream.empty }, chunks)
      )
  }
}

const isPurged = ({ origin, version }: Agent): boolean => origin > 0 && origin === version

const firstFrom = (events: ReadonlyArray<StoredEvent>, version: number): number =>
  firstIndex(events, (event) => event.version >= version)
