/**
 * Whether what callers were told fits the journal: an account that was run by one engine after the other, with crashes, refusals and lost
 * answers, must look as if each order had been executed once, in one order that fits the time, or not at all.
 */
import { assert } from "@effect/vitest"
import type { ContextEvent } from "../../../src/ContextEvent.ts"
import type { Ask } from "./orders.ts"

/** An order, when it was given and answered, and what its caller was told. */
export interface Told {
  /** Names the order in the metadata of its events. */
  readonly order: number
  readonly ask: Ask
  readonly commandId: string | undefined
  readonly begun: number
  readonly ended: number
  readonly outcome:
    | { readonly _tag: "Reply"; readonly reply: number }
    | { readonly _tag: "Error"; readonly error: unknown }
}

/** Checks one account. Gives its last balance. */
export const check = (events: ReadonlyArray<ContextEvent>, told: ReadonlyArray<Told>): number => {
  const balances = [0]
  for (const { data } of events) balances.push((balances.at(-1) ?? 0) + Number(data["by"]))
  const placeOf = (matches: (metadata: ContextEvent["metadata"]) => boolean) => {
    const own = events.filter(({ metadata }) => matches(metadata))
    for (const [index, { version }] of own.entries()) {
      assert.strictEqual(version, (own[0]?.version ?? 0) + index, "events of one order lie apart")
    }
    return { count: own.length, last: own.at(-1)?.version ?? 0, by: Number(own[0]?.data["by"] ?? 0) }
  }

  /** The lowest version that whoever asks at a moment must see. */
  const seenAt = (moment: number): number =>
    Math.max(
      0,
      ...told
        .filter(({ ended }) => ended < moment)
        .map(({ order }) => placeOf((metadata) => metadata["order"] === order).last)
    )

  for (const { ask, begun, commandId, order, outcome } of told) {
    const own = placeOf((metadata) => metadata["order"] === order)
    const situation = `order ${order}, ${ask.command} ${ask.amount}, of ${JSON.stringify(outcome)}`
    if (outcome._tag === "Error") {
      assert.strictEqual(own.count, 0, `${situation} persisted something`)
      const { error } = outcome
      const tag = error instanceof Object && "_tag" in error ? error._tag : error
      assert.include(errorsOf(ask), tag, situation)
      if (error instanceof Object && "balance" in error) {
        assert.include(balances.slice(seenAt(begun)), error.balance, situation)
        assert.isBelow(Number(error.balance), ask.amount, situation)
      }
    } else if (ask.command === "Balance") {
      // A balance is not on record, so one with an id may be that of a change with the same id.
      const place = placeOf((metadata) => commandId !== undefined && metadata["commandId"] === commandId)
      const possible =
        place.count > 0 ? [balances[place.last], ...balances.slice(seenAt(begun))] : balances.slice(seenAt(begun))
      assert.include(possible, outcome.reply, situation)
    } else {
      const place = commandId === undefined ? own : placeOf((metadata) => metadata["commandId"] === commandId)
      assert.isAbove(place.count, 0, `${situation} persisted nothing`)
      assert.strictEqual(outcome.reply, balances[place.last], situation)
      if (own.count > 0) {
        const by = ask.command === "Withdraw" ? -ask.amount : ask.amount
        assert.deepStrictEqual([own.count, own.by], [ask.command === "DepositTwice" ? 2 : 1, by], situation)
        assert.isAbove(own.last, seenAt(begun), `${situation} came before what was answered before it`)
      }
    }
  }
  const known = new Set(told.map(({ order }) => order))
  for (const { metadata } of events) assert.isTrue(known.has(Number(metadata["order"])), "an event came from nowhere")
  return balances.at(-1) ?? 0
}

const errorsOf = (ask: Ask): ReadonlyArray<string> => {
  const always = ["ActorStopped", "Rejected"]
  if (ask.command === "Die") return [...always, "ActorCrashed"]
  return ask.command === "Withdraw" ? [...always, "Overdrawn"] : always
}
