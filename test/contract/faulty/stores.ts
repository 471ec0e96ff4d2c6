/**
 * The stores that do what the book says.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Append, EventStore } from "../../../src/EventStore.ts"
import type { NoteKey } from "../../../src/EventStoreDriver.ts"
import type { SnapshotStore } from "../../../src/SnapshotStore.ts"
import { Rejected, TogetherFailed, Unavailable, Unknown } from "../../../src/StoreError.ts"
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

  /** Whoever does not know the outcome must at least know the ids under which to look for it. */
  const named = ({ events }: Append, now: number) =>
    events.map((event) => (event.id === undefined ? { ...event, id: nextId(now) } : event))

  const lose = Effect.fnUntraced(function* (append: Append, fate: Fate) {
    const events = named(append, yield* Clock.currentTimeMillis)
    if (fate.end === "lose the answer") {
      yield* fate.pass
      yield* Effect.ignore(store.append({ ...append, events }))
    }
    const eventIds = events.map(({ id }) => String(id))
    return yield* unknown(append.agentId, eventIds, fate)
  })

  /** Of several troubles the first that ends one of them ends all. */
  const meetTogether = Effect.fnUntraced(function* (appends: ReadonlyArray<Append>) {
    const fates = appends.map(({ agentId }) => book.take("appendTogether", agentId))
    for (const { wait } of fates) yield* wait
    const pass = Effect.all(fates.map((fate) => fate.pass))
    const index = fates.findIndex(({ end }) => end !== "pass")
    const [append, fate] = [appends[index], fates[index]]
    if (append === undefined || fate === undefined) {
      yield* pass
      return yield* store.appendTogether(appends)
    }
    if (fate.end === "fail") {
      return yield* new TogetherFailed({ index, failure: refuse(append.agentId), eventIds: [] })
    }
    const now = yield* Clock.currentTimeMillis
    const all = appends.map((append) => ({ ...append, events: named(append, now) }))
    if (fate.end === "lose the answer") {
      yield* pass
      yield* Effect.ignore(store.appendTogether(all))
    }
    const eventIds = all.map(({ events }) => events.map(({ id }) => String(id)))
    const failure = unknown(append.agentId, eventIds[index] ?? [], fate)
    return yield* new TogetherFailed({ index, failure, eventIds })
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
    appendTogether: (appends) => Effect.suspend(() => meetTogether(appends)),
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

const unknown = (agentId: string, eventIds: ReadonlyArray<string>, { end }: Fate): Unknown =>
  new Unknown({ agentId, eventIds, cause: new Error(`a test made the store ${end}`) })

const unavailable = (operation: string): Unavailable =>
  new Unavailable({ operation, reason: "Unreachable", ...failure })
