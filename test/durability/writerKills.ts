/** A process that writes is killed, again and again, on the same data. */
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { EventStore } from "../../src/index.ts"
import { Child } from "../support/Child.ts"
import { between, chance, seed } from "../support/chance.ts"
import { type Acknowledged, audit, readContents } from "./audit.ts"
import { heard, type LineOf } from "./lines.ts"
import { forgotten, layer, type Place, toText } from "./place.ts"

/** What a part of the test has seen. */
export interface Outcome {
  readonly kills: number
  /** Events or commands that were acknowledged. */
  readonly acknowledged: number
  readonly violations: ReadonlyArray<string>
}

const script = join(import.meta.dirname, "writer.ts")

/** Kills a child at a random moment: while it opens the store, or, mostly and at first, while it works. Gives what it had said. */
export const killAtRandom = async (script: string, place: Place, name: string, kill: number, next: () => number) => {
  const child = new Child(script, [toText(place), name], { env: { PANTHEON_SEED: String(seed) } })
  if (kill > 1 && next() < 0.15) {
    await Promise.race([sleep(between(next, 200, 1000)), child.ended])
  } else {
    await child.until(({ stdout }) => /Stored|Answered|Kept|Counted|Imported|Moved/.test(stdout))
    await Promise.race([sleep(between(next, 1, 400)), child.ended])
  }
  const { signal } = await child.kill()
  const failures = signal === "SIGKILL" ? [] : [`the child ended by itself: ${child.stderr.slice(0, 2000)}`]
  await Effect.runPromise(forgotten(place, name))
  return { lines: heard(child.stdout), failures }
}

/** Kills that many writers, one after the other, and looks after each, or after every few, for what is left. */
export const killWriters = async (place: Place, kills: number): Promise<Outcome> => {
  const next = chance(`writers on ${place._tag}`)
  const acknowledged: Array<Acknowledged> = []
  const refused = new Set<string>()
  const commands: Array<LineOf<"Stored">> = []
  const violations: Array<string> = []
  for (let kill = 1; kill <= kills && violations.length === 0; kill++) {
    const { failures, lines } = await killAtRandom(script, place, `writer ${kill} on ${place._tag}`, kill, next)
    violations.push(...failures)
    for (const line of lines) {
      if (line._tag === "Refused") for (const id of line.ids) refused.add(id)
      if (line._tag !== "Stored") continue
      const { agentId, firstVersion, ids } = line
      for (const [index, id] of ids.entries()) acknowledged.push({ agentId, version: firstVersion + index, id })
      if (line.commandId !== null) commands.push(line)
    }
    // Sometimes the next writer is the first to open what this one has left.
    if (kill < kills && next() < 0.3) continue
    const samples = Array.from(
      { length: Math.min(10, commands.length) },
      () => commands[between(next, 0, commands.length - 1)]
    )
    const look = Effect.gen(function* () {
      const repeated = yield* Effect.forEach(samples, (line) =>
        line === undefined ? Effect.succeed([]) : repeat(line)
      )
      return [...repeated.flat(), ...audit(yield* readContents, { acknowledged, refused })]
    })
    violations.push(...(await Effect.runPromise(Effect.provide(look, layer(place, `look ${kill}`)))))
  }
  return { kills, acknowledged: acknowledged.length, violations }
}

/** A command that was acknowledged gets its first answer, and nothing is stored again. */
const repeat = Effect.fnUntraced(function* ({ agentId, commandId, firstVersion, ids }: LineOf<"Stored">) {
  const store = yield* EventStore.EventStore
  const append = { agentId, events: [{ type: "written.again" }], commands: [{ id: commandId ?? "" }] }
  const { outcome, reply, version } = yield* store.append(append)
  const told = { outcome, version, reply: Option.getOrUndefined(reply) }
  const first = { outcome: "repeated", version: firstVersion + ids.length - 1, reply: { append: commandId } }
  return JSON.stringify(told) === JSON.stringify(first)
    ? []
    : [`command: ${commandId} of ${agentId} gave ${JSON.stringify(first)}, and now ${JSON.stringify(told)}`]
})
