import { assert, describe, it } from "@effect/vitest"
import { vi } from "vitest"
import * as Pantheon from "../../../layers/promise/index.ts"
import { closed, durable } from "../databases.ts"
import { run } from "./run.ts"

const packages = { "@promethean-os/pantheon-state": Pantheon }

for (const { name, open } of durable) {
  describe(`what users have pasted about services, on ${name}`, () => {
    const start = () => {
      const stores = open()()
      return { ...stores, stateManager: closed(Pantheon.makeAgentStateManager(stores)) }
    }

    it("issues, validates and revokes a token", async () => {
      const names = { process: { env: { JWT_SECRET: "0123456789abcdefghijklmnopqrstuv" } } }
      const gives = ["authService", "token", "validated"]
      const pasted = await run("services/auth", { packages, names, gives })
      const authService = closed(pasted["authService"] as Pantheon.JWTAuthService)
      const { expiresAt, token } = pasted["token"] as Pantheon.IssuedToken
      const validated = { token, agentId: "agent-123", permissions: ["read", "write"], expiresAt }
      assert.deepStrictEqual(pasted["validated"], validated)
      assert.approximately(expiresAt.getTime() - Date.now(), 24 * 60 * 60 * 1000, 10_000)
      assert.isNull(await authService.validateToken(token))
    })

    it("shares a context as it was in a snapshot", async () => {
      const { snapshotStore, stateManager } = start()
      await stateManager.updateContext("agent-123", { state: { mood: "curious" } })
      const [{ id: eventId } = { id: "" }] = await stateManager.getContextHistory("agent-123")
      const snapshot = { id: "snapshot-789", agentId: "agent-123", version: 1, eventId, timestamp: new Date() }
      await snapshotStore.saveSnapshot({ ...snapshot, state: { mood: "curious" } })
      await stateManager.updateContext("agent-123", { state: { mood: "sure" } })
      const gives = ["sharingService", "share", "shared"]
      const pasted = await run("services/sharing", { packages, names: { shareStore: stateManager }, gives })
      closed(pasted["sharingService"] as Pantheon.ContextSharingService)
      assert.deepInclude(pasted["share"], {
        sourceAgentId: "agent-123",
        targetAgentId: "agent-456",
        shareType: "read",
        permissions: { canView: true, canEdit: false },
        version: 1
      })
      const [shared] = pasted["shared"] as ReadonlyArray<Pantheon.SharedAgentContext>
      assert.deepStrictEqual(shared?.share, pasted["share"])
      assert.deepInclude(shared?.context, { state: { mood: "curious" }, version: 1 })
    })

    it("sets, gets and queries metadata", async () => {
      const { stateManager } = start()
      await stateManager.updateContext("agent-123", { state: {} })
      const gives = ["metadataService", "preferences", "allPrivate"]
      const pasted = await run("services/metadata", { packages, names: { metadataStore: stateManager }, gives })
      closed(pasted["metadataService"] as Pantheon.ContextMetadataService)
      assert.deepInclude(pasted["preferences"], {
        agentId: "agent-123",
        contextKey: "preferences",
        contextValue: { theme: "dark", language: "en" },
        contextType: "user-preferences",
        visibility: "private"
      })
      assert.deepStrictEqual(pasted["allPrivate"], [pasted["preferences"]])
    })

    it("creates, counts and archives a context, and cleans up", async () => {
      const { stateManager } = start()
      const metadataService = closed(new Pantheon.ContextMetadataService(stateManager))
      const log = vi.spyOn(console, "log").mockImplementation(() => {})
      const names = { stateManager, metadataService }
      const gives = ["lifecycleManager", "context", "stats"]
      const pasted = await run("services/lifecycle", { packages, names, gives })
      closed(pasted["lifecycleManager"] as Pantheon.ContextLifecycleManager)
      const bytes = JSON.stringify({ status: "initialized", capabilities: ["data-processing", "analysis"] }).length
      assert.deepStrictEqual(log.mock.calls, [["Total events: 1"], [`Context size: ${bytes} bytes`]])
      log.mockRestore()
      assert.deepInclude(pasted["context"], { agentId: "agent-123", version: 1, status: "active" })
      assert.strictEqual((await stateManager.getContext("agent-123")).status, "archived")
    })

    it("spawns an actor and gets it", async () => {
      const stores = open()()
      const gives = ["actorPort", "actor", "retrieved"]
      const pasted = await run("services/actors", { packages, names: { ...stores }, gives })
      closed(pasted["actorPort"] as Pantheon.ActorPort)
      assert.deepInclude(pasted["actor"], { goals: ["Process incoming data"], state: "idle" })
      assert.deepStrictEqual(pasted["retrieved"], pasted["actor"])
    })

    it("makes a manager the old way and the new one, without a word on the console", async () => {
      const warn = vi.spyOn(console, "warn").mockImplementation(() => {})
      const pasted = await run("services/from-classes", {
        packages,
        names: { ...open()() },
        gives: ["manager", "stateManager"]
      })
      const manager = closed(pasted["manager"] as Pantheon.DefaultContextManager)
      const stateManager = closed(pasted["stateManager"] as Pantheon.StateManager)
      const { migrateToFunctional } = await run("services/migration-helper", { gives: ["migrateToFunctional"] })
      const migrated = Reflect.apply(Object(migrateToFunctional), undefined, [manager]) as Pantheon.AgentStateManager
      const updated = await migrated.updateContext("agent-123", { state: { tasks: 1 } })
      assert.deepStrictEqual(await stateManager.getContext("agent-123"), updated)
      assert.lengthOf(await migrated.getContextHistory("agent-123"), 1)
      assert.strictEqual(warn.mock.calls.length, 0)
      warn.mockRestore()
    })
  })
}
