/**
 * The actor whose handler runs: what a handler can learn of itself.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** Names one actor. */
export const ActorAddress = Schema.Struct({
  /** The name of the definition. */
  actor: Schema.String,
  /** The id of the actor among those of its definition. */
  id: Schema.String
})

export type ActorAddress = typeof ActorAddress.Type

/** An actor whose handler runs. */
export interface RunningActor extends ActorAddress {
  /** The agent whose stream is its journal. */
  readonly agentId: string
}

/** Set by engines for the fibers of handlers. */
export const CurrentActor: Context.Reference<RunningActor | undefined> = Context.Reference<RunningActor | undefined>(
  "pantheon-state/CurrentActor",
  { defaultValue: () => undefined }
)

/** The actor whose handler this is. Dies outside of handlers, since that is a mistake in the program. */
export const self: Effect.Effect<RunningActor> = Effect.flatMap(CurrentActor, (actor) =>
  actor === undefined
    ? Effect.die(new Error("CurrentActor.self: expected to be used in the handler of an actor, found no actor"))
    : Effect.succeed(actor)
)
