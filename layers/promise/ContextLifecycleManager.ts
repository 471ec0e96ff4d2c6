/**
 * The life of contexts, for callers without Effect; what it promises is at the head of `src/ContextLifecycle.ts`.
 *
 * ```ts
 * const lifecycle = new ContextLifecycleManager(agents)
 * await lifecycle.createContext("agent-1", { status: "initialized" })
 * const { contextSize, totalEvents } = await lifecycle.getContextStatistics("agent-1")
 * ```
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { AgentContext } from "../../src/AgentContext.ts"
import * as Lifecycle from "../../src/ContextLifecycle.ts"
import { CallerError } from "./CallerError.ts"
import type { ContextMetadataService } from "./ContextMetadataService.ts"
import { checkTexts } from "./given.ts"
import { asProgram, groundOf, type Home } from "./Home.ts"
import type { Failure } from "./PantheonError.ts"
import { Session } from "./Session.ts"
import { Shell } from "./Shell.ts"

/** Whether a context is sound. */
export interface ContextValidationResult {
  readonly isValid: boolean
  /** What is wrong with it, in words; the first hundred. */
  readonly issues: ReadonlyArray<string>
  /** The same as data. */
  readonly findings: ReadonlyArray<Lifecycle.Finding>
}

type Core = Lifecycle.ContextLifecycle["Service"]

const owner = "ContextLifecycleManager"

/** How contexts begin and end, travel, and are counted. It acts in the name of the program, which may do everything. */
export class ContextLifecycleManager extends Shell<Lifecycle.ContextLifecycle> {
  /** Takes the manager of the agents, or their stores. Metadata lie in the same stores, so the second argument may be left out. */
  constructor(home: Home, _metadataService?: ContextMetadataService) {
    const { layer, release } = groundOf(owner, home)
    super(new Session(owner, Layer.provide(Lifecycle.layer, layer)), release)
  }

  /** Creates a context; with an empty state, if none is given. Rejected with `CONTEXT_EXISTS` when the id is in use. */
  createContext(
    agentId: string,
    initialState?: object,
    options?: Parameters<Core["createContext"]>[2]
  ): Promise<AgentContext> {
    return this.#run((lifecycle) => lifecycle.createContext(agentId, initialState, options))
  }

  /** Says when a context expires; `null` for never. */
  setExpiry(agentId: string, expiresAt: Date | null): Promise<AgentContext> {
    return this.#run((lifecycle) => lifecycle.setExpiry(agentId, expiresAt ?? undefined))
  }

  /** Makes a context read-only. */
  archiveContext(agentId: string): Promise<AgentContext> {
    return this.#run((lifecycle) => lifecycle.archiveContext(agentId))
  }

  /** Makes an archived context active again. */
  restoreContext(agentId: string): Promise<AgentContext> {
    return this.#run((lifecycle) => lifecycle.restoreContext(agentId))
  }

  /** Deletes a context with its metadata and shares; its history stays. Nothing happens if it is deleted already. */
  deleteContext(agentId: string): Promise<void> {
    return this.#run((lifecycle) => Effect.asVoid(lifecycle.deleteContext(agentId)))
  }

  /** Removes all that there is of a context, for good. Gives the number of events. */
  purgeContext(agentId: string): Promise<number> {
    return this.#run((lifecycle) => lifecycle.purgeContext(agentId))
  }

  /** How much there is of a context; `contextSize` in bytes. */
  getContextStatistics(agentId: string): Promise<Lifecycle.ContextStatistics> {
    return this.#run((lifecycle) => lifecycle.getContextStatistics(agentId))
  }

  /** How much there is of all. Looks at every agent. */
  getSystemStatistics(): Promise<Lifecycle.SystemStatistics> {
    return this.#run((lifecycle) => lifecycle.getSystemStatistics)
  }

  /** Ends what has expired: contexts, metadata and shares. Gives exact counts. */
  cleanupExpiredContexts(options?: Lifecycle.CleanUpOptions): Promise<Lifecycle.CleanedUp> {
    return this.#run((lifecycle) => lifecycle.cleanUp(options))
  }

  /** The context as a text, line by line. */
  exportContext(agentId: string, options?: Lifecycle.ExportOptions): AsyncIterableIterator<string> {
    const lines = Lifecycle.ContextLifecycle.useSync((lifecycle) => lifecycle.exportContext(agentId, options))
    return this.session.iterate(Stream.unwrap(lines))
  }

  /** Imports such a text, whole or in pieces, all or nothing; what the pieces are rejected with comes back as it is. */
  async importContext(
    agentId: string,
    text: string | Iterable<string> | AsyncIterable<string>,
    options?: Lifecycle.ImportOptions
  ): Promise<AgentContext> {
    checkTexts("text", text)
    const pieces = Stream.fromAsyncIterable(piecesOf(text), (thrown) => new CallerError(thrown))
    return await this.#run((lifecycle) =>
      Effect.map(lifecycle.importContext(agentId, pieces, options), ({ context }) => context)
    )
  }

  /** Folds every event once more, and compares. */
  validateContextIntegrity(agentId: string): Promise<ContextValidationResult> {
    return this.#run((lifecycle) =>
      Effect.map(lifecycle.validateContextIntegrity(agentId), ({ findings, isValid }) => ({
        isValid,
        issues: findings.map(describe),
        findings
      }))
    )
  }

  #run<A>(use: (lifecycle: Core) => Effect.Effect<A, Failure | CallerError>): Promise<A> {
    return this.session.run(asProgram(Lifecycle.ContextLifecycle.use(use)))
  }
}

async function* piecesOf(text: string | Iterable<string> | AsyncIterable<string>): AsyncGenerator<string> {
  if (typeof text === "string") yield text
  else yield* text
}

const describe = ({ _tag, ...details }: Lifecycle.Finding): string =>
  _tag === "Missing" ? "the context does not exist" : `${_tag}: ${JSON.stringify(details)}`
