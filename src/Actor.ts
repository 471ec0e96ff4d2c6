/**
 * Definitions of actors: what they are (a state, its events, its commands), apart from what they do.
 *
 * A definition is a value. A client imports it without the behavior; the behavior is a layer that `toLayer` makes.
 */

import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AccessDenied } from "./AccessError.ts"
import { AccessPolicy, trusted } from "./AccessPolicy.ts"
import type { RegisterError } from "./ActorError.ts"
import { ActorSystem } from "./ActorSystem.ts"
import type { VersionMissing } from "./AgentError.ts"
import * as ActorClient from "./actor/ActorClient.ts"
import * as ActorCodec from "./actor/ActorCodec.ts"
import * as ActorJournal from "./actor/ActorJournal.ts"
import type { EventSteps, StateStep } from "./actor/ActorReading.ts"
import * as Behavior from "./actor/Behavior.ts"
import type { Codec, Command, Refused } from "./actor/Command.ts"
import { Decision } from "./actor/Decision.ts"
import * as Timers from "./actor/Timers.ts"
import type { EventStore } from "./EventStore.ts"
import * as SnapshotPolicy from "./SnapshotPolicy.ts"
import type { SnapshotStore } from "./SnapshotStore.ts"
import type { ReadError } from "./StoreError.ts"
import { checkedBound } from "./store/EventStoreRead.ts"
import * as Replay from "./store/Replay.ts"

export type { Client } from "./actor/ActorClient.ts"
export type { EventStep, EventSteps, StateStep } from "./actor/ActorReading.ts"
export type { BehaviorOptions, HandlerServices, Handlers } from "./actor/Behavior.ts"
export type { Codec, Command } from "./actor/Command.ts"
export type { Timers } from "./actor/Timers.ts"

/** A schema of tagged events. */
export type EventCodec = Codec & { readonly Type: { readonly _tag: string } }

/** Makes a mistake in the commands a type error that says what it is. */
type Served<Commands extends ReadonlyArray<Command>> = [Refused<Commands[number]>] extends [never]
  ? unknown
  : { readonly commands: Refused<Commands[number]> }

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
  /** Counts the shapes of the events, from 1; stored with each. Events of a newer version than this are not read. */
  readonly schemaVersion?: number | undefined
  /** By version: what became of the events of that version in the next. Each version up to `schemaVersion` that may still be stored has a step. */
  readonly upcast?: { readonly [schemaVersion: number]: EventSteps } | undefined
  /** Counts the shapes of the state and the meanings of `evolve`, from 1; a snapshot of another version is not used, unless `upcastState` leads from it. */
  readonly stateVersion?: number | undefined
  /** By version: what became of a state of that version, as it was stored, in the next. */
  readonly upcastState?: { readonly [stateVersion: number]: StateStep } | undefined
  /** When snapshots are taken, and what they make superfluous. */
  readonly snapshots?: SnapshotPolicy.SnapshotPolicy<Event["Type"], State["Type"]> | undefined
  readonly mailbox?: MailboxOptions | undefined
}

/** A definition of which only the run-time parts matter: what engines work with. */
export interface Any {
  readonly name: string
  readonly codec: ActorCodec.ActorCodec
  readonly mailbox: Required<{ readonly [K in keyof MailboxOptions]: NonNullable<MailboxOptions[K]> }>
  /** When to take snapshots, but for the predicate, which is in the codec. */
  readonly snapshots: Omit<SnapshotPolicy.Checked<never, never>, "when">
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
  /** Commands that the actor sends itself later; for use in handlers. */
  readonly timers: Timers.Timers<Commands>
  /** The behavior, registered with the engine for as long as the layer lives. The services that handlers use are requirements of the layer. */
  readonly toLayer: <H extends Behavior.Handlers<State, Event, Commands>>(
    handlers: H & Behavior.NoOthers<H, Commands>,
    options?: Behavior.BehaviorOptions
  ) => Layer.Layer<never, RegisterError, ActorSystem | Behavior.HandlerServices<H>>
  /** Gives the client of the actor with an id. The actor wakes at the first command; it need not be spawned. */
  readonly client: Effect.Effect<(id: string) => ActorClient.Client<Commands>, never, ActorSystem>
  /**
   * Reads an actor's state from its journal, as it is now or as it was at a version, without running the actor. The version in the answer is
   * lower than `at` when the journal has not come so far, and 0 for an actor that was never written. Fails with `VersionMissing` where the
   * events were deleted. Needs `context:read` by the `AccessPolicy` that is in force where it runs.
   */
  readonly readState: (
    id: string,
    options?: { readonly at?: number | undefined }
  ) => Effect.Effect<
    { readonly state: State; readonly version: number },
    AccessDenied | ReadError | VersionMissing,
    EventStore | SnapshotStore
  >
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
  options: Options<State, Event, Commands> & Served<Commands>
): Actor<Name, State["Type"], Event["Type"], Commands[number]> => {
  const codec = ActorCodec.make(name, options)
  const mailbox = {
    capacity: positive(name, "mailbox.capacity", options.mailbox?.capacity ?? 4096),
    whenFull: checkedWhenFull(name, options.mailbox?.whenFull ?? "fail")
  } as const
  const snapshots = SnapshotPolicy.check(`Actor ${JSON.stringify(name)}`, options.snapshots ?? {})
  const definition: Any = { name, codec, mailbox, snapshots }
  const clientClass = ActorClient.makeClass<Commands[number]>(definition)
  return {
    ...definition,
    name,
    agentId: codec.agentId,
    persist: <A>(events: Event["Type"] | ReadonlyArray<Event["Type"]>, reply?: (state: State["Type"]) => A) =>
      Effect.succeed(new Decision(Array.isArray(events) ? events : [events], reply ?? noReply)),
    timers: Timers.make(name),
    toLayer: (handlers, behaviorOptions) =>
      Layer.effectDiscard(
        Effect.gen(function* () {
          const system = yield* ActorSystem
          const services = yield* Effect.context<Behavior.HandlerServices<typeof handlers>>()
          yield* system.register(Behavior.make(definition, handlers, behaviorOptions, services))
        })
      ),
    readState: Effect.fnUntraced(function* (id, readOptions) {
      const at = readOptions?.at
      if (at !== undefined) yield* checkedBound("at", at)
      const policy = yield* AccessPolicy
      if (policy !== trusted) yield* policy.check({ resource: "context", action: "read", agentId: codec.agentId(id) })
      yield* Effect.fromResult(codec.validateId(id))
      const stores = yield* Replay.stores
      const { state, version } = yield* at === undefined
        ? ActorJournal.recover(stores, definition, id)
        : ActorJournal.recoverTo(stores, definition, id, at)
      return { state, version }
    }),
    client: ActorSystem.useSync((system) => (id) => new clientClass(system, id))
  }
}

const noReply = (): undefined => undefined

const checkedWhenFull = (name: string, value: "fail" | "wait"): "fail" | "wait" => {
  if (value === "fail" || value === "wait") return value
  throw new RangeError(
    `Actor ${JSON.stringify(name)}: mailbox.whenFull must be "fail" or "wait", found ${String(value)}`
  )
}

const positive = (name: string, option: string, value: number): number => {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value > 0)) return value
  throw new RangeError(`Actor ${JSON.stringify(name)}: ${option} must be an integer from 1, found ${value}`)
}
