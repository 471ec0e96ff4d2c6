/**
 * The life of contexts: how they begin and end, how much there is of them, how they travel, and whether they are sound.
 *
 * ```ts
 * const program = Effect.gen(function* () {
 *   const lifecycle = yield* ContextLifecycle.ContextLifecycle
 *   yield* lifecycle.createContext("agent-1", { topic: "tea" })
 *   const lines = yield* Stream.runCollect(lifecycle.exportContext("agent-1"))
 *   yield* lifecycle.importContext("agent-2", Stream.fromIterable(lines))
 *   const { isValid } = yield* lifecycle.validateContextIntegrity("agent-2")
 * })
 *
 * const Lifecycle = ContextLifecycle.layer.pipe(Layer.provideMerge(AgentStateManager.layer()))
 * program.pipe(Effect.provide(Lifecycle), Effect.provide(LevelDb.layer({ directory: "./data" })))
 * ```
 *
 * What it promises:
 *
 * 1. Creation is creation: an id that is in use, also by a deleted context, is `ContextExists`. An empty state is written too.
 * 2. An archived context is read-only until it is restored. A deleted one cannot be written, and its metadata and shares go in the same write as
 *    it does; its history stays. A purged one is gone, and its id is free.
 * 3. An export is the agent as it is when its first line is read: events, snapshots, recorded replies. Metadata, shares and expiry are those that there
 *    are when the export comes to them, without private metadata that the caller may not see. It reads ahead no further than its reader wants, and needs little memory, however long the history.
 * 4. An import is all or nothing. Every line is checked, and nothing of it can be seen before the last one fits the checksum. Imported as the
 *    agent that it was, everything keeps its ids; as another one, events and snapshots get new ids, and shares stay behind, since they were given for
 *    the other one. Versions stay what they are, unless the id has had versions before.
 * 5. Numbers are counted in the store, and what has expired is counted once, whoever cleans up at the same time.
 *
 * Every call asks the `AccessPolicy` before it looks anything up.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import type * as Stream from "effect/Stream"
import type { AccessDenied } from "./AccessError.ts"
import type { AgentContext } from "./AgentContext.ts"
import type { AgentMissing, AgentWriteError } from "./AgentError.ts"
import type { AgentStateManager } from "./AgentStateManager.ts"
import type { AgentInterior } from "./agent/AgentInterior.ts"
import { CurrentPrincipal } from "./CurrentPrincipal.ts"
import type { EventStore } from "./EventStore.ts"
import type { ContextExists } from "./LifecycleError.ts"
import type * as CleanUp from "./lifecycle/CleanUp.ts"
import type * as ContextExport from "./lifecycle/ContextExport.ts"
import type * as ContextImport from "./lifecycle/ContextImport.ts"
import type * as ExportFormat from "./lifecycle/ExportFormat.ts"
import type { Finding } from "./lifecycle/Finding.ts"
import * as LifecycleService from "./lifecycle/LifecycleService.ts"
import type * as Lives from "./lifecycle/Lives.ts"
import type * as Statistics from "./lifecycle/Statistics.ts"
import * as Permission from "./Permission.ts"
import type { SnapshotStore } from "./SnapshotStore.ts"
import type { InvalidInput, ReadError, Unavailable } from "./StoreError.ts"
import * as ReservedAgents from "./store/ReservedAgents.ts"

export type { Ending } from "./lifecycle/CleanUp.ts"
export type { ExportError, ExportOptions } from "./lifecycle/ContextExport.ts"
export type { ImportError, ImportOptions } from "./lifecycle/ContextImport.ts"
export { format } from "./lifecycle/ExportFormat.ts"
export { Finding } from "./lifecycle/Finding.ts"
export type { CreateOptions } from "./lifecycle/Lives.ts"
export type { ContextStatistics, SystemStatistics } from "./lifecycle/Statistics.ts"

/** What was imported. */
export interface Imported {
  readonly context: AgentContext
  /** What the export held. */
  readonly counts: ExportFormat.Counts
}

/** Whether a context is sound. */
export interface Validation {
  readonly isValid: boolean
  /** What is wrong with it; the first hundred. */
  readonly findings: ReadonlyArray<Finding>
}

/** What to clean up. */
export interface CleanUpOptions {
  /** What becomes of contexts that have expired; `delete` by default. */
  readonly contexts?: CleanUp.Ending | undefined
}

/** What a clean-up has ended. */
export interface CleanedUp {
  readonly contexts: number
  readonly metadata: number
  readonly shares: number
  /** Records of tokens that are void anyway; 0 without an `AuthService`. */
  readonly tokens: number
  readonly apiKeys: number
}

