/**
 * The feed of a PostgreSQL store: ordered by transaction id and place in the transaction, up to the oldest transaction that still runs.
 *
 * What lies below that fence can no longer change, so nothing is ever passed over, whatever commits out of order or rolls back. The price: a
 * transaction that writes anywhere in the cluster and stays open holds the feeds back until it ends.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type {
  DriverError,
  EventStoreDriver,
  FeedEntry,
  InvalidPosition,
  StoredEvent
} from "../../src/EventStoreDriver.ts"
import type { Unavailable } from "../../src/StoreError.ts"
import type { Explaining } from "./errors.ts"
import type { Names } from "./Names.ts"
import { eventColumns, toEvent } from "./rows.ts"

/** The feed half of the driver. */
export const makeReadFeed = (
  sql: SqlClient.SqlClient,
  { events, tenant }: Names,
  explaining: Explaining,
  epoch: number
) => {
  const failing = explaining("read feed")
  const fence = "xid < (SELECT pg_snapshot_xmin(pg_current_snapshot()))"
  // `ORDER BY xid` alone would mean the column of the answer: text, which puts 1000 before 999, and which no index is on.
  const page = `
    SELECT xid::text, ordinal::float8, agent_id, ${eventColumns()} FROM ${events} e
    WHERE tenant = $1 AND (xid, ordinal) > ($2::xid8, $3::int8) AND ${fence} AND data IS NOT NULL
    ORDER BY e.xid, e.ordinal LIMIT $4::int8`
  const newest = `
    SELECT xid::text, ordinal::float8 FROM ${events} e WHERE tenant = $1 AND ${fence} ORDER BY e.xid DESC, e.ordinal DESC LIMIT 1`

  const print = (xid: unknown, ordinal: unknown): string => `${epoch}.${xid}.${ordinal}`

  const parse = (position: string): readonly [string, string] | undefined => {
    const match = /^(\d{1,9})\.(\d{1,19})\.(\d{1,15})$/.exec(position)
    return match === null || Number(match[1]) !== epoch ? undefined : [match[2] ?? "", match[3] ?? ""]
  }

  /** The highest transaction id that this cluster is known to have given. */
  let given = 0n

  // A higher one is of another cluster, such as one that was deleted; going on behind it would lose events.
  const isGiven = (xid: string): Effect.Effect<boolean, Unavailable> => {
    if (BigInt(xid) <= given) return Effect.succeed(true)
    const check = "SELECT $1::xid8 < pg_snapshot_xmax(pg_current_snapshot())"
    return Effect.map(failing(sql.unsafe(check, [xid]).values), ([row]) => {
      if (row?.[0] === true) given = BigInt(xid)
      return row?.[0] === true
    })
  }

  const read = ({
    after,
    limit
  }: Parameters<EventStoreDriver["readFeed"]>[0]): Effect.Effect<
    ReadonlyArray<FeedEntry<StoredEvent>>,
    DriverError | InvalidPosition
  > => {
    const start = after === undefined ? (["0", "0"] as const) : parse(after)
    const invalid = Effect.fail<InvalidPosition>({ _tag: "InvalidPosition", found: after ?? "" })
    if (start === undefined) return invalid
    const entries = Effect.map(failing(sql.unsafe(page, [tenant, start[0], start[1], limit]).values), toEntries)
    return Effect.andThen(
      Effect.filterOrElse(isGiven(start[0]), Boolean, () => invalid),
      entries
    )
  }

  const toEntries = (rows: ReadonlyArray<ReadonlyArray<unknown>>): ReadonlyArray<FeedEntry<StoredEvent>> => {
    const newest = rows.at(-1)?.[0]
    if (newest !== undefined && BigInt(String(newest)) > given) given = BigInt(String(newest))
    return rows.map((row) => ({ position: print(row[0], row[1]), event: toEvent(String(row[2]), row.slice(3)) }))
  }

  const end = Effect.map(failing(sql.unsafe(newest, [tenant]).values), ([row]) =>
    row === undefined ? undefined : print(row[0], row[1])
  )

  return { read, end }
}
