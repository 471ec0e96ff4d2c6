/**
 * The states and events of other agents as context.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { ContextSource } from "../ActorScript.ts"
import type { AgentStateManager } from "../AgentStateManager.ts"
import type { ContextPort, Message } from "../ContextPort.ts"
import { ContextFailed } from "../ScriptError.ts"
import { InvalidInput } from "../StoreError.ts"
import * as Value from "../Value.ts"
import * as SourceText from "./SourceText.ts"

const Where = Schema.Struct({
  keys: Schema.optionalKey(Schema.Array(Schema.String)),
  events: Schema.optionalKey(Schema.Natural),
  types: Schema.optionalKey(Schema.Array(Schema.String))
})

type Where = typeof Where.Type

/** The context of those agents that a manager has. */
export const make = (agents: AgentStateManager["Service"]): ContextPort["Service"] => {
  const tell = Effect.fnUntraced(
    function* (source: ContextSource) {
      const where = yield* SourceText.where(Where, source)
      return [...(yield* state(agents, source, where)), ...(yield* events(agents, source, where))]
    },
    (effect, source) => Effect.mapError(effect, wrap("compile", source.id))
  )
  return {
    compile: ({ sources }) => Effect.map(Effect.forEach(sources, tell), (told) => told.flat()),
    read: (target) =>
      agents.getContext(target).pipe(
        Effect.map(({ state }): Value.Value => state),
        Effect.catchTag(["AgentMissing", "AgentDeleted"], () => Effect.succeed(null)),
        Effect.mapError(wrap("read", target))
      ),
    write: ({ actionId, target }, data) =>
      Value.isRecord(data)
        ? agents
            .updateContext(target, { state: data }, { commandId: actionId })
            .pipe(Effect.asVoid, Effect.mapError(wrap("write", target)))
        : Effect.fail(wrap("write", target)(refuse(data))),
    delete: ({ actionId, target }) =>
      agents.deleteContext(target, { commandId: actionId }).pipe(
        Effect.asVoid,
        Effect.catchTag(["AgentMissing", "AgentDeleted"], () => Effect.void),
        Effect.mapError(wrap("delete", target))
      )
  }
}

const state = Effect.fnUntraced(function* (
  agents: AgentStateManager["Service"],
  source: ContextSource,
  { keys }: Where
) {
  if (keys?.length === 0) return []
  const found = yield* Effect.catchTag(agents.getContext(source.id), ["AgentMissing", "AgentDeleted"], () =>
    Effect.succeed(undefined)
  )
  if (found === undefined) return []
  const entries = Object.entries(found.state).filter(([key]) => keys === undefined || keys.includes(key))
  return entries.length === 0 ? [] : [SourceText.message(source, Object.fromEntries(entries))]
})

const events = Effect.fnUntraced(function* (
  agents: AgentStateManager["Service"],
  source: ContextSource,
  { events: limit = 0, types }: Where
) {
  if (limit === 0) return []
  const newest = agents.history(source.id, { direction: "backward" }).pipe(
    Stream.filter(({ type }) => types === undefined || types.includes(type)),
    Stream.take(limit),
    Stream.catchTag("AgentMissing", () => Stream.empty)
  )
  const found = yield* Stream.runCollect(newest)
  return found.toReversed().map(({ data, type }): Message => SourceText.message(source, { [type]: data }))
})

const wrap =
  (operation: ContextFailed["operation"], target: string) =>
  (cause: unknown): ContextFailed =>
    cause instanceof ContextFailed ? cause : new ContextFailed({ operation, target, cause })

const refuse = (data: Value.Value): InvalidInput =>
  new InvalidInput({
    path: "data",
    expected: "an object whose keys are merged into the state",
    found: data === null ? "null" : Array.isArray(data) ? "an array" : `a value of type ${typeof data}`,
    remedy: "Write an object."
  })
