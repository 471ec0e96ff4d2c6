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
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as Actor from "./Actor.ts"
import type {
  ActorAlreadyRegistered,
  ActorError,
  ActorNotRegistered,
  ActorStopped,
  NotTaken,
  RecoveryFailed
} from "./ActorError.ts"
import type { Behavior } from "./actor/Behavior.ts"
import type * as Command from "./actor/Command.ts"
import type { Metadata } from "./ContextEvent.ts"
import type { InvalidInput, ReadError } from "./StoreError.ts"

/** What an actor is doing. */
export const ActorStatus = Schema.Literals([
  /** Reading its journal. */
  "recovering",
  /** In memory, waiting for commands or running them. */
  "running",
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
}

/** Options of a single command. */
export interface AskOptions {
  /** Makes a retry safe: unique per actor, 1 to 255 characters. */
  readonly commandId?: string | undefined
  /** Goes into the metadata of the events; an object of values. */
  readonly metadata?: Metadata | undefined
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
    readonly register: (behavior: Behavior) => Effect.Effect<void, ActorAlreadyRegistered, Scope.Scope>
    /** Brings an actor into memory; also the way back after it was stopped or has failed. Completes once it has recovered. */
    readonly spawn: (
      actor: Actor.Any,
      id: string
    ) => Effect.Effect<ActorInfo, InvalidInput | ActorNotRegistered | RecoveryFailed | ActorStopped>
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
      options?: AskOptions
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
     * Lets an actor finish the commands it has taken, then stops it until it is spawned again, or the engine closes. Completes with the end,
     * but not within one of the actor's own handlers, which could not wait for that.
     */
    readonly stop: (actor: Actor.Any, id: string) => Effect.Effect<void, InvalidInput | ActorNotRegistered>
    /** What is known of an actor; none when it is neither in memory nor in the journal. */
    readonly get: (
      actor: Actor.Any,
      id: string
    ) => Effect.Effect<Option.Option<ActorInfo>, ReadError | ActorNotRegistered>
    /** The actors of a definition, in memory or not, each once. */
    readonly list: (actor: Actor.Any) => Stream.Stream<ActorInfo, ReadError | ActorNotRegistered>
  }
>()("pantheon-state/ActorSystem") {}
