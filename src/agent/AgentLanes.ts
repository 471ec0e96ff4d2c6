/**
 * All lanes of one manager, and the snapshots that are taken behind them. When nothing is under way, nothing is left here.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import { Rejected } from "../StoreError.ts"
import type { Surroundings } from "./AgentCommit.ts"
import type { Standing } from "./AgentJournal.ts"
import { AgentLane } from "./AgentLane.ts"
import type { Operation } from "./AgentOperation.ts"

/** After how many events since the last snapshot of an agent the next one is taken. */
export type SnapshotPolicy = number | ((agentId: string) => number)

// Snapshots are large, and no caller waits for them.
const snapshotsAtOnce = 4

/** The run-time state of a manager. */
export class AgentLanes {
  private readonly lanes = new Map<string, AgentLane>()
  private readonly snapshotting = new Set<string>()
  private readonly permits = Semaphore.makeUnsafe(snapshotsAtOnce)
  private readonly surroundings: Surroundings
  private readonly snapshotEvery: SnapshotPolicy
  private readonly fork: (effect: Effect.Effect<void>) => void
  private isClosed = false
  private onQuiet: (() => void) | undefined

  /** What runs in the background sees the services of the context. */
  constructor(
    surroundings: Omit<Surroundings, "onStored" | "onIdle">,
    snapshotEvery: SnapshotPolicy,
    context: Context.Context<never>
  ) {
    this.surroundings = {
      ...surroundings,
      onStored: (agentId, standing) => this.snapshotIfDue(agentId, standing),
      onIdle: (agentId) => {
        this.lanes.delete(agentId)
        this.quiet()
      }
    }
    this.snapshotEvery = snapshotEvery
    this.fork = Effect.runForkWith(context)
  }

  /** How much is under way. */
  get size(): number {
    return this.lanes.size + this.snapshotting.size
  }

  /** Hands over a write; its outcome is told to the operation. */
  deliver(agentId: string, operation: Operation): void {
    if (this.isClosed) {
      operation.settle({ _tag: "Failed", error: closed(agentId) })
      return
    }
    const running = this.lanes.get(agentId)
    if (running !== undefined) {
      running.push(operation)
      return
    }
    const lane = new AgentLane(agentId, this.surroundings, operation)
    this.lanes.set(agentId, lane)
    this.fork(lane.run())
  }

  /** Refuses what comes from now on, and waits for what is under way. */
  readonly close: Effect.Effect<void> = Effect.callback((resume) => {
    this.isClosed = true
    this.onQuiet = () => resume(Effect.void)
    this.quiet()
  })

  private quiet(): void {
    if (this.size === 0) this.onQuiet?.()
  }

  private snapshotIfDue(agentId: string, standing: Standing): Standing {
    const every = this.everyFor(agentId)
    const isDue = standing.version - standing.snapshotVersion >= every
    if (!isDue || this.snapshotting.has(agentId)) return standing
    this.snapshotting.add(agentId)
    const saved = this.permits.withPermit(this.surroundings.journal.save(agentId, standing))
    // Not before the callers have their answers.
    const save = Effect.andThen(Effect.yieldNow, saved).pipe(
      // The events are on disk, so a missing snapshot costs time only.
      Effect.catchCause((cause) =>
        Effect.logWarning(`agent ${JSON.stringify(agentId)}: snapshot ${standing.version} could not be saved`, cause)
      ),
      Effect.andThen(
        Effect.sync(() => {
          this.snapshotting.delete(agentId)
          this.quiet()
        })
      )
    )
    this.fork(save)
    // Counts from here even if it fails, so that a store that takes none is not asked at each write.
    return { ...standing, snapshotVersion: standing.version }
  }

  private everyFor(agentId: string): number {
    if (typeof this.snapshotEvery === "number") return this.snapshotEvery
    const policy = this.snapshotEvery
    const every = Result.try(() => policy(agentId))
    if (Result.isSuccess(every)) return every.success
    this.fork(Effect.logWarning(`agent ${JSON.stringify(agentId)}: the snapshot policy threw`, every.failure))
    return Number.POSITIVE_INFINITY
  }
}

const closed = (agentId: string): Rejected =>
  new Rejected({
    agentId,
    reason: "Closed",
    expected: "an open AgentStateManager",
    found: "one that is closed or closing",
    remedy: "Keep the layer of the manager alive while you write."
  })
