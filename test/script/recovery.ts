/** What must hold of scripted actors whose process dies, on every store. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { ActorStatePort, EventStore, type SnapshotStore } from "../../src/index.ts"
import { Deaths, Plans, tickThrough } from "./Crashes.ts"

/** What a tick must come to, whatever happens to its process: the results of its actions in order, and the plans that failed. */
const expected = (plans: typeof Plans.Type) => {
  const results = plans.flatMap((plan) => {
    if (plan === "no plan") return []
    const end = plan.indexOf("fails critically")
    return plan.map((kind, index) => (end >= 0 && index > end ? "Skipped" : kind === "works" ? "Ok" : "Failed"))
  })
  return { results, failures: plans.filter((plan) => plan === "no plan").length }
}

/** The ids of the actions that ended, from the journal alone. */
const journalOf = Effect.fnUntraced(function* (id: string) {
  const events = yield* Stream.runCollect(EventStore.read(ActorStatePort.agentId(id)))
  const idsOf = (type: string) =>
    events.filter((event) => event.type.endsWith(type)).map(({ data }) => data["actionId"])
  return { ended: idsOf(".ActionEnded"), ticks: events.filter(({ type }) => type.endsWith(".TickEnded")).length }
})

/** Registers the suite for one store. */
export const suite = <E>(
  name: string,
  stores: Layer.Layer<EventStore.EventStore | SnapshotStore.SnapshotStore, E>,
  runs: number
): void => {
  describe(`a tick of a scripted actor on ${name}`, { timeout: 60_000 }, () => {
    it.layer(stores, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
      let count = 0
      it.effect.prop(
        "comes to the same whenever its process dies: no result is lost, and no action with a result is done again",
        [Plans, Deaths],
        ([plans, deaths]) =>
          Effect.gen(function* () {
            const id = `actor-${count++}`
            const { record, report } = yield* tickThrough(id, plans, deaths)
            const { failures, results } = expected(plans)
            assert.deepStrictEqual(
              report.outcomes.map(({ result }) => result._tag),
              results
            )
            assert.lengthOf(report.failures, failures)
            const { ended, ticks } = yield* journalOf(id)
            assert.deepStrictEqual(
              ended,
              report.outcomes.map(({ actionId }) => actionId)
            )
            assert.strictEqual(ticks, 1)
            // Done in order; again only what was cut off before its result was on disk, which happens once a death at most.
            const done = report.outcomes.filter(({ result }) => result._tag !== "Skipped")
            assert.deepStrictEqual(
              [...new Set(record.effects)],
              done.map(({ actionId }) => actionId)
            )
            assert.isAtMost(record.effects.length, done.length + record.deaths)
            const sorted = record.effects.toSorted((left, right) => ended.indexOf(left) - ended.indexOf(right))
            assert.deepStrictEqual(record.effects, sorted)
          }),
        { arbitrary: { runs, size: 6 } }
      )
    })
  })
}
