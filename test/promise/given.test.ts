import { assert, describe, it } from "@effect/vitest"
import * as Pantheon from "../../layers/promise/index.ts"

const stores = () => ({
  eventStore: new Pantheon.MemoryEventStore(),
  snapshotStore: new Pantheon.MemorySnapshotStore()
})

describe("what programs without types hand over", () => {
  it("is refused by a rejection that says what was expected, if it cannot be taken apart", async () => {
    await using sharing = new Pantheon.ContextSharingService(stores())
    await using metadata = new Pantheon.ContextMetadataService(stores())
    await using port = Pantheon.makeActorStatePort(stores())
    await using lifecycle = new Pantheon.ContextLifecycleManager(stores())
    await using agents = Pantheon.makeAgentStateManager(stores())
    const { snapshotStore } = stores()
    const row = { id: "s", agentId: "a", version: 1, eventId: "e", timestamp: new Date() }
    const calls: ReadonlyArray<readonly [object, string, ...ReadonlyArray<unknown>]> = [
      [sharing, "shareContext"],
      [sharing, "updateSharePermissions", "share"],
      [metadata, "setMetadata"],
      [port, "spawn"],
      [port, "spawn", {}],
      [port, "update", "actor"],
      [port, "start", "actor"],
      [port, "registerBehavior"],
      [agents, "getContextAt", "a"],
      [snapshotStore, "saveSnapshot"],
      [snapshotStore, "saveSnapshot", { ...row, state: 7 }],
      [snapshotStore, "saveSnapshot", { ...row, state: [] }],
      [agents, "appendTogether"],
      [agents, "appendTogether", "agents"],
      [agents, "modify", "a", 7],
      [lifecycle, "importContext", "a", 7],
      [lifecycle, "importContext", "a"]
    ]
    for (const [object, method, ...args] of calls) {
      const given: Promise<unknown> = Reflect.apply(Reflect.get(object, method), object, args)
      const error: unknown = await given.catch((error) => error)
      assert.isTrue(Pantheon.isPantheonError(error), method)
      assert.match(String(error), /expected .+, found .+\. /, method)
      assert.propertyVal(error, "code", "INVALID_INPUT", method)
    }
  })

  it("is no share, if it is no id of one", async () => {
    await using sharing = new Pantheon.ContextSharingService(stores())
    const error: unknown = await sharing.acceptShare(7 as never, "somebody").catch((error) => error)
    assert.propertyVal(error, "code", "SHARE_NOT_FOUND")
  })
})
