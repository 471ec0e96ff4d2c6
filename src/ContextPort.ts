/**
 * What scripted actors know of the world: messages from named sources, and documents that their actions read, write and delete.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { ContextSource } from "./ActorScript.ts"
import { AgentStateManager } from "./AgentStateManager.ts"
import type { ContextFailed } from "./ScriptError.ts"
import * as AgentContexts from "./script/AgentContexts.ts"
import { MemoryContexts } from "./script/MemoryContexts.ts"
import type * as Value from "./Value.ts"

/** One message of a context, as models understand it. */
export const Message = Schema.Struct({
  role: Schema.Literals(["system", "user", "assistant"]),
  content: Schema.String,
  /** URLs, `data:` among them. */
  images: Schema.optionalKey(Schema.Array(Schema.String))
})

/** One message of a context. */
export type Message = typeof Message.Type

/** What a context is compiled for. */
export interface CompileRequest {
  /** The scripted actor. */
  readonly actorId: string
  /** In the order in which they are to appear. */
  readonly sources: ReadonlyArray<ContextSource>
  /** What the tick is about: the text of the message, if it has one. */
  readonly texts: ReadonlyArray<string>
}

/** A document that is written or deleted, and by which action. */
export interface Writing {
  readonly target: string
  /** Stays the same when the action is repeated, as it may be after a crash. */
  readonly actionId: string
}

/** The context. */
export class ContextPort extends Context.Service<
  ContextPort,
  {
    /** The messages of all sources. A source that has nothing to say gives none. */
    readonly compile: (request: CompileRequest) => Effect.Effect<ReadonlyArray<Message>, ContextFailed>
    /** The document; `null` when there is none. */
    readonly read: (target: string) => Effect.Effect<Value.Value, ContextFailed>
    readonly write: (writing: Writing, data: Value.Value) => Effect.Effect<void, ContextFailed>
    readonly delete: (writing: Writing) => Effect.Effect<void, ContextFailed>
  }
>()("pantheon-state/ContextPort") {}

/** What a `layerMemory` holds. */
export class ContextMemory extends Context.Service<
  ContextMemory,
  {
    /** Adds messages to a source. */
    readonly give: (sourceId: string, ...messages: ReadonlyArray<Message>) => Effect.Effect<void>
    /** The messages of a source. */
    readonly messages: (sourceId: string) => Effect.Effect<ReadonlyArray<Message>>
    /** The document under a name, if there is one. */
    readonly document: (target: string) => Effect.Effect<Value.Value | undefined>
  }
>()("pantheon-state/ContextMemory") {}

/**
 * A context in memory, with messages by source id; more are given through `ContextMemory`. A source tells its messages, and then the document
 * of the same name, if there is one. `where` may hold a `role`, and `last` for the newest so many.
 */
export const layerMemory = (
  sources: { readonly [sourceId: string]: ReadonlyArray<Message> } = {}
): Layer.Layer<ContextPort | ContextMemory> =>
  Layer.effectContext(
    Effect.sync(() => {
      const memory = new MemoryContexts(sources)
      return Context.make(ContextPort, memory).pipe(
        Context.add(ContextMemory, {
          give: (sourceId, ...messages) => Effect.sync(() => memory.give(sourceId, messages)),
          messages: (sourceId) => Effect.sync(() => memory.messages(sourceId)),
          document: (target) => Effect.sync(() => memory.documents.get(target))
        })
      )
    })
  )

/**
 * The states of other agents as context. The id of a source, and the target of an action, is an agent id. A source tells the state, as JSON, and
 * with `where: { events: 10 }` the newest so many events; `where: { keys: ["status"] }` picks keys of the state, none for `[]`, and `types: ["task.completed"]`
 * types of events. Writing merges keys into the state. An agent that is missing or deleted has nothing to tell.
 */
export const layerAgents: Layer.Layer<ContextPort, never, AgentStateManager> = Layer.effect(
  ContextPort,
  AgentStateManager.useSync(AgentContexts.make)
)
