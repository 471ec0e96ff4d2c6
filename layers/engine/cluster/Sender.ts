/**
 * What a caller sends with everything: who asks, and which handlers wait for the answer.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { anonymous, CurrentPrincipal } from "../../../src/CurrentPrincipal.ts"
import * as Trace from "../../../src/Trace.ts"
import { CurrentWaiter, type Waiter } from "../local/Waiter.ts"
import type { Order } from "./Protocol.ts"

/** The claim of the calling fiber. */
export const orderOf = (fiber: Fiber.Fiber<unknown, unknown>): Order => {
  const principal = fiber.getRef(CurrentPrincipal)
  const askedBy = askersOf(fiber.getRef(CurrentWaiter))
  return principal === anonymous ? { askedBy } : { askedBy, principal }
}

/** Gives the claim of the calling fiber. */
export const order: Effect.Effect<Order> = Effect.withFiber((fiber) => Effect.succeed(orderOf(fiber)))

/** The trace of the calling fiber, if it is in one. */
export const traceparentOf = ({ cache }: Fiber.Fiber<unknown, unknown>): string | undefined =>
  cache.span === undefined ? undefined : Trace.toTraceparent(cache.span)

const askersOf = (waiter: Waiter | undefined): ReadonlyArray<string> =>
  waiter === undefined ? [] : [...waiter.askers, waiter.agentId]
