/**
 * The alarms that go off next.
 */
import type { ActorAddress } from "../../../src/CurrentActor.ts"

/** A timer that is to go off. */
export interface Alarm extends ActorAddress {
  /** The agent and the timer, as text. */
  readonly key: string
  readonly name: string
  /** What its note says. */
  readonly due: number
  /** When it goes off; later than it is due when that was tried before. */
  readonly time: number
  /** How often it was tried before. */
  readonly attempts: number
}

/** The key of a timer. */
export const keyOf = (agentId: string, name: string): string => `${agentId}\0${name}`

/** Alarms in the order of their time, one for each timer, and of many the earliest only. */
export class AlarmQueue {
  private readonly capacity: number
  /** The earliest last, so that it is cheap to take. */
  private readonly alarms: Array<Alarm> = []
  private readonly byKey = new Map<string, Alarm>()

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get size(): number {
    return this.alarms.length
  }

  /** When the next one goes off. */
  get nextTime(): number | undefined {
    return this.alarms.at(-1)?.time
  }

  has(key: string): boolean {
    return this.byKey.has(key)
  }

  /** Takes an alarm in the place of the one with its key. Gives the latest of all when there are too many then. */
  put(alarm: Alarm): Alarm | undefined {
    this.remove(alarm.key)
    this.byKey.set(alarm.key, alarm)
    this.alarms.splice(this.placeOf(alarm), 0, alarm)
    if (this.alarms.length <= this.capacity) return undefined
    const latest = this.alarms.shift()
    if (latest !== undefined) this.byKey.delete(latest.key)
    return latest
  }

  remove(key: string): void {
    const alarm = this.byKey.get(key)
    if (alarm === undefined) return
    this.byKey.delete(key)
    this.alarms.splice(this.placeOf(alarm), 1)
  }

  /** Takes out the next alarm, if it goes off at this time or before. */
  take(time: number): Alarm | undefined {
    const next = this.alarms.at(-1)
    if (next === undefined || next.time > time) return undefined
    this.alarms.pop()
    this.byKey.delete(next.key)
    return next
  }

  /** Where an alarm stands, or would stand. */
  private placeOf(alarm: Alarm): number {
    let low = 0
    let high = this.alarms.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.alarms[middle]
      if (other !== undefined && isAfter(other, alarm)) low = middle + 1
      else high = middle
    }
    return low
  }
}

const isAfter = (left: Alarm, right: Alarm): boolean =>
  left.time === right.time ? left.key > right.key : left.time > right.time
