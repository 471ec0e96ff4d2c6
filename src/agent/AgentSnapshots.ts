/**
 * The snapshots that are taken behind the writes of one manager.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import type { AgentContext } from "../AgentContext.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { Checked } from "../SnapshotPolicy.ts"
import type { AgentJournal, Standing } from "./AgentJournal.ts"
import type { AgentRound } from "./AgentRound.ts"

/** The policy of an agent, as the options of the manager give it; it throws when they make no sense. */
export type PolicyOf = (agentId: string) => Checked<ContextEvent, AgentContext>

/** What it takes to take snapshots. */
export interface Studio {
  readonly journal: AgentJournal
  readonly fork: (effect: Effect.Effect<void>) => void
  /** Called when nothing is under way. */
  readonly onQuiet: () => void
}

// Snapshots are large, and no caller waits for them.
const snapshotsAtOnce = 4

/** Takes one snapshot of an agent at a time. */
export class AgentSnapshots {
  /** Agents of which one is being taken, and what is to be taken next. */
  private readonly underWay = new Map<string, Standing | undefined>()
  private readonly permits = Semaphore.makeUnsafe(snapshotsAtOnce)
  private readonly policyOf: PolicyOf
  private readonly studio: Studio

  constructor(policyOf: PolicyOf, studio: Studio) {
    this.policyOf = policyOf
    this.studio = studio
  }

  get size(): number {
    return this.underWay.size
  }

  /** Takes one if it is due after a round that was stored. Gives where the agent stands, with the snapshot. */
  afterRound(agentId: string, round: AgentRound): Standing {
    const { standing } = round
    const policy = this.find(agentId)
    if (policy === undefined || !this.isDue(agentId, policy, round)) return standing
    if (this.underWay.has(agentId)) this.underWay.set(agentId, standing)
    else this.begin(agentId, standing, policy)
    // Counts from here even if it fails, so that a store that takes none is not asked at each write.
    return { ...standing, snapshotVersion: standing.version }
  }

  /** Deletes what a snapshot makes superfluous that a caller has taken; what is being taken will see to it, too. */
  afterSave(agentId: string, version: number): void {
    const policy = this.find(agentId)
    if (policy === undefined || this.underWay.has(agentId)) return
    this.run(agentId, this.retain(agentId, version, policy))
  }

  private isDue(agentId: string, policy: Checked<ContextEvent, AgentContext>, round: AgentRound): boolean {
    const { snapshotVersion, version } = round.standing
    return version - snapshotVersion >= policy.every || this.isWished(agentId, policy, round)
  }

  /** Whether the policy asks for one after an event of the round. */
  private isWished(agentId: string, { when }: Checked<ContextEvent, AgentContext>, round: AgentRound): boolean {
    if (when === undefined) return false
    let { context } = round.base
    for (const event of round.events) {
      // They were folded before; this time each state is looked at.
      const next = Result.getOrThrow(this.studio.journal.fold(context, event))
      const wished = Result.try(() => when(event, next))
      if (Result.isFailure(wished)) this.warn(agentId, "snapshots.when threw", wished.failure)
      else if (wished.success) return true
      context = next
    }
    return false
  }

  private begin(agentId: string, standing: Standing, policy: Checked<ContextEvent, AgentContext>): void {
    const { journal } = this.studio
    const saved = Effect.matchCauseEffect(journal.save(agentId, standing), {
      onSuccess: () => this.retain(agentId, standing.version, policy),
      // The events are on disk, so a missing snapshot costs time only.
      onFailure: (cause) => this.warning(agentId, `snapshot ${standing.version} could not be saved`, cause)
    })
    this.run(agentId, saved)
  }

  private retain(agentId: string, version: number, policy: Checked<ContextEvent, AgentContext>): Effect.Effect<void> {
    return Effect.catchCause(this.studio.journal.retain(agentId, version, policy), (cause) =>
      this.warning(agentId, `what snapshot ${version} makes superfluous could not be deleted`, cause)
    )
  }

  private run(agentId: string, effect: Effect.Effect<void>): void {
    this.underWay.set(agentId, undefined)
    // Not before the callers have their answers.
    const whole = Effect.andThen(Effect.yieldNow, this.permits.withPermit(effect))
    this.studio.fork(
      Effect.andThen(
        whole,
        Effect.sync(() => this.end(agentId))
      )
    )
  }

  private end(agentId: string): void {
    const next = this.underWay.get(agentId)
    this.underWay.delete(agentId)
    const policy = next === undefined ? undefined : this.find(agentId)
    if (next !== undefined && policy !== undefined) this.begin(agentId, next, policy)
    else this.studio.onQuiet()
  }

  private find(agentId: string): Checked<ContextEvent, AgentContext> | undefined {
    const policy = Result.try(() => this.policyOf(agentId))
    if (Result.isSuccess(policy)) return policy.success
    this.warn(agentId, "the snapshot policy makes no sense", policy.failure)
    return undefined
  }

  private warn(agentId: string, what: string, cause: unknown): void {
    this.studio.fork(this.warning(agentId, what, cause))
  }

  private warning(agentId: string, what: string, cause: unknown): Effect.Effect<void> {
    return Effect.logWarning(`agent ${JSON.stringify(agentId)}: ${what}`, cause)
  }
}
