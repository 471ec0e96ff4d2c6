/** What scripted actors do by themselves once their process has been started again, on every store. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../layers/engine/local.ts"
import {
  type ActorScript,
  ActorStatePort,
  BehaviorRegistry,
  ContextPort,
  type EventStore,
  MessageBus,
  ScriptAction,
  type ScriptedActor,
  type SnapshotStore,
  ToolPort
} from "../../src/index.ts"
import { scriptOf } from "./support.ts"

type Stores = EventStore.EventStore | SnapshotStore.SnapshotStore

const script: ActorScript.ActorScript = scriptOf([{ name: "work", mode: "persistent" }])

/** Runs a program in a process of its own, which then dies. Its actors plan these actions; `act` calls back. */
const inProcess = Effect.fnUntraced(function* <A, E>(
  program: Effect.Effect<A, E, ActorStatePort.ActorStatePort>,
  actions: ReadonlyArray<ScriptAction.Action>,
  act: (args: string) => Effect.Effect<unknown>
) {
  const stores = yield* Effect.context<Stores>()
  const scope = yield* Scope.make()
  const port = ActorStatePort.layer.pipe(
    Layer.provide(BehaviorRegistry.layer([{ name: "work", plan: () => Effect.succeed({ actions }) }])),
    Layer.provide(ToolPort.layerMemory([ToolPort.tool({ name: "act", args: Schema.String, run: act })])),
    Layer.provide([ContextPort.layerMemory(), MessageBus.layerMemory]),
    Layer.provide(LocalEngine.layerWith({ shutdownTimeout: 0 })),
    Layer.provide(Layer.succeedContext(stores))
  )
  const services = yield* Layer.buildWithScope(Layer.fresh(port), scope)
  const result = yield* Effect.provideContext(program, services)
  yield* Scope.close(scope, Exit.void)
  return result
})

/** The actor, once something holds of it. */
const actorWhen = (id: string, holds: (actor: ScriptedActor.ScriptedActor) => boolean) =>
  Effect.flatMap(ActorStatePort.ActorStatePort, (port) =>
    Effect.flatMap(Stream.runHead(Stream.filter(port.watch(id), holds)), Effect.fromOption)
  )

/** Registers the suite for one store. */
export const suite = <E>(name: string, stores: Layer.Layer<Stores, E>): void => {
  describe(`scripted actors on ${name}, after a restart`, { timeout: 60_000 }, () => {
    it.layer(stores, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
      it.effect("finish the tick that was cut off, though nobody asks", () =>
        Effect.gen(function* () {
          const actions = ["one", "two", "three"].map((text) => ScriptAction.tool("act", text))
          const uses: Array<string> = []
          const cut = yield* Deferred.make<void>()
          const before = Effect.gen(function* () {
            const port = yield* ActorStatePort.ActorStatePort
            yield* port.spawn(script, "goal", { id: "cut" })
            yield* port.send("cut", "first")
            yield* Deferred.await(cut)
            yield* port.send("cut", "second")
          })
          yield* inProcess(before, actions, (text) =>
            Effect.suspend(() => {
              uses.push(text)
              return text === "two" ? Effect.andThen(Deferred.succeed(cut, undefined), Effect.never) : Effect.void
            })
          )
          const after = actorWhen("cut", ({ lastTick, mailbox, tick }) => {
            return lastTick !== undefined && tick === undefined && mailbox === 0
          })
          const actor = yield* inProcess(after, actions, (text) => Effect.sync(() => void uses.push(text)))
          assert.deepInclude(actor, { state: "idle" })
          assert.deepStrictEqual(uses, ["one", "two", "two", "three", "one", "two", "three"])
        })
      )

      it.effect("go on with their schedules and their waits", () =>
        Effect.gen(function* () {
          const actions = [ScriptAction.wait("300 millis"), ScriptAction.tool("act", "after")]
          const uses: Array<string> = []
          const act = (text: string) => Effect.sync(() => void uses.push(text))
          const before = Effect.gen(function* () {
            const port = yield* ActorStatePort.ActorStatePort
            yield* port.spawn(script, "goal", { id: "waiting" })
            yield* port.spawn(script, "goal", { id: "scheduled" })
            yield* port.start("scheduled", { every: "200 millis" })
            yield* port.send("waiting", "begin")
            yield* actorWhen("waiting", ({ tick }) => tick?.waitUntil !== null)
          })
          yield* inProcess(before, actions, act)
          assert.deepStrictEqual(uses, [])
          const after = Effect.all([
            actorWhen("waiting", ({ lastTick }) => lastTick?.outcome === "ok"),
            actorWhen("scheduled", ({ lastTick }) => lastTick?.outcome === "ok")
          ])
          const [waiting] = yield* inProcess(after, actions, act)
          assert.strictEqual(waiting.lastTick?.outcomes.length, 2)
          assert.lengthOf(uses, 2)
        })
      )

      it.effect("are to the last field what they were", () =>
        Effect.gen(function* () {
          const actions = [ScriptAction.tool("act", "once")]
          const answer = () => Effect.succeed({ at: new Date(5), big: 5n })
          const before = Effect.gen(function* () {
            const port = yield* ActorStatePort.ActorStatePort
            yield* port.spawn({ ...script, roleName: "r", program: "p" }, "goal", {
              id: "kept",
              metadata: { at: new Date(9) }
            })
            yield* port.tick("kept")
            yield* port.update("kept", { goals: ["a", "b"] })
            yield* port.pause("kept")
            yield* port.send("kept", "hello", { from: "me" })
            return yield* Effect.fromOption(yield* port.get("kept"))
          })
          const kept = yield* inProcess(before, actions, answer)
          const after = actorWhen("kept", () => true)
          assert.deepStrictEqual(yield* inProcess(after, actions, answer), kept)
          assert.deepInclude(kept, { state: "paused", mailbox: 1, metadata: { at: new Date(9) }, goals: ["a", "b"] })
        })
      )
    })
  })
}
