import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Rpc } from "effect/rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { AccessPolicy, Actor, ActorSystem, type ContextSharing, EventStore } from "../../src/index.ts"
import {
  as,
  fails,
  freshId,
  root,
  Sharing,
  type Stores,
  services,
  servicesUnder,
  user
} from "../contract/sharing/support.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

const Counter = Actor.make("Counter", {
  state: Schema.Struct({ count: Schema.Int, secret: Schema.String }),
  initialState: { count: 0, secret: "hush" },
  events: Schema.TaggedUnion({ Counted: {} }),
  evolve: ({ count, secret }) => ({ count: count + 1, secret }),
  commands: [Rpc.make("Count", { success: Schema.Int })]
})

const CounterBehavior = Counter.toLayer({
  Count: () => Counter.persist({ _tag: "Counted" }, ({ count }) => count)
})

const backends: Record<string, Layer.Layer<Stores, unknown>> = {
  memory: Memory.layer,
  LevelDB: TestDirectory.layer,
  PostgreSQL: TestDatabase.layer()
}

describe.each(Object.entries(backends))("an actor on %s", (_, stores) => {
  const Test = CounterBehavior.pipe(
    Layer.provideMerge(LocalEngine.layer),
    Layer.provideMerge(services({})),
    Layer.provideMerge(stores)
  )

  it.layer(Test, { excludeTestServices: true, timeout: "60 seconds" })("", (it) => {
    it.effect("runs on, and loses no command, while its agent is shared, changed and taken back", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const system = yield* ActorSystem.ActorSystem
        const id = freshId()
        const agentId = Counter.agentId(id)
        const counter = (yield* Counter.client)(id)
        const counts: Array<number> = [yield* counter.Count()]
        const counting = yield* Effect.forkChild(
          Effect.forever(Effect.map(counter.Count(), (count) => counts.push(count))),
          { startImmediately: true }
        )
        const bob = user(freshId())
        const rounds = 5
        for (let round = 0; round < rounds; round++) {
          const { id: shareId } = yield* sharing.share({ agentId, recipientId: bob.id, level: "read" })
          const { version } = yield* as(bob)(sharing.getSharedContext(shareId))
          yield* sharing.change(shareId, { level: "write" })
          // He sees the actor go on.
          const later = yield* as(bob)(sharing.getSharedContext(shareId))
          assert.isAbove(later.version, version)
          yield* sharing.revoke(shareId)
          yield* fails(as(bob)(sharing.getSharedContext(shareId)), "ShareMissing")
        }
        yield* Fiber.interrupt(counting)
        const last = yield* counter.Count()
        assert.deepStrictEqual(
          counts,
          counts.map((_, index) => index + 1)
        )
        const info = yield* system.get(Counter, id)
        assert.deepInclude(Option.getOrThrow(info), { status: "running", restarts: 0 })
        const events = yield* EventStore.EventStore.use((store) => Stream.runCollect(store.read(agentId)))
        const types = events.map(({ type }) => type)
        assert.lengthOf(
          types.filter((type) => type === "Counter.Counted"),
          last
        )
        assert.lengthOf(
          types.filter((type) => type.startsWith("context.share")),
          3 * rounds
        )
        assert.strictEqual((yield* Counter.readState(id)).state.count, last)
      }).pipe(as(root))
    )

    it.effect(
      "keeps its state, which is the fold of its own events, whatever is written beside it through a share",
      () =>
        Effect.gen(function* () {
          const sharing = yield* Sharing
          const id = freshId()
          const counter = (yield* Counter.client)(id)
          yield* counter.Count()
          const bob = user(freshId())
          const share = yield* sharing.share({ agentId: Counter.agentId(id), recipientId: bob.id, level: "write" })
          const written = yield* as(bob)(sharing.updateContext(share.id, { state: { count: 100 } }))
          assert.deepStrictEqual<object>(written.state, { count: 100 })
          assert.strictEqual(yield* counter.Count(), 2)
          const shown = yield* as(bob)(sharing.getSharedContext(share.id))
          assert.deepInclude<object>(shown, { state: { count: 100 }, version: 4 })
          assert.deepInclude((yield* Counter.readState(id)).state, { count: 2 })
        }).pipe(as(root))
    )
  })

  const Scoped = CounterBehavior.pipe(
    Layer.provideMerge(LocalEngine.layer),
    Layer.provideMerge(servicesUnder(AccessPolicy.layerScoped())),
    Layer.provideMerge(stores)
  )

  it.layer(Scoped, { excludeTestServices: true, timeout: "60 seconds" })("where the policy decides by shares", (it) => {
    it.effect("is commanded, looked at and stopped by recipients as their levels say, until these are taken back", () =>
      Effect.gen(function* () {
        const sharing = yield* Sharing
        const system = yield* ActorSystem.ActorSystem
        const id = freshId()
        const agentId = Counter.agentId(id)
        const counter = (yield* Counter.client)(id)
        yield* counter.Count()
        const recipients = { read: user(freshId()), write: user(freshId()), admin: user(freshId()) }
        const share = (level: ContextSharing.Level) =>
          sharing.share({ agentId, recipientId: recipients[level].id, level })
        const shares = { read: yield* share("read"), write: yield* share("write"), admin: yield* share("admin") }
        const look = system.get(Counter, id)
        const stop = system.stop(Counter, id)
        for (const who of Object.values(recipients)) {
          assert.isTrue(Option.isSome(yield* as(who)(look)))
          assert.isAbove((yield* as(who)(Counter.readState(id))).state.count, 0)
        }
        yield* fails(as(recipients.read)(counter.Count()), "AccessDenied", { agentId })
        assert.strictEqual(yield* as(recipients.write)(counter.Count()), 2)
        yield* fails(as(recipients.write)(stop), "AccessDenied", { agentId })
        yield* as(recipients.admin)(stop)
        yield* as(recipients.admin)(system.spawn(Counter, id))
        assert.strictEqual(yield* as(recipients.admin)(counter.Count()), 3)
        for (const [level, who] of Object.entries(recipients)) {
          const { id: shareId } = shares[level as ContextSharing.Level]
          yield* sharing.revoke(shareId)
          yield* fails(as(who)(counter.Count()), "AccessDenied", { agentId })
          yield* fails(as(who)(look), "AccessDenied", { agentId })
        }
        assert.strictEqual(yield* counter.Count(), 4)
      }).pipe(as(root))
    )
  })
})
