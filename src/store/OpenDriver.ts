/**
 * A driver that refuses reads and deletions once its store is closed, whatever the technology would do; appends are refused by `GroupCommit`.
 */
import * as Effect from "effect/Effect"
import type { EventStoreDriver } from "../EventStoreDriver.ts"
import { Unavailable } from "../StoreError.ts"
import type { GroupCommit } from "./GroupCommit.ts"

/** Guards the driver of a store. */
export const make = (driver: EventStoreDriver, commits: GroupCommit): EventStoreDriver => {
  const closed = new Unavailable({
    operation: "read",
    reason: "Closed",
    expected: `${driver.name} to be open`,
    found: "a closed store",
    remedy: "Keep the layer of the store alive while you use it."
  })
  const whileOpen = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Unavailable, R> =>
    Effect.suspend((): Effect.Effect<A, E | Unavailable, R> => (commits.isClosed ? Effect.fail(closed) : effect))
  return {
    ...driver,
    readHead: (agentId) => whileOpen(driver.readHead(agentId)),
    readStream: (range) => whileOpen(driver.readStream(range)),
    readEvent: (eventId) => whileOpen(driver.readEvent(eventId)),
    readReplies: (agentId, commandIds) => whileOpen(driver.readReplies(agentId, commandIds)),
    listCommands: (page) => whileOpen(driver.listCommands(page)),
    listAgents: (page) => whileOpen(driver.listAgents(page)),
    getNotes: (keys) => whileOpen(driver.getNotes(keys)),
    listNotes: (page) => whileOpen(driver.listNotes(page)),
    listDue: (page) => whileOpen(driver.listDue(page)),
    listTagged: (page) => whileOpen(driver.listTagged(page)),
    readFeed: (page) => whileOpen(driver.readFeed(page)),
    readFeedEnd: whileOpen(driver.readFeedEnd),
    deleteEvents: (agentId, toVersion) => whileOpen(driver.deleteEvents(agentId, toVersion)),
    purge: (agentId) => whileOpen(driver.purge(agentId)),
    importAgent: (agent, alone) => whileOpen(driver.importAgent(agent, alone))
  }
}
