/**
 * What the actors of a port reach the world through, made of functions.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AgentStateManager } from "../../src/AgentStateManager.ts"
import * as Contexts from "../../src/ContextPort.ts"
import * as Messages from "../../src/MessageBus.ts"
import { ContextFailed } from "../../src/ScriptError.ts"

/** Compiles the context of a tick: the messages of all sources, in their order. */
export type CompileContext = (
  request: Contexts.CompileRequest
) => ReadonlyArray<Contexts.Message> | PromiseLike<ReadonlyArray<Contexts.Message>>

/** Is told what actors say to others than actors. */
export type OnMessage = (envelope: Messages.Envelope) => unknown

/** The context: the states of other agents, unless a function says what the sources mean. */
export const contexts = (
  compile: CompileContext | undefined
): Layer.Layer<Contexts.ContextPort, never, AgentStateManager> => {
  if (compile === undefined) return Contexts.layerAgents
  const own = Effect.map(Contexts.ContextPort, (agents) =>
    Contexts.ContextPort.of({
      compile: (request) =>
        Effect.tryPromise({
          try: async () => await compile(request),
          catch: (cause) =>
            new ContextFailed({
              operation: "compile",
              target: request.sources.map(({ id }) => id).join(", "),
              cause
            })
        }),
      read: (target) => agents.read(target),
      write: (writing, data) => agents.write(writing, data),
      delete: (writing) => agents.delete(writing)
    })
  )
  return Layer.effect(Contexts.ContextPort, own).pipe(Layer.provide(Contexts.layerAgents))
}

/** A bus within this process, with whoever listens from the start. */
export const messages = (onMessage: OnMessage | undefined): Layer.Layer<Messages.MessageBus> => {
  if (onMessage === undefined) return Messages.layerMemory
  const tell = (envelope: Messages.Envelope) =>
    Effect.tryPromise({ try: async () => await onMessage(envelope), catch: (thrown) => thrown })
  const listener = Layer.effectDiscard(
    Messages.MessageBus.use((bus) => bus.subscribe((found) => Effect.asVoid(tell(found))))
  )
  return Layer.provideMerge(listener, Messages.layerMemory)
}
