/** What needs the access to several agents at once. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Memory from "../../layers/memory/index.ts"
import { AccessError, AccessPolicy, AgentStateManager } from "../../src/index.ts"
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
