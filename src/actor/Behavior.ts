/**
 * What actors do: a definition's handlers, with the services they use, as engines run them.
 */
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Actor from "../Actor.ts"
import * as Supervision from "../Supervision.ts"
import * as DurationOption from "../store/DurationOption.ts"
import type * as Command from "./Command.ts"
import type { Decision } from "./Decision.ts"

/** What `toLayer` takes beside the handlers. */
export interface BehaviorOptions {
  /** What happens when a handler dies; `Supervision.restart()` by default. */
  readonly supervision?: Supervision.Supervision | undefined
  /** An actor that has had nothing to do for so long leaves the memory; the next command wakes it. Never, by default. */
  readonly passivateAfter?: Duration.Input | undefined
  /** A handler that takes longer is interrupted, which counts as a crash of its actor. Never, by default. */
  readonly handlerTimeout?: Duration.Input | undefined
  /** Most children that one of these actors may have at a time; an integer from 0, 1,000 by default. */
  readonly maximumChildren?: number | undefined
}

/**
 * One handler for each command. It gets the state and the payload, may use services, and gives the reply, or what
 * `persist` made, or fails with the command's own error; then nothing is persisted.
 */
export type Handlers<State, Event, Commands extends Command.Command> = {
  readonly [C in Commands as C["_tag"]]: (
    state: State,
    payload: Command.Payload<C>
    // The services are inferred from the handlers, so here they may be whatever they are.
    // biome-ignore lint/suspicious/noExplicitAny: a bound for inference only
  ) => Effect.Effect<Command.Reply<C> | Decision<Event, Command.Reply<C>>, Command.Failure<C>, any>
}

/** Makes a handler for no command a type error. */
export type NoOthers<H, Commands extends Command.Command> = {
  readonly [K in Exclude<keyof H & string, Commands["_tag"]>]: never
}

/** The services that handlers use. */
export type HandlerServices<H> = { [K in keyof H]: ServicesOf<H[K]> }[keyof H]

// Distributes over what the handler may give, which is never for one that only throws.
// biome-ignore lint/suspicious/noExplicitAny: matches every handler
type ServicesOf<Handler> = Handler extends (...args: ReadonlyArray<any>) => infer Given ? Effect.Services<Given> : never

/** What a handler gives, with its types erased; its services are those of the behavior. */
export type HandlerResult = Effect.Effect<unknown, unknown>

/** A handler with its types erased. */
export type Handler = (state: unknown, payload: unknown) => HandlerResult

/** A definition with its handlers and the services they use. */
export interface Behavior {
  readonly definition: Actor.Any
  /** One for each command. */
  readonly handlers: ReadonlyMap<string, Handler>
  readonly services: Context.Context<never>
  readonly supervision: Supervision.Supervision
  /** Milliseconds. */
  readonly passivateAfter: number | undefined
  /** Milliseconds. */
  readonly handlerTimeout: number | undefined
  readonly maximumChildren: number
}

/** Erases the types. Throws what is wrong with the handlers or the options, since that is a mistake in the program. */
export const make = (
  definition: Actor.Any,
  handlers: object,
  options: BehaviorOptions | undefined,
  services: Context.Context<never>
): Behavior => {
  const { codec, name } = definition
  // The types of `toLayer` tie each handler to its command; the engine looks them up by name.
  const own = new Map(Object.entries(handlers) as ReadonlyArray<[string, Handler]>)
  for (const command of codec.commands.keys()) {
    if (typeof own.get(command) === "function") continue
    throw new TypeError(`Actor ${JSON.stringify(name)}: no handler for ${command}`)
  }
  return {
    definition,
    handlers: own,
    services,
    supervision: options?.supervision ?? Supervision.restart(),
    passivateAfter: limitOf(name, "passivateAfter", options?.passivateAfter),
    handlerTimeout: limitOf(name, "handlerTimeout", options?.handlerTimeout),
    maximumChildren: countOf(name, "maximumChildren", options?.maximumChildren ?? 1000)
  }
}

const countOf = (name: string, option: string, count: number): number => {
  if (count === Number.POSITIVE_INFINITY || (Number.isInteger(count) && count >= 0)) return count
  throw new RangeError(`Actor ${JSON.stringify(name)}: ${option} must be an integer from 0, found ${count}`)
}

const limitOf = (name: string, option: string, time: Duration.Input | undefined): number | undefined => {
  if (time === undefined) return undefined
  const milliseconds = DurationOption.positive(`Actor ${JSON.stringify(name)}`, option, time)
  return milliseconds === Number.POSITIVE_INFINITY ? undefined : milliseconds
}
