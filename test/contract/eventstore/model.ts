/**
 * A small model of the store: what it must answer, in a few maps. It shares no code with the library.
 */
import type { Append } from "../../../src/EventStore.ts"
import type { Head } from "../../../src/EventStoreDriver.ts"
import * as Note from "../../../src/Note.ts"
import { byUnits } from "./support.ts"

/** An event, as far as the model knows one. */
export interface ModelEvent {
  readonly id: string
  readonly body: number
}

/** A note to put, or to remove when it has no body. */
export interface ModelNote {
  readonly name: string
  readonly body: number | undefined
  readonly due: number | undefined
  readonly tag: string | undefined
}

/** An append, as far as the model knows one. */
export interface ModelAppend {
  readonly agentId: string
  readonly expected: "any" | "none" | number
  readonly events: ReadonlyArray<ModelEvent>
  readonly commandIds: ReadonlyArray<string>
  readonly notes: ReadonlyArray<ModelNote>
}

/** What became of an append. */
export type Answer =
  | { readonly _tag: "stored" | "repeated"; readonly firstVersion: number; readonly version: number }
  | { readonly _tag: "answered"; readonly firstVersion: number; readonly version: number; readonly reply: unknown }
  | { readonly _tag: "conflict"; readonly expected: number | "none"; readonly actual: number }
  | { readonly _tag: "refused"; readonly reason: string }

interface Agent {
  version: number
  /** The version of the last purge. */
  origin: number
  events: Array<ModelEvent & { readonly version: number }>
  notes: Map<string, ModelNote>
  replies: Map<string, { readonly reply: string; readonly firstVersion: number; readonly version: number }>
}

/** The append as the store takes it. The reply to a command tells which append recorded it first. */
export const toAppend = ({ agentId, commandIds, events, expected, notes }: ModelAppend): Append => ({
  agentId,
  expected,
  events: events.map(({ body, id }) => ({ id, type: "a.happened", data: { body } })),
  commands: commandIds.map((id) => ({ id, reply: replyOf(events) })),
  notes: notes.map(({ body, due, name, tag }) =>
    body === undefined ? Note.remove(name) : Note.put(name, body, { due, tag })
  )
})

const replyOf = (events: ReadonlyArray<ModelEvent>): string => events.map(({ id }) => id).join(" ")

export class Model {
  private readonly agents = new Map<string, Agent>()

  agent(agentId: string): Agent {
    const agent = this.agents.get(agentId) ?? {
      version: 0,
      origin: 0,
      events: [],
      notes: new Map(),
      replies: new Map()
    }
    this.agents.set(agentId, agent)
    return agent
  }

  append(append: ModelAppend): Answer {
    const { agentId, commandIds, events, expected, notes } = append
    const agent = this.agent(agentId)
    const ids = events.map(({ id }) => id)
    if (!isAllowed(append)) return { _tag: "refused", reason: "InvalidInput" }
    const places = ids.map((id) => this.find(id))
    const first = places[0]?.version ?? 0
    const isRepeat = places.every(
      (place, index) =>
        place?.agentId === agentId && place.version === first + index && place.body === events[index]?.body
    )
    for (const commandId of commandIds) {
      const recorded = agent.replies.get(commandId)
      if (recorded === undefined) continue
      if (commandIds.length === 1) return { _tag: "answered", ...recorded }
      if (!isRepeat) return { _tag: "refused", reason: "CommandIdTaken" }
    }
    if (places.some((place) => place !== undefined)) {
      if (!isRepeat) return { _tag: "refused", reason: "EventIdTaken" }
      return { _tag: "repeated", firstVersion: first, version: first + ids.length - 1 }
    }
    const isMissing = agent.version === agent.origin
    if (expected !== "any" && (expected === "none" ? !isMissing : expected !== agent.version)) {
      return { _tag: "conflict", expected, actual: agent.version }
    }
    const firstVersion = agent.version + 1
    for (const event of events) agent.events.push({ ...event, version: ++agent.version })
    const { version } = agent
    for (const note of notes) {
      if (note.body === undefined) agent.notes.delete(note.name)
      else agent.notes.set(note.name, note)
    }
    for (const id of commandIds) agent.replies.set(id, { reply: replyOf(events), firstVersion, version })
    return { _tag: "stored", firstVersion, version }
  }

