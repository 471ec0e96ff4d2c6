/**
 * Where a store lives in its database.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as AgentId from "../../src/AgentId.ts"
import { InvalidInput } from "../../src/StoreError.ts"

/** What several stores in one database need to stay apart. */
export interface StoreOptions {
  /** The PostgreSQL schema; created by the migrations. `pantheon` by default. Letters, digits and `_`, at most 40. */
  readonly schema?: string | undefined
  /** Goes before the names of the tables; empty by default. Letters, digits and `_`, at most 20. */
  readonly tablePrefix?: string | undefined
  /** Separates the agents of different customers in the same tables; empty by default. */
  readonly tenant?: string | undefined
  /** Milliseconds between two looks of a live feed for what other processes have written; 500 by default. */
  readonly feedPollMilliseconds?: number | undefined
}

/** The quoted names of the tables. */
export interface Names {
  readonly schema: string
  readonly events: string
  readonly commands: string
  readonly snapshots: string
  readonly notes: string
  readonly meta: string
  readonly migrations: string
  readonly tenant: string
  readonly feedPollMilliseconds: number
  /** Names an index of a table. */
  readonly index: (table: "events" | "notes", name: string) => string
}

const identifier = /^[A-Za-z_][A-Za-z0-9_]{0,39}$/
const prefix = /^(?:[A-Za-z_][A-Za-z0-9_]{0,19})?$/

/** Checks the options. Only letters, digits and `_` come through, so quoting is safe. */
export const make = (options: StoreOptions): Effect.Effect<Names, InvalidInput> =>
  Effect.gen(function* () {
    const { feedPollMilliseconds = 500, schema = "pantheon", tablePrefix = "", tenant = "" } = options
    if (!identifier.test(schema))
      yield* refuse("schema", "a letter or _, then letters, digits or _, at most 40", schema)
    if (!prefix.test(tablePrefix))
      yield* refuse("tablePrefix", "letters, digits or _, at most 20, or nothing", tablePrefix)
    if (tenant !== "") yield* Effect.fromResult(Result.map(AgentId.validate(tenant, "tenant"), () => undefined))
    if (!(feedPollMilliseconds >= 1)) yield* refuse("feedPollMilliseconds", "at least 1", String(feedPollMilliseconds))
    const table = (name: string) => `"${schema}"."${tablePrefix}${name}"`
    return {
      schema: `"${schema}"`,
      events: table("events"),
      commands: table("commands"),
      snapshots: table("snapshots"),
      notes: table("notes"),
      meta: table("meta"),
      migrations: table("migrations"),
      tenant,
      feedPollMilliseconds,
      index: (table, name) => `"${tablePrefix}${table}_${name}"`
    }
  })

const refuse = (path: string, expected: string, found: string): Effect.Effect<never, InvalidInput> =>
  Effect.fail(
    new InvalidInput({ path, expected, found: JSON.stringify(found), remedy: "Change the option of the layer." })
  )
