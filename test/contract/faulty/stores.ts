/**
 * The stores that do what the book says.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Append, EventStore } from "../../../src/EventStore.ts"
import type { NoteKey } from "../../../src/EventStoreDriver.ts"
import type { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { Rejected, Unavailable, Unknown } from "../../../src/StoreError.ts"
import type * as Uuid from "../../../src/store/Uuid.ts"
import type { Book, Fate, Operation } from "./Book.ts"

/** An event store over another. */
export const makeEvents = (book: Book, store: EventStore["Service"], nextId: Uuid.Generator): EventStore["Service"] => {
  const through = throughBook(book)
  const stream = <A, E>(operation: Operation, agentId: string | undefined, stream: Stream.Stream<A, E>) =>
    Stream.unwrap(through(operation, agentId, Effect.succeed(stream)))

  const meet = (append: Append, fate: Fate) =>
    Effect.andThen(
      fate.wait,
      Effect.suspend(() => {
        switch (fate.end) {
          case "pass":
            return Effect.andThen(fate.pass, store.append(append))
          case "fail":
            return Effect.fail(refuse(append.agentId))
          default:
            return lose(append, fate)
        }
      })
    )

  const lose = Effect.fnUntraced(function* (append: Append, fate: Fate) {
    // Whoever does not know the outcome must at least know the ids under which to look for it.
    const now = yield* Clock.currentTimeMillis
    const events = append.events.map((event) => (event.id === undefined ? { ...event, id: nextId(now) } : event))
    if (fate.end === "lose the answer") {
      yield* fate.pass
      yield* Effect.ignore(store.append({ ...append, events }))
    }
    const eventIds = events.map(({ id }) => String(id))
    return yield* new Unknown({
      agentId: append.agentId,
      eventIds,
      cause: new Error(`a test made the store ${fate.end}`)
    })
  })

  return {
    ...store,
    append: (append) => Effect.suspend(() => meet(append, book.take("append", append.agentId))),
    appendAll: (appends) =>
      Effect.suspend(() => {
        const all = appends.map((append) => ({ append, fate: book.take("append", append.agentId) }))
        if (all.some(({ fate }) => fate.isTroubled)) {
          return Effect.forEach(all, ({ append, fate }) => Effect.result(meet(append, fate)), {
            concurrency: "unbounded"
          })
        }
        return Effect.andThen(Effect.all(all.map(({ fate }) => fate.pass)), store.appendAll(appends))
      }),
    read: (agentId, options) => stream("read", agentId, store.read(agentId, options)),
    getEvent: (eventId) => through("getEvent", undefined, store.getEvent(eventId)),
    head: (agentId) => through("head", agentId, store.head(agentId)),
    reply: (agentId, commandId) => through("reply", agentId, store.reply(agentId, commandId)),
    replies: (agentId, commandIds) => through("replies", agentId, store.replies(agentId, commandIds)),
    commands: (agentId) => stream("commands", agentId, store.commands(agentId)),
    agents: (options) => stream("agents", undefined, store.agents(options)),
    getNotes: (keys) => through("getNotes", onlyAgent(keys), store.getNotes(keys)),
    notes: (agentId, options) => stream("notes", agentId, store.notes(agentId, options)),
    due: (options) => stream("due", undefined, store.due(options)),
    tagged: (tag, options) => stream("tagged", undefined, store.tagged(tag, options)),
    feed: (options) => stream("feed", undefined, store.feed(options)),
    feedEnd: through("feedEnd", undefined, store.feedEnd),
    deleteEvents: (agentId, toVersion) => through("deleteEvents", agentId, store.deleteEvents(agentId, toVersion)),
    purge: (agentId) => through("purge", agentId, store.purge(agentId)),
    importAgent: (agent) => through("importAgent", agent.agentId, store.importAgent(agent))
  }
}

/** The agent that all keys are about, if it is one. */
const onlyAgent = (keys: ReadonlyArray<NoteKey>): string | undefined =>
  keys.every(({ agentId }) => agentId === keys[0]?.agentId) ? keys[0]?.agentId : undefined

/** A snapshot store over another. */
export const makeSnapshots = (book: Book, store: SnapshotStore["Service"]): SnapshotStore["Service"] => {
  const through = throughBook(book)
  return {
    ...store,
    save: (snapshot) => through("save", snapshot.agentId, store.save(snapshot)),
    latest: (agentId, criteria) => through("latest", agentId, store.latest(agentId, criteria)),
    get: (snapshotId) => through("get", undefined, store.get(snapshotId)),
    list: (agentId, options) => through("list", agentId, store.list(agentId, options)),
    versions: (agentId, options) => through("versions", agentId, store.versions(agentId, options)),
    delete: (agentId, version) => through("delete", agentId, store.delete(agentId, version)),
    deleteAll: (agentId, criteria) => through("deleteAll", agentId, store.deleteAll(agentId, criteria))
  }
}

/** Everything but an append fails in one way. */
const throughBook =
  (book: Book) =>
  <A, E, R>(operation: Operation, agentId: string | undefined, real: Effect.Effect<A, E, R>) =>
    Effect.suspend((): Effect.Effect<A, E | Unavailable, R> => {
      const { end, pass, wait } = book.take(operation, agentId)
      const failing: Effect.Effect<A, E | Unavailable, R> = Effect.fail(unavailable(operation))
      return Effect.andThen(wait, end === "fail" ? failing : Effect.andThen(pass, real))
    })

const failure = {
  expected: "the store to answer",
  found: "a failure that a test has asked for",
  remedy: "Try again once the store can be reached."
}

const refuse = (agentId: string): Rejected => new Rejected({ agentId, reason: "Unavailable", ...failure })

const unavailable = (operation: string): Unavailable =>
  new Unavailable({ operation, reason: "Unreachable", ...failure })