  /** What becomes of appends that are stored together; what is in the way, at its place, when they are not. */
  together(appends: ReadonlyArray<ModelAppend>): ReadonlyArray<Answer> | readonly [place: number, Answer] {
    const ids = new Set<string>()
    for (const [index, append] of appends.entries()) {
      const isNew = append.events.every(({ id }) => !ids.has(id))
      if (!isAllowed(append) || !isNew) return [index, { _tag: "refused", reason: "InvalidInput" }]
      for (const { id } of append.events) ids.add(id)
    }
    const answers = appends.map((append) => this.copy().append(append))
    const isKnown = answers.map(({ _tag }) => _tag === "repeated" || _tag === "answered")
    if (isKnown.includes(true) && isKnown.every((known, index) => known || appends[index]?.events.length === 0)) {
      return answers.map((answer, index) => {
        if (isKnown[index]) return answer
        const { version } = this.agent(appends[index]?.agentId ?? "")
        return { _tag: "repeated", firstVersion: version + 1, version }
      })
    }
    const place = answers.findIndex(({ _tag }) => _tag !== "stored")
    const answer = answers[place]
    if (answer === undefined) return appends.map((append) => this.append(append))
    if (answer._tag === "repeated") return [place, { _tag: "refused", reason: "EventIdTaken" }]
    return [place, answer._tag === "answered" ? { _tag: "refused", reason: "CommandIdTaken" } : answer]
  }

  private copy(): Model {
    const copy = new Model()
    for (const [agentId, agent] of this.agents) copy.agents.set(agentId, structuredClone(agent))
    return copy
  }

  find(id: string): { readonly agentId: string; readonly version: number; readonly body: number } | undefined {
    for (const [agentId, { events }] of this.agents) {
      const event = events.find((event) => event.id === id)
      if (event !== undefined) return { agentId, version: event.version, body: event.body }
    }
    return undefined
  }

  head(agentId: string): Head {
    const { events, origin, version } = this.agent(agentId)
    const firstVersion = events[0]?.version ?? 0
    const isMissing = version === origin
    return {
      version,
      firstVersion,
      presence: isMissing ? "missing" : "present",
      isComplete: isMissing || firstVersion === origin + 1
    }
  }

  read(agentId: string, from: number, to: number, limit: number, isBackward: boolean) {
    const { events } = this.agent(agentId)
    const inRange = events.filter(({ version }) => version >= from && version <= to)
    return (isBackward ? inRange.reverse() : inRange).slice(0, limit)
  }

  deleteEvents(agentId: string, toVersion: number): number {
    const agent = this.agent(agentId)
    const before = agent.events.length
    agent.events = agent.events.filter(({ version }) => version > toVersion)
    return before - agent.events.length
  }

  /** The notes of an agent, by name. */
  notes(agentId: string): ReadonlyArray<ModelNote> {
    return [...this.agent(agentId).notes.values()].sort((left, right) => byUnits(left.name, right.name))
  }

  purge(agentId: string): number {
    const agent = this.agent(agentId)
    agent.notes.clear()
    if (agent.version === agent.origin) return 0
    const count = agent.events.length
    agent.origin = ++agent.version
    agent.events = []
    agent.replies.clear()
    return count
  }

  /** The agents that are present, in any order. */
  list(): Map<string, number> {
    const present = [...this.agents].filter(([, { origin, version }]) => version > origin)
    return new Map(present.map(([agentId, { version }]) => [agentId, version]))
  }
}

const isAllowed = ({ commandIds, events, notes }: ModelAppend): boolean => {
  if (hasTwins(events.map(({ id }) => id)) || hasTwins(commandIds) || hasTwins(notes.map(({ name }) => name)))
    return false
  return events.length > 0 || (notes.length > 0 && commandIds.length === 0)
}

const hasTwins = (ids: ReadonlyArray<string>): boolean => new Set(ids).size < ids.length
