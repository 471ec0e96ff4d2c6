/**
 * How changes of metadata come into the stream of their agent: through the lane of the manager for contexts, and beside the engine for actors, whose states the
 * manager does not know.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { AgentArchived, AgentDeleted, AgentMissing } from "../AgentError.ts"
import * as AgentEvent from "../agent/AgentEvent.ts"
import type { AgentInterior } from "../agent/AgentInterior.ts"
import type { Standing } from "../agent/AgentJournal.ts"
import { admitActive, admitExpected } from "../agent/AgentWriter.ts"
import type { NewEvent } from "../ContextEvent.ts"
import type { Expected } from "../EventStoreDriver.ts"
import * as Kinds from "../lifecycle/Kinds.ts"
import type * as Note from "../Note.ts"
import type { AppendError, Conflict, ReadError } from "../StoreError.ts"
import * as Overtaking from "../sharing/Overtaking.ts"
import { appendSurely } from "../store/AppendSurely.ts"
import type { Stores } from "../store/Replay.ts"

/** What a change may fail with, beside what its maker decides. */
export type WriteFailure = AgentMissing | AgentDeleted | AgentArchived | AppendError | ReadError

/** One change: its event and its notes, in one append. */
export interface Change {
  readonly agentId: string
  readonly event: NewEvent
  readonly notes: ReadonlyArray<Note.Change>
  /** The version that it was decided on. */
  readonly read: number
  /** Whether it is written also when the agent has another version by then. */
  readonly isForced: boolean
  /** Whether it only removes what is over, which also agents endure that can be read only. */
  readonly isCleaning: boolean
}

/** Writes changes. */
export class MetadataJournal {
  private readonly stores: Stores
  private readonly interior: AgentInterior["Service"]
  private readonly isContext: (agentId: string) => Effect.Effect<boolean, ReadError>

  constructor(stores: Stores, interior: AgentInterior["Service"]) {
    this.stores = stores
    this.interior = interior
    this.isContext = Kinds.isContext(stores)
  }

  write(change: Change): Effect.Effect<void, WriteFailure> {
    return Effect.flatMap(this.isContext(change.agentId), (isContext) =>
      isContext ? this.writeToContext(change) : this.writeToActor(change)
    )
  }

  private writeToContext({
    agentId,
    event,
    isCleaning,
    isForced,
    notes,
    read
  }: Change): Effect.Effect<void, WriteFailure> {
    const expected: Expected = isForced ? "any" : read
    const admit = (at: Standing): Result.Result<boolean, AgentMissing | AgentDeleted | AgentArchived | Conflict> => {
      if (at.context === undefined) return Result.fail(new AgentMissing({ agentId }))
      return isCleaning ? admitExpected(agentId, at, expected) : admitActive(agentId, expected)(at)
    }
    const write = { agentId, events: [event], notes, expected, admit, rename: toArgument }
    return this.interior.writer.write<void, AgentMissing | AgentDeleted | AgentArchived | Conflict, never>(
      write,
      () => Effect.void
    )
  }

  private writeToActor({
    agentId,
    event,
    isCleaning,
    isForced,
    notes,
    read
  }: Change): Effect.Effect<void, WriteFailure> {
    const { events } = this.stores
    return Effect.gen({ self: this }, function* () {
      if (!isCleaning) yield* this.refuseEnded(agentId)
      const expected: Expected = isForced ? "any" : read
      const { version } = yield* appendSurely(events, { agentId, events: [event], notes, expected })
      if (!isForced) return
      const { isPurged } = yield* Overtaking.between(events, agentId, { read, stored: version })
      if (!isPurged) return
      const names = notes.map(({ name }) => name)
      yield* Overtaking.takeBack(events, agentId, version, names)
      return yield* new AgentMissing({ agentId })
    })
  }

  /** An actor that was archived or deleted has no events of its own after that. */
  private refuseEnded(agentId: string): Effect.Effect<void, AgentDeleted | AgentArchived | ReadError> {
    return Effect.gen({ self: this }, function* () {
      const newest = this.stores.events.read(agentId, { direction: "backward" })
      const ofServices = Stream.takeWhile(newest, ({ type }) => type.startsWith(AgentEvent.prefix))
      const changes = Stream.filter(ofServices, ({ type }) => statuses.has(type))
      const last = (yield* Stream.runCollect(Stream.take(changes, 1)))[0]
      if (last?.type === AgentEvent.archived) return yield* new AgentArchived({ agentId, version: last.version })
      if (last?.type === AgentEvent.deleted) {
        return yield* new AgentDeleted({ agentId, deletedAt: last.timestamp, version: last.version })
      }
    })
  }
}

const statuses: ReadonlySet<string> = new Set([AgentEvent.archived, AgentEvent.restored, AgentEvent.deleted])

/** The path of a refusal in the caller's arguments. */
const toArgument = (path: string): string => path.replace(/^event\/data\/entry\//, "")
