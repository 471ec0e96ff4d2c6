/**
 * Scripted actors where the policy decides by permissions and shares, on every store.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { AccessPolicy, ActorStatePort, type ContextSharing, EventStore, ScriptAction } from "../../src/index.ts"
import { as, fails, freshId, root, Sharing, type Stores, servicesUnder, user } from "../contract/sharing/support.ts"
import { always, scriptOf, world } from "../script/support.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

const backends: Record<string, Layer.Layer<Stores, unknown>> = {
  memory: Memory.layer,
  LevelDB: TestDirectory.layer,
  PostgreSQL: TestDatabase.layer()
}

const script = scriptOf([always("note", [ScriptAction.tool("note", "done")])])

/** Who has sent what is stored of an actor, each once, in order. */
const sendersOf = (id: string) =>
  EventStore.EventStore.use((store) =>
    Effect.map(Stream.runCollect(store.read(ActorStatePort.agentId(id))), (events) => [
      ...new Set(events.map(({ metadata }) => metadata["principal"]).filter((sender) => sender !== undefined))
    ])
  )

describe.each(Object.entries(backends))("scripted actors on %s, where the policy decides by shares", (_, stores) => {
  const Scoped = ActorStatePort.layer.pipe(
    Layer.provideMerge(world),
    Layer.provideMerge(LocalEngine.layer),
    Layer.provideMerge(servicesUnder(AccessPolicy.layerScoped())),
    Layer.provideMerge(stores)
  )

  it.layer(Scoped, { excludeTestServices: true, timeout: "60 seconds" })("", (it) => {
    it.effect("are looked at, sent to and stopped by permission and by share, until the share is revoked", () =>
      Effect.gen(function* () {
        const port = yield* ActorStatePort.ActorStatePort
        const sharing = yield* Sharing
        const id = freshId()
        const agentId = ActorStatePort.agentId(id)
        const ann = user(freshId(), `actor:write:${agentId}`, `context:read:${agentId}`)
        const recipients = { read: user(freshId()), write: user(freshId()), admin: user(freshId()) }
        const looks: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
          port.get(id),
          Stream.runDrain(port.history(id)),
          Stream.runHead(port.watch(id))
        ]
        const isListed = Effect.map(Stream.runCollect(port.list()), (actors) => actors.some((actor) => actor.id === id))
        const refusal = { resource: "actor", action: "write", agentId }
        // Nobody is let in, and nobody woken, before there is a share.
        yield* as(ann)(port.spawn(script, "goal", { id }))
        for (const who of Object.values(recipients)) {
          for (const look of looks) yield* fails(as(who)(look), "AccessDenied", { resource: "context", agentId })
          yield* fails(as(who)(port.tick(id)), "AccessDenied", refusal)
          assert.isFalse(yield* as(who)(isListed))
        }
        assert.deepStrictEqual(yield* sendersOf(id), [ann.id])

        const share = (level: ContextSharing.Level) =>
          sharing.share({ agentId, recipientId: recipients[level].id, level })
        const shares = { read: yield* share("read"), write: yield* share("write"), admin: yield* share("admin") }
        for (const who of Object.values(recipients)) {
          for (const look of looks) yield* as(who)(look)
          assert.isTrue(yield* as(who)(isListed))
        }
        yield* fails(as(recipients.read)(port.tick(id)), "AccessDenied", refusal)
        yield* fails(as(recipients.read)(port.send(id, "hello")), "AccessDenied", refusal)
        const { outcomes } = yield* as(recipients.write)(port.tick(id))
        assert.deepStrictEqual(
          outcomes.map(({ result }) => result._tag),
          ["Ok"]
        )
        yield* as(recipients.admin)(port.stop(id))
        yield* as(recipients.admin)(port.resume(id))
        const senders = yield* sendersOf(id)
        assert.includeMembers(senders, [ann.id, recipients.write.id, recipients.admin.id])
        assert.notInclude(senders, recipients.read.id)

        for (const [level, who] of Object.entries(recipients)) {
          yield* sharing.revoke(shares[level as ContextSharing.Level].id)
          for (const look of looks) yield* fails(as(who)(look), "AccessDenied", { resource: "context", agentId })
          yield* fails(as(who)(port.tick(id)), "AccessDenied", refusal)
          assert.isFalse(yield* as(who)(isListed))
        }
        assert.isTrue(Option.isSome(yield* as(ann)(port.get(id))))
      }).pipe(as(root))
    )
  })
})
