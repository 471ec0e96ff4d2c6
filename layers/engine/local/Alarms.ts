/**
 * Lets the timers of actors go off in time.
 *
 * The store has all timers; in memory are those that go off next, as many as there is room for. What is set in this process is put among them once it is
 * stored. The store is read when a definition is registered, when what was read is used up, and every few minutes, for what others may have set.
 *
 * A timer goes off as a message to its actor, which reads the note once more before it runs the command and removes it with what the command
 * decided. So nothing here must be exact but the time: what goes off in vain is dropped, and what is lost comes up again when the store is read.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { timerPrefix } from "../../../src/actor/TimerNote.ts"
import type { ActorAddress, RunningActor } from "../../../src/CurrentActor.ts"
import type { EventStore } from "../../../src/EventStore.ts"
import type * as Note from "../../../src/Note.ts"
import { latestDue } from "../../../src/store/NoteInput.ts"
import { type Alarm, AlarmQueue, keyOf } from "./AlarmQueue.ts"
import { Bell } from "./Bell.ts"
import { Firing, type Ring } from "./Firing.ts"
import type { Archive } from "./LiveJournal.ts"
import type { Registration } from "./Registration.ts"
import type { Turns } from "./Turns.ts"

// A few megabytes when full.
const capacity = 10_000
const interval = 5 * 60_000
const firstDelay = 1000
const longestDelay = 60_000

const delayAfter = (attempts: number): number => Math.min(firstDelay * 2 ** attempts, longestDelay)

/** A part of the store that is to be read: the agents whose ids begin so. */
interface Reading {
  readonly agentPrefix: string
  readonly time: number
  /** Tries in a row that have failed. */
  readonly failures: number
}

/** What alarms need of their engine. */
export interface Clockwork extends Pick<Archive, "background"> {
  readonly turns: Turns
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** The alarms of one engine. */
export class Alarms {
  private readonly events: EventStore["Service"]
  private readonly clockwork: Clockwork
  private readonly queue = new AlarmQueue(capacity)
  /** Gone off, and on their way to their actors. */
  private readonly ringing = new Set<string>()
  private readonly readings = new Map<string, Reading>()
  /** The agent ids of registered definitions begin so. */
  private readonly prefixes = new Set<string>()
  /** All timers up to this time are in memory. */
  private completeUntil = Number.POSITIVE_INFINITY
  private isReading = false
  /** Changed while the store is being read, which may tell them as they were before. */
  private readonly changed = new Set<string>()
  /** Rung when there is something to do before the time that is waited for. */
  private readonly bell: Bell
  private wakeTime = Number.POSITIVE_INFINITY

  constructor(events: EventStore["Service"], clockwork: Clockwork) {
    this.events = events
    this.clockwork = clockwork
    this.bell = new Bell(clockwork.turns)
  }

  /** Lets the timers of a definition go off from now on. */
  watch(agentPrefix: string): void {
    this.prefixes.add(agentPrefix)
    this.look(agentPrefix)
  }

  unwatch(agentPrefix: string): void {
    this.prefixes.delete(agentPrefix)
    this.readings.delete(agentPrefix)
  }

  /** Reads the timers of agents whose ids begin so, for they may have been passed over. */
  look(agentPrefix: string): void {
    this.read({ agentPrefix, time: this.clockwork.now(), failures: 0 })
  }

  /** Reads all timers: more actors may be woken here than before. */
  lookAll(): void {
    for (const agentPrefix of this.prefixes) this.look(agentPrefix)
  }

  /** A timer was set, or cancelled when it has no time; it is stored. */
  set({ actor, agentId, id }: RunningActor, name: string, due: number | undefined): void {
    const key = keyOf(agentId, name)
    if (this.isReading) this.changed.add(key)
    if (due === undefined) this.queue.remove(key)
    else this.put({ actor, id, key, name, due, time: due, attempts: 0 })
  }

  /** Works for as long as the engine runs. */
  run(find: (actor: string) => Registration | undefined): Effect.Effect<never> {
    return Effect.forever(Effect.suspend(() => this.turn(find)))
  }

  private turn(find: (actor: string) => Registration | undefined): Effect.Effect<void> {
    const now = this.clockwork.now()
    this.bell.reset()
    this.wakeTime = Number.NEGATIVE_INFINITY
    while (this.ringing.size < capacity) {
      const alarm = this.queue.take(now)
      if (alarm === undefined) break
      this.ring(alarm, find(alarm.actor))
    }
    if (this.completeUntil !== Number.POSITIVE_INFINITY && this.hasRoom) this.readAll(now)
    const reading = this.isReading ? undefined : this.nextReading()
    if (reading !== undefined && reading.time <= now) {
      // Beside the work, since nothing may be late because of it.
      return Effect.asVoid(Effect.forkChild(this.load(reading, find), { startImmediately: true }))
    }
    const next = this.ringing.size < capacity ? this.queue.nextTime : undefined
    this.wakeTime = Math.min(next ?? Number.POSITIVE_INFINITY, reading?.time ?? Number.POSITIVE_INFINITY)
    const sleep = Effect.sleep(Math.min(this.wakeTime - now, interval))
    return Effect.raceFirst(sleep, this.bell.wait)
  }

