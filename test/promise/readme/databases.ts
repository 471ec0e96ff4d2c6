/** LevelDB and PostgreSQL under the names that the snippets use. */
import * as Pantheon from "../../../layers/promise/index.ts"
import { connectionString, freshDirectory, freshSchema } from "../databases.ts"

export interface Place {
  /** The package, with stores of this database in the place of those of PostgreSQL. */
  readonly packages: { readonly [name: string]: object }
  /** What the constructors of the stores are given. */
  readonly dbConnection: object
  /** The place, in the words of a snippet that names one. */
  readonly instead: readonly [old: string, text: string]
}

const old = "connectionString: 'postgresql://user:pass@localhost/pantheon'"

const level = (): Place => {
  const directory = freshDirectory()
  const { LevelEventStore: PostgresEventStore, LevelSnapshotStore: PostgresSnapshotStore } = Pantheon
  return {
    packages: { "@promethean-os/pantheon-state": { ...Pantheon, PostgresEventStore, PostgresSnapshotStore } },
    dbConnection: { directory },
    instead: [old, `directory: ${JSON.stringify(directory)}`]
  }
}

const postgres = (): Place => {
  const dbConnection = { connectionString, schema: freshSchema() }
  return {
    packages: { "@promethean-os/pantheon-state": Pantheon },
    dbConnection,
    instead: [old, JSON.stringify(dbConnection).slice(1, -1)]
  }
}

export const places: ReadonlyArray<readonly [name: string, make: () => Place]> = [
  ["LevelDB", level],
  ["PostgreSQL", postgres]
]
