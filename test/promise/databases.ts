/** What the tests of the Promise API run on: each database is fresh, and gone after the test. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { onTestFinished } from "vitest"
import * as Pantheon from "../../layers/promise/index.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

export interface Stores {
  readonly eventStore: Pantheon.MemoryEventStore | Pantheon.LevelEventStore | Pantheon.PostgresEventStore
  readonly snapshotStore: Pantheon.MemorySnapshotStore | Pantheon.LevelSnapshotStore | Pantheon.PostgresSnapshotStore
}

export interface Database {
  readonly name: string
  /** New objects over one database, which they share. They are closed after the test. */
  readonly open: () => () => Stores
}

/** The address of the server of the tests. */
export const connectionString = Redacted.value(TestDatabase.url)

/** An empty directory for one test. */
export const freshDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "pantheon-promise-"))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** The name of a schema for one test. */
export const freshSchema = (): string => {
  const schema = TestDatabase.freshSchema()
  onTestFinished(() => Effect.runPromise(Effect.asVoid(TestDatabase.run(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`))))
  return schema
}

const closing = (stores: Stores): Stores => {
  onTestFinished(async () => {
    await stores.eventStore.close()
    await stores.snapshotStore.close()
  })
  return stores
}

const memory: Database = {
  name: "memory",
  open: () => {
    const stores = { eventStore: new Pantheon.MemoryEventStore(), snapshotStore: new Pantheon.MemorySnapshotStore() }
    return () => closing(stores)
  }
}

const level: Database = {
  name: "LevelDB",
  open: () => {
    const directory = freshDirectory()
    return () =>
      closing({
        eventStore: new Pantheon.LevelEventStore({ directory }),
        snapshotStore: new Pantheon.LevelSnapshotStore({ directory })
      })
  }
}

const postgres: Database = {
  name: "PostgreSQL",
  open: () => {
    const schema = freshSchema()
    const options = { connectionString, schema, feedPollMilliseconds: 20 }
    return () =>
      closing({
        eventStore: new Pantheon.PostgresEventStore(options),
        snapshotStore: new Pantheon.PostgresSnapshotStore(options)
      })
  }
}

export const databases: ReadonlyArray<Database> = [memory, level, postgres]

/** Those that outlive the objects over them. */
export const durable: ReadonlyArray<Database> = [level, postgres]

/** The code that a promise is rejected with. */
export const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
  } catch (error) {
    if (Pantheon.isPantheonError(error)) return error.code
    throw error
  }
  return "it was fulfilled"
}

/** Closes something after the test. */
export const closed = <A extends { readonly close: () => Promise<void> }>(closeable: A): A => {
  onTestFinished(() => closeable.close())
  return closeable
}
