/** A program that uses the library, closes it, and has nothing more to do: it must end by itself. */
import * as Pantheon from "../../layers/promise/index.ts"

const [kind, place = "", schema] = process.argv.slice(2)

const stores =
  kind === "LevelDB"
    ? {
        eventStore: new Pantheon.LevelEventStore({ directory: place }),
        snapshotStore: new Pantheon.LevelSnapshotStore({ directory: place })
      }
    : {
        eventStore: new Pantheon.PostgresEventStore({ connectionString: place, schema }),
        snapshotStore: new Pantheon.PostgresSnapshotStore({ connectionString: place, schema })
      }

const agents = Pantheon.makeAgentStateManager({ ...stores, snapshotInterval: 2 })
await Promise.all([1, 2, 3].map((x) => agents.updateContext("a", { state: { x } })))
await agents.snapshotStore.getLatestSnapshot("a")
// Listens for ever, and is told of the end.
const told = agents.changes().next()
const refused = told.catch((error: unknown) => (Pantheon.isPantheonError(error) ? error.code : "?"))
await agents.close()
console.log(await refused)
