/** What the tests of scripted actors share. */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import {
  type ActorScript,
  ActorStatePort,
  BehaviorRegistry,
  ContextPort,
  MessageBus,
  type ScriptAction,
  ToolPort
} from "../../src/index.ts"

/** A script with one talent. Its plans come with it, unless they are left out. */
export const scriptOf = <const B extends ReadonlyArray<ActorScript.BehaviorInput>>(
  behaviors: B,
  rest: Partial<Omit<ActorScript.ActorScript, "talents">> = {}
) => ({ name: "Tester", contextSources: [], tools: ["*"], ...rest, talents: [{ name: "testing", behaviors }] })

/** A behavior of every tick that asks for these actions. */
export const always = (
  name: string,
  actions: ReadonlyArray<ScriptAction.Action>,
  done?: boolean
): ActorScript.BehaviorInput => ({
  name,
  mode: "persistent",
  plan: () => Effect.succeed(done === undefined ? { actions } : { actions, done })
})

export class Broken extends Schema.TaggedError<Broken>()("Broken", { critical: Schema.Boolean }) {}

/** What the tools of the tests are used for. */
export class Bench extends Context.Service<
  Bench,
  {
    /** What the tools were used with, in order. */
    readonly uses: Array<{ readonly tool: string; readonly args: unknown; readonly actionId: string }>
    /** Lets `hold` answer. */
    readonly release: Effect.Effect<void>
    /** Completes once `hold` is in use. */
    readonly held: Effect.Effect<void>
    /** Completes once `never` has been interrupted. */
    readonly interrupted: Effect.Effect<void>
  }
>()("Bench") {}

/** `note` gives its arguments back, `break` fails with them as severity, `hold` waits until it is released, and `never` for ever. */
export const tools = Layer.effectContext(
  Effect.gen(function* () {
    const uses: Array<{ readonly tool: string; readonly args: unknown; readonly actionId: string }> = []
    const held = yield* Deferred.make<void>()
    const released = yield* Deferred.make<void>()
    const interrupted = yield* Deferred.make<void>()
    const tool = <E>(name: string, run: (args: Schema.Json) => Effect.Effect<unknown, E>) =>
      ToolPort.tool({
        name,
        args: Schema.Json,
        run: (args, { actionId }) =>
          Effect.suspend(() => {
            uses.push({ tool: name, args, actionId })
            return run(args)
          })
      })
    const port = yield* Layer.build(
      ToolPort.layerMemory([
        tool("note", Effect.succeed),
        tool("break", (args) => Effect.fail(new Broken({ critical: args === "critical" }))),
        tool("throw", () => Effect.die(new Error("thrown"))),
        tool("hold", () => Effect.andThen(Deferred.succeed(held, undefined), Deferred.await(released))),
        tool("never", () => Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined)))
      ])
    )
    return Context.add(port, Bench, {
      uses,
      held: Deferred.await(held),
      interrupted: Deferred.await(interrupted),
      release: Effect.asVoid(Deferred.succeed(released, undefined))
    })
  })
)

/** All that the port needs beside the engine and the stores. */
export const world = Layer.mergeAll(
  BehaviorRegistry.layerEmpty,
  ContextPort.layerMemory(),
  MessageBus.layerMemory,
  tools
)

/** The port on memory. */
export const layer = (options: ActorStatePort.Options = {}) =>
  ActorStatePort.layerWith(options).pipe(
    Layer.provideMerge(world),
    Layer.provideMerge(LocalEngine.layer),
    Layer.provideMerge(Memory.layer)
  )
