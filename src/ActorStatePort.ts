/**
 * The port of the Pantheon system: actors that act by scripts.
 *
 * ```ts
 * const program = Effect.gen(function* () {
 *   const port = yield* ActorStatePort.ActorStatePort
 *   const actor = yield* port.spawn(librarian, "Moby-Dick")
 *   yield* port.send(actor.id, "What is it about?")        // durable; a tick is about it as soon as the actor is free
 *   const { outcome, outcomes } = yield* port.tick(actor.id)
 *   yield* port.start(actor.id, { every: "10 minutes" })
 * })
 *
 * const Port = ActorStatePort.layer.pipe(
 *   Layer.provide([Behaviors, Tools, MessageBus.layerMemory, ContextPort.layerMemory()]),
 *   Layer.provideMerge(LocalEngine.layer),
 *   Layer.provideMerge(LevelDb.layer({ directory: "./data" }))
 * )
 * ```
 *
 * A *tick* is one turn of an actor: the `ContextPort` compiles the context from the sources of the script, each behavior of the mode that fits is
 * asked for its plan, and the actions of the plan are done. What the port promises:
 *
 * 1. One tick at a time. What comes meanwhile waits: messages in their order; a scheduled tick that comes due during another is passed over.
 * 2. The actions of a plan are on disk before the first of them is begun, and the result of each right after it. A tick that is cut short, by
 *    whatever, goes on by itself where it was. An action whose result is on disk is never done again; one without is done again under the same id,
 *    by which tools, buses and contexts can tell. Messages to other actors, and children, come to be once.
 * 3. A plan that fails is recorded, and the next behavior goes on; an action that fails, and the next action goes on, unless its error says
 *    `critical: true`: then the rest of its behavior is skipped. Without its context, a tick fails at once.
 * 4. A pause holds: once `pause` has returned, no action begins until `resume`; one that had begun is recorded. `stop` interrupts.
 * 5. An actor is `completed` only when a plan or an action said `done` and nothing in that tick failed.
 * 6. What is stored are names. What they mean comes from the `BehaviorRegistry` of the process; an actor that lacks a behavior there waits for it.
 * 7. Where there is an `AccessPolicy`, `get`, `list`, `history` and `watch` need `context:read` of the actor's agent, and everything else `actor:write`. In its
 *    ticks, an actor acts as its agent: it may do everything with itself, spawn, and send to other scripted actors; of other agents it has what is shared with it.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { AccessDenied } from "./AccessError.ts"
import type { ActorError, RegisterError } from "./ActorError.ts"
import type { ScriptInput, ScriptServices } from "./ActorScript.ts"
import type { ActorSystem } from "./ActorSystem.ts"
import type { BehaviorRegistry } from "./BehaviorRegistry.ts"
import type { ContextPort } from "./ContextPort.ts"
import type { EventStore, ReadOptions } from "./EventStore.ts"
import type { MessageBus } from "./MessageBus.ts"
import type { ActorExists, ActorHeld, ActorMissing, BehaviorsMissing, MailFull } from "./ScriptError.ts"
import type { ScriptedActor, TickReport } from "./ScriptedActor.ts"
import type { SnapshotStore } from "./SnapshotStore.ts"
import type { Conflict, ReadError } from "./StoreError.ts"
import { ScriptActor } from "./script/ScriptActor.ts"
import type { HistoryEntry } from "./script/ScriptHistory.ts"
import * as ScriptPort from "./script/ScriptPort.ts"
import type { ToolPort } from "./ToolPort.ts"
import type * as Value from "./Value.ts"

export type { HistoryEntry } from "./script/ScriptHistory.ts"

/** How an actor is spawned. */
export interface SpawnOptions {
  /** 1 to 240 characters; one is made up when it is left out. */
  readonly id?: string | undefined
  readonly metadata?: Value.Record | undefined
}

/** What is changed of an actor; what is left out stays. */
export interface Update {
  readonly goals?: ReadonlyArray<string> | undefined
  readonly metadata?: Value.Record | undefined
}

/** A message, and who sends it. */
export interface SendOptions {
  /** `user` when it is left out. */
  readonly from?: string | undefined
  /** Makes a retry safe: unique per actor, 1 to 255 characters. */
  readonly commandId?: string | undefined
}

/** What a tick is about, and who wants it. */
export interface TickOptions extends Pick<SendOptions, "from"> {
  /** None when it is left out. */
  readonly message?: string | undefined
}

