/**
 * How the orders of the random tests are given.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { Account } from "./Account.ts"
import type { Ask, Rule } from "./orders.ts"

/** Sends a command; gives what came of it. */
export const send = (
  id: string,
  { amount, command, manner }: Ask,
  commandId: string | undefined,
  order: number,
  timeout?: Duration.Input
) =>
  ActorSystem.use((system) =>
    Effect.result(system.ask(Account, id, command, { amount, manner }, { commandId, metadata: { order }, timeout }))
  )

/** Lets an account make another one its child. */
export const adopt = (id: string, other: string, timeout?: Duration.Input) =>
  ActorSystem.use((system) => Effect.result(system.ask(Account, id, "Adopt", { other }, { timeout })))

/** Rules the life of an account. */
export const rule = (order: Rule["_tag"], id: string) =>
  Effect.gen(function* () {
    const system = yield* ActorSystem
    switch (order) {
      case "Stop":
        return yield* system.stop(Account, id)
      case "Spawn":
        return yield* Effect.asVoid(system.spawn(Account, id))
      case "Pause":
        return yield* system.pause(Account, id)
      case "Resume":
        return yield* system.resume(Account, id)
      case "Restart":
        return yield* system.restart(Account, id)
    }
  })

/** The reply, or the tag of the error. */
export const told = <A>(answer: Result.Result<A, { readonly _tag: string }>): A | string =>
  Result.isSuccess(answer) ? answer.success : answer.failure._tag
