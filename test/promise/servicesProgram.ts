/** A program that uses every service, leaves work under way, and closes everything: it must end by itself, with nothing unhandled. */
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

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "it was fulfilled",
    (error: unknown) => (Pantheon.isPantheonError(error) ? error.code : "?")
  )

const agents = Pantheon.makeAgentStateManager(stores)
const metadata = new Pantheon.ContextMetadataService(agents)
const sharing = new Pantheon.ContextSharingService(agents)
const lifecycle = new Pantheon.ContextLifecycleManager(agents, metadata)
const auth = Pantheon.makeAuthService({
  jwtSecret: "0123456789abcdefghijklmnopqrstuv",
  eventStore: stores.eventStore
})
const port = Pantheon.makeActorStatePort(stores)

await lifecycle.createContext("a", { x: 1 })
await metadata.setMetadata({ agentId: "a", contextKey: "k", contextValue: 1 })
await sharing.shareContext({ sourceAgentId: "a", targetAgentId: "b" })
await auth.validateToken((await auth.generateToken("a", ["read"])).token)
const plan: Pantheon.AsyncPlan = () => new Promise(() => {})
const talents = [{ name: "hanging", behaviors: [{ name: "hang", mode: "persistent" as const, plan }] }]
const { id } = await port.spawn({ name: "Hanger", contextSources: [], talents }, "Hang")
await port.start(id, { every: "1 hour" })

// All of these wait for ever, and are told of the end.
const waiting = [port.tick(id), port.messages().next(), auth.refusals().next()].map(codeOf)
const watched = port.watch(id)
await watched.next()

for (const service of [port, auth, lifecycle, sharing, metadata, agents]) await service.close()
const later = codeOf(sharing.getSharedContexts("b"))
console.log([...(await Promise.all(waiting)), await later].join(" "))
