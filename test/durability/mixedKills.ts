/** A process is killed, ends by itself, or loses its server, again and again, while its actors do everything that actors do. */
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LocalEngine from "../../layers/engine/local.ts"
import { AccountBehavior } from "../support/account.ts"
import { Child } from "../support/Child.ts"
import { between, chance, seed } from "../support/chance.ts"
import type { PostgresServer } from "../support/PostgresServer.ts"
import { AgendaBehavior } from "./Agenda.ts"
import { type Answers, auditAccounts, noteAnswers, repeatAll, unanswered } from "./actorKills.ts"
import { audit, readContents } from "./audit.ts"
import { heard } from "./lines.ts"
import { forgotten, layer, type Place, toText } from "./place.ts"
import { auditTimers, notePlans, type Plans } from "./timerKills.ts"
import type { Outcome } from "./writerKills.ts"

const script = join(import.meta.dirname, "mixed.ts")

/** Goes on for so many milliseconds, then waits until everything has rung, and looks for what is left. */
export const killMixed = async (place: Place, milliseconds: number, server?: PostgresServer): Promise<Outcome> => {
  const next = chance(`everything on ${place._tag}`)
  const answers: Answers = { asked: new Map(), replies: new Map(), declined: new Set() }
  const plans: Plans = { planned: new Map(), kept: new Set(), dropped: new Set() }
  const violations: Array<string> = []
  const until = performance.now() + milliseconds
  let kills = 0
  while (performance.now() < until && violations.length === 0) {
    const name = `mixed ${++kills} on ${place._tag}`
    const isPeaceful = next() < 0.25
    const lifetime = isPeaceful ? between(next, 300, 2000) : 0
    const child = new Child(script, [toText(place), name, String(lifetime)], { env: { PANTHEON_SEED: String(seed) } })
    await child.until(({ stdout }) => /Answered|Kept/.test(stdout))
    if (server !== undefined && next() < 0.3) {
      await server.kill()
      await sleep(between(next, 0, 300))
      await server.restart()
    }
    violations.push(...(await (isPeaceful ? endOf(child) : killOf(child, between(next, 1, 2000)))))
    await Effect.runPromise(forgotten(place, name))
    const lines = heard(child.stdout)
    noteAnswers(answers, lines)
    notePlans(plans, lines)
  }
  const look = Effect.gen(function* () {
    const repeated = yield* repeatAll(answers, unanswered(answers))
    const timers = yield* auditTimers(plans)
    const contents = audit(yield* readContents, { acknowledged: [], refused: new Set() })
    return [...repeated.flat(), ...timers, ...contents, ...(yield* auditAccounts(answers))]
  })
  const Runtime = Layer.mergeAll(AccountBehavior, AgendaBehavior).pipe(
    Layer.provideMerge(LocalEngine.layer),
    Layer.provideMerge(layer(place, "the last look"))
  )
  violations.push(...(await Effect.runPromise(Effect.provide(look, Runtime))))
  return { kills, acknowledged: answers.replies.size + plans.kept.size, violations }
}

const killOf = async (child: Child, after: number): Promise<ReadonlyArray<string>> => {
  await Promise.race([sleep(after), child.ended])
  const { signal } = await child.kill()
  return signal === "SIGKILL" ? [] : [`the child ended by itself: ${child.stderr.slice(0, 2000)}`]
}

// Actors may take thirty seconds to finish; more means that something never ends.
const longest = 60_000

const endOf = async (child: Child): Promise<ReadonlyArray<string>> => {
  const patience = new AbortController()
  const ending = await Promise.race([child.ended, sleep(longest, undefined, { signal: patience.signal })])
  patience.abort()
  if (ending === undefined) {
    await child.kill()
    return ["left behind: something keeps the child from coming to its end"]
  }
  return ending.code === 0 ? [] : [`the child broke off: ${child.stderr.slice(0, 2000)}`]
}
