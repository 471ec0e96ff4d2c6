/**
 * The write side of `EventStore`: what comes in is checked, queued, and answered for.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Append, Appended, EventStore } from "../EventStore.ts"
import type { EventStoreDriver } from "../EventStoreDriver.ts"
import type { Limits } from "../Limits.ts"
import type { AppendError } from "../StoreError.ts"
import { type AppendResult, refuseInput, toResult } from "./AppendAnswer.ts"
import { encodeAppend } from "./AppendInput.ts"
import type { GroupCommit, Ticket } from "./GroupCommit.ts"
import type * as Uuid from "./Uuid.ts"

/** The appending half of the service. */
export const makeAppender = (
  driver: EventStoreDriver,
  commits: GroupCommit,
  limits: Limits,
  nextId: Uuid.Generator
): Pick<EventStore["Service"], "append" | "appendAll"> => {
  const submit = (append: Append, now: number, done: (result: AppendResult) => void): Ticket | undefined => {
    const encoded = encodeAppend(append, limits, nextId, now)
    if (Result.isFailure(encoded)) {
      done(Result.fail(refuseInput(append, encoded.failure)))
      return undefined
    }
    return commits.enqueue(encoded.success, (settled) => done(toResult(driver, encoded.success, settled)))
  }

  return {
    append: (append) =>
      Effect.withFiber((fiber) => {
        const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
        const appending = Effect.callback<Appended, AppendError>((resume) => {
          const ticket = submit(append, now, (result) => resume(Effect.fromResult(result)))
          return ticket === undefined ? undefined : Effect.sync(() => commits.withdraw(ticket))
        })
        // Whoever is in no span does not trace, and pays nothing for it.
        if (fiber.cache.span === undefined) return appending
        const { agentId, events } = append
        return Effect.withSpan(appending, "EventStore.append", { attributes: { agentId, events: events.length } })
      }),
    appendAll: (appends) =>
      Effect.withFiber((fiber) => {
        const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
        if (appends.length === 0) return Effect.succeed([])
        return Effect.callback((resume) => {
          const results = new Array<AppendResult>(appends.length)
          let missing = appends.length
          const tickets = appends.map((append, index) =>
            submit(append, now, (result) => {
              results[index] = result
              if (--missing === 0) resume(Effect.succeed(results))
            })
          )
          return Effect.sync(() => {
            for (const ticket of tickets) if (ticket !== undefined) commits.withdraw(ticket)
          })
        })
      })
  }
}
