/** A process whose actors answer commands is killed, again and again, on the same data. */
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as LocalEngine from "../../layers/engine/local.ts"
import { EventStore } from "../../src/index.ts"
import { Account, AccountBehavior } from "../support/account.ts"
import { between, chance } from "../support/chance.ts"
import { audit, readContents } from "./audit.ts"
import type { Line, LineOf } from "./lines.ts"
import { layer, type Place } from "./place.ts"
import { killAtRandom, type Outcome } from "./writerKills.ts"

const script = join(import.meta.dirname, "asker.ts")

type Asked = LineOf<"Asked">

/** What the actors have been asked, and what they have answered. */
export interface Answers {
  /** By command id; those that were declined are not here. */
  readonly asked: Map<string, Asked>
  /** The first reply, by command id. */
  readonly replies: Map<string, number>
  readonly declined: Set<string>
}

/** Kills that many processes, one after the other, repeats what was not answered, and looks for what is left. */
export const killActors = async (place: Place, kills: number): Promise<Outcome> => {
  const next = chance(`actors on ${place._tag}`)
  const answers: Answers = { asked: new Map(), replies: new Map(), declined: new Set() }
  const { replies } = answers
  const violations: Array<string> = []
  for (let kill = 1; kill <= kills && violations.length === 0; kill++) {
    const { failures, lines } = await killAtRandom(script, place, `asker ${kill} on ${place._tag}`, kill, next)
    violations.push(...failures)
    noteAnswers(answers, lines)
    // Sometimes the next process is the first to wake the actors again.
    if (kill < kills && next() < 0.3) continue
    const known = [...replies.keys()]
    const samples = Array.from({ length: Math.min(20, known.length) }, () => known[between(next, 0, known.length - 1)])
    const look = Effect.gen(function* () {
      const repeated = yield* repeatAll(answers, [...samples, ...unanswered(answers)])
      const contents = audit(yield* readContents, { acknowledged: [], refused: new Set() })
      return [...repeated.flat(), ...contents, ...(yield* auditAccounts(answers))]
    })
    const Runtime = AccountBehavior.pipe(
      Layer.provideMerge(LocalEngine.layer),
      Layer.provideMerge(layer(place, `look ${kill}`))
    )
    violations.push(...(await Effect.runPromise(Effect.provide(look, Runtime))))
  }
  return { kills, acknowledged: replies.size, violations }
}

/** Takes up what a child has said. */
export const noteAnswers = ({ asked, declined, replies }: Answers, lines: ReadonlyArray<Line>): void => {
  for (const line of lines) {
    if (line._tag === "Asked") asked.set(line.commandId, line)
    if (line._tag === "Answered") replies.set(line.commandId, line.balance)
    if (line._tag === "Declined") {
      declined.add(line.commandId)
      asked.delete(line.commandId)
    }
  }
}

/** The ids of the commands of whose answers nobody has heard. */
export const unanswered = ({ asked, replies }: Answers): ReadonlyArray<string> =>
  [...asked.keys()].filter((commandId) => !replies.has(commandId))

/** Sends commands again. */
export const repeatAll = (answers: Answers, commandIds: ReadonlyArray<string | undefined>) =>
  Effect.forEach(commandIds, (id) => repeat(answers, answers.asked.get(id ?? "")), { concurrency: "unbounded" })

/** Sends a command again. Its first reply, if there was one, must come again; if there was none, this is it. */
const repeat = Effect.fnUntraced(function* ({ asked, declined, replies }: Answers, line: Asked | undefined) {
  if (line === undefined) return []
  const { account, amount, command, commandId } = line
  const client = yield* Account.client
  return yield* Effect.matchEffect(client(account)[command]({ amount }, { commandId }), {
    onSuccess: (balance) => {
      const first = replies.get(commandId) ?? balance
      replies.set(commandId, first)
      return Effect.succeed(first === balance ? [] : [`reply: ${commandId} was answered ${first}, and now ${balance}`])
    },
    onFailure: (error) => {
      if (error._tag !== "InsufficientFunds") return Effect.die(error)
      if (replies.has(commandId)) return Effect.succeed([`reply: ${commandId} was answered, and is declined now`])
      declined.add(commandId)
      asked.delete(commandId)
      return Effect.succeed([])
    }
  })
})

/** Every answered command is in the state exactly once, with the reply that it was given; others are not. */
export const auditAccounts = Effect.fnUntraced(function* ({ asked, replies }: Answers) {
  const client = yield* Account.client
  const found: Array<string> = []
  const done = new Set<string>()
  const accounts = new Set([...asked.values()].map((line) => line.account))
  for (const account of accounts) {
    let balance = 0
    for (const { data, metadata, version } of yield* Stream.runCollect(EventStore.read(Account.agentId(account)))) {
      const commandId = metadata.commandId ?? ""
      const line = asked.get(commandId)
      if (done.has(commandId))
        found.push(`doubled: ${commandId} is done twice, again in version ${version} of ${account}`)
      done.add(commandId)
      if (line === undefined || line.account !== account || line.amount !== data["amount"]) {
        found.push(`undead: version ${version} of ${account} answers no command, or one that was declined`)
        continue
      }
      balance += line.command === "Deposit" ? line.amount : -line.amount
      const reply = replies.get(commandId)
      if (reply !== balance) found.push(`reply: ${commandId} was answered ${reply}, the state then was ${balance}`)
    }
    const now = yield* client(account).Balance()
    if (now !== balance) found.push(`state: ${account} has ${now}, its events make ${balance}`)
  }
  for (const commandId of replies.keys()) if (!done.has(commandId)) found.push(`lost: ${commandId} was answered`)
  return found
})
