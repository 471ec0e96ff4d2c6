/** What needs the access to several agents at once. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Memory from "../../layers/memory/index.ts"
import { AccessError, AccessPolicy, AgentStateManager, EventStore, type Permission } from "../../src/index.ts"
import { storedVersion } from "./suite/support.ts"

/** Lets everybody write to one agent, and notes what it was asked. */
const policyFor = (writable: string, asked: Array<string>): AccessPolicy.AccessPolicy => ({
  check: ({ action, agentId, resource }) => {
    asked.push(`${resource}:${action} ${agentId}`)
    return agentId === writable ? Effect.void : Effect.fail(new AccessError.AccessDenied({ resource, action, agentId }))
  },
  grounds: () => Effect.succeed("none"),
  sharesChanged: () => {}
})

it.effect("a write to several agents asks for each of them, and stores nothing if one is not the writer's", () => {
  const asked: Array<string> = []
  const policy = Layer.succeed(AccessPolicy.AccessPolicy, policyFor("mine", asked))
  const manager = Layer.provideMerge(Layer.provide(AgentStateManager.layer(), policy), Memory.layer)
  return Effect.gen(function* () {
    const agents = yield* AgentStateManager.AgentStateManager
    const writes = ["mine", "theirs"].map((agentId) => ({ agentId, events: [{ type: "noted" }] }))
    const denied = yield* Effect.flip(agents.appendTogether(writes))
    assert.deepInclude(denied, { _tag: "AccessDenied", agentId: "theirs" })
    assert.deepStrictEqual(asked, ["context:write mine", "context:write theirs"])
    assert.strictEqual(yield* storedVersion("mine"), 0)
    yield* agents.appendTogether(writes.slice(0, 1))
    assert.strictEqual(yield* storedVersion("mine"), 1)
  }).pipe(Effect.provide(manager))
})

/** Everybody may read one agent, and nothing else. */
const readingOnly = (readable: string): AccessPolicy.AccessPolicy => {
  const allows = ({ action, agentId, resource }: Permission.Need) =>
    resource === "context" && action === "read" && agentId === readable
  return {
    check: (need) => (allows(need) ? Effect.void : Effect.fail(new AccessError.AccessDenied(need))),
    grounds: (need) => Effect.succeed(allows(need) ? "permission" : "none"),
    sharesChanged: () => {}
  }
}

const asReaderOf = (readable: string) =>
  AgentStateManager.layer({ snapshots: { keep: 1, deleteEvents: true } }).pipe(
    Layer.provide(Layer.succeed(AccessPolicy.AccessPolicy, readingOnly(readable))),
    Layer.provideMerge(Memory.layer)
  )

it.effect(
  "what happens to an agent that one may not read, and cannot be folded, is no trouble in the changes of others",
  () =>
    Effect.gen(function* () {
      const [agents, store] = [yield* AgentStateManager.AgentStateManager, yield* EventStore.EventStore]
      const patch = [{ op: "remove", path: "/nothing" }]
      yield* store.append({ agentId: "theirs", events: [{ type: "context.patched", data: { patch } }] })
      yield* store.append({ agentId: "pantheon/x", events: [{ type: "context.patched", data: { patch } }] })
      yield* store.append({ agentId: "mine", events: [{ type: "noted" }] })
      const seen = yield* Stream.runHead(agents.changes({ from: "beginning" }))
      assert.deepInclude(Option.getOrThrow(seen).event, { agentId: "mine", version: 1 })
    }).pipe(Effect.provide(asReaderOf("mine")))
)

it.effect("who may only read an agent takes no snapshot of it, since that may delete events", () =>
  Effect.gen(function* () {
    const [agents, store] = [yield* AgentStateManager.AgentStateManager, yield* EventStore.EventStore]
    yield* store.append({ agentId: "mine", events: [{ type: "noted" }, { type: "noted" }] })
    yield* agents.getContext("mine")
    assert.deepInclude(yield* Effect.flip(agents.createSnapshot("mine")), { _tag: "AccessDenied", action: "write" })
    assert.lengthOf(yield* Stream.runCollect(agents.history("mine")), 2)
  }).pipe(Effect.provide(asReaderOf("mine")))
)
