/**
 * Between rows and events. Numbers come as float8, exact up to 2 ** 53, since int8 would come as a bigint.
 */
import type { StoredEvent } from "../../src/EventStoreDriver.ts"

/** The columns of an event, in the order of `toEvent`. Metadata is mostly empty, and nothing is read faster than a text of two characters. */
export const eventColumns =
  "version::float8, id, type, schema_version, timestamp::float8, data, nullif(metadata, '{}') AS metadata"

/** One row of these columns. */
export type EventRow = ReadonlyArray<unknown>

/** One event. The types of the columns are those of the table. */
export const toEvent = (agentId: string, row: EventRow): StoredEvent => ({
  id: row[1] as string,
  agentId,
  version: row[0] as number,
  type: row[2] as string,
  schemaVersion: row[3] as number,
  timestamp: row[4] as number,
  data: row[5] as string,
  metadata: (row[6] ?? "{}") as string
})
