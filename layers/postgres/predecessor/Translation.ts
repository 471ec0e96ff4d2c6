/**
 * What the events of the predecessor are here. Those that changed its state become events that every agent understands, so that a replay gives the state which its
 * events told; what of them has no place there goes into the metadata, under `predecessor`.
 */
import * as Result from "effect/Result"
import * as AgentId from "../../../src/AgentId.ts"
import * as AgentEvent from "../../../src/agent/AgentEvent.ts"
import type { EncodedEvent } from "../../../src/EventStoreDriver.ts"
import type { Limits } from "../../../src/Limits.ts"
import { Sha256 } from "../../../src/store/Sha256.ts"
import * as Value from "../../../src/Value.ts"
import type { EventRow, Listed, SnapshotRow } from "./Tables.ts"

/** What is wrong with a row. */
export interface Misfit {
  /** The id of the row, if it has one. */
  readonly rowId: string | null
  readonly expected: string
  readonly found: string
}

/** An event before it is encoded. */
interface Draft {
  readonly type: string
  readonly data: Value.Record
  /** What of the row's data is not in `data`. */
  readonly rest: Value.Record
}

/** The events of one agent, in their order. */
export class Translation {
  private readonly agentId: string
  private readonly live: number
  private readonly total: number
  private readonly limits: Limits
  /** The keys of the state so far. */
  private readonly keys = new Set<string>()
  private place = 0

  constructor(agentId: string, { live, total }: Pick<Listed, "live" | "total">, limits: Limits) {
    this.agentId = agentId
    this.live = live
    this.total = total
    this.limits = limits
  }

  /** Whether there were as many events as were counted before. */
  get isComplete(): boolean {
    return this.place === this.total
  }

  event(row: EventRow): Result.Result<EncodedEvent, Misfit> {
    const place = ++this.place
    if (place > this.total) return misfit(row, `${this.total} events, as were counted`, "one that came meanwhile")
    const type = AgentId.validate(row.type, "type")
    if (Result.isFailure(type)) return misfit(row, `a type: ${type.failure.expected}`, type.failure.found)
    const data = record(row, "data", row.data ?? "{}")
    if (Result.isFailure(data)) return Result.fail(data.failure)
    const draft = this.draft(type.success, data.success, place > this.live)
    return this.encode(row, place, draft, metadataOf(type.success, draft, row.metadata))
  }

  /** The one event of an agent of which only a snapshot is left. */
  snapshot(row: SnapshotRow): Result.Result<EncodedEvent, Misfit> {
    const place = ++this.place
    const state = record(row, "state", row.state ?? "{}")
    if (Result.isFailure(state)) return Result.fail(state.failure)
    const predecessor = { snapshotId: row.id, version: row.version }
    const draft = { type: AgentEvent.replaced, data: { state: state.success }, rest: {} }
    // A snapshot's own id is none of an event.
    return Result.mapError(this.encode({ id: null, time: row.time }, place, draft, { predecessor }), (misfit) => ({
      ...misfit,
      rowId: row.id
    }))
  }

  private draft(type: string, data: Value.Record, isLast: boolean): Draft {
    switch (type) {
      case "context_updated": {
        const { updates, ...rest } = data
        if (!Value.isRecord(updates)) break
        const { metadata, state, ...others } = updates
        if (!Value.isRecord(state)) return this.update(updates, rest)
        if (metadata !== undefined && !Value.isRecord(metadata))
          return this.update(state, { ...rest, updates: { metadata, ...others } })
        const left = Object.keys(others).length === 0 ? rest : { ...rest, updates: others }
        return this.update(state, left, metadata)
      }
      case "state_set":
        return this.update(data, {})
      case "state_delete": {
        const { key, ...rest } = data
        if (typeof key !== "string" || !this.keys.delete(key)) break
        const path = `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`
        return { type: AgentEvent.patched, data: { patch: [{ op: "remove", path }] }, rest }
      }
      case "context_archived":
        // The predecessor went on writing to what it had archived or deleted; only what came last is so here.
        if (isLast) return { type: AgentEvent.archived, data: {}, rest: data }
        break
      case "context_deleted":
        if (isLast) return { type: AgentEvent.deleted, data: {}, rest: data }
        break
    }
    return { type: type.startsWith(AgentEvent.prefix) ? `predecessor.${type}` : type, data, rest: {} }
  }

  private update(state: Value.Record, rest: Value.Record, metadata?: Value.Record): Draft {
    for (const key of Object.keys(state)) this.keys.add(key)
    return { type: AgentEvent.updated, data: metadata === undefined ? { state } : { state, metadata }, rest }
  }

  private encode(
    row: Pick<EventRow, "id" | "time">,
    place: number,
    { data, type }: Draft,
    metadata: Value.Record
  ): Result.Result<EncodedEvent, Misfit> {
    const { time } = row
    if (time === null || !Number.isSafeInteger(time) || Math.abs(time) > latest) {
      return misfit(row, "a time", time === null ? "none" : String(time))
    }
    const encoded = Result.all([
      Value.encode(data, "data", this.limits),
      Value.encode(metadata, "metadata", this.limits)
    ])
    return Result.mapBoth(encoded, {
      onFailure: ({ expected, found, path }) => ({ rowId: row.id, expected: `${path}: ${expected}`, found }),
      onSuccess: ([data, metadata]) => ({
        id: this.idOf(row.id, place),
        type,
        schemaVersion: 1,
        timestamp: time,
        data,
        metadata
      })
    })
  }

  /** Its own where it may stay; else one that is the same each time, so that nothing is brought in twice. */
  private idOf(id: string | null, place: number): string {
    if (id !== null && Result.isSuccess(AgentId.validate(id))) return id
    const digest = new Sha256()
    digest.add(JSON.stringify([this.agentId, place]))
    return `predecessor-${digest.end()}`
  }
}

// The latest time that a `Date` can hold.
const latest = 8.64e15

const misfit = ({ id }: Pick<EventRow, "id">, expected: string, found: string): Result.Result<never, Misfit> =>
  Result.fail({ rowId: id, expected, found })

const parse = (text: string): Result.Result<unknown, unknown> => Result.try((): unknown => JSON.parse(text))

/** An object in a column; where it was stored as text inside JSON, too. */
const objectIn = (text: string): Value.Record | undefined => {
  const once = parse(text)
  if (Result.isFailure(once)) return undefined
  const value = typeof once.success === "string" ? Result.getOrElse(parse(once.success), () => undefined) : once.success
  return value === null ? {} : Value.isRecord(value) ? value : undefined
}

const record = (row: Pick<EventRow, "id">, column: string, text: string): Result.Result<Value.Record, Misfit> => {
  const found = objectIn(text)
  const excerpt = text.length > 80 ? `${text.slice(0, 80)}…` : text
  return found === undefined ? misfit(row, `an object in ${column}`, excerpt) : Result.succeed(found)
}

/** The row's metadata; beside them what else is to be kept. They may be anything, since the predecessor did not look at them. */
const metadataOf = (type: string, { rest, type: given }: Draft, text: string | null): Value.Record => {
  const metadata = text === null ? {} : objectIn(text)
  const own = given === type ? {} : { type, ...(Object.keys(rest).length === 0 ? {} : { data: rest }) }
  if (metadata === undefined || "predecessor" in metadata)
    return { predecessor: { ...own, metadata: metadata ?? text ?? "" } }
  return given === type ? metadata : { ...metadata, predecessor: own }
}
