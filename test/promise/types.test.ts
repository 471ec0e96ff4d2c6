import { describe, expectTypeOf, it } from "vitest"
import * as Pantheon from "../../layers/promise/index.ts"

describe("the types of the Promise API", () => {
  const eventStore = new Pantheon.MemoryEventStore()
  const snapshotStore = new Pantheon.MemorySnapshotStore()
  const agents = Pantheon.makeAgentStateManager({ eventStore, snapshotStore })

  it("give plain objects", () => {
    expectTypeOf(agents.getContext).returns.resolves.toEqualTypeOf<Pantheon.AgentContext>()
    expectTypeOf(agents.appendEvent).returns.resolves.toEqualTypeOf<Pantheon.ContextEvent>()
    expectTypeOf(agents.createSnapshot).returns.resolves.toEqualTypeOf<Pantheon.ContextSnapshot>()
    expectTypeOf(agents.deleteContext).returns.resolves.toEqualTypeOf<void>()
    expectTypeOf(agents.getContextHistory).returns.resolves.toEqualTypeOf<Array<Pantheon.ContextEvent>>()
    expectTypeOf<Pantheon.AgentContext["createdAt"]>().toEqualTypeOf<Date>()
    expectTypeOf<Pantheon.AgentContext["version"]>().toEqualTypeOf<number>()
  })

  it("know the stores that a manager was made of", () => {
    expectTypeOf(agents.eventStore).toEqualTypeOf<Pantheon.MemoryEventStore>()
    expectTypeOf(
      agents.snapshotStore.getLatestSnapshot
    ).returns.resolves.toEqualTypeOf<Pantheon.ContextSnapshot | null>()
    expectTypeOf(agents).toExtend<Pantheon.AgentStateManager>()
    expectTypeOf(eventStore).toExtend<Pantheon.EventStore>()
    expectTypeOf(snapshotStore).toExtend<Pantheon.SnapshotStore>()
  })

  it("take parts of contexts, whole contexts and events without id and time", () => {
    type Update = Parameters<typeof agents.updateContext>[1]
    expectTypeOf<Partial<Pantheon.AgentContext>>().toExtend<Update>()
    expectTypeOf<{ state: { lastSeen: Date } }>().toExtend<Update>()
    expectTypeOf<{ state: string }>().not.toExtend<Update>()
    type Event = Parameters<typeof agents.appendEvent>[0]
    expectTypeOf<Omit<Pantheon.ContextEvent, "id" | "timestamp">>().toExtend<Event>()
    expectTypeOf<{ type: string; agentId: string; data: object }>().toExtend<Event>()
    expectTypeOf<{ type: string }>().not.toExtend<Event>()
  })

  it("take stores of three methods, and no fewer", () => {
    const events = { appendEvent: async () => {}, getEvents: async () => [], getEvent: async () => null }
    const snapshots = {
      saveSnapshot: async () => {},
      getLatestSnapshot: async () => null,
      getSnapshot: async () => null
    }
    expectTypeOf(events).toExtend<Pantheon.EventStore>()
    expectTypeOf(snapshots).toExtend<Pantheon.SnapshotStore>()
    expectTypeOf<Omit<typeof events, "getEvent">>().not.toExtend<Pantheon.EventStore>()
  })

  it("list the codes of errors", () => {
    expectTypeOf<Pantheon.PantheonError["code"]>().toEqualTypeOf<Pantheon.Code>()
    expectTypeOf<"AGENT_NOT_FOUND" | "CONFLICT" | "CLOSED" | "INVALID_OPTIONS">().toExtend<Pantheon.Code>()
    expectTypeOf<"AGENT_LOST">().not.toExtend<Pantheon.Code>()
    expectTypeOf(Pantheon.isPantheonError).guards.toEqualTypeOf<Pantheon.PantheonError>()
  })
})
