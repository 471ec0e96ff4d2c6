/**
 * The engine: runs actors, and brings commands to them. Business code never sees which engine it is.
 *
 * What every engine promises, and `pantheon-state/testing` checks:
 *
 * 1. An actor runs its commands one after the other, in the order in which they were taken.
 * 2. A reply means that the events of the command are on disk. A command that fails or dies has persisted nothing.
 * 3. An actor comes back after a crash, a stop or a restart of the process with exactly the state its journal holds.
 * 4. A command whose handler dies is answered with `ActorCrashed` and is not tried again; the commands behind it are run.
 * 5. A command with a `commandId` whose events were persisted is answered with its first reply ever after, and persists nothing again.
 * 6. A second writer to the same agent is found out by the journal; the actor stops and says `Conflict`.
 * 7. An actor that is spawned by the handler of another is its child. When a parent stops or fails, its children stop, and theirs. Who is whose
 *    child is kept in the store, so it outlives passivation and the process.
 * 8. A timer that a handler sets is stored with what the handler decides. At its time, or as soon as its actor can run after it, it sends its
 *    command, which takes effect once.
 * 9. The `AccessPolicy` is asked before anything is looked up or woken: for `actor:read` of the agent by `get` and `watch`, and for each actor that
 *    `list`, `changes` and `deadLetters` tell of; for `actor:write` by `ask`, `tell` and `spawnChild`; for `actor:admin` by the others. The refusal is `AccessDenied`,
 *    or `Unavailable` when it cannot be known. What the engine does by itself is not asked: going off of timers, running of what was taken, the ends of children.
 * 10. A handler runs as the principal who sent its command, who is on record with its events. The command of a timer runs as the principal whom the layer of its
 *    behavior was given; without one as the agent itself, which may do everything with itself.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as Actor from "./Actor.ts"
import type { ActorError, ChildRefused, NotTaken, OrderError, RegisterError, SpawnError } from "./ActorError.ts"
import type { Behavior } from "./actor/Behavior.ts"
import type * as Command from "./actor/Command.ts"
import type { Metadata } from "./ContextEvent.ts"
import type { ActorAddress } from "./CurrentActor.ts"
import type { AppendError, ReadError } from "./StoreError.ts"

/** What an actor is doing. */
export const ActorStatus = Schema.Literals([
  /** Reading its journal. */
  "recovering",
  /** In memory, waiting for commands or running them. */
  "running",
  /** In memory, taking commands but running none until it is resumed. */
  "paused",
  /** Waiting to be restarted after a crash. */
  "restarting",
  /** Not in memory; the next command wakes it. */
  "passivated",
  /** Stopped on request; spawn it to go on. */
  "stopped",
  /** Stopped after too many crashes, or by a second writer; spawn it to try again. */
  "failed"
])

/** What is known of an actor. */
export interface ActorInfo {
  readonly actor: string
  readonly id: string
  readonly agentId: string
  readonly status: typeof ActorStatus.Type
  /** The version of its journal, as far as the engine has seen it. */
  readonly version: number
  /** Commands that wait. */
  readonly mailbox: number
  /** Restarts since it was last spawned or woken. */
  readonly restarts: number
  /** The actor whose child it is. */
  readonly parent: ActorAddress | undefined
}

/** How an actor left the memory. */
export type ActorEnd = ActorAddress &
  (
    | {
        /** On request, or with its parent. */
        readonly _tag: "Stopped"
      }
    | {
        /** It crashed too often, or a second writer was found out; the cause is what it crashed on, or the `Conflict`. */
        readonly _tag: "Failed"
        readonly cause: unknown
      }
    | {
        /** It sleeps, and the next command wakes it; or the engine is closing. */
        readonly _tag: "Passivated"
      }
  )

/** A command that was taken and told of to its sender, but never run. */
export interface DeadLetter extends ActorAddress {
  readonly command: string
  readonly payload: unknown
  readonly reason: ActorError
}

/** Which actors of a definition a listing gives. */
export interface ListOptions {
  /** Only the children of this actor. */
  readonly parent?: ActorAddress | undefined
}

/** Options of a single command. */
export interface AskOptions {
  /** Makes a retry safe: unique per actor, 1 to 255 characters. */
  readonly commandId?: string | undefined
  /** Goes into the metadata of the events; an object of values. */
  readonly metadata?: Metadata | undefined
  /** How long to wait for the reply before `AskTimeout`; for ever, by default. `tell` does not heed it. */
  readonly timeout?: Duration.Input | undefined
}

/** Options of a command whose outcome is told to nobody. */
export interface TellOptions extends AskOptions {
  /**
   * `mailbox`, the default: the sender goes on once the mailbox has taken the command; what waits there when its process dies is lost. `durable`: the
   * sender goes on once the command is stored, and it is run, in no certain order, even if sender and receiver die meanwhile. Engines that cannot do that
   * refuse it with `InvalidInput`.
   */
  readonly delivery?: "mailbox" | "durable" | undefined
}

/** What a caller may hand over as payload. */
export type Payload<A, Tag> = Command.Input<CommandOf<A, Tag>>

/** The commands of a definition. */
export type CommandsOf<A> = A extends { readonly "~types"?: { readonly commands: infer C } } ? C : never

