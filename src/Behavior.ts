/**
 * What an engine needs to run the actors of one definition.
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Actor from "./Actor.ts"
import type * as Supervision from "./Supervision.ts"

/** What a handler gives, with its types erased; its services are those of the behavior. */
export type HandlerResult = Effect.Effect<unknown, unknown>

/** A definition with its handlers and the services they use. */
export interface Behavior {
  readonly definition: Actor.Any
  readonly handlers: ReadonlyMap<string, (state: unknown, payload: unknown) => HandlerResult>
  readonly services: Context.Context<never>
  readonly supervision: Supervision.Supervision
  /** Milliseconds. */
  readonly passivateAfter: number | undefined
}
