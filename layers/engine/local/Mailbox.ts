/**
 * The commands that wait for one actor, in the order in which they were taken.
 */
import { type Envelope, mayBeRecorded } from "./Envelope.ts"
import { Firing } from "./Firing.ts"

/** Of some commands, the ids of those that have one and the names of the timers that sent them, each once. */
export interface LookUps {
  readonly commandIds: Set<string>
  readonly timers: Set<string>
}

/** A bounded queue whose senders may wait for room. An envelope is in one mailbox only, so the envelopes themselves are the chain. */
export class Mailbox {
  /** How many commands wait. */
  size = 0
  private readonly capacity: number
  private readonly whenFull: "fail" | "wait"
  private first: Envelope | undefined
  private last: Envelope | undefined
  /** What those send who wait for room. */
  private outside: Array<Envelope> | undefined

  constructor({ capacity, whenFull }: { readonly capacity: number; readonly whenFull: "fail" | "wait" }) {
    this.capacity = capacity
    this.whenFull = whenFull
  }

  /** Whoever waits has taken what room there was, so nobody is overtaken. */
  get hasRoom(): boolean {
    return this.size < this.capacity
  }

  /** Takes a command, lets its sender wait for room, or refuses it. */
  offer(envelope: Envelope): "taken" | "waiting" | "full" {
    if (this.hasRoom) {
      this.push(envelope)
      return "taken"
    }
    if (this.whenFull === "fail") return "full"
    this.outside ??= []
    this.outside.push(envelope)
    return "waiting"
  }

  /** The command whose turn it is, left where it is. */
  peek(): Envelope | undefined {
    return this.first
  }

  /** Goes on to the next command. */
  next(): void {
    const { first } = this
    if (first !== undefined) this.unlink(first, undefined)
  }

  /** Takes back a command whose sender has gone; whether it had not begun. */
  withdraw(envelope: Envelope): boolean {
    let before: Envelope | undefined
    let found = this.first
    while (found !== undefined && found !== envelope) {
      before = found
      found = found.behind
    }
    if (found === undefined) return this.withdrawOutside(envelope)
    this.unlink(found, before)
    return true
  }

  /** What is to be looked up of the commands that wait; nothing for most. */
  lookUps(): LookUps | undefined {
    let found: LookUps | undefined
    for (let envelope = this.first; envelope !== undefined; envelope = envelope.behind) {
      if (envelope.options === undefined) continue
      if (envelope instanceof Firing) {
        found ??= { commandIds: new Set(), timers: new Set() }
        found.timers.add(envelope.alarm.name)
      } else if (envelope.options.commandId !== undefined && mayBeRecorded(envelope.options)) {
        found ??= { commandIds: new Set(), timers: new Set() }
        found.commandIds.add(envelope.options.commandId)
      }
    }
    return found
  }

  /** Gives back all that was taken. */
  drain(): ReadonlyArray<Envelope> {
    const taken: Array<Envelope> = []
    for (let envelope = this.first; envelope !== undefined; envelope = envelope.behind) taken.push(envelope)
    this.first = undefined
    this.last = undefined
    this.size = 0
    return taken
  }

  /** Gives back all that waits for room. */
  drainOutside(): ReadonlyArray<Envelope> {
    const { outside } = this
    this.outside = undefined
    return outside ?? []
  }

  private withdrawOutside(envelope: Envelope): boolean {
    const index = this.outside?.indexOf(envelope) ?? -1
    if (index >= 0) this.outside?.splice(index, 1)
    return index >= 0
  }

  private push(envelope: Envelope): void {
    if (this.last === undefined) this.first = envelope
    else this.last.behind = envelope
    this.last = envelope
    this.size++
  }

  private unlink(envelope: Envelope, before: Envelope | undefined): void {
    if (before === undefined) this.first = envelope.behind
    else before.behind = envelope.behind
    if (this.last === envelope) this.last = before
    envelope.behind = undefined
    this.size--
    this.admit()
  }

  private admit(): void {
    while (this.outside !== undefined && this.hasRoom) {
      const envelope = this.outside.shift()
      if (this.outside.length === 0) this.outside = undefined
      if (envelope === undefined) return
      this.push(envelope)
      envelope.taken()
    }
  }
}
