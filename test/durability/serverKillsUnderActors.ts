/** The PostgreSQL server is killed, again and again, under actors that go on answering. */
import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LocalEngine from "../../layers/engine/local.ts"
import type { ActorSystem } from "../../src/index.ts"
import { Account, AccountBehavior } from "../support/account.ts"
import { between, chance } from "../support/chance.ts"
import type { PostgresServer } from "../support/PostgresServer.ts"
import { type Answers, auditAccounts } from "./actorKills.ts"
import { audit, readContents } from "./audit.ts"
import { layer } from "./place.ts"
import { killOften } from "./serverKills.ts"
import type { Outcome } from "./writerKills.ts"

const askers = 32

/** Kills the server that many times; whoever asks repeats a command that failed, under its id, until it is answered. */
export const killServerUnderActors = async (server: PostgresServer, kills: number): Promise<Outcome> => {
  const next = chance("the server under actors")
  const place = { _tag: "Postgres", url: server.url, schema: "server_kills_under_actors" } as const
  const answers: Answers = { asked: new Map(), replies: new Map(), declined: new Set() }
  const { asked, replies } = answers
  const violations: Array<string> = []
  let isOver = false

  const askOne = Effect.gen(function* () {
    const client = yield* Account.client
    const account = `account-${between(next, 1, 4)}`
    const commandId = randomUUID()
    const amount = between(next, 1, 100)
    asked.set(commandId, { _tag: "Asked", commandId, account, command: "Deposit", amount })
    const settle: Effect.Effect<number> = Effect.catch(client(account).Deposit({ amount }, { commandId }), (error) =>
      // The server is down, so the command was refused, or its fate is unknown. An actor that has stopped is another matter.
      error._tag === "ActorStopped" || error._tag === "Conflict" ? Effect.die(error) : Effect.delay(settle, "20 millis")
    )
    replies.set(commandId, yield* settle)
  })

  const askAll: Effect.Effect<void, never, ActorSystem.ActorSystem> = Effect.all(
    Array.from({ length: askers }, () =>
      Effect.whileLoop({ while: () => !isOver, body: () => askOne, step: () => {} })
    ),
    { concurrency: "unbounded", discard: true }
  )

  const oneRuntime = Effect.gen(function* () {
    const working = yield* Effect.forkChild(askAll)
    const killing = killOften(server, kills, next, violations, () => replies.size)
    // An actor that gives up ends the test.
    yield* Effect.raceFirst(killing, Effect.andThen(Fiber.join(working), Effect.never))
    isOver = true
    yield* Fiber.join(working)
    violations.push(...audit(yield* readContents, { acknowledged: [], refused: new Set() }))
    violations.push(...(yield* auditAccounts(answers)))
  })
  const Runtime = AccountBehavior.pipe(
    Layer.provideMerge(LocalEngine.layer),
    Layer.provideMerge(layer(place, "the living runtime")),
    // Snapshots that could not be saved would be told by the hundred.
    Layer.provide(Logger.layer([]))
  )
  await Effect.runPromise(Effect.provide(oneRuntime, Runtime))
  return { kills, acknowledged: replies.size, violations }
}
