import { assert, describe, it } from "@effect/vitest"
import * as Pantheon from "../../layers/promise/index.ts"
import { codeOf } from "./databases.ts"

/** A journal as a program without this library might have one: it keeps what it was told to keep, and nothing of versions. */
class Journal {
  readonly rows: Array<Pantheon.EventRow> = []
  /** What the next call of `appendEvent` does in place of keeping the event. */
  trouble: ((event: Pantheon.EventRow) => void) | undefined

  async appendEvent({ agentId, data, id, metadata, timestamp, type }: Pantheon.EventRow): Promise<void> {
    const { trouble } = this
    this.trouble = undefined
    const row = { agentId, data, id, metadata, timestamp, type }
    if (trouble === undefined) this.rows.push(row)
    else trouble(row)
  }

  async getEvents(agentId: string): Promise<ReadonlyArray<Pantheon.EventRow>> {
    return this.rows.filter((row) => row.agentId === agentId)
  }

  async getEvent(eventId: string): Promise<Pantheon.EventRow | null> {
    return this.rows.find(({ id }) => id === eventId) ?? null
  }
}

class Album {
  readonly rows: Array<Pantheon.SnapshotRow> = []
  isBroken = false

  async saveSnapshot(snapshot: Pantheon.SnapshotRow): Promise<void> {
    this.rows.push(snapshot)
  }

  async getLatestSnapshot(agentId: string): Promise<Pantheon.SnapshotRow | undefined> {
    if (this.isBroken) throw new Error("the album is broken")
    return this.rows.findLast((row) => row.agentId === agentId)
  }

  async getSnapshot(snapshotId: string): Promise<Pantheon.SnapshotRow | undefined> {
    return this.rows.find(({ id }) => id === snapshotId)
  }
}

const start = (options: Partial<Pantheon.AgentStateDeps> = {}) => {
  const stores = { eventStore: new Journal(), snapshotStore: new Album() }
  return { ...stores, agents: Pantheon.makeAgentStateManager({ ...options, ...stores }) }
}

describe("stores of three methods", () => {
  it("keep agents, with dates as dates", async () => {
    const { agents, eventStore } = start()
    const lastSeen = new Date("2026-01-01T00:00:00.000Z")
    const written = await agents.updateContext("a", { state: { lastSeen } })
    await agents.appendEvent({ agentId: "a", type: "task.completed", data: { at: lastSeen } })
    const again = Pantheon.makeAgentStateManager({ eventStore, snapshotStore: new Album() })
    const read = await again.getContext("a")
    assert.deepInclude(read, { version: 2, state: { lastSeen } })
    assert.strictEqual(read.id, written.id)
    assert.deepStrictEqual(
      eventStore.rows.map(({ data, type }) => [type, data]),
      [
        ["context.updated", { state: { lastSeen } }],
        ["task.completed", { at: lastSeen }]
      ]
    )
    assert.strictEqual((await again.getContextHistory("a", 1))[0]?.version, 2)
    await Promise.all([agents.close(), again.close()])
  })

  it("get one write after the other, and none that expected another version", async () => {
    const { agents } = start()
    const all = await Promise.all([1, 2, 3, 4, 5].map((n) => agents.updateContext("a", { state: { [`k${n}`]: n } })))
    assert.deepStrictEqual(
      all.map(({ version }) => version),
      [1, 2, 3, 4, 5]
    )
    assert.strictEqual(await codeOf(agents.updateContext("a", { state: {} }, { expected: 3 })), "CONFLICT")
    await agents.close()
  })

  it("keep versions apart from two managers over the same objects", async () => {
    const { agents, eventStore, snapshotStore } = start()
    const other = Pantheon.makeAgentStateManager({ eventStore, snapshotStore })
    for (let count = 0; count < 5; count++) {
      await Promise.all([agents, other].map((each, k) => each.updateContext("a", { state: { [`k${k}`]: count } })))
    }
    assert.deepInclude(await other.getContext("a"), { version: 10, state: { k0: 4, k1: 4 } })
    assert.lengthOf(eventStore.rows, 10)
    await Promise.all([agents.close(), other.close()])
  })

  it("are not closed with the manager, who knows of no such thing", async () => {
    const { agents, eventStore } = start()
    await agents.updateContext("a", { state: {} })
    await agents.close()
    assert.strictEqual(await codeOf(agents.getContext("a")), "CLOSED")
    assert.lengthOf(eventStore.rows, 1)
  })

  it("take snapshots that are used, and that are passed over when they cannot be had", async () => {
    const { agents, eventStore, snapshotStore } = start({ snapshotInterval: 2 })
    for (const x of [1, 2, 3]) await agents.updateContext("a", { state: { x } })
    await agents.close()
    assert.deepInclude(snapshotStore.rows[0], { agentId: "a", version: 2, state: { x: 2 } })
    const again = Pantheon.makeAgentStateManager({ eventStore, snapshotStore })
    assert.deepInclude(await again.getContext("a"), { version: 3, state: { x: 3 } })
    snapshotStore.isBroken = true
    assert.deepInclude(await again.getContext("a"), { version: 3, state: { x: 3 } })
    await again.close()
  })
})

