/**
 * Asks actors, lets them set timers, and does mischief to them, until it is killed, or for as long as it is told: then it must come to its
 * end by itself, which it cannot while anything is left running.
 */
import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LocalEngine from "../../layers/engine/local.ts"
import { ActorSystem } from "../../src/index.ts"
import { Account, AccountBehavior } from "../support/account.ts"
import { between, chance } from "../support/chance.ts"
import { Agenda, AgendaBehavior } from "./Agenda.ts"
import { say } from "./lines.ts"
import { fromText, layer } from "./place.ts"

const [place = "", name = "", lifetime = "0"] = process.argv.slice(2)
const next = chance(name)
const farAway = 86_400_000
const accounts = Array.from({ length: 6 }, (_, index) => `account-${index}`)
const agendas = Array.from({ length: 6 }, (_, index) => `agenda-${index}`)
const pause = Effect.suspend(() => Effect.sleep(between(next, 0, 20)))

/** Repeats what an actor refuses because of the mischief, or because its store is away. */
const insist = <A, E extends { readonly _tag: string }>(attempt: Effect.Effect<A, E>): Effect.Effect<A> =>
  Effect.catch(attempt, () => Effect.andThen(Effect.sleep("20 millis"), insist(attempt)))

const ask = Effect.gen(function* () {
  const client = yield* Account.client
  const account = accounts[between(next, 0, accounts.length - 1)] ?? ""
  const command = next() < 0.6 ? "Deposit" : "Withdraw"
  const amount = between(next, 1, 100)
  const commandId = randomUUID()
  yield* say({ _tag: "Asked", commandId, account, command, amount })
  const answer = Effect.map(client(account)[command]({ amount }, { commandId }), (balance) => ({
    _tag: "Answered" as const,
    commandId,
    balance
  }))
  const decline = () => Effect.succeed({ _tag: "Declined" as const, commandId })
  yield* say(yield* insist(Effect.catchTag(answer, "InsufficientFunds", decline)))
})

const plan = Effect.gen(function* () {
  const agenda = agendas[between(next, 0, agendas.length - 1)] ?? ""
  const client = (yield* Agenda.client)(agenda)
  const key = randomUUID()
  const isDropped = next() < 0.2
  const command = next() < 0.5 ? "Plan" : "Remind"
  yield* say({ _tag: "Planned", agenda, key })
  const milliseconds = isDropped ? farAway : between(next, 0, 300)
  // A second try would set what has gone off already once more.
  const isSet = yield* Effect.isSuccess(client[command]({ key, milliseconds }))
  if (isDropped) yield* insist(client.Drop({ key }))
  if (isSet) yield* say({ _tag: isDropped ? "Dropped" : "Kept", agenda, key })
})

/** Crashes, stops, holds or restarts an actor, and brings it back. */
const mischief = Effect.gen(function* () {
  const system = yield* ActorSystem.ActorSystem
  const index = between(next, 0, accounts.length + agendas.length - 1)
  const account = accounts[index]
  const definition = account === undefined ? Agenda : Account
  const id = account ?? agendas[index - accounts.length] ?? ""
  const deed = next()
  if (deed < 0.3) yield* Effect.ignore(system.ask(Account, accounts[0] ?? "", "Crash", undefined))
  else if (deed < 0.5) yield* system.stop(definition, id)
  else if (deed < 0.7) yield* Effect.ignore(system.restart(definition, id))
  else yield* Effect.andThen(Effect.ignore(system.pause(definition, id)), pause)
  yield* system.resume(definition, id)
  yield* insist(system.spawn(definition, id))
})

const load = Effect.all(
  [
    ...Array.from({ length: 8 }, () => Effect.forever(Effect.andThen(ask, pause))),
    ...Array.from({ length: 8 }, () => Effect.forever(Effect.andThen(plan, pause))),
    Effect.forever(Effect.andThen(Effect.orDie(mischief), pause))
  ],
  { concurrency: "unbounded", discard: true }
)

const Runtime = Layer.mergeAll(AccountBehavior, AgendaBehavior).pipe(
  Layer.provideMerge(LocalEngine.layerWith({ maximumResident: 8 })),
  Layer.provide(layer(fromText(place), name)),
  Layer.provide(Logger.layer([]))
)

const life = lifetime === "0" ? load : Effect.timeoutOption(load, Number(lifetime))
await Effect.runPromise(Effect.provide(life, Runtime))