type Refusal = InvalidInput | AccessDenied | Unavailable

/** The life of contexts; the promises are at the head of this module. */
export class ContextLifecycle extends Context.Service<
  ContextLifecycle,
  {
    /** Creates a context; with an empty state, if none is given. */
    readonly createContext: (
      agentId: string,
      initialState?: object,
      options?: Lives.CreateOptions
    ) => Effect.Effect<AgentContext, ContextExists | AgentWriteError | Refusal>
    /** Says when a context expires, or, without a time, that it never does. */
    readonly setExpiry: (
      agentId: string,
      expiresAt: Date | undefined
    ) => Effect.Effect<AgentContext, AgentMissing | AgentWriteError | Refusal>
    /** Makes a context read-only. */
    readonly archiveContext: AgentStateManager["Service"]["archive"]
    /** Makes an archived context active again. */
    readonly restoreContext: AgentStateManager["Service"]["restore"]
    /** Deletes a context with its metadata and shares; its history stays. Nothing happens if it is deleted already. */
    readonly deleteContext: (agentId: string) => Effect.Effect<AgentContext, AgentMissing | AgentWriteError | Refusal>
    /** Removes all that there is of a context, for good. Gives the number of events. */
    readonly purgeContext: AgentStateManager["Service"]["purge"]
    /** How much there is of a context; also of a deleted one. */
    readonly getContextStatistics: (
      agentId: string
    ) => Effect.Effect<Statistics.ContextStatistics, AgentMissing | ReadError | Refusal>
    /** How much there is of all. Looks at every agent, so it takes as long as there are many. */
    readonly getSystemStatistics: Effect.Effect<Statistics.SystemStatistics, ReadError | Refusal>
    /** The context as a text, line by line; see `docs/lifecycle.md` for its format. */
    readonly exportContext: (
      agentId: string,
      options?: ContextExport.ExportOptions
    ) => Stream.Stream<string, ContextExport.ExportError | Refusal>
    /** Imports such a text, in pieces of any length. After `Unavailable`, `getContextStatistics` tells whether it was stored. */
    readonly importContext: <E, R>(
      agentId: string,
      text: Stream.Stream<string, E, R>,
      options?: ContextImport.ImportOptions
    ) => Effect.Effect<Imported, E | ContextImport.ImportError | Refusal, R>
    /** Reads, looks up and folds every event once more, and compares with what the manager and the snapshots say. */
    readonly validateContextIntegrity: (agentId: string) => Effect.Effect<Validation, ReadError | Refusal>
    /** The same, finding by finding; nothing for a sound context. */
    readonly findings: (agentId: string) => Stream.Stream<Finding, ReadError | Refusal>
    /** Ends what has expired: contexts, entries of metadata, shares, and the records of tokens and API keys. Gives exact counts of what this call has ended. */
    readonly cleanUp: (options?: CleanUpOptions) => Effect.Effect<CleanedUp, AgentWriteError | Refusal>
  }
>()("pantheon-state/ContextLifecycle") {}

/** The lifecycle over a manager and its stores. An `AuthService` that is provided is cleaned up, too. */
export const layer: Layer.Layer<
  ContextLifecycle,
  never,
  AgentStateManager | AgentInterior | EventStore | SnapshotStore
> = Layer.effect(ContextLifecycle, LifecycleService.make)

/** Who cleans up when nobody asks for it. */
const cleaner = {
  id: ReservedAgents.everywhere,
  kind: "service",
  permissions: [Permission.make("*:admin:*")]
} as const

/**
 * Cleans up at once, and then on a schedule, for as long as the layer lives. What it ends, and what goes wrong, is logged; a clean-up that fails is followed by the
 * next one. Several processes may run it on one store.
 */
export const layerCleanUp = <Out, Env>(
  options: CleanUpOptions & { readonly schedule: Schedule.Schedule<Out, unknown, never, Env> }
): Layer.Layer<never, never, ContextLifecycle | Env> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { cleanUp } = yield* ContextLifecycle
      const once = cleanUp(options).pipe(
        Effect.provideService(CurrentPrincipal, cleaner),
        Effect.flatMap((cleaned) =>
          Object.values(cleaned).some((count) => count > 0) ? Effect.logInfo("cleaned up", cleaned) : Effect.void
        ),
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause) : Effect.logError("clean-up failed", cause)
        ),
        Effect.orDie
      )
      yield* Effect.forkScoped(Effect.repeat(once, options.schedule))
    })
  )
