/**
 * The tools that scripted actors may use.
 *
 * ```ts
 * const openBook = ToolPort.tool({
 *   name: "open-book",
 *   description: "Gives the text of a book.",
 *   args: Schema.Struct({ title: Schema.String }),
 *   run: ({ title }) => Effect.flatMap(Library, (library) => library.find(title))
 * })
 * const Tools = ToolPort.layerMemory([openBook])        // requires Library
 * ```
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { Codec } from "./actor/Command.ts"
import { CurrentPrincipal } from "./CurrentPrincipal.ts"
import { ToolFailed, ToolMissing, ToolMisused } from "./ScriptError.ts"
import * as Failures from "./script/Failures.ts"
import * as StoredValue from "./script/StoredValue.ts"
import type * as Value from "./Value.ts"

/** Who uses a tool, and for which action. */
export interface Caller {
  /** The scripted actor. */
  readonly actorId: string
  /** Stays the same when the use is repeated, as it may be after a crash: whoever must not do a thing twice remembers it. */
  readonly actionId: string
}

/** A use of a tool. */
export interface Call extends Caller {
  readonly name: string
  readonly args: Value.Value
}

/** What is known of a tool. */
export interface ToolSpec {
  readonly name: string
  readonly description: string
  /** Of its arguments, for whoever tells a model about them. */
  readonly args: Codec
}

/** A tool with its types erased. */
export interface Tool<out R = never> extends ToolSpec {
  readonly invoke: (call: Call) => Effect.Effect<Value.Value, ToolMisused | ToolFailed, R>
}

/** What `tool` takes. */
export interface ToolOptions<Args extends Codec, E, R> {
  readonly name: string
  readonly description?: string | undefined
  readonly args: Args
  /** May be run again for the same action after a crash. An error with `critical: true` ends the behavior. */
  readonly run: (args: Args["Type"], caller: Caller) => Effect.Effect<unknown, E, R>
}

/** Makes a tool. What it answers must be a value that can be stored; nothing is `null`. */
export const tool = <Args extends Codec, E, R>(options: ToolOptions<Args, E, R>): Tool<R> => {
  const { args, description = "", name, run } = options
  const decode = Schema.decodeUnknownEffect(Schema.toCodecJson(args))
  return {
    name,
    description,
    args,
    invoke: Effect.fnUntraced(function* ({ actionId, actorId, args }) {
      const decoded = yield* Effect.mapError(
        decode(args),
        ({ message }) => new ToolMisused({ tool: name, part: "arguments", found: message })
      )
      const answer = yield* Effect.suspend(() => run(decoded, { actionId, actorId })).pipe(
        Effect.catchCause((cause) => {
          if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
          const { critical, tag } = Failures.of(cause)
          return Effect.fail(new ToolFailed({ tool: name, critical, reason: tag, cause: Cause.squash(cause) }))
        })
      )
      return yield* Effect.mapError(
        Effect.fromResult(StoredValue.check(answer, "answer")),
        ({ message }) => new ToolMisused({ tool: name, part: "answer", found: message })
      )
    })
  }
}

/** The tools. */
export class ToolPort extends Context.Service<
  ToolPort,
  {
    /** Adds a tool, in place of the one that had its name before. */
    readonly register: <R>(tool: Tool<R>) => Effect.Effect<void, never, R>
    readonly invoke: (call: Call) => Effect.Effect<Value.Value, ToolMissing | ToolMisused | ToolFailed>
    readonly tools: Effect.Effect<ReadonlyArray<ToolSpec>>
  }
>()("pantheon-state/ToolPort") {}

/** The services that a tool uses. */
type ToolServices<T> = T extends Tool<infer R> ? R : never

/** Tools that run in this process. The services that they use are requirements of the layer. */
export const layerMemory = <const Tools extends ReadonlyArray<Tool<unknown>>>(
  tools: Tools
): Layer.Layer<ToolPort, never, ToolServices<Tools[number]>> =>
  Layer.effect(
    ToolPort,
    Effect.gen(function* () {
      const registered = new Map<string, Tool>()
      const add = <R>(tool: Tool<R>, services: Context.Context<R>): void => {
        registered.set(tool.name, { ...tool, invoke: (call) => Effect.provideContext(tool.invoke(call), services) })
      }
      const services = yield* Effect.context<ToolServices<Tools[number]>>()
      // Each tool's services are among those of all.
      for (const tool of tools) add(tool as Tool<ToolServices<Tools[number]>>, services)
      return ToolPort.of({
        register: <R>(tool: Tool<R>) =>
          Effect.map(Effect.context<R>(), (services) => add(tool, Context.omit(CurrentPrincipal)(services))),
        invoke: (call) =>
          Effect.gen(function* () {
            const tool = registered.get(call.name)
            if (tool !== undefined) return yield* tool.invoke(call)
            return yield* new ToolMissing({ tool: call.name, registered: [...registered.keys()] })
          }),
        tools: Effect.sync(() =>
          Array.from(registered.values(), ({ args, description, name }) => ({ name, description, args }))
        )
      })
    })
  )
