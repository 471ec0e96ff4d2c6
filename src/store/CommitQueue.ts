/**
 * The appends that wait for the disk, and which of them go next.
 */
import type { BatchDriver, Ticket } from "./GroupCommit.ts"

// One statement should stay well below what clients and servers take in one message.
const maximumBatchBytes = 4 * 1024 * 1024

// A flush beside another pays only when it carries enough appends; for a statement to a server it is about so many.
const worthwhile = 64

/** Makes batches. Those that are under way at the same time share no agent. */
export class CommitQueue {
  private waiting: Array<Ticket> = []
  private readonly maximumBatch: number
  private readonly maximumFlushes: number
  /** From how many appends a flush beside another pays. */
  private readonly worthwhile: number
  private flushes = 0
  /** Appends in the flushes. */
  private flushing = 0
  /** The agents of the flushes; not kept when there is one flush at a time. */
  private readonly busy = new Set<string>()
  /** Whether everything that waits is for busy agents. */
  private isBlocked = false
  /** Whether no flush may begin. */
  isHeld = false

  constructor({
    concurrentBatches = 1,
    concurrentFrom = worthwhile,
    maximumBatch
  }: Pick<BatchDriver, "concurrentBatches" | "concurrentFrom" | "maximumBatch">) {
    this.maximumBatch = maximumBatch
    this.maximumFlushes = concurrentBatches
    this.worthwhile = concurrentFrom
  }

  /** Whether nothing waits that the end of another flush would not bring up again. */
  get isDone(): boolean {
    return this.waiting.length === 0 || this.flushes > 0
  }

  /** Whether no flush is under way. */
  get isQuiet(): boolean {
    return this.flushes === 0
  }

  /** Whether a flush should begin now. */
  get isReady(): boolean {
    if (this.isHeld) return false
    if (this.flushes === 0) return this.waiting.length > 0
    return this.waiting.length >= this.worthwhile && this.flushes < this.maximumFlushes && !this.isBlocked
  }

  add(ticket: Ticket): void {
    this.waiting.push(ticket)
  }

  /** Puts appends that were taken before all that came later. */
  putBack(tickets: ReadonlyArray<Ticket>): void {
    if (tickets.length === 0) return
    for (const ticket of tickets) ticket.state = "waiting"
    this.waiting = tickets.concat(this.waiting).sort((left, right) => left.place - right.place)
  }

  /** Begins a flush: as many waiting appends as make one good batch. */
  take(): ReadonlyArray<Ticket> {
    const batch: Array<Ticket> = []
    const rest: Array<Ticket> = []
    const most = this.share
    let bytes = 0
    let index = 0
    for (; index < this.waiting.length && batch.length < most; index++) {
      const ticket = this.waiting[index] as Ticket
      // Withdrawn while it waited.
      if (ticket.state === "done") continue
      if (this.busy.has(ticket.append.agentId)) {
        rest.push(ticket)
        continue
      }
      bytes += ticket.bytes
      if (bytes > maximumBatchBytes && batch.length > 0) break
      ticket.state = "flushing"
      batch.push(ticket)
    }
    this.waiting = rest.concat(this.waiting.slice(index))
    this.isBlocked = batch.length === 0
    this.flushes++
    this.flushing += batch.length
    if (this.maximumFlushes > 1) for (const { append } of batch) this.busy.add(append.agentId)
    return batch
  }

  /** Ends a flush; all of its appends were told or put back. */
  release(batch: ReadonlyArray<Ticket>): void {
    if (batch.length > 0) this.isBlocked = false
    this.flushes--
    this.flushing -= batch.length
    for (const { append } of batch) this.busy.delete(append.agentId)
  }

  /** Of many appends each flush takes its part, so that one is being written while another is made. */
  private get share(): number {
    const all = this.waiting.length + this.flushing
    const part = all < 2 * this.worthwhile ? all : Math.ceil(all / this.maximumFlushes)
    return Math.min(part, this.maximumBatch)
  }
}
