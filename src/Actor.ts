/**
 * Definitions of actors: what they are (a state, its events, its commands), apart from what they do.
 *
 * A definition is a value. A client imports it without the behavior; the behavior is a layer that `toLayer` makes.
 */
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Schema from "effect/Schema"
import * as ActorCodec from "./ActorCodec.ts"
import type { ActorAlreadyRegistered, ActorError } from "./ActorError.ts"
import * as ActorJournal from "./ActorJournal.ts"
import { ActorSystem, type AskOptions } from "./ActorSystem.ts"
import type { Behavior, HandlerResult } from "./Behavior.ts"
import { Decision } from "./Decision.ts"
import type { EventStore } from "./EventStore.ts"
import * as Replay from "./Replay.ts"
import type { SnapshotStore } from "./SnapshotStore.ts"
import type { ReadError } from "./StoreError.ts"
import * as Supervision from "./Supervision.ts"

/** A schema that needs no services. */
export type Codec = Schema.Top & { readonly DecodingServices: never; readonly EncodingServices: never }

/** A schema of tagged events. */
export type EventCodec = Codec & { readonly Type: { readonly _tag: string } }

/** A command of an actor: an `Rpc` whose schemas need no services. */
// The bound says nothing of the schemas: if it did, `Rpc.make` would infer from it what was left out.
export type Command = Rpc.Any

type NeedsNoServices<Commands extends ReadonlyArray<Command>> = [Rpc.Services<Commands[number]>] extends [never]
  ? unknown
  : { readonly commands: "the schemas of commands must need no services" }

/** How full a mailbox may get, and what a sender meets when it is full. */
export interface MailboxOptions {
  /** Most commands that wait; an integer from 1, 4,096 by default. */
  readonly capacity?: number | undefined
  /** `fail` (the default) answers `MailboxFull`; `wait` lets the sender wait for room. */
  readonly whenFull?: "fail" | "wait" | undefined
}

/** What `make` takes. */
export interface Options<State extends Codec, Event extends EventCodec, Commands extends ReadonlyArray<Command>> {
  readonly state: State
  readonly initialState: State["Type"]
  readonly events: Event
  /** Folds one event into the state. Pure and total: it is run again at each recovery. */
  readonly evolve: (state: State["Type"], event: Event["Type"]) => State["Type"]
  readonly commands: Commands
  /** Counts the shapes of the state and the meanings of `evolve`, from 1; snapshots of another version are not used. */
  readonly stateVersion?: number | undefined
  /** A snapshot is saved, off the callers' path, once this many events have happened since the last; 100 by default, `Infinity` for never. */
  readonly snapshotEvery?: number | undefined
  readonly mailbox?: MailboxOptions | undefined
}

/** What `toLayer` takes beside the handlers. */
export interface BehaviorOptions {
  /** What happens when a handler dies; `Supervision.restart()` by default. */
  readonly supervision?: Supervision.Supervision | undefined
  /** An actor that has had nothing to do for so long leaves the memory; the next command wakes it. Never, by default. */
  readonly passivateAfter?: Duration.Input | undefined
}

/**
 * One handler for each command. It gets the state and the payload, may use services, and gives the reply, or what
 * `persist` made, or fails with the command's own error; then nothing is persisted.
 */
export type Handlers<State, Event, Commands extends Command> = {
  readonly [C in Commands as C["_tag"]]: (
    state: State,
    payload: Rpc.Payload<C>
    // The services are inferred from the handlers, so here they may be whatever they are.
    // biome-ignore lint/suspicious/noExplicitAny: a bound for inference only
  ) => Effect.Effect<Rpc.Success<C> | Decision<Event, Rpc.Success<C>>, Rpc.Error<C>, any>
}

/** The services that handlers use. */
export type HandlerServices<H> = {
  // biome-ignore lint/suspicious/noExplicitAny: matches every handler
  [K in keyof H]: H[K] extends (...args: ReadonlyArray<any>) => Effect.Effect<infer _A, infer _E, infer R> ? R : never
}[keyof H]

/** One method for each command. The reply means that the command's events are on disk. */
export type Client<Commands extends Command> = {
  readonly [C in Commands as C["_tag"]]: (
    ...args: [undefined] extends [Rpc.PayloadConstructor<C>]
      ? [payload?: undefined, options?: AskOptions]
      : [payload: Rpc.PayloadConstructor<C>, options?: AskOptions]
  ) => Effect.Effect<Rpc.Success<C>, Rpc.Error<C> | ActorError>
}

/** A definition of which only the run-time parts matter: what engines work with. */
export interface Any {
  readonly name: string
  readonly codec: ActorCodec.ActorCodec
  readonly mailbox: Required<{ readonly [K in keyof MailboxOptions]: NonNullable<MailboxOptions[K]> }>
  readonly snapshotEvery: number
}

