/**
 * How contexts begin and end.
 */
import { assert, describe } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as ContextMetadata from "../../../src/ContextMetadata.ts"
import * as ContextSharing from "../../../src/ContextSharing.ts"
import { CurrentPrincipal } from "../../../src/CurrentPrincipal.ts"
import { EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import { Agents, eventsOf, fails, freshId, type It, integers, Lifecycle, lifecycle } from "./support.ts"

const namesOf = (agentId: string) =>
  EventStore.use((store) =>
    Effect.map(Stream.runCollect(store.notes(agentId)), (notes) => notes.map(({ name }) => name))
  )

const annotate = (agentId: string, ...names: ReadonlyArray<string>) =>
  EventStore.use((store) => store.append({ agentId, events: [], notes: names.map((name) => Note.put(name, 1)) }))

const past = new Date(1)

export const register = (it: It): void => {
  describe("the life of a context", () => {
    it.effect("begins with its state, also an empty one, which is written", () =>
      lifecycle(
        Effect.gen(function* () {
          const { createContext } = yield* Lifecycle
          const [full, empty] = [freshId(), freshId()]
          assert.deepInclude(yield* createContext(full, { a: 1 }), { state: { a: 1 }, version: 1, status: "active" })
          assert.deepInclude(yield* createContext(empty), { state: {}, version: 1, status: "active" })
          assert.lengthOf(yield* eventsOf(empty), 1)
        })
      )
    )

    it.effect("begins once: not over one that is there, archived or deleted, but again after a purge", () =>
      lifecycle(
        Effect.gen(function* () {
          const { archiveContext, createContext, deleteContext, purgeContext } = yield* Lifecycle
          const agentId = freshId()
          yield* createContext(agentId, { a: 1 })
          yield* fails(createContext(agentId, { b: 1 }), "ContextExists", { version: 1, status: "active" })
          yield* archiveContext(agentId)
          yield* fails(createContext(agentId), "ContextExists", { version: 2, status: "archived" })
          yield* deleteContext(agentId)
          yield* fails(createContext(agentId), "ContextExists", { version: 3, status: "deleted" })
          assert.strictEqual(yield* purgeContext(agentId), 3)
          assert.deepInclude(yield* createContext(agentId, { b: 1 }), { state: { b: 1 }, version: 5 })
        })
      )
    )

    it.effect("begins once, whoever creates it at the same time", () =>
      lifecycle(
        Effect.gen(function* () {
          const { createContext } = yield* Lifecycle
          const agentId = freshId()
          const exits = yield* Effect.forEach(
            integers(10),
            (number) => Effect.exit(createContext(agentId, { number })),
            { concurrency: "unbounded" }
          )
          assert.lengthOf(
            exits.filter(({ _tag }) => _tag === "Success"),
            1
          )
          assert.lengthOf(yield* eventsOf(agentId), 1)
        })
      )
    )

    it.effect("refuses a state that is none, a time that is none, and an id that is not an application's", () =>
      lifecycle(
        Effect.gen(function* () {
          const { createContext, deleteContext, exportContext, importContext, setExpiry } = yield* Lifecycle
          const agentId = freshId()
          yield* fails(createContext(agentId, []), "InvalidInput", { path: "initialState" })
          yield* fails(createContext(agentId, { f: () => 1 }), "InvalidInput", { path: "state/f" })
          yield* fails(createContext(agentId, {}, { expiresAt: new Date(Number.NaN) }), "InvalidInput", {
            path: "expiresAt"
          })
          yield* fails(createContext(""), "InvalidInput", { path: "agentId" })
          yield* fails(setExpiry(agentId, past), "AgentMissing")
          yield* fails(deleteContext(agentId), "AgentMissing")
          const reserved = "pantheon/audit"
          yield* fails(createContext(reserved), "InvalidInput", { path: "agentId" })
          yield* fails(Stream.runDrain(exportContext(reserved)), "InvalidInput", { path: "agentId" })
          yield* fails(importContext(reserved, Stream.make("")), "InvalidInput", { path: "agentId" })
          assert.deepStrictEqual(yield* eventsOf(agentId), [])
        })
      )
    )

    it.effect("is read-only while it is archived", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const { archiveContext, createContext, restoreContext } = yield* Lifecycle
          const agentId = freshId()
          yield* createContext(agentId, { a: 1 })
          yield* archiveContext(agentId)
          yield* fails(agents.setState(agentId, {}), "AgentArchived")
          assert.deepStrictEqual((yield* agents.getContext(agentId)).state, { a: 1 })
          yield* restoreContext(agentId)
          yield* agents.setState(agentId, { b: 1 })
        })
      )
    )

    it.effect("ends with its metadata and its shares, and leaves its history and what else there is", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const { createContext, deleteContext } = yield* Lifecycle
          const agentId = freshId()
          const other = `${agentId}/`
          yield* createContext(agentId, { a: 1 }, { expiresAt: past })
          yield* createContext(other)
          const names = ["metadata/a", "metadata/b", "share/x/1", "share-id/1", "timer/own"]
          yield* annotate(agentId, ...names)
          yield* annotate(other, ...names)
          const deleted = yield* deleteContext(agentId)
          assert.deepInclude(deleted, { status: "deleted", version: 2, state: { a: 1 } })
          assert.sameMembers([...(yield* namesOf(agentId))], ["timer/own", "share-end"])
          yield* fails(agents.setState(agentId, {}), "AgentDeleted")
          assert.lengthOf(yield* eventsOf(agentId), 2)
          // Once more, nothing happens.
          assert.deepStrictEqual(yield* deleteContext(agentId), deleted)
          assert.lengthOf(yield* eventsOf(agentId), 2)
          assert.lengthOf(yield* namesOf(other), 5)
        })
      )
    )

    it.effect("ends in one write, whoever writes to it meanwhile", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const { createContext, deleteContext } = yield* Lifecycle
          const agentId = freshId()
          yield* createContext(agentId)
          const writes = integers(20).map((number) => Effect.exit(agents.updateContext(agentId, { state: { number } })))
          yield* Effect.all([...writes.slice(0, 10), deleteContext(agentId), ...writes.slice(10)], {
            concurrency: "unbounded"
          })
          const types = (yield* eventsOf(agentId)).map(({ type }) => type)
          assert.strictEqual(types.indexOf("context.deleted"), types.length - 1)
        })
      )
    )
  })

  describe("a context that expires", () => {
    it.effect("is ended by a clean-up, once, and not before its time", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const { cleanUp, createContext, setExpiry } = yield* Lifecycle
          yield* cleanUp()
          const [due, late, saved, moved] = [freshId(), freshId(), freshId(), freshId()]
          yield* createContext(due, {}, { expiresAt: past })
          yield* createContext(late, {}, { expiresAt: new Date(4e12) })
          yield* createContext(saved, {}, { expiresAt: past })
          yield* createContext(moved)
          yield* setExpiry(saved, undefined)
          yield* setExpiry(moved, past)
          assert.deepInclude(yield* cleanUp(), { contexts: 2 })
          for (const agentId of [due, moved]) yield* fails(agents.getContext(agentId), "AgentDeleted")
          for (const agentId of [late, saved])
            assert.deepInclude(yield* agents.getContext(agentId), { status: "active" })
          assert.deepInclude(yield* cleanUp(), { contexts: 0 })
        })
      )
    )

    it.effect("is purged if that is asked for", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const { cleanUp, createContext } = yield* Lifecycle
          yield* cleanUp()
          const agentId = freshId()
          yield* createContext(agentId, {}, { expiresAt: past })
          assert.deepInclude(yield* cleanUp({ contexts: "purge" }), { contexts: 1 })
          yield* fails(agents.getContext(agentId), "AgentMissing")
        })
      )
    )

    it.effect("is left alone when it is asked to be ended in a way that there is not", () =>
      lifecycle(
        Effect.gen(function* () {
          const { cleanUp } = yield* Lifecycle
          const error = yield* Effect.flip(cleanUp({ contexts: "burn" as never }))
          assert.deepInclude(error, { _tag: "InvalidInput", path: "contexts", expected: "delete or purge" })
        })
      )
    )

    it.effect("is counted by one of those who clean up at the same time, in several processes", () =>
      Effect.gen(function* () {
        const cleanUp = lifecycle(Effect.flatMap(Lifecycle, ({ cleanUp }) => cleanUp()))
        yield* cleanUp
        const ids = integers(20).map(freshId)
        yield* lifecycle(
          Effect.flatMap(Lifecycle, ({ createContext }) =>
            Effect.forEach(ids, (agentId) => createContext(agentId, {}, { expiresAt: past }))
          )
        )
        const cleaned = yield* Effect.all([cleanUp, cleanUp, cleanUp], { concurrency: "unbounded" })
        assert.strictEqual(
          cleaned.reduce((sum, { contexts }) => sum + contexts, 0),
          20
        )
        for (const agentId of ids) {
          const types = (yield* eventsOf(agentId)).map(({ type }) => type)
          assert.deepStrictEqual(types, ["context.replaced", "context.deleted"])
        }
      })
    )

    it.effect(
      "is cleaned up with the metadata and the shares that have, and each is counted by one of those who clean up",
      () =>
        Effect.gen(function* () {
          const cleanUp = lifecycle(Effect.flatMap(Lifecycle, ({ cleanUp }) => cleanUp()))
          yield* cleanUp
          const ids = integers(10).map(freshId)
          const expiresAt = new Date(5)
          const make = Effect.gen(function* () {
            const { createContext } = yield* Lifecycle
            const services = yield* Layer.build(Layer.merge(ContextMetadata.layer, ContextSharing.layer))
            const metadata = Context.get(services, ContextMetadata.ContextMetadata)
            const sharing = Context.get(services, ContextSharing.ContextSharing)
            for (const [index, agentId] of ids.entries()) {
              yield* createContext(agentId, {}, index === 0 ? { expiresAt } : {})
              yield* metadata.set(agentId, "kept", 1)
              yield* metadata.set(agentId, "over", 1, { expiresAt })
              const owner = { id: freshId(), kind: "user", permissions: [] } as const
              const share = sharing.share({ agentId, recipientId: freshId(), level: "read", expiresAt })
              yield* Effect.provideService(share, CurrentPrincipal, owner)
            }
          })
          yield* Effect.scoped(lifecycle(at(make, 0)))
          const cleaned = yield* Effect.all([cleanUp, cleanUp, cleanUp], { concurrency: "unbounded" })
          const sum = (of: "contexts" | "metadata" | "shares") => cleaned.reduce((sum, counts) => sum + counts[of], 0)
          // What belongs to a context that has expired goes with it.
          assert.deepStrictEqual([sum("contexts"), sum("metadata"), sum("shares")], [1, 9, 9])
          const left = yield* Effect.forEach(ids, (agentId) =>
            EventStore.use((store) => Stream.runCollect(store.notes(agentId)))
          )
          assert.deepStrictEqual(
            left.map((notes) => notes.map(({ name }) => name)),
            ids.map((_, index) => (index === 0 ? ["share-end"] : ["metadata/kept"]))
          )
        })
    )

    it.effect("lives on if it was given more time a moment before", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const { cleanUp, createContext, setExpiry } = yield* Lifecycle
          const ids = integers(10).map(freshId)
          for (const agentId of ids) yield* createContext(agentId, {}, { expiresAt: past })
          const [given] = yield* Effect.all(
            [Effect.forEach(ids, (agentId) => Effect.exit(setExpiry(agentId, new Date(4e12)))), cleanUp()],
            { concurrency: 2 }
          )
          for (const [index, agentId] of ids.entries()) {
            // Whoever was told that it has time has time.
            if (given[index]?._tag === "Success")
              assert.deepInclude(yield* agents.getContext(agentId), { status: "active" })
            else yield* fails(agents.getContext(agentId), "AgentDeleted")
          }
        })
      )
    )
  })
}

/** Does something at another time. */
const at = <A, E, R>(effect: Effect.Effect<A, E, R>, milliseconds: number): Effect.Effect<A, E, R> =>
  Effect.flatMap(Clock.Clock, (clock) =>
    Effect.provideService(
      effect,
      Clock.Clock,
      Object.assign(Object.create(clock), {
        currentTimeMillisUnsafe: () => milliseconds,
        currentTimeMillis: Effect.succeed(milliseconds)
      })
    )
  )
