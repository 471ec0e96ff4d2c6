/**
 * The writes to one agent that go in one append: what each of them comes to after those before it.
 */
import type { Standing } from "./AgentJournal.ts"
import type { Operation, Outcome, Plan, Refusal } from "./AgentOperation.ts"
import { toReply } from "./AgentRepeat.ts"
import type { Command } from "./EventStore.ts"
import type { PreparedEvent } from "./EventStoreAppend.ts"
import { type AppendError, type ReadError, Unknown } from "./StoreError.ts"

interface Entry {
  readonly operation: Operation
  readonly plan: Plan | Refusal
}

/** Nobody is told anything before it is known what became of the append. */
export class AgentRound {
  /** Where the agent stood, as far as was known. */
  readonly base: Standing
  /** Where it stands after the events so far. */
  standing: Standing
  readonly prepared: Array<PreparedEvent> = []
  readonly commands: Array<Command> = []
  bytes = 0
  private readonly entries: Array<Entry> = []

  constructor(base: Standing) {
    this.base = base
    this.standing = base
  }

  /** How many writes it has, refused ones included. */
  get size(): number {
    return this.entries.length
  }

  /** Whether all that is to be appended may have been stored before by whoever calls again. */
  get isRepeatable(): boolean {
    return this.entries.every(
      ({ operation, plan }) =>
        typeof plan === "function" || plan.prepared.length === 0 || operation.identity !== undefined
    )
  }

  add(operation: Operation): void {
    const plan = operation.plan(this.standing)
    if (plan === undefined) return
    this.entries.push({ operation, plan })
    if (typeof plan === "function") return
    this.standing = plan.standing
    for (const event of plan.prepared) {
      this.prepared.push(event)
      this.bytes += event.data.length + event.metadata.length
    }
    const first = plan.events[0]
    if (operation.commandId === undefined || first === undefined) return
    const versions = { firstVersion: first.version, version: plan.standing.version }
    this.commands.push({ id: operation.commandId, reply: toReply(versions) })
  }

  /** Tells everybody, for the events are on disk and what the refusals rest on is so. Gives those who may have been stored before. */
  answer(): ReadonlyArray<Entry & { readonly plan: Refusal }> {
    const inDoubt: Array<Entry & { readonly plan: Refusal }> = []
    for (const { operation, plan } of this.entries) {
      if (typeof plan !== "function") operation.settle({ _tag: "Done", plan })
      else if (operation.identity === undefined) operation.refuse(plan)
      else inDoubt.push({ operation, plan })
    }
    return inDoubt
  }

  /** Tells everybody the same. */
  settle(outcome: Outcome): void {
    for (const { operation } of this.entries) operation.settle(outcome)
  }

  /** Tells everybody that the append failed, since even a refusal may rest on what was not stored. */
  fail(error: AppendError | ReadError): void {
    for (const { operation, plan } of this.entries) {
      operation.settle({ _tag: "Failed", error: error._tag === "Unknown" ? ownShare(error, plan) : error })
    }
  }
}

/** To be repeated, a caller needs to know his own events only. */
const ownShare = ({ agentId, cause }: Unknown, plan: Plan | Refusal): Unknown => {
  const events = typeof plan === "function" ? [] : plan.prepared
  return new Unknown({ agentId, eventIds: events.map((event) => event.id), cause })
}