/** Which part of the actors; they come in an order of the store's own. */
export interface ListOptions {
  /** Only ids that start with this text. */
  readonly prefix?: string | undefined
  /** Only those after this id: the last of the page before. */
  readonly after?: string | undefined
  readonly limit?: number | undefined
}

/** Scripted actors; the promises are those at the head of this module. */
export class ActorStatePort extends Context.Service<
  ActorStatePort,
  {
    /** Makes an actor that pursues a goal. It is idle until it is sent something, ticked or started. Plans in the script are registered in this process. */
    readonly spawn: <const S extends ScriptInput>(
      script: S,
      goal: string,
      options?: SpawnOptions
    ) => Effect.Effect<ScriptedActor, ActorExists | ActorError | ReadError, ScriptServices<S>>
    /** The actor as it is; none if it was never spawned. */
    readonly get: (id: string) => Effect.Effect<Option.Option<ScriptedActor>, AccessDenied | ReadError>
    /** All actors, from the index of the store. */
    readonly list: (options?: ListOptions) => Stream.Stream<ScriptedActor, ReadError>
    /** Changes goals and metadata. With `expected`, only at that revision. */
    readonly update: (
      id: string,
      update: Update,
      options?: { readonly expected?: number | undefined }
    ) => Effect.Effect<ScriptedActor, ActorMissing | Conflict | ActorError | ReadError>
    /** Puts a message into the actor's mailbox; a tick will be about it. Gives the id of that tick. */
    readonly send: (
      id: string,
      message: string,
      options?: SendOptions
    ) => Effect.Effect<string, ActorMissing | ActorHeld | MailFull | ActorError>
    /**
     * Lets the actor tick, about a message or about none, and gives what came of it. Without a message it joins a tick that is under way. Interrupting
     * it does not disturb the tick.
     */
    readonly tick: (
      id: string,
      options?: TickOptions
    ) => Effect.Effect<TickReport, ActorMissing | ActorHeld | BehaviorsMissing | MailFull | ActorError | ReadError>
    /** Lets the actor tick at an interval from now on, in this process or whichever runs it later; the first time after one interval. */
    readonly start: (
      id: string,
      options: { readonly every: Duration.Input }
    ) => Effect.Effect<void, ActorMissing | ActorHeld | ActorError>
    /** Lets nothing of the actor move until it is resumed. */
    readonly pause: (id: string) => Effect.Effect<void, ActorMissing | ActorHeld | ActorError>
    /** Lets an actor go on that was paused, stopped or completed, or that has failed. */
    readonly resume: (id: string) => Effect.Effect<void, ActorMissing | ActorError>
    /** Ends what the actor is doing, forgets its messages and its schedule, and does the same to all below it. */
    readonly stop: (id: string) => Effect.Effect<void, ActorMissing | ActorError>
    /** What has happened to an actor, in pages behind the scenes; nothing for an unknown one. */
    readonly history: (id: string, options?: ReadOptions) => Stream.Stream<HistoryEntry, AccessDenied | ReadError>
    /** The actor as it is, and then after each event. */
    readonly watch: (id: string) => Stream.Stream<ScriptedActor, ActorMissing | AccessDenied | ReadError>
  }
>()("pantheon-state/ActorStatePort") {}

/** How the port runs its actors. */
export interface Options {
  /** How long one try of an action may take that says nothing itself; a minute by default. */
  readonly actionTimeout?: Duration.Input | undefined
  /** How long compiling a context, and then a plan, may take; 5 minutes by default. */
  readonly planTimeout?: Duration.Input | undefined
  /** Most children of one actor at a time; 16 by default. A script may allow itself less. */
  readonly maximumChildren?: number | undefined
  /** Most generations below an actor that was spawned through the port; 4 by default. */
  readonly maximumDepth?: number | undefined
  /** Most messages that may wait for one actor; 1,000 by default. */
  readonly mailCapacity?: number | undefined
}

/** What the port is built on. */
export type Requirements =
  | ActorSystem
  | EventStore
  | SnapshotStore
  | BehaviorRegistry
  | ContextPort
  | ToolPort
  | MessageBus

/** The port. */
export const layerWith = (options: Options): Layer.Layer<ActorStatePort, RegisterError, Requirements> =>
  Layer.effect(ActorStatePort, ScriptPort.make(options))

/** The port, with its defaults. */
export const layer: Layer.Layer<ActorStatePort, RegisterError, Requirements> = layerWith({})

/** The agent whose stream is the history of the scripted actor with this id. */
export const agentId: (id: string) => string = ScriptActor.agentId