describe("a store of three methods that fails", () => {
  it("fails the write, with the store's own error at the bottom, and the next one is none the worse", async () => {
    const { agents, eventStore } = start()
    const full = new Error("the disk is full")
    eventStore.trouble = () => {
      throw full
    }
    const error: unknown = await agents.updateContext("a", { state: { x: 1 } }).catch((error: unknown) => error)
    assert.isTrue(Pantheon.isPantheonError(error) && error.code === "REFUSED")
    assert.strictEqual(Reflect.get(Object(Reflect.get(Object(error), "cause")), "cause"), full)
    assert.strictEqual((await agents.updateContext("a", { state: { x: 2 } })).version, 1)
    await agents.close()
  })

  it("has stored the event all the same, if it gives it back", async () => {
    const { agents, eventStore } = start()
    eventStore.trouble = (row) => {
      eventStore.rows.push(row)
      throw new Error("the connection was lost")
    }
    assert.strictEqual((await agents.updateContext("a", { state: { x: 1 } })).version, 1)
    assert.lengthOf(eventStore.rows, 1)
    await agents.close()
  })

  it("is found out when it loses events, or gives back what nobody can read", async () => {
    const { agents, eventStore } = start()
    await agents.updateContext("a", { state: { x: 1 } })
    await agents.updateContext("b", { state: { x: 1 } })
    const lost = eventStore.rows.splice(0, 1)
    const other = Pantheon.makeAgentStateManager({ eventStore, snapshotStore: new Album() })
    assert.strictEqual(await codeOf(other.getContext("a")), "CORRUPTED")
    eventStore.rows.unshift(...lost.map((row) => ({ ...row, timestamp: new Date(Number.NaN) })))
    assert.strictEqual(await codeOf(other.getContext("a")), "CORRUPTED")
    await Promise.all([agents.close(), other.close()])
  })
})

describe("what three methods cannot do", () => {
  it("is refused: several events at once, command ids, listings, feeds and purges", async () => {
    const { agents, eventStore } = start()
    await agents.updateContext("a", { state: {} })
    const told = [
      await codeOf(agents.appendEvents("a", [{ type: "x" }, { type: "y" }])),
      await codeOf(agents.updateContext("a", { state: {} }, { commandId: "c" })),
      await codeOf(agents.appendTogether([{ agentId: "a", events: [{ type: "x" }] }])),
      await codeOf(agents.listAgents().next()),
      await codeOf(agents.changes().next()),
      await codeOf(agents.purge("a"))
    ]
    assert.deepStrictEqual(told, ["REFUSED", "REFUSED", "UNSUPPORTED", "UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE"])
    assert.lengthOf(eventStore.rows, 1)
    await agents.close()
  })

  it("is done where there is a fourth, for several events at once", async () => {
    class Batches extends Journal {
      async appendEvents(events: ReadonlyArray<Pantheon.EventRow>): Promise<void> {
        this.rows.push(...events)
      }
    }
    const eventStore = new Batches()
    const agents = Pantheon.makeAgentStateManager({ eventStore, snapshotStore: new Album() })
    const events = await agents.appendEvents("a", [{ type: "x" }, { type: "y" }])
    assert.deepStrictEqual(
      events.map(({ version }) => version),
      [1, 2]
    )
    assert.deepInclude(await agents.getContext("a"), { version: 2 })
    await agents.close()
  })
})
