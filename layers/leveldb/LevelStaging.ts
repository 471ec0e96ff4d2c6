/**
 * The rows of an import before it is decided on, and whether their ids are free.
 *
 * Ids of events that were given are looked up while no append is under way, and from then on those that appends store are watched: one that is in a
 * run is above all that was looked up, and the others are compared in the end.
 */
import * as Effect from "effect/Effect"
import type { AgentImport, ImportAgent, ImportChunk, ImportOutcome } from "../../src/AgentImport.ts"
import type { DriverError } from "../../src/EventStoreDriver.ts"
import type { EventIds } from "./EventIds.ts"
import * as Keys from "./Keys.ts"
import type { LevelDatabase, Operation } from "./LevelDatabase.ts"
import { readPlace } from "./LevelSnapshotStore.ts"
import * as Rows from "./Rows.ts"

/** Why an import stops. */
export class Taken {
  readonly outcome: Extract<ImportOutcome, { readonly _tag: "IdTaken" }>

  constructor(of: "event" | "snapshot", id: string) {
    this.outcome = { _tag: "IdTaken", of, id }
  }
}

/** One import. */
export class Staging {
  /** The number of events. */
  count = 0
  /** The highest of the ids that are above all runs, and the version of its event; empty for none. */
  highestId = ""
  highestVersion = 0
  private readonly database: LevelDatabase["Service"]
  private readonly ids: EventIds
  private readonly agent: Omit<AgentImport, "chunks">
  private readonly alone: Parameters<ImportAgent>[1]
  private readonly strays: ReadonlySet<string>

  constructor(
    database: LevelDatabase["Service"],
    ids: EventIds,
    agent: Omit<AgentImport, "chunks">,
    alone: Parameters<ImportAgent>[1]
  ) {
    this.database = database
    this.ids = ids
    this.agent = agent
    this.alone = alone
    this.strays = ids.watch()
  }

  /** Stages the rows of a chunk. */
  add(chunk: ImportChunk): Effect.Effect<void, DriverError | Taken> {
    return Effect.gen({ self: this }, function* () {
      if (this.agent.eventIds === "given") yield* this.alone(this.checkEvents(chunk))
      else this.claim(chunk)
      yield* this.checkSnapshots(chunk)
      yield* this.database.write(this.rowsOf(chunk))
      this.count += chunk.events.length
    })
  }

  /** Whether an append has taken one of the ids meanwhile. To be run while none is under way. */
  readonly checkStrays: Effect.Effect<void, DriverError | Taken> = Effect.suspend(() => {
    const strays = [...this.strays]
    if (strays.length === 0) return Effect.void
    const keys = strays.map((id) => Keys.staged(Keys.eventId(id)))
    return Effect.flatMap(
      this.database.use("import", (level) => level.hasMany(keys)),
      (isStaged) => this.refuseStored(strays.filter((_, index) => isStaged[index]))
    )
  })

  private claim({ events }: ImportChunk): void {
    for (const [index, { id }] of events.entries()) {
      if (!this.ids.claim(id)) continue
      this.highestId = id
      this.highestVersion = this.agent.firstVersion + this.count + index
    }
  }

  private checkEvents(chunk: ImportChunk): Effect.Effect<void, DriverError | Taken> {
    return Effect.gen({ self: this }, function* () {
      this.claim(chunk)
      const ids = chunk.events.map(({ id }) => id)
      yield* this.refuseTwice("event", ids, Keys.eventId)
      yield* this.refuseStored(ids)
    })
  }

  /** The events of the agent itself go with the import. */
  private refuseStored(ids: ReadonlyArray<string>): Effect.Effect<void, DriverError | Taken> {
    return Effect.flatMap(this.ids.find(ids), (found) => {
      for (const [id, { agentId }] of found) {
        if (agentId !== this.agent.agentId) return Effect.fail(new Taken("event", id))
      }
      return Effect.void
    })
  }

  private checkSnapshots({ snapshots }: ImportChunk): Effect.Effect<void, DriverError | Taken> {
    return Effect.gen({ self: this }, function* () {
      const ids = snapshots.map(({ id }) => id)
      yield* this.refuseTwice("snapshot", ids, Keys.snapshotId)
      for (const id of ids) {
        const place = yield* readPlace(this.database, id)
        if (place === undefined || place[0] === this.agent.agentId) continue
        const text = yield* this.database.use("import", (level) => level.get(Keys.snapshot(...place)))
        const holder = text === undefined ? undefined : yield* Effect.fromResult(Rows.decodeSnapshot(place[0], text))
        if (holder?.id === id) return yield* Effect.fail(new Taken("snapshot", id))
      }
    })
  }

  private refuseTwice(
    of: "event" | "snapshot",
    ids: ReadonlyArray<string>,
    toKey: (id: string) => string
  ): Effect.Effect<void, DriverError | Taken> {
    const seen = new Set<string>()
    const repeated = ids.find((id) => seen.size === seen.add(id).size)
    if (repeated !== undefined) return Effect.fail(new Taken(of, repeated))
    if (ids.length === 0) return Effect.void
    const keys = ids.map((id) => Keys.staged(toKey(id)))
    return Effect.flatMap(
      this.database.use("import", (level) => level.hasMany(keys)),
      (isStaged) => {
        const again = ids.find((_, index) => isStaged[index])
        return again === undefined ? Effect.void : Effect.fail(new Taken(of, again))
      }
    )
  }

  private rowsOf({ commands, events, notes, snapshots }: ImportChunk): ReadonlyArray<Operation> {
    const { agentId, firstVersion } = this.agent
    const rows: Array<Operation> = []
    const put = (key: string, value: string) => rows.push({ type: "put", key: Keys.staged(key), value })
    for (const [index, event] of events.entries()) {
      const version = firstVersion + this.count + index
      put(Keys.event(agentId, version), Rows.encodeEvent(event, version))
      put(Keys.eventId(event.id), Rows.encodeReference(agentId, version))
    }
    for (const { id, ...command } of commands) put(Keys.command(agentId, id), Rows.encodeCommand(command))
    for (const note of notes) put(Keys.note(agentId, note.name), Rows.encodeNote(note))
    for (const snapshot of snapshots) {
      put(Keys.snapshot(agentId, snapshot.version), Rows.encodeSnapshot(snapshot))
      put(Keys.snapshotId(snapshot.id), Rows.encodeReference(agentId, snapshot.version))
    }
    return rows
  }
}
