/** Compares what a store holds with what it has acknowledged. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type ContextEvent, EventStore, type StoreError } from "../../src/index.ts"

/** An event that the store said it holds. */
export interface Acknowledged {
  readonly agentId: string
  readonly version: number
  readonly id: string
}

/** An event that was found, and which part of its append it is. */
export interface Found extends Acknowledged {
  readonly part: { readonly append: string; readonly index: number; readonly size: number } | undefined
}

/** All that a store holds. */
export interface Contents {
  /** The version that the store says the agent has, and the events of its stream. */
  readonly streams: ReadonlyMap<string, { readonly head: number; readonly events: ReadonlyArray<Found> }>
  readonly feed: ReadonlyArray<Found>
}

/** What a history was told. */
export interface Ledger {
  readonly acknowledged: ReadonlyArray<Acknowledged>
  /** The ids of events that the store said it refused. */
  readonly refused: ReadonlySet<string>
}

/** Reads everything. */
export const readContents: Effect.Effect<Contents, StoreError.ReadError, EventStore.EventStore> = Effect.gen(
  function* () {
    const store = yield* EventStore.EventStore
    const agents = yield* Stream.runCollect(store.agents())
    const streams = new Map<string, { head: number; events: ReadonlyArray<Found> }>()
    for (const { agentId } of agents) {
      const events = yield* Stream.runCollect(Stream.map(store.read(agentId), toFound))
      const { version } = yield* store.head(agentId)
      streams.set(agentId, { head: version, events })
    }
    const feed = yield* Stream.runCollect(Stream.map(store.feed(), ({ event }) => toFound(event)))
    return { streams, feed }
  }
)

/** What of an event matters here. */
export const toFound = ({ agentId, data, id, version }: ContextEvent.ContextEvent): Found => {
  const { append, index, size } = data
  const isPart = typeof append === "string" && typeof index === "number" && typeof size === "number"
  return { agentId, version, id, part: isPart ? { append, index, size } : undefined }
}

/** Every way in which the contents break what was promised; none, if all is well. */
export const audit = ({ feed, streams }: Contents, { acknowledged, refused }: Ledger): ReadonlyArray<string> => {
  const found: Array<string> = []
  const byId = new Map<string, Found>()

  for (const [agentId, { events, head }] of streams) {
    for (const [index, event] of events.entries()) {
      const { id, version } = event
      if (version !== index + 1) found.push(`hole: ${agentId} has version ${version} in place ${index + 1}`)
      if (event.agentId !== agentId) found.push(`astray: ${describe(event)} is in the stream of ${agentId}`)
      const twin = byId.get(id)
      if (twin !== undefined) found.push(`doubled: ${describe(event)} is also ${describe(twin)}`)
      if (refused.has(id)) found.push(`undead: ${describe(event)} was refused`)
      if (!isWhole(event, events[index - 1], events[index + 1])) {
        found.push(`torn: ${describe(event)} is without the rest of its append`)
      }
      byId.set(id, event)
    }
    const highest = events.at(-1)?.version ?? 0
    if (head !== highest) found.push(`head: ${agentId} is said to be at ${head}, its last event is ${highest}`)
  }

  for (const { agentId, id, version } of acknowledged) {
    const event = byId.get(id)
    if (event === undefined) found.push(`lost: ${describe({ agentId, id, version })} was acknowledged`)
    else if (event.agentId !== agentId || event.version !== version) {
      found.push(`moved: ${describe({ agentId, id, version })} was acknowledged, found ${describe(event)}`)
    }
  }

  const told = new Set<string>()
  const versions = new Map<string, number>()
  for (const event of feed) {
    const { agentId, id, version } = event
    if (told.has(id)) found.push(`feed: ${describe(event)} is told twice`)
    told.add(id)
    const stored = byId.get(id)
    if (stored?.agentId !== agentId || stored.version !== version)
      found.push(`feed: ${describe(event)} is in no stream`)
    const before = versions.get(agentId) ?? 0
    if (version <= before) found.push(`feed: ${describe(event)} is told after version ${before}`)
    versions.set(agentId, version)
  }
  for (const event of byId.values()) if (!told.has(event.id)) found.push(`feed: ${describe(event)} is not told`)
  return found
}

const describe = ({ agentId, id, version }: Acknowledged): string => `version ${version} of ${agentId} (${id})`

const isWhole = ({ part }: Found, before: Found | undefined, after: Found | undefined): boolean => {
  if (part === undefined) return true
  const { append, index, size } = part
  const hasFirst = index === 0 || (before?.part?.append === append && before.part.index === index - 1)
  const hasLast = index === size - 1 || (after?.part?.append === append && after.part.index === index + 1)
  return hasFirst && hasLast
}
