/**
 * Shares of agents that others write without a rest, so that whoever shares comes too late each time.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type * as ContextSharing from "../../../src/ContextSharing.ts"
import { EventStore } from "../../../src/EventStore.ts"
import { Conflict } from "../../../src/StoreError.ts"
import {
  Agents,
  agentWith,
  apart,
  as,
  fails,
  freshId,
  hour,
  type It,
  inFuture,
  later,
  notesOf,
  root,
  Sharing,
  shared,
  user
} from "./support.ts"

/** Services on a store in which somebody overtakes every write of a share that expects a version; the last time, it is done by `between`. */
const overtaken =
  (between: Effect.Effect<unknown, object> = Effect.void) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const store = yield* EventStore
      let isDone = false
      const busy = EventStore.of({
        ...store,
        append: (append) => {
          const { agentId, events, expected } = append
          if (!events.some(({ type }) => type.startsWith("context.share"))) return store.append(append)
          if (typeof expected === "number") {
            return Effect.fail(new Conflict({ agentId, expected, actual: expected + 1 }))
          }
          const first = isDone ? Effect.void : Effect.orDie(between)
          isDone = true
          return Effect.andThen(first, store.append(append))
        }
      })
      return yield* Effect.provideService(apart(effect), EventStore, busy)
    })

export const register = (it: It): void => {
  describe("of an agent that others write without a rest", () => {
    it.effect("shares are made, accepted, changed and revoked for good", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const agentId = yield* agentWith({ n: 0 })
        const write = EventStore.use((store) => store.append({ agentId, events: [{ type: "n.counted" }] }))
        const writer = yield* Effect.forkChild(Effect.forever(write), { startImmediately: true })
        const bob = user(freshId())
        for (const level of ["read", "write"] as const) {
          const { id } = yield* sharing.share({ agentId, recipientId: bob.id, level, needsAcceptance: true })
          yield* as(bob)(sharing.accept(id))
          yield* as(bob)(sharing.getSharedContext(id))
          yield* sharing.change(id, { level: "admin" })
          yield* Effect.all([sharing.revoke(id), Effect.result(sharing.change(id, { level: "read" }))], {
            concurrency: 2
          })
          yield* fails(as(bob)(sharing.getSharedContext(id)), "ShareMissing")
        }
        yield* Fiber.interrupt(writer)
      }).pipe(shared)
    )

    it.effect("the same is shared once: of two that could not see each other, the first stays", () =>
      Effect.gen(function* () {
        const agentId = yield* agentWith({ n: 0 })
        const bob = user(freshId())
        const terms = { agentId, recipientId: bob.id, level: "read" } as const
        const sharing = yield* Sharing
        const rival = Effect.orDie(as(root)(sharing.share(terms)))
        const error = yield* fails(overtaken(rival)(Sharing.use((sharing) => sharing.share(terms))), "ShareExists")
        const [left, ...others] = yield* sharing.sharesOf(agentId)
        assert.isEmpty(others)
        assert.deepInclude<object>(error, { agentId, shareId: left?.id })
        assert.lengthOf(yield* as(bob)(sharing.getSharedContexts()), 1)
      }).pipe(shared)
    )

    it.effect("many that share the same at the same time make one share", () =>
      Effect.gen(function* () {
        const agentId = yield* agentWith({ n: 0 })
        const shareIt = Sharing.use((sharing) => sharing.share({ agentId, recipientId: "bob", level: "read" }))
        const tries = Array.from({ length: 6 }, () => Effect.result(overtaken()(shareIt)))
        const results = yield* Effect.all(tries, { concurrency: "unbounded" })
        assert.lengthOf(results.filter(Result.isSuccess), 1)
        assert.lengthOf(yield* Sharing.use((sharing) => sharing.sharesOf(agentId)), 1)
      }).pipe(shared)
    )

    it.effect("nobody keeps a share as it is by using the ids of its events for events of his own", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const agentId = yield* agentWith({ n: 0 })
        const bob = user(freshId())
        const { id } = yield* sharing.share({ agentId, recipientId: bob.id, level: "write" })
        const squat = (revision: number) =>
          EventStore.use((store) =>
            store.append({ agentId: freshId(), events: [{ id: `share/${id}/${revision}`, type: "task.done" }] })
          )
        yield* squat(2)
        assert.deepInclude(yield* sharing.change(id, { level: "read" }), { level: "read", revision: 2 })
        yield* squat(3)
        const revoking = Array.from({ length: 3 }, () => Effect.exit(sharing.revoke(id)))
        const exits = yield* Effect.all(revoking, { concurrency: "unbounded" })
        assert.lengthOf(
          exits.filter(({ _tag }) => _tag === "Success"),
          1
        )
        yield* fails(as(bob)(sharing.getSharedContext(id)), "ShareMissing")
        assert.isEmpty(yield* notesOf(agentId))
      }).pipe(shared)
    )

    it.effect("nothing comes back that is purged meanwhile, and what is deleted is not shared", () =>
      Effect.gen(function* () {
        const agents = yield* Agents
        const recipientId = freshId()
        const bob = user(recipientId)
        const share = (agentId: string) =>
          Sharing.use((sharing) => sharing.share({ agentId, recipientId, level: "read" }))
        const purged = yield* agentWith({ n: 0 })
        yield* fails(overtaken((yield* EventStore).purge(purged))(share(purged)), "AgentMissing")
        yield* fails(agents.getContext(purged), "AgentMissing")
        assert.isEmpty(yield* notesOf(purged))
        const deleted = yield* agentWith({ n: 0 })
        yield* fails(overtaken(Effect.orDie(as(root)(agents.deleteContext(deleted))))(share(deleted)), "AgentDeleted")
        const another = yield* agentWith({ n: 0 })
        const { id } = yield* share(another)
        const change = Sharing.use((sharing) => sharing.change(id, { level: "write" }))
        yield* fails(overtaken(as(root)(agents.purge(another)))(change), "ShareMissing")
        yield* fails(agents.getContext(another), "AgentMissing")
        assert.isEmpty(yield* notesOf(another))
        assert.isEmpty(yield* as(bob)(Sharing.use((sharing) => sharing.getSharedContexts())))
      }).pipe(shared)
    )

    it.effect("a change to what another has shared meanwhile is taken back", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const agentId = yield* agentWith({ n: 0 })
        const expiresAt = yield* inFuture(hour)
        const terms = { agentId, recipientId: "bob", level: "read" } as const
        const { id } = yield* sharing.share({ ...terms, expiresAt })
        const parts = { paths: ["/n"] }
        const change = (change: ContextSharing.ShareChange) => Sharing.use((sharing) => sharing.change(id, change))
        const shareParts = Effect.orDie(as(root)(sharing.share({ ...terms, ...parts })))
        yield* fails(overtaken(shareParts)(change(parts)), "ShareExists")
        const { level, paths, revision } = yield* sharing.getShare(id)
        assert.deepStrictEqual({ level, paths, revision }, { level: "read", paths: undefined, revision: 3 })
        const shareAll = Effect.orDie(later(hour)(as(root)(sharing.share(terms))))
        yield* fails(overtaken(shareAll)(later(hour)(change({ expiresAt: null }))), "ShareExists")
        assert.deepStrictEqual((yield* sharing.getShare(id)).expiresAt, expiresAt)
        const changed = yield* overtaken()(change({ paths: ["/n", "/m"], level: "write" }))
        assert.deepInclude<object>(yield* sharing.getShare(id), { paths: ["/m", "/n"], revision: changed.revision })
      }).pipe(shared)
    )
  })
}
