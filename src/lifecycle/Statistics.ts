/**
 * How much there is of a context, and of all; counted in the store.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { AgentMissing } from "../AgentError.ts"
import * as ShareRecord from "../access/ShareRecord.ts"
import type { AgentReader } from "../agent/AgentReader.ts"
import type { Head } from "../EventStoreDriver.ts"
import type { ReadError } from "../StoreError.ts"
import type { Stores } from "../store/Replay.ts"
import * as ReservedAgents from "../store/ReservedAgents.ts"
import * as Value from "../Value.ts"
import { unlimited } from "./ContextExport.ts"
import * as ExportFormat from "./ExportFormat.ts"

/** How much there is of one context. */
export interface ContextStatistics {
  readonly agentId: string
  readonly version: number
  /** Those that were not deleted. */
  readonly totalEvents: number
  readonly totalSnapshots: number
  readonly totalShares: number
  /** Those that their recipients may use now. */
  readonly activeShares: number
  readonly totalMetadata: number
  /** The time of the last event. */
  readonly lastActivity: Date
  /** The bytes of the state as it is encoded. */
  readonly contextSize: number
  /** When it expires, if it does. */
  readonly expiresAt: Date | undefined
}

/** How much there is of all contexts. Actors are told apart from them, by the events that only contexts have. */
export interface SystemStatistics {
  readonly totalContexts: number
  readonly activeContexts: number
  readonly archivedContexts: number
  readonly deletedContexts: number
  readonly totalActors: number
  /** Of contexts and actors. */
  readonly totalEvents: number
  readonly totalSnapshots: number
  readonly totalShares: number
  readonly totalMetadata: number
}

const eventsOf = ({ firstVersion, version }: Head): number => (firstVersion === 0 ? 0 : version - firstVersion + 1)

const countSnapshots = ({ snapshots }: Stores, agentId: string): Effect.Effect<number, ReadError> =>
  Effect.map(snapshots.versions(agentId, { limit: Number.MAX_SAFE_INTEGER }), (versions) => versions.length)

const countMetadata = ({ events }: Stores, agentId: string): Effect.Effect<number, ReadError> =>
  Stream.runCount(events.notes(agentId, { prefix: ExportFormat.metadataPrefix }))

/** Of one context. */
export const ofContext = Effect.fnUntraced(function* (stores: Stores, reader: AgentReader, agentId: string) {
  const { context } = yield* reader.look(agentId)
  if (context === undefined) return yield* new AgentMissing({ agentId })
  const now = yield* Clock.currentTimeMillis
  let totalShares = 0
  let activeShares = 0
  const isOver = (yield* stores.events.getNotes([{ agentId, name: ShareRecord.endNote }])).length > 0
  yield* Stream.runForEach(stores.events.notes(agentId, { prefix: ShareRecord.prefix }), (note) =>
    Effect.map(Effect.fromResult(ShareRecord.decode(note)), (share) => {
      totalShares++
      if (!isOver && ShareRecord.isEffective(share, now)) activeShares++
    })
  )
  const [expiry] = yield* stores.events.getNotes([{ agentId, name: ExportFormat.expiryNote }])
  const statistics: ContextStatistics = {
    agentId,
    version: context.version,
    totalEvents: eventsOf(yield* stores.events.head(agentId)),
    totalSnapshots: yield* countSnapshots(stores, agentId),
    totalShares,
    activeShares,
    totalMetadata: yield* countMetadata(stores, agentId),
    lastActivity: context.updatedAt,
    contextSize: Value.utf8Length(Result.getOrThrow(Value.encode(context.state, "state", unlimited))),
    expiresAt: expiry?.due === undefined ? undefined : new Date(expiry.due)
  }
  return statistics
})

// Each agent costs some reads; a few at a time keep the store busy.
const concurrency = 8

/** Of all agents; those that are no contexts are actors. */
export const ofSystem = (
  stores: Stores,
  reader: AgentReader,
  isContext: (agentId: string) => Effect.Effect<boolean, ReadError>
): Effect.Effect<SystemStatistics, ReadError> =>
  Effect.gen(function* () {
    const sum = {
      totalContexts: 0,
      activeContexts: 0,
      archivedContexts: 0,
      deletedContexts: 0,
      totalActors: 0,
      totalEvents: 0,
      totalSnapshots: 0,
      totalShares: 0,
      totalMetadata: 0
    }
    const add = (agentId: string) =>
      Effect.gen(function* () {
        const events = eventsOf(yield* stores.events.head(agentId))
        const snapshots = yield* countSnapshots(stores, agentId)
        const shares = yield* Stream.runCount(stores.events.notes(agentId, { prefix: ShareRecord.prefix }))
        const metadata = yield* countMetadata(stores, agentId)
        sum.totalEvents += events
        sum.totalSnapshots += snapshots
        sum.totalShares += shares
        sum.totalMetadata += metadata
        if (!(yield* isContext(agentId))) {
          sum.totalActors++
          return
        }
        const { context } = yield* reader.look(agentId)
        // Purged a moment ago.
        if (context === undefined) return
        sum.totalContexts++
        sum[`${context.status}Contexts`]++
      })
    const agents = Stream.filter(stores.events.agents(), ({ agentId }) => !ReservedAgents.isReserved(agentId))
    yield* Stream.runForEach(
      Stream.mapEffect(agents, ({ agentId }) => add(agentId), { concurrency }),
      () => Effect.void
    )
    return sum
  })
