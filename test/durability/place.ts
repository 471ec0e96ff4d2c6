/** Where the data of a durability test lies, as it is told to another process. */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as LevelDb from "../../layers/leveldb/index.ts"
import * as Postgres from "../../layers/postgres/index.ts"
import type { EventStore, SnapshotStore, StoreError } from "../../src/index.ts"

export const Place = Schema.TaggedUnion({
  LevelDb: { directory: Schema.String },
  Postgres: { url: Schema.String, schema: Schema.String }
})
export type Place = typeof Place.Type

const PlaceText = Schema.fromJsonString(Place)
export const toText = Schema.encodeSync(PlaceText)
export const fromText = Schema.decodeSync(PlaceText)

/** All stores at the place. `name` is what the server calls the connections. */
export const layer = (
  place: Place,
  name: string
): Layer.Layer<EventStore.EventStore | SnapshotStore.SnapshotStore, StoreError.ReadError> =>
  place._tag === "LevelDb"
    ? LevelDb.layer({ directory: place.directory })
    : Postgres.layer({ url: Redacted.make(place.url), schema: place.schema, applicationName: name })

/** Completes once the server has noticed that the connections of a dead process are gone, and no append of it can come any more. */
export const forgotten = (place: Place, name: string): Effect.Effect<void> => {
  if (place._tag === "LevelDb") return Effect.void
  const count = Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const rows = yield* sql<{ count: number }>`
      SELECT count(*)::int4 AS count FROM pg_stat_activity WHERE application_name = ${name}`
    return rows[0]?.count ?? 0
  })
  return Effect.repeat(count, { schedule: Schedule.spaced("20 millis"), until: (count) => count === 0 }).pipe(
    Effect.provide(PgClient.layer({ url: Redacted.make(place.url), maxConnections: 1 })),
    Effect.orDie,
    Effect.asVoid
  )
}
