/**
 * The writes to one agent that go in one append: what each of them comes to after those before it.
 */

import type { ContextEvent } from "../ContextEvent.ts"
import type { Command } from "../EventStore.ts"
import { type AppendError, type ReadError, Unknown } from "../StoreError.ts"
import type { PreparedEvent } from "../store/AppendInput.ts"
import type { PreparedNote } from "../store/NoteInput.ts"
import type { Standing } from "./AgentJournal.ts"
import type { Operation, Outcome, Plan, Refusal } from "./AgentOperation.ts"
import { toReply } from "./AgentRepeat.ts"

const none: ReadonlyArray<never> = Object.freeze([])

/** Nobody is told anything before it is known what became of the append. */
export class AgentRound {
  /** Where the agent stood, as far as was known. */
  readonly base: Standing
  /** Where it stands after the events so far. */
  standing: Standing
  /** The events to append, and the commands they answer. Most rounds are of one write, which has its events in an array already. */
  prepared: ReadonlyArray<PreparedEvent> = none
  commands: Array<Command> | undefined
  private gathered: Array<PreparedEvent> | undefined
  private notesByName: Map<string, PreparedNote> | undefined
  bytes = 0
  /** How many writes it has, refused ones included. */
  size = 0
  private refused = 0
  private readonly operations: ReadonlyArray<Operation>

  /** Of these operations, those that are added take part. */
  constructor(base: Standing, operations: ReadonlyArray<Operation>) {
    this.base = base
    this.standing = base
    this.operations = operations
    for (const operation of operations) operation.planned = undefined
  }

  /** Whether all that is to be appended may have been stored before by whoever calls again. */
  get isRepeatable(): boolean {
    return this.operations.every(
      ({ identity, planned }) => identity !== undefined || !isPlan(planned) || planned.prepared.length === 0
    )
  }

  /** The events to append, as a read will give them. */
  get events(): ReadonlyArray<ContextEvent> {
    return this.operations.flatMap(({ planned }) => (isPlan(planned) ? planned.events : none))
  }

  /** What is to become of notes; of several changes of one, the last stands. */
  get notes(): ReadonlyArray<PreparedNote> | undefined {
    return this.notesByName && [...this.notesByName.values()]
  }

  add(operation: Operation): void {
    const plan = operation.plan(this.standing)
    operation.planned = plan
    if (plan === undefined) return
    this.size++
    if (!isPlan(plan)) {
      this.refused++
      return
    }
    this.standing = plan.standing
    this.gather(plan.prepared)
    if (plan.notes !== undefined) this.gatherNotes(plan.notes)
    const first = plan.events[0]
    if (operation.commandId === undefined || first === undefined) return
    const versions = { firstVersion: first.version, version: plan.standing.version }
    this.commands ??= []
    this.commands.push({ id: operation.commandId, reply: toReply(versions) })
  }

  private gather(prepared: ReadonlyArray<PreparedEvent>): void {
    for (const event of prepared) this.bytes += event.data.length + event.metadata.length
    if (this.prepared.length === 0) {
      this.prepared = prepared
      return
    }
    this.gathered ??= [...this.prepared]
    for (const event of prepared) this.gathered.push(event)
    this.prepared = this.gathered
  }

  private gatherNotes(notes: ReadonlyArray<PreparedNote>): void {
    this.notesByName ??= new Map()
    for (const note of notes) {
      this.bytes += note.length
      this.notesByName.set(note.name, note)
    }
  }

  /** Tells everybody, for the events are on disk and what the refusals rest on is so. Gives those who may have been stored before. */
  answer(): ReadonlyArray<Operation> {
    for (const operation of this.operations) {
      const { identity, planned } = operation
      if (isPlan(planned)) operation.settle({ _tag: "Done", plan: planned })
      else if (identity === undefined) operation.refuse()
    }
    return this.refused === 0 ? none : this.operations.filter(isInDoubt)
  }

  /** Tells everybody the same. */
  settle(outcome: Outcome): void {
    for (const operation of this.operations) if (operation.planned !== undefined) operation.settle(outcome)
  }

  /** Tells everybody that the append failed, since even a refusal may rest on what was not stored. */
  fail(error: AppendError | ReadError): void {
    for (const operation of this.operations) {
      const { planned } = operation
      if (planned === undefined) continue
      operation.settle({ _tag: "Failed", error: error._tag === "Unknown" ? ownShare(error, planned) : error })
    }
  }
}

const isInDoubt = ({ identity, planned }: Operation): boolean => typeof planned === "function" && identity !== undefined

const isPlan = (planned: Plan | Refusal | undefined): planned is Plan => typeof planned === "object"

/** To be repeated, a caller needs to know his own events only. */
const ownShare = ({ agentId, cause }: Unknown, plan: Plan | Refusal): Unknown => {
  const events = typeof plan === "function" ? [] : plan.prepared
  return new Unknown({ agentId, eventIds: events.map((event) => event.id), cause })
}
