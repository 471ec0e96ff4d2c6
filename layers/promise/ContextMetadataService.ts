/**
 * Metadata of agents, for callers without Effect; what it promises is at the head of `src/ContextMetadata.ts`.
 *
 * ```ts
 * const metadata = new ContextMetadataService(agents)
 * await metadata.setMetadata({ agentId: "agent-1", contextKey: "mood", contextValue: "curious", visibility: "shared" })
 * const mood = await metadata.getMetadata("agent-1", "mood")
 * ```
 *
 * Entries are set, read and changed in the name of their agent, unless `requestingAgentId` says who asks: who may see what is then decided for it.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metadata from "../../src/ContextMetadata.ts"
import type { CallerError } from "./CallerError.ts"
import { checkObject } from "./given.ts"
import { type Asker, asAsker, groundOf, type Home } from "./Home.ts"
import type { Failure } from "./PantheonError.ts"
import { Session } from "./Session.ts"
import { Shell } from "./Shell.ts"

/** Who sees an entry: its agent, those with whom the agent is shared, or every agent. */
export type ContextVisibility = Metadata.Visibility

/** An entry of metadata. */
export interface ContextMetadata {
  /** Stays the same while the entry is changed. */
  readonly id: string
  readonly agentId: string
  /** Unique per agent. */
  readonly contextKey: string
  readonly contextValue: Metadata.Entry["value"]
  readonly contextType: string
  readonly visibility: ContextVisibility
  /** The agent that set it first. */
  readonly owner: string
  /** From then on it is missing. */
  readonly expiresAt?: Date
  readonly createdAt: Date
  readonly updatedAt: Date
  /** Counts the changes, from 1. */
  readonly version: number
}

/** An entry that is to be set. */
export interface NewMetadata extends Asking {
  readonly agentId: string
  /** 1 to 246 characters. */
  readonly contextKey: string
  readonly contextValue: unknown
  readonly contextType?: string | undefined
  /** `private` by default. */
  readonly visibility?: ContextVisibility | undefined
  readonly expiresAt?: Date | undefined
  /** The version that the entry must have; 0 if there must be none. */
  readonly expectedVersion?: number | undefined
}

/** Who asks. */
export interface Asking {
  /** The agent itself when it is left out; in queries without an agent, the program, which sees everything. A name that is undefined is refused. */
  readonly requestingAgentId?: string
}

/** What of an entry changes beside its value. */
export interface MetadataUpdate extends Asking {
  readonly contextType?: string | undefined
  readonly visibility?: ContextVisibility | undefined
  /** `null` for never. */
  readonly expiresAt?: Date | null | undefined
  readonly expectedVersion?: number | undefined
}

/** Which entries; all that fit what is given. */
export interface ContextQuery extends Asking {
  /** Of all agents when it is left out. */
  readonly agentId?: string
  readonly contextType?: string | undefined
  readonly visibility?: ContextVisibility | undefined
  /** A text with at most one `*`, such as `topic:*`. */
  readonly keyPattern?: string | undefined
  readonly contextValue?: unknown
  /** The last entry of the page before. */
  readonly after?: Pick<ContextMetadata, "agentId" | "contextKey"> | undefined
  /** Most entries; all by default. */
  readonly limit?: number | undefined
}

type Core = Metadata.ContextMetadata["Service"]

const owner = "ContextMetadataService"

/** Entries of metadata; each change is an event of their agent. */
export class ContextMetadataService extends Shell<Metadata.ContextMetadata> {
  /** Takes the manager of the agents, or their stores. */
  constructor(metadataStore: Home) {
    const { layer, policy, release } = groundOf(owner, metadataStore)
    super(new Session(owner, Metadata.layer.pipe(Layer.provide(policy), Layer.provide(layer))), release)
  }

  /** Sets an entry, in the place of the one that has this key. */
  async setMetadata(entry: NewMetadata): Promise<ContextMetadata> {
    checkObject("entry", "an object with agentId, contextKey and contextValue", entry)
    const { agentId, contextKey, contextType: type, contextValue, requestingAgentId: _, ...options } = entry
    return this.#run(askerOf(entry, agentId), (metadata) =>
      Effect.map(metadata.set(agentId, contextKey, contextValue, { ...options, type }), shown)
    )
  }

  /** One entry, `null` if there is none; or, without a key, all entries of an agent. */
  getMetadata(agentId: string, contextKey: string, asking?: Asking): Promise<ContextMetadata | null>
  getMetadata(agentId: string): Promise<ReadonlyArray<ContextMetadata>>
  getMetadata(
    agentId: string,
    contextKey?: string,
    asking: Asking = {}
  ): Promise<ContextMetadata | null | ReadonlyArray<ContextMetadata>> {
    if (contextKey === undefined) return this.queryMetadata({ agentId })
    return this.#run(askerOf(asking, agentId), (metadata) =>
      Effect.map(metadata.get(agentId, contextKey), shown).pipe(
        Effect.catchTag("MetadataMissing", () => Effect.succeed(null))
      )
    )
  }

  /** The entries that fit, in an order of the store's own. */
  queryMetadata(query: ContextQuery = {}): Promise<ReadonlyArray<ContextMetadata>> {
    const { after, agentId, contextType, contextValue, requestingAgentId: _, ...rest } = query
    const about: Asker = "agentId" in query ? [agentId ?? ""] : []
    const wanted: Metadata.MetadataQuery = {
      limit: Number.MAX_SAFE_INTEGER,
      ...rest,
      agentId,
      type: contextType,
      value: contextValue,
      after: after && { agentId: after.agentId, key: after.contextKey }
    }
    return this.#run(askerOf(query, ...about), (metadata) =>
      Effect.map(metadata.query(wanted), (found) => found.map(shown))
    )
  }

  /** Gives an entry another value. Rejected with `METADATA_NOT_FOUND` when there is none. */
  updateMetadata(
    agentId: string,
    contextKey: string,
    contextValue: unknown,
    update: MetadataUpdate = {}
  ): Promise<ContextMetadata> {
    const { contextType: type, expectedVersion, expiresAt, visibility } = update
    const change = { value: contextValue, type, visibility, expiresAt }
    return this.#run(askerOf(update, agentId), (metadata) =>
      Effect.map(metadata.update(agentId, contextKey, change, { expectedVersion }), shown)
    )
  }

  /** Rejected with `METADATA_NOT_FOUND` when there is none. */
  deleteMetadata(
    agentId: string,
    contextKey: string,
    options: Asking & Pick<MetadataUpdate, "expectedVersion"> = {}
  ): Promise<void> {
    const { expectedVersion } = options
    return this.#run(askerOf(options, agentId), (metadata) => metadata.delete(agentId, contextKey, { expectedVersion }))
  }

  /** Removes the entries that have expired, and gives their exact number. */
  cleanupExpired(): Promise<number> {
    return this.#run([], (metadata) => metadata.cleanUp)
  }

  #run<A>(asker: Asker, use: (metadata: Core) => Effect.Effect<A, Failure | CallerError>): Promise<A> {
    return this.session.run(asAsker(asker, Metadata.ContextMetadata.use(use)))
  }
}

/** Who asks: whoever is named, the agent that it is about, or the program. */
const askerOf = (asking: Asking, ...about: Asker): Asker =>
  "requestingAgentId" in asking ? [asking.requestingAgentId ?? ""] : about

const shown = ({ key, type, value, ...entry }: Metadata.Entry): ContextMetadata => ({
  ...entry,
  contextKey: key,
  contextValue: value,
  contextType: type
})
