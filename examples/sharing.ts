/** Ann shares her plan with Bob: a part of it to write, as it is, and all of it to read, as it was. Then she takes the first back. */
import { Console, Effect, Layer } from "effect"
import * as Memory from "../layers/memory/index.ts"
import { AccessPolicy, AgentStateManager, ContextSharing, CurrentPrincipal, Permission } from "../src/index.ts"

const Sharing = ContextSharing.layer.pipe(
  Layer.provideMerge(AgentStateManager.layer()),
  Layer.provide(AccessPolicy.layerScoped()),
  Layer.provideMerge(Memory.layer)
)

/** Does something as somebody, as the handler of a request would. */
const as = (id: string, ...permissions: ReadonlyArray<Permission.Text>) =>
  Effect.provideService(CurrentPrincipal.CurrentPrincipal, {
    id,
    kind: "user",
    permissions: permissions.map(Permission.make)
  })

const asAnn = as("ann", "*:admin:plan")
const asBob = as("bob")

const tell = (who: string, what: unknown) => Console.log(`${who}: ${JSON.stringify(what)}`)

/** What he is told of a refusal. */
const refusal = <A, E extends { readonly message: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), ({ message }) => message)

const program = Effect.gen(function* () {
  const sharing = yield* ContextSharing.ContextSharing
  const agents = yield* AgentStateManager.AgentStateManager

  yield* asAnn(agents.setState("plan", { trip: { to: "Oslo", days: 3 }, budget: 900 }))
  const terms = { agentId: "plan", recipientId: "bob" }
  const trip = yield* asAnn(sharing.share({ ...terms, level: "write", paths: ["/trip"] }))
  const asItWas = yield* asAnn(sharing.share({ ...terms, level: "read", content: { version: 1 } }))

  const shown = yield* asBob(sharing.getSharedContext(trip.id))
  yield* tell("Bob sees of the plan as it is", shown.state)
  const written = yield* asBob(sharing.patchState(trip.id, [{ op: "replace", path: "/trip/days", value: 5 }]))
  yield* tell("he writes", written.state)
  yield* tell("Ann sees", (yield* asAnn(agents.getContext("plan"))).state)

  const outside = asBob(sharing.updateContext(trip.id, { state: { budget: 0 } }))
  yield* Console.log(`outside of it: ${yield* refusal(outside)}`)
  for (const [what, refused] of [
    ["to write what he may read", sharing.updateContext(asItWas.id, { state: { budget: 0 } })],
    ["to raise his level", sharing.change(trip.id, { level: "admin" })],
    ["to pass it on", sharing.share({ agentId: "plan", recipientId: "eve", level: "read" })],
    ["to read all of the plan", agents.getContext("plan")]
  ] as const) {
    yield* tell(what, (yield* Effect.flip(asBob<unknown, { readonly _tag: string }, never>(refused)))._tag)
  }

  yield* asAnn(sharing.revoke(trip.id))
  yield* tell("revoked, Bob's next read", (yield* Effect.flip(asBob(sharing.getSharedContext(trip.id))))._tag)
  const kept = yield* asBob(sharing.getSharedContexts())
  for (const { content, share } of kept) {
    yield* tell(`left is ${share.content._tag}`, content._tag === "Success" ? content.success.state : content.failure)
  }
})

await Effect.runPromise(Effect.provide(program, Sharing))