/** The command with a name. */
export type CommandOf<A, Tag> = Extract<CommandsOf<A>, { readonly _tag: Tag }>

/** The names of a definition's commands. */
export type TagOf<A> = CommandsOf<A> extends { readonly _tag: infer Tag } ? Tag & string : never

/** The engine; the guarantees are those at the head of this module. */
export class ActorSystem extends Context.Service<
  ActorSystem,
  {
    /** Makes the actors of a definition runnable until the scope closes; then they are stopped, gracefully. `Actor.toLayer` calls it. */
    readonly register: (behavior: Behavior) => Effect.Effect<void, RegisterError, Scope.Scope>
    /**
     * Brings an actor into memory; also the way back after it was stopped or has failed. Completes once it has recovered. One that is stopping comes
     * back when it has stopped; to a handler that would wait for itself there, that is `ActorStopped`.
     */
    readonly spawn: (actor: Actor.Any, id: string) => Effect.Effect<ActorInfo, SpawnError>
    /**
     * As `spawn`, and makes it a child of the actor whose handler this is. Repeating it does no harm. How many children an actor may have is
     * said by its behavior, how deep the tree may be by the engine. Fails with `InvalidInput` outside of handlers.
     */
    readonly spawnChild: (
      actor: Actor.Any,
      id: string
    ) => Effect.Effect<ActorInfo, SpawnError | ChildRefused | ReadError | AppendError>
    /**
     * Sends a command and waits for its reply. Interrupting it withdraws the command if it has not begun; one that has begun is run to its
     * end. A handler that asks keeps its own actor waiting, so actors must not ask each other in a circle; an engine that finds this out
     * fails with `ActorDeadlock`.
     */
    readonly ask: <A extends Actor.Any, const Tag extends TagOf<A>>(
      actor: A,
      id: string,
      command: Tag,
      payload: Payload<A, Tag>,
      options?: AskOptions
    ) => Effect.Effect<Command.Reply<CommandOf<A, Tag>>, Command.Failure<CommandOf<A, Tag>> | ActorError>
    /** Sends a command and completes once the mailbox has taken it; its outcome is told to nobody. A handler may tell its own actor something. */
    readonly tell: <A extends Actor.Any, const Tag extends TagOf<A>>(
      actor: A,
      id: string,
      command: Tag,
      payload: Payload<A, Tag>,
      options?: TellOptions
    ) => Effect.Effect<void, NotTaken>
    /** `ask` with the types erased, for clients that are made from a definition. */
    readonly askUnsafe: (
      actor: Actor.Any,
      id: string,
      command: string,
      payload: unknown,
      options?: AskOptions
    ) => Effect.Effect<unknown, unknown>
    /**
     * Lets an actor finish the commands it has taken, then stops it until it is spawned again, or the engine closes; then its children, who
     * are no longer its children. Completes with the end of the last. In a handler, which may be one of those that have to come to their end first,
     * it completes at once: the actor takes no more commands.
     */
    readonly stop: (actor: Actor.Any, id: string) => Effect.Effect<void, OrderError>
    /**
     * Holds an actor: it takes commands but runs none, and is not passivated, until it is resumed, stopped, or the engine closes. One that is not in
     * memory is brought there, as by `spawn`. Completes once it runs nothing; in a handler, at once.
     */
    readonly pause: (actor: Actor.Any, id: string) => Effect.Effect<void, SpawnError>
    /** Lets a paused actor go on; does nothing to one that is not paused. */
    readonly resume: (actor: Actor.Any, id: string) => Effect.Effect<void, OrderError>
    /**
     * Lets an actor finish the command it is running, forget its state and recover from its journal; also the way back of one that was stopped or
     * has failed. The commands that wait stay. Completes once it has recovered; in a handler, at once.
     */
    readonly restart: (actor: Actor.Any, id: string) => Effect.Effect<void, SpawnError>
    /** Completes when the actor leaves the memory the next time; at once, when it is not in memory. */
    readonly watch: (actor: Actor.Any, id: string) => Effect.Effect<ActorEnd, OrderError>
    /** What is known of an actor; none when it is neither in memory nor in the journal. */
    readonly get: (actor: Actor.Any, id: string) => Effect.Effect<Option.Option<ActorInfo>, ReadError | OrderError>
    /** The actors of a definition, in memory or not, each once; read page by page. */
    readonly list: (actor: Actor.Any, options?: ListOptions) => Stream.Stream<ActorInfo, ReadError | OrderError>
    /**
     * Each change of the status of any actor, from now on. A reader that is slower than the changes gets the latest of each actor, so what waits
     * for it is bounded by the number of actors.
     */
    readonly changes: Stream.Stream<ActorInfo, ReadError>
    /**
     * Commands that were taken, whose sender was told so, and which nobody will run, from now on. A slow reader loses the oldest of more than 1,024.
     * While it cannot be known whether the reader may see one, it waits, and so do those behind it.
     */
    readonly deadLetters: Stream.Stream<DeadLetter>
    /** How many dead letters there were since the engine began. */
    readonly deadLetterCount: Effect.Effect<number>
  }
>()("pantheon-state/ActorSystem") {}
