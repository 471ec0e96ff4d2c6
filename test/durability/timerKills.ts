/** A process whose actors set timers is killed, again and again, on the same data. */
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../layers/engine/local.ts"
import { EventStore } from "../../src/index.ts"
import { between, chance } from "../support/chance.ts"
import { Agenda, AgendaBehavior, isFirst, nextOf } from "./Agenda.ts"
import type { Line } from "./lines.ts"
import { layer, type Place } from "./place.ts"
import { killAtRandom, type Outcome } from "./writerKills.ts"

const script = join(import.meta.dirname, "planner.ts")

/** What became of timers, by their keys. */
export interface Plans {
  /** Perhaps set. */
  readonly planned: Map<string, string>
  /** Surely set. */
  readonly kept: Set<string>
  readonly dropped: Set<string>
}

/** Kills that many processes, one after the other, and then waits until everything has rung. */
export const killTimers = async (place: Place, kills: number): Promise<Outcome> => {
  const next = chance(`timers on ${place._tag}`)
  const plans: Plans = { planned: new Map(), kept: new Set(), dropped: new Set() }
  const violations: Array<string> = []
  for (let kill = 1; kill <= kills && violations.length === 0; kill++) {
    const { failures, lines } = await killAtRandom(script, place, `planner ${kill} on ${place._tag}`, kill, next)
    violations.push(...failures)
    notePlans(plans, lines)
    // Sometimes much is late when the next process comes.
    await sleep(between(next, 0, 300))
  }
  const Runtime = AgendaBehavior.pipe(
    Layer.provideMerge(LocalEngine.layer),
    Layer.provideMerge(layer(place, "the last look"))
  )
  violations.push(...(await Effect.runPromise(Effect.provide(auditTimers(plans), Runtime))))
  return { kills, acknowledged: plans.kept.size, violations }
}

/** Takes up what a child has said. */
export const notePlans = (plans: Plans, lines: ReadonlyArray<Line>): void => {
  for (const line of lines) {
    if (line._tag === "Planned") plans.planned.set(line.key, line.agenda)
    if (line._tag === "Kept") plans.kept.add(line.key)
    if (line._tag === "Dropped") plans.dropped.add(line.key)
  }
}

/** Every timer that was set has rung once, what rings again has rung again once, and what was dropped has not. */
export const auditTimers = Effect.fnUntraced(function* ({ dropped, kept, planned }: Plans) {
  const rung = new Map<string, number>()
  const found: Array<string> = []
  for (const agenda of new Set(planned.values())) {
    const agentId = Agenda.agentId(agenda)
    for (const note of yield* whenQuiet(agentId)) {
      const key = note.name.slice("timer/".length)
      if (dropped.has(key)) found.push(`undead: the timer ${key} was dropped`)
      if (!planned.has(key)) found.push(`late: the timer ${key} never goes off`)
    }
    for (const { data, type } of yield* Stream.runCollect(EventStore.read(agentId))) {
      const key = String(data["key"])
      if (type === "Agenda.Rung") rung.set(key, (rung.get(key) ?? 0) + 1)
      if (isFirst(key) && planned.get(key) !== agenda) found.push(`undead: ${key} was not planned by ${agenda}`)
    }
  }
  for (const [key, count] of rung) {
    if (count > 1) found.push(`doubled: ${key} has rung ${count} times`)
    if (dropped.has(key)) found.push(`undead: ${key} has rung, and was dropped`)
    if (isFirst(key) && !rung.has(nextOf(key))) found.push(`lost: ${key} has rung once, and not again`)
  }
  for (const key of kept) if (!rung.has(key)) found.push(`lost: ${key} was set and has not rung`)
  return found
})

/** The timers of an agent that are left once nothing is due. */
const whenQuiet = (agentId: string) =>
  Effect.gen(function* () {
    for (let attempt = 0; ; attempt++) {
      const notes = yield* Effect.flatMap(EventStore.EventStore, (store) =>
        Stream.runCollect(store.notes(agentId, { prefix: "timer/" }))
      )
      const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      // Those that are dropped are set for another day.
      const isQuiet = notes.every(({ due }) => due !== undefined && due > now + 60_000)
      if (isQuiet || attempt === 400) return notes
      yield* Effect.sleep("50 millis")
    }
  })
