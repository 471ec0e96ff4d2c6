/** A process that appends to several agents together is killed, again and again, on the same data. */
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { EventStore } from "../../src/index.ts"
import { chance } from "../support/chance.ts"
import type { LineOf } from "./lines.ts"
import { layer, type Place } from "./place.ts"
import { killAtRandom, type Outcome } from "./writerKills.ts"

const script = join(import.meta.dirname, "mover.ts")

/** The agents that it writes to, in an order that is not theirs. */
export const moverAgents = ["m-3", "m-1", "m-5", "m-2", "m-4"]

/** Kills that many movers, one after the other, and looks after each at what is left of all of them. */
export const killMovers = async (place: Place, kills: number): Promise<Outcome> => {
  const next = chance(`movers on ${place._tag}`)
  const told: Array<LineOf<"Moved">> = []
  const violations: Array<string> = []
  for (let kill = 1; kill <= kills && violations.length === 0; kill++) {
    const { failures, lines } = await killAtRandom(script, place, `mover ${kill} on ${place._tag}`, kill, next)
    violations.push(...failures)
    for (const line of lines) if (line._tag === "Moved") told.push(line)
    violations.push(...(await Effect.runPromise(Effect.provide(judge(told), layer(place, `look ${kill}`)))))
  }
  return { kills, acknowledged: told.length, violations }
}

/** Each step is in as many agents as it was for, its notes too, and surely so once that was told. */
const judge = Effect.fnUntraced(function* (told: ReadonlyArray<LineOf<"Moved">>) {
  const store = yield* EventStore.EventStore
  const violations: Array<string> = []
  const steps = new Map<string, { readonly size: number; readonly agentIds: Set<string>; notes: number }>()
  for (const agentId of moverAgents) {
    const events = yield* Stream.runCollect(store.read(agentId))
    if (events.some(({ version }, index) => version !== index + 1)) violations.push(`a hole in ${agentId}`)
    for (const { data, type } of events) {
      if (type !== "moved") continue
      const step = steps.get(String(data["step"])) ?? { size: Number(data["size"]), agentIds: new Set(), notes: 0 }
      steps.set(String(data["step"]), step)
      step.agentIds.add(agentId)
    }
  }
  for (const agentId of moverAgents) {
    for (const { name } of yield* Stream.runCollect(store.notes(agentId))) {
      const step = steps.get(name.slice("step ".length))
      if (step === undefined) violations.push(`a note of a step that is not there: ${name} of ${agentId}`)
      else step.notes++
    }
  }
  for (const [name, { agentIds, notes, size }] of steps) {
    if (agentIds.size !== size) violations.push(`half there: step ${name} is in ${agentIds.size} of ${size} agents`)
    if (notes !== 0 && notes !== size) violations.push(`half there: ${notes} of ${size} notes of step ${name}`)
  }
  for (const { agentIds, step } of told) {
    if (agentIds.some((agentId) => steps.get(step)?.agentIds.has(agentId) !== true))
      violations.push(`lost: step ${step}`)
  }
  return violations
})
