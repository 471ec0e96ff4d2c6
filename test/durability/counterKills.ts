/** A process whose actors delete what lies below their snapshots is killed, again and again, on the same data. */
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { EventStore } from "../../src/index.ts"
import { Thrifty } from "../contract/engine/Thrifty.ts"
import { chance } from "../support/chance.ts"
import { layer, type Place } from "./place.ts"
import { killAtRandom, type Outcome } from "./writerKills.ts"

const script = join(import.meta.dirname, "counter.ts")

/** Kills that many processes, one after the other, and looks after each for what is left. */
export const killCounters = async (place: Place, kills: number): Promise<Outcome> => {
  const next = chance(`counters on ${place._tag}`)
  /** The last count that was acknowledged, by counter. */
  const counts = new Map<string, number>()
  const violations: Array<string> = []
  let acknowledged = 0
  for (let kill = 1; kill <= kills && violations.length === 0; kill++) {
    const { failures, lines } = await killAtRandom(script, place, `counter ${kill} on ${place._tag}`, kill, next)
    violations.push(...failures)
    for (const line of lines) {
      if (line._tag !== "Counted") continue
      acknowledged++
      counts.set(line.counter, line.count)
    }
    const look = Effect.forEach(counts, ([counter, count]) => lookAt(counter, count))
    violations.push(...(await Effect.runPromise(Effect.provide(look, layer(place, `look ${kill}`)))).flat())
  }
  return { kills, acknowledged, violations }
}

/** The count is the version, wherever the counter can be read; and that it can from its first event on. */
const lookAt = Effect.fnUntraced(function* (counter: string, acknowledged: number) {
  const store = yield* EventStore.EventStore
  const { firstVersion } = yield* store.head(Thrifty.agentId(counter))
  const { state, version } = yield* Thrifty.readState(counter)
  const found: Array<string> = []
  if (state.count !== version) found.push(`state: ${counter} counts ${state.count} at version ${version}`)
  if (version < acknowledged) found.push(`lost: ${counter} has counted to ${acknowledged}, and stands at ${version}`)
  for (let at = Math.max(1, firstVersion - 30); at <= version; at++) {
    const read = yield* Effect.result(Thrifty.readState(counter, { at }))
    if (read._tag === "Success" && read.success.state.count === at) continue
    if (read._tag === "Failure" && read.failure._tag === "VersionMissing" && at < firstVersion) continue
    found.push(`state: ${counter} at version ${at}, with events from ${firstVersion}, gives ${JSON.stringify(read)}`)
  }
  return found
})
