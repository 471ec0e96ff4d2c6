/**
 * Stores as objects: what they are kept in is opened at the first call, and released when the last object that uses it is closed.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { ContextEvent } from "../../src/ContextEvent.ts"
import * as Events from "../../src/EventStore.ts"
import * as Snapshots from "../../src/SnapshotStore.ts"
import * as ReservedAgents from "../../src/store/ReservedAgents.ts"
import { type ContextSnapshot, ofAgent } from "./AgentSnapshot.ts"
import type { EventRow, EventStore, SnapshotRow, SnapshotStore } from "./Contracts.ts"
import type { Database } from "./Database.ts"
import { checkObject, checkRecord } from "./given.ts"
import { Session } from "./Session.ts"

/** What both kinds of store have in common. */
abstract class Store {
  /** What it is kept in. */
  readonly #database: Database
  /** @internal */
  readonly session: Session<Events.EventStore | Snapshots.SnapshotStore>
  #users = 0

  constructor(name: string, database: Database) {
    this.#database = database
    this.session = new Session(name, database)
  }

  /**
   * For services that are built over the store.
   * @internal
   */
  get database(): Database {
    return this.#database
  }

  /** Waits for the calls that are under way, and releases the connection if no other object uses it. Later calls are rejected with `CLOSED`. */
  close(): Promise<void> {
    return this.session.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * Called by whatever is built over the store; gives the call for its end. The store is closed with the last of them.
   * @internal
   */
  attach(): () => Promise<void> {
    this.#users++
    return () => (--this.#users === 0 ? this.close() : Promise.resolve())
  }
}

/** An event store of this library. */
export class StoredEvents extends Store implements EventStore {
  /** Appends the event to its agent, which gives it the next version; once it is appended again under its id, nothing happens. */
  appendEvent(event: EventRow): Promise<void> {
    const { agentId, data, id, metadata, schemaVersion, timestamp, type } = event
    const append = Effect.andThen(
      Effect.fromResult(ReservedAgents.validate(agentId)),
      Events.append({
        agentId,
        events: [{ id, type, schemaVersion, timestamp, data, metadata: metadata ?? undefined }]
      })
    )
    return this.session.run(Effect.asVoid(append))
  }

  /** The events of an agent, in order, from this version on; all of them when it is left out. */
  getEvents(agentId: string, fromVersion?: number): Promise<Array<ContextEvent>> {
    return this.session.run(Stream.runCollect(Events.read(agentId, { from: fromVersion })))
  }

  getEvent(eventId: string): Promise<ContextEvent | null> {
    return this.session.run(
      Effect.map(
        Events.EventStore.use((store) => store.getEvent(eventId)),
        Option.getOrNull
      )
    )
  }
}

/** A snapshot store of this library. */
export class StoredSnapshots extends Store implements SnapshotStore {
  /** Saves it in the place of the snapshot of the same agent and version, if there is one. The time is that of the saving. */
  async saveSnapshot(snapshot: SnapshotRow): Promise<void> {
    checkObject("snapshot", "an object with agentId, version, eventId and state", snapshot)
    checkRecord("state", snapshot.state)
    const { timestamp: _, metadata, ...rest } = snapshot
    const save = Snapshots.SnapshotStore.use((store) => store.save({ ...rest, metadata: metadata ?? undefined }))
    return await this.session.run(Effect.asVoid(save))
  }

  /** The snapshot of an agent with the highest version. */
  getLatestSnapshot(agentId: string): Promise<ContextSnapshot | null> {
    return this.#find((store) => store.latest(agentId))
  }

  getSnapshot(snapshotId: string): Promise<ContextSnapshot | null> {
    return this.#find((store) => store.get(snapshotId))
  }

  #find(
    find: (store: Snapshots.SnapshotStore["Service"]) => ReturnType<Snapshots.SnapshotStore["Service"]["get"]>
  ): Promise<ContextSnapshot | null> {
    return this.session.run(
      Effect.flatMap(Snapshots.SnapshotStore.use(find), (found) =>
        Option.isNone(found) ? Effect.succeed(null) : Effect.fromResult(ofAgent(found.value))
      )
    )
  }
}
