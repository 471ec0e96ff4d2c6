/**
 * The commands that wait for one actor, in the order in which they were taken.
 */
import type * as Exit from "effect/Exit"
import type { AskOptions } from "../../../src/ActorSystem.ts"

/** One command on its way. */
export interface Envelope {
  readonly command: string
  readonly payload: unknown
  readonly options: AskOptions | undefined
  /** Told once; nobody listens to a told command. */
  readonly reply: (exit: Exit.Exit<unknown, unknown>) => void
  /** The sender has gone before the command began. */
  withdrawn: boolean
}

/** A bounded queue whose senders may wait for room. */
export class Mailbox {
  private readonly capacity: number
  private envelopes: Array<Envelope> = []
  /** Senders that wait for room, with what they send. */
  private senders: Array<{ readonly envelope: Envelope; readonly accepted: () => void }> = []

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get size(): number {
    return this.envelopes.length
  }

  get isFull(): boolean {
    return this.envelopes.length >= this.capacity
  }

  push(envelope: Envelope): void {
    this.envelopes.push(envelope)
  }

  /** Queues a sender until there is room. */
  wait(envelope: Envelope, accepted: () => void): void {
    this.senders.push({ envelope, accepted })
  }

  /** Everything that waits; senders that waited for room get it. */
  takeAll(): Array<Envelope> {
    const taken = this.envelopes
    const room = Math.min(this.capacity, this.senders.length)
    const admitted = this.senders.slice(0, room)
    this.senders = room === this.senders.length ? [] : this.senders.slice(room)
    this.envelopes = admitted.map((sender) => sender.envelope)
    for (const sender of admitted) sender.accepted()
    return taken
  }

  /** Puts back what was taken but not begun, before everything else. */
  putBack(envelopes: ReadonlyArray<Envelope>): void {
    if (envelopes.length > 0) this.envelopes = [...envelopes, ...this.envelopes]
  }

  /** Takes what waits, those without room included. */
  drain(): Array<Envelope> {
    const all = this.envelopes.concat(this.senders.map((sender) => sender.envelope))
    const { senders } = this
    this.envelopes = []
    this.senders = []
    for (const sender of senders) sender.accepted()
    return all
  }
}
