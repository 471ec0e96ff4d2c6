/**
 * The position of a stream. The newest row tells it, and the oldest tells what was deleted; a husk stands where events are gone.
 */
import type { Head } from "../../src/EventStoreDriver.ts"
import type { Names } from "./Names.ts"

/** One row of `headStatement`. */
export interface HeadRow {
  /** The version of the newest row. */
  readonly newest: number
  readonly purged: boolean
  readonly oldest: number
  /** What the oldest row is: an event, or the type of a husk. */
  readonly oldestKind: "event" | "deleted" | "imported" | "purged"
  /** Of a husk that came with an import: the version of the first event. */
  readonly oldestTime: number
}

/** Takes the tenant and the agent id. */
export const headStatement = ({ events }: Names): string => `
SELECT h.version::float8 AS newest, h.data IS NULL AND h.type = 'purged' AS purged, o.version::float8 AS oldest,
  CASE WHEN o.data IS NULL THEN o.type ELSE 'event' END AS "oldestKind", o.timestamp::float8 AS "oldestTime"
FROM (SELECT version, data, type FROM ${events} WHERE tenant = $1 AND agent_id = $2 ORDER BY version DESC LIMIT 1) h,
  (SELECT version, data, type, timestamp FROM ${events} WHERE tenant = $1 AND agent_id = $2 ORDER BY version LIMIT 1) o`

/** Without a row the agent was never written. */
export const toHead = (row: HeadRow | undefined): Head => {
  if (row === undefined) return { version: 0, firstVersion: 0, presence: "missing", isComplete: true }
  const { newest: version, oldest, oldestKind, oldestTime, purged } = row
  if (purged) return { version, firstVersion: 0, presence: "missing", isComplete: true }
  if (oldestKind === "event") {
    return { version, firstVersion: oldest, presence: "present", isComplete: oldest === 1 }
  }
  if (oldestKind === "imported") return { version, firstVersion: oldestTime, presence: "present", isComplete: false }
  // A husk at the bottom: what stands right above it is the first event, if there is one.
  const firstVersion = version > oldest ? oldest + 1 : 0
  return { version, firstVersion, presence: "present", isComplete: oldestKind === "purged" }
}
