/**
 * All lanes of one manager, and the snapshots that are taken behind them. When nothing is under way, nothing is left here.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Rejected } from "../StoreError.ts"
import type { Surroundings } from "./AgentCommit.ts"
import type { Standing } from "./AgentJournal.ts"
import { AgentLane } from "./AgentLane.ts"
import type { Operation } from "./AgentOperation.ts"
import type { AgentRound } from "./AgentRound.ts"
import { AgentSnapshots, type PolicyOf } from "./AgentSnapshots.ts"

/** The run-time state of a manager. */
export class AgentLanes {
  private readonly lanes = new Map<string, AgentLane>()
  private readonly snapshots: AgentSnapshots
  private readonly surroundings: Surroundings
  private readonly fork: (effect: Effect.Effect<void>) => void
  /** Writes to several agents that are under way, which go through no lane. */
  private steps = 0
  private isClosed = false
  private onQuiet: (() => void) | undefined

  /** What runs in the background sees the services of the context. */
  constructor(
    surroundings: Omit<Surroundings, "onStored" | "onIdle">,
    policyOf: PolicyOf,
    context: Context.Context<never>
  ) {
    this.fork = Effect.runForkWith(context)
    this.snapshots = new AgentSnapshots(policyOf, {
      journal: surroundings.journal,
      fork: this.fork,
      onQuiet: () => this.quiet()
    })
    this.surroundings = {
      ...surroundings,
      onStored: (agentId, round) => this.snapshots.afterRound(agentId, round),
      onIdle: (agentId) => {
        this.lanes.delete(agentId)
        this.quiet()
      }
    }
  }

  /** How much is under way. */
  get size(): number {
    return this.lanes.size + this.snapshots.size + this.steps
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

  /** Runs a write to several agents, the first of which is named. */
  together<A, E>(agentId: string, write: Effect.Effect<A, E>): Effect.Effect<A, E | Rejected> {
    return Effect.acquireUseRelease(
      Effect.suspend(() => {
        if (this.isClosed) return Effect.fail(closed(agentId))
        this.steps++
        return Effect.void
      }),
      () => write,
      () =>
        Effect.sync(() => {
          this.steps--
          this.quiet()
        })
    )
  }

  /** Takes note of a round that was stored beside the lanes, and takes a snapshot if one is due; gives where the agent stands. */
  stored(agentId: string, round: AgentRound): Standing {
    return this.surroundings.onStored(agentId, round)
  }

  /** Deletes what a snapshot that a caller has taken makes superfluous; nobody waits for it but `close`. */
  afterSnapshot(agentId: string, version: number): void {
    if (!this.isClosed) this.snapshots.afterSave(agentId, version)
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
}

const closed = (agentId: string): Rejected =>
  new Rejected({
    agentId,
    reason: "Closed",
    expected: "an open AgentStateManager",
    found: "one that is closed or closing",
    remedy: "Keep the layer of the manager alive while you write."
  })
