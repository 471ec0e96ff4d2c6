/**
 * The head of an agent and its latest snapshot in one trip. Whoever replays an agent asks for both at the same moment, and most of what a read of a
 * row costs is the trip.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { DriverError, EventStoreDriver, Head } from "../../src/EventStoreDriver.ts"
import type { SnapshotStoreDriver, StoredCriteria, StoredSnapshot } from "../../src/SnapshotStoreDriver.ts"
import { type HeadRow, headStatement, toHead } from "./heads.ts"
import type { OpenTables } from "./OpenTables.ts"
import { newestFirst, withinValues } from "./PostgresSnapshotStore.ts"

/** The drivers of both stores. */
export interface Drivers {
  readonly events: EventStoreDriver
  readonly snapshots: SnapshotStoreDriver
}

type Tell<A> = (answer: Effect.Effect<A, DriverError>) => void

/** What is asked about one agent at the same moment; an answer may be an effect that still has to find out. */
interface Meeting {
  tellHead: Tell<Head> | undefined
  tellSnapshot: Tell<StoredSnapshot | undefined> | undefined
  criteria: StoredCriteria
}

type Both = (HeadRow | { readonly newest: null }) & (StoredSnapshot | { readonly id: null })

const anything: StoredCriteria = {
  minVersion: undefined,
  maxVersion: undefined,
  minTimestamp: undefined,
  maxTimestamp: undefined
}

/** The same drivers, on the same tables; both reads still stand for themselves when only one is asked for. */
export const make = ({ failing, names, sql }: OpenTables, { events, snapshots }: Drivers): Drivers => {
  const statement = `SELECT h.*, s.* FROM (SELECT) here
    LEFT JOIN (${headStatement(names)}) h ON true LEFT JOIN (${newestFirst(names)} LIMIT 1) s ON true`
  const meetings = new Map<string, Meeting>()

  const meetingOf = (agentId: string): Meeting => {
    const open = meetings.get(agentId)
    if (open !== undefined) return open
    const meeting: Meeting = { tellHead: undefined, tellSnapshot: undefined, criteria: anything }
    meetings.set(agentId, meeting)
    queueMicrotask(() => {
      meetings.delete(agentId)
      answer(agentId, meeting)
    })
    return meeting
  }

  const answer = (agentId: string, { criteria, tellHead, tellSnapshot }: Meeting): void => {
    if (tellHead !== undefined && tellSnapshot !== undefined) {
      tellHead(readBoth(agentId, criteria, tellSnapshot))
    } else {
      tellHead?.(events.readHead(agentId))
      tellSnapshot?.(snapshots.readLatest(agentId, criteria))
    }
  }

  /** Reads for both in the fiber of one; should that fail or be interrupted, the other reads for itself. */
  const readBoth = (
    agentId: string,
    criteria: StoredCriteria,
    tellSnapshot: Tell<StoredSnapshot | undefined>
  ): Effect.Effect<Head, DriverError> =>
    failing("read head")(sql.unsafe<Both>(statement, withinValues(names, agentId, criteria))).pipe(
      Effect.map(([row]) => ({
        head: toHead(row === undefined || row.newest === null ? undefined : row),
        snapshot: row === undefined || row.id === null ? undefined : row
      })),
      Effect.onExit((exit) =>
        Effect.sync(() =>
          tellSnapshot(
            Exit.isSuccess(exit) ? Effect.succeed(exit.value.snapshot) : snapshots.readLatest(agentId, criteria)
          )
        )
      ),
      Effect.map(({ head }) => head)
    )

  return {
    events: {
      ...events,
      readHead: (agentId) =>
        Effect.callback((resume) => {
          const meeting = meetingOf(agentId)
          if (meeting.tellHead !== undefined) return resume(events.readHead(agentId))
          meeting.tellHead = resume
          return Effect.sync(() => {
            meeting.tellHead = undefined
          })
        })
    },
    snapshots: {
      ...snapshots,
      readLatest: (agentId, criteria) =>
        Effect.callback((resume) => {
          const meeting = meetingOf(agentId)
          if (meeting.tellSnapshot !== undefined) return resume(snapshots.readLatest(agentId, criteria))
          meeting.tellSnapshot = resume
          meeting.criteria = criteria
          return Effect.sync(() => {
            meeting.tellSnapshot = undefined
          })
        })
    }
  }
}
