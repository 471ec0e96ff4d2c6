/**
 * The commands that wait for one actor, in the order in which they were taken.
 */
import type { Envelope } from "./Envelope.ts"
import { Firing } from "./Firing.ts"

/** Of some commands, the ids of those that have one and the names of the timers that sent them, each once. */
export interface LookUps {
  readonly commandIds: Set<string>
  readonly timers: Set<string>
}

/** A bounded queue whose senders may wait for room. */
export class Mailbox {
  private readonly capacity: number
  private readonly whenFull: "fail" | "wait"
  private envelopes: Array<Envelope> = []
  /** Where the queue begins; what lies before it is gone. */
  private head = 0
  /** What those send who wait for room. */
  private outside: Array<Envelope> = []

  constructor({ capacity, whenFull }: { readonly capacity: number; readonly whenFull: "fail" | "wait" }) {
    this.capacity = capacity
    this.whenFull = whenFull
  }

  /** How many commands wait. */
  get size(): number {
    return this.envelopes.length - this.head
  }

  /** Takes a command, lets its sender wait for room, or refuses it. */
  offer(envelope: Envelope): "taken" | "waiting" | "full" {
    // Whoever waits has taken what room there was, so nobody is overtaken.
    if (this.size < this.capacity) {
      this.envelopes.push(envelope)
      return "taken"
    }
    if (this.whenFull === "fail") return "full"
    this.outside.push(envelope)
    return "waiting"
  }

  /** The command whose turn it is, left where it is. */
  peek(): Envelope | undefined {
    return this.envelopes[this.head]
  }

  /** Goes on to the next command. */
  next(): void {
    this.head++
    if (this.head >= this.envelopes.length) {
      this.envelopes = []
      this.head = 0
    } else if (this.head > 64 && this.head * 2 > this.envelopes.length) {
      this.envelopes = this.envelopes.slice(this.head)
      this.head = 0
    }
    this.admit()
  }

  /** Takes back a command whose sender has gone; whether it had not begun. */
  withdraw(envelope: Envelope): boolean {
    const index = this.envelopes.indexOf(envelope, this.head)
    if (index >= 0) {
      this.envelopes.splice(index, 1)
      this.admit()
      return true
    }
    const { outside } = this
    this.outside = outside.filter((waiting) => waiting !== envelope)
    return this.outside.length < outside.length
  }

  /** What is to be looked up of the commands that wait; nothing for most. */
  lookUps(): LookUps | undefined {
    let found: LookUps | undefined
    for (let index = this.head; index < this.envelopes.length; index++) {
      const envelope = this.envelopes[index]
      if (envelope?.options === undefined) continue
      if (envelope instanceof Firing) {
        found ??= { commandIds: new Set(), timers: new Set() }
        found.timers.add(envelope.alarm.name)
      } else if (envelope.options.commandId !== undefined) {
        found ??= { commandIds: new Set(), timers: new Set() }
        found.commandIds.add(envelope.options.commandId)
      }
    }
    return found
  }

  /** Gives back all that was taken. */
  drain(): ReadonlyArray<Envelope> {
    const taken = this.envelopes.slice(this.head)
    this.envelopes = []
    this.head = 0
    return taken
  }

  /** Gives back all that waits for room. */
  drainOutside(): ReadonlyArray<Envelope> {
    const { outside } = this
    this.outside = []
    return outside
  }

  private admit(): void {
    while (this.outside.length > 0 && this.size < this.capacity) {
      const envelope = this.outside.shift()
      if (envelope === undefined) return
      this.envelopes.push(envelope)
      envelope.taken()
    }
  }
}
