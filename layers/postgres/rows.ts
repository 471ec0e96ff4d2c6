/**
 * Between rows and events. Numbers come as float8, exact up to 2 ** 53, since int8 would come as a bigint.
 */
import type { StoredEvent } from "../../src/EventStoreDriver.ts"

/**
 * The columns of an event, in the order of `toEvent`. What is nearly always the same comes as NULL, since nothing is read faster: a
 * type when it is the usual one, schema version 1, and empty metadata.
 */
export const eventColumns = (type = "type") =>
  `version::float8, id, ${type}, nullif(schema_version, 1), timestamp::float8, data, nullif(metadata, '{}')`

/** One row of these columns. */
export type EventRow = ReadonlyArray<unknown>

/** One event; `usualType` is what a NULL stands for. The types of the columns are those of the table. */
export const toEvent = (agentId: string, row: EventRow, usualType = ""): StoredEvent => ({
  id: row[1] as string,
  agentId,
  version: row[0] as number,
  type: (row[2] ?? usualType) as string,
  schemaVersion: (row[3] ?? 1) as number,
  timestamp: row[4] as number,
  data: row[5] as string,
  metadata: (row[6] ?? "{}") as string
})
