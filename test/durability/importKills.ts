/** A process that imports agents is killed, again and again, on the same data. */
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { EventStore } from "../../src/index.ts"
import { chance } from "../support/chance.ts"
import { layer, type Place } from "./place.ts"
import { killAtRandom, type Outcome } from "./writerKills.ts"

const script = join(import.meta.dirname, "importer.ts")

/** Kills that many importers, one after the other, and looks at each of their agents after each. */
export const killImports = async (place: Place, kills: number): Promise<Outcome> => {
  const next = chance(`imports on ${place._tag}`)
  const violations: Array<string> = []
  let acknowledged = 0
  for (let kill = 1; kill <= kills && violations.length === 0; kill++) {
    const { failures, lines } = await killAtRandom(script, place, `importer ${kill} on ${place._tag}`, kill, next)
    violations.push(...failures)
    const imported = new Set<string>()
    const begun = new Map<string, number>()
    for (const line of lines) {
      if (line._tag === "Importing") begun.set(line.agentId, line.count)
      if (line._tag === "Imported") imported.add(line.agentId)
    }
    acknowledged += imported.size
    const look = Effect.forEach(begun, ([agentId, count]) => judge(agentId, count, imported.has(agentId)))
    violations.push(...(await Effect.runPromise(Effect.provide(look, layer(place, `look ${kill}`)))).flat())
  }
  return { kills, acknowledged, violations }
}

/** An agent is what was imported, to the last event, or what it was before, and surely the former once that was told. */
const judge = Effect.fnUntraced(function* (agentId: string, count: number, isTold: boolean) {
  const store = yield* EventStore.EventStore
  const head = yield* store.head(agentId)
  const events = yield* Stream.runCollect(store.read(agentId))
  const notes = yield* Stream.runCount(store.notes(agentId))
  const listed = yield* Stream.runCount(
    Stream.filter(store.agents({ prefix: agentId }), (one) => one.agentId === agentId)
  )
  const numbers = events.map(({ data }) => data["number"])
  const isWhole =
    numbers.length === count &&
    numbers.every((number, index) => number === index + 1) &&
    head.version === head.firstVersion + count - 1 &&
    head.isComplete &&
    notes === Math.ceil(count / 500) &&
    listed === 1
  const isAsBefore =
    notes === 0 &&
    (head.presence === "missing" ? events.length === 0 && listed === 0 : head.version === 3 && events.length === 3)
  if (isWhole || (isAsBefore && !isTold)) return []
  return [`half there: ${agentId} has ${events.length} of ${count} events, ${notes} notes, ${JSON.stringify(head)}`]
})