  // ---- going off ----

  private ring(alarm: Alarm, registration: Registration | undefined): void {
    // One that was stopped keeps its timers in the store; they are read again when it is spawned.
    const found = registration?.demand(alarm.id)
    if (found === undefined || Result.isFailure(found)) return
    this.ringing.add(alarm.key)
    const firing = new Firing(alarm, (ring) => this.afterRing(alarm, ring))
    if (found.success.deliver(firing) === "full") this.afterRing(alarm, { _tag: "Unheard" })
  }

  private afterRing(alarm: Alarm, ring: Ring): void {
    this.ringing.delete(alarm.key)
    if (this.ringing.size === capacity - 1) this.bell.ring()
    // It was set anew in the meantime.
    if (ring._tag === "Over" && ring.failure !== undefined) {
      const { message } = ring.failure
      this.clockwork.background(Effect.logError(`a timer of ${alarm.actor}/${alarm.id} cannot be run: ${message}`))
    }
    if (ring._tag === "Over" || this.queue.has(alarm.key)) return
    if (ring._tag === "Moved") this.put({ ...alarm, due: ring.due, time: ring.due, attempts: 0 })
    else this.put({ ...alarm, time: this.clockwork.now() + delayAfter(alarm.attempts), attempts: alarm.attempts + 1 })
  }

  private put(alarm: Alarm): void {
    // Later than what is in memory: it is found when that is used up.
    if (alarm.time > this.completeUntil) {
      this.queue.remove(alarm.key)
      return
    }
    const latest = this.queue.put(alarm)
    if (latest !== undefined) this.completeUntil = Math.min(this.completeUntil, latest.time - 1)
    if (alarm.time < this.wakeTime) this.bell.ring()
  }

  // ---- reading ----

  /** Whether it is time to read what there was no room for. */
  private get hasRoom(): boolean {
    return !this.isReading && this.queue.size <= capacity / 2
  }

  private readAll(now: number): void {
    this.completeUntil = Number.POSITIVE_INFINITY
    for (const agentPrefix of this.prefixes) this.readings.set(agentPrefix, { agentPrefix, time: now, failures: 0 })
  }

  private read(reading: Reading): void {
    this.readings.set(reading.agentPrefix, reading)
    if (reading.time < this.wakeTime) this.bell.ring()
  }

  private nextReading(): Reading | undefined {
    let next: Reading | undefined
    for (const reading of this.readings.values()) if (next === undefined || reading.time < next.time) next = reading
    return next
  }

  private load(
    { agentPrefix, failures }: Reading,
    find: (actor: string) => Registration | undefined
  ): Effect.Effect<void> {
    this.isReading = true
    this.readings.delete(agentPrefix)
    const notes = this.events.due({ until: latestDue, agentPrefix })
    return Effect.matchCauseEffect(
      Stream.runForEachWhile(notes, (note) => Effect.sync(() => this.consider(note, find))),
      {
        onSuccess: () => Effect.sync(() => this.afterReading(agentPrefix, interval, 0)),
        // Whatever it is, a store that dies included: the timers are read again.
        onFailure: (cause) => {
          this.afterReading(agentPrefix, delayAfter(failures), failures + 1)
          return Effect.logWarning(`could not read the timers of ${agentPrefix}`, cause)
        }
      }
    )
  }

  private afterReading(agentPrefix: string, delay: number, failures: number): void {
    this.isReading = false
    this.changed.clear()
    this.bell.ring()
    const isLasting = failures > 0 || this.prefixes.has(agentPrefix)
    if (!isLasting || this.readings.has(agentPrefix)) return
    this.read({ agentPrefix, time: this.clockwork.now() + delay, failures })
  }

  /** Takes what was read; whether more is wanted. */
  private consider(note: Note.Due, find: (actor: string) => Registration | undefined): boolean {
    if (note.due > this.completeUntil) return false
    const address = addressOf(note)
    if (address === undefined) return true
    const name = note.name.slice(timerPrefix.length)
    const key = keyOf(note.agentId, name)
    const isKnown = this.queue.has(key) || this.ringing.has(key) || this.changed.has(key)
    if (isKnown || find(address.actor)?.mayWake(address.id) === false) return true
    this.put({ ...address, key, name, due: note.due, time: note.due, attempts: 0 })
    return true
  }
}

/** The actor whose timer a note is; the names of definitions have no slash. */
const addressOf = ({ agentId, name }: Note.Due): ActorAddress | undefined => {
  if (!name.startsWith(timerPrefix)) return undefined
  const end = agentId.indexOf("/")
  return end < 0 ? undefined : { actor: agentId.slice(0, end), id: agentId.slice(end + 1) }
}
