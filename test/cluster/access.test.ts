/** Who may do what across machines, where permissions and shares decide. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { ActorSystem, ContextSharing, type CurrentPrincipal, EventStore } from "../../src/index.ts"
import { start } from "../contract/engine/support.ts"
import { as, fails, freshId, root, user } from "../contract/sharing/support.ts"
import { Board } from "./Board.ts"
import { client, guardedClient, Machines } from "./Machines.ts"
import { freshPlace } from "./place.ts"

const second = 1000

/** Two boards that different machines run. */
const onTwoMachines = Effect.gen(function* () {
  const board = yield* Board.client
  const ids = Array.from({ length: 20 }, (_, index) => `board-${index}`)
  const owners = new Map<number, string>()
  const look = Effect.forEach(ids, (id) => Effect.map(board(id).Post(), (pid) => owners.set(pid, id)), {
    concurrency: "unbounded"
  })
  yield* Effect.repeat(Effect.delay(look, "200 millis"), { until: () => owners.size === 2 })
  const [here = "", there = ""] = owners.values()
  return { here, there }
})

/** Who has posted, the oldest first. */
const postersOf = (id: string) =>
  EventStore.EventStore.use((store) =>
    Effect.map(Stream.runCollect(store.read(Board.agentId(id))), (events) =>
      events.filter(({ type }) => type === "Board.Posted").map(({ metadata }) => metadata["principal"])
    )
  )

/** Posts until it is refused; gives when the posts began that were not. */
const postUntilRefused = (who: CurrentPrincipal.Principal, post: Effect.Effect<number, { readonly _tag: string }>) =>
  Effect.gen(function* () {
    const begun: Array<number> = []
    for (;;) {
      const beganAt = yield* Clock.currentTimeMillis
      const result = yield* Effect.result(as(who)(post))
      if (result._tag === "Failure") {
        assert.strictEqual(result.failure._tag, "AccessDenied")
        return begun
      }
      begun.push(beganAt)
      yield* Effect.sleep("20 millis")
    }
  })

describe("actors on two machines, where permissions and shares decide", { timeout: 120_000 }, () => {
  it.live("are asked by those only who may, wherever they are and wherever a share was taken back", () =>
    Effect.gen(function* () {
      const place = yield* freshPlace
      yield* Effect.acquireRelease(
        Effect.promise(() => Machines.start(place, 2, "guardedMachine.ts")),
        (machines) => Effect.promise(() => machines.stop())
      )
      // One program asks before it sends. The other trusts everybody, so that only the machines refuse.
      const asking = yield* Layer.build(guardedClient(place))
      const trusting = yield* Layer.build(Layer.fresh(client(place)))
      const program = Effect.gen(function* () {
        const sharing = yield* ContextSharing.ContextSharing
        const system = yield* ActorSystem.ActorSystem
        const board = yield* Board.client
        const throughMachines = yield* Effect.provide(Board.client, trusting)
        const { here, there } = yield* as(root)(onTwoMachines)
        const agentId = Board.agentId(there)
        const [ann, bob] = [user(freshId(), `actor:write:${agentId}`), user(freshId())]
        const ways = [board, throughMachines]

        // By a permission, and not without.
        for (const way of ways) yield* as(ann)(way(there).Post())
        assert.deepStrictEqual((yield* postersOf(there)).slice(-2), [ann.id, ann.id])
        const before = yield* postersOf(there)
        for (const way of ways) {
          yield* fails(as(bob)(way(there).Post()), "AccessDenied", { resource: "actor", action: "write", agentId })
          yield* fails(way(there).Post(), "AccessDenied", { agentId })
          yield* fails(as(ann)(way(here).Post()), "AccessDenied", { agentId: Board.agentId(here) })
        }
        assert.deepStrictEqual(yield* postersOf(there), before)

        // Whoever is refused wakes nobody.
        const asleep = freshId()
        for (const way of ways) yield* fails(as(bob)(way(asleep).Post()), "AccessDenied")
        assert.isTrue(Option.isNone(yield* as(root)(system.get(Board, asleep))))
        const listed = yield* as(root)(Stream.runCollect(system.list(Board)))
        assert.isFalse(listed.some(({ id }) => id === asleep))
        assert.deepStrictEqual(yield* postersOf(asleep), [])

        // By a share, until another machine takes it back; from a second afterwards nobody is let in any more, at either door.
        const share = yield* as(root)(sharing.share({ agentId, recipientId: bob.id, level: "write" }))
        // Both doors may take a moment to hear of it.
        for (const way of ways) yield* Effect.retry(as(bob)(way(there).Post()), Schedule.spaced("50 millis"))
        const posting = yield* Effect.forEach(ways, (way) => start(postUntilRefused(bob, way(there).Post())))
        yield* Effect.sleep("300 millis")
        yield* as(root)(board(here).Revoke({ shareId: share.id }))
        const revokedAt = yield* Clock.currentTimeMillis
        const begun = (yield* Effect.forEach(posting, Fiber.join)).flat()
        for (const beganAt of begun) assert.isAtMost(beganAt, revokedAt + second)
        const bobs = (yield* postersOf(there)).filter((poster) => poster === bob.id)
        assert.lengthOf(bobs, ways.length + begun.length)
        yield* as(ann)(board(there).Post())
      })
      yield* Effect.provide(program, asking)
    })
  )
})