/** A definition of an actor. */
export interface Actor<Name extends string, State, Event, Commands extends Command> extends Any {
  readonly name: Name
  /** The agent whose stream is the journal of the actor with this id. */
  readonly agentId: (id: string) => string
  /** What a handler gives back to persist events: one or several, in order. The reply is made from the state after them. */
  readonly persist: {
    (events: Event | ReadonlyArray<Event>): Effect.Effect<Decision<Event, void>>
    <A>(events: Event | ReadonlyArray<Event>, reply: (state: State) => A): Effect.Effect<Decision<Event, A>>
  }
  /** The behavior, registered with the engine for as long as the layer lives. The services that handlers use are requirements of the layer. */
  readonly toLayer: <H extends Handlers<State, Event, Commands>>(
    handlers: H,
    options?: BehaviorOptions
  ) => Layer.Layer<never, ActorAlreadyRegistered, ActorSystem | HandlerServices<H>>
  /** Gives the client of the actor with an id. The actor wakes at the first command; it need not be spawned. */
  readonly client: Effect.Effect<(id: string) => Client<Commands>, never, ActorSystem>
  /**
   * Reads an actor's state from its journal, as it is now or as it was at a version, without running the actor. The version in the answer is
   * lower than `at` when the journal has not come so far, and 0 for an actor that was never written.
   */
  readonly readState: (
    id: string,
    options?: { readonly at?: number | undefined }
  ) => Effect.Effect<{ readonly state: State; readonly version: number }, ReadError, EventStore | SnapshotStore>
  /** Only a carrier of types. */
  readonly "~types"?: { readonly state: State; readonly event: Event; readonly commands: Commands }
}

/**
 * Defines an actor.
 *
 * The name is 1 to 100 characters without `/`; it is part of the agent id, `name/id`, so it must never change. Dies when the name, an
 * option or the initial state breaks its rule, since that is a mistake in the program.
 */
export const make = <
  const Name extends string,
  State extends Codec,
  Event extends EventCodec,
  const Commands extends ReadonlyArray<Command>
>(
  name: Name,
  options: Options<State, Event, Commands> & NeedsNoServices<Commands>
): Actor<Name, State["Type"], Event["Type"], Commands[number]> => {
  const codec = ActorCodec.make(name, options)
  const mailbox = {
    capacity: positive(name, "mailbox.capacity", options.mailbox?.capacity ?? 4096),
    whenFull: options.mailbox?.whenFull ?? "fail"
  } as const
  const snapshotEvery = positive(name, "snapshotEvery", options.snapshotEvery ?? 100)
  const definition: Any = { name, codec, mailbox, snapshotEvery }
  const clientClass = makeClientClass<Commands[number]>(definition)
  return {
    ...definition,
    name,
    agentId: codec.agentId,
    persist: <A>(events: Event["Type"] | ReadonlyArray<Event["Type"]>, reply?: (state: State["Type"]) => A) =>
      Effect.succeed(new Decision(Array.isArray(events) ? events : [events], reply ?? noReply)),
    toLayer: (handlers, behaviorOptions) =>
      Layer.effectDiscard(
        Effect.gen(function* () {
          const system = yield* ActorSystem
          const services = yield* Effect.context<HandlerServices<typeof handlers>>()
          yield* system.register(toBehavior(definition, handlers, behaviorOptions, services))
        })
      ),
    readState: Effect.fnUntraced(function* (id, readOptions) {
      yield* Effect.fromResult(codec.validateId(id))
      const { state, version } = yield* ActorJournal.recover(yield* Replay.stores, definition, id, readOptions?.at)
      return { state, version }
    }),
    client: ActorSystem.useSync((system) => (id) => new clientClass(system, id))
  }
}

const noReply = (): undefined => undefined

const positive = (name: string, option: string, value: number): number => {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value > 0)) return value
  throw new RangeError(`Actor ${JSON.stringify(name)}: ${option} must be an integer from 1, found ${value}`)
}

const toBehavior = (
  definition: Any,
  handlers: object,
  options: BehaviorOptions | undefined,
  services: Context.Context<never>
): Behavior => ({
  definition,
  // The types of `toLayer` tie each handler to its command; the engine looks them up by name.
  handlers: new Map(
    Object.entries(handlers) as ReadonlyArray<[string, (state: unknown, payload: unknown) => HandlerResult]>
  ),
  services,
  supervision: options?.supervision ?? Supervision.restart(),
  passivateAfter:
    options?.passivateAfter === undefined
      ? undefined
      : Duration.toMillis(Duration.fromInputUnsafe(options.passivateAfter))
})

/** A class, so that a client costs one small object, however many commands there are. */
const makeClientClass = <C extends Command>(definition: Any) => {
  class ActorClient {
    readonly system: ActorSystem["Service"]
    readonly id: string
    constructor(system: ActorSystem["Service"], id: string) {
      this.system = system
      this.id = id
    }
  }
  for (const command of definition.codec.commands.keys()) {
    Object.defineProperty(ActorClient.prototype, command, {
      value(this: ActorClient, payload?: unknown, options?: AskOptions) {
        return this.system.askUnsafe(definition, this.id, command, payload, options)
      }
    })
  }
  return ActorClient as unknown as new (
    system: ActorSystem["Service"],
    id: string
  ) => Client<C>
}
