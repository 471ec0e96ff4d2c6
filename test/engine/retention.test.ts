/** Actors with any policy on snapshots, any history, any failures and crashes in between. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { Actor, EventStore, SnapshotStore } from "../../src/index.ts"
import * as FaultyStore from "../contract/FaultyStore.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Policy = Schema.Struct({
  every: between(1, 6),
  keep: between(1, 3),
  deleteEvents: Schema.Boolean,
  /** Amounts that ask for a snapshot. */
  marked: between(0, 9)
})

const Step = Schema.TaggedUnion({
  Add: { amounts: Schema.Array(between(0, 9)) },
  /** The engine ends, and another begins. */
  Restart: {},
  /** The definition has changed; the state of the last one is brought into shape, or is of no use. */
  Change: { hasStep: Schema.Boolean },
  Fault: { on: Schema.Literals(["append", "save", "versions", "deleteEvents", "deleteAll"]) }
})

/** A definition whose state has had so many shapes. Each shape wraps the sum, and there are steps from the last few. */
const generation = (policy: typeof Policy.Type, stateVersion: number, steps: number) => {
  const upcastState = Object.fromEntries(
    Array.from({ length: steps }, (_, index) => [stateVersion - 1 - index, (state: unknown) => state])
  )
  return Actor.make("Sum", {
    state: Schema.Struct({ sum: Schema.Int, count: Schema.Int }),
    initialState: { sum: 0, count: 0 },
    events: Schema.TaggedUnion({ Added: { amount: Schema.Int } }),
    evolve: ({ count, sum }, { amount }) => ({ sum: sum + amount, count: count + 1 }),
    commands: [Rpc.make("Add", { payload: { amounts: Schema.Array(Schema.Int) }, success: Schema.Int })],
    stateVersion,
    upcastState,
    snapshots: { ...policy, when: ({ amount }) => amount === policy.marked }
  })
}

const layerOf = (sum: ReturnType<typeof generation>) =>
  sum
    .toLayer({
      Add: (_, { amounts }) =>
        sum.persist(
          amounts.map((amount) => ({ _tag: "Added", amount }) as const),
          (state) => state.sum
        )
    })
    .pipe(Layer.provideMerge(LocalEngine.layer))

const stores = Layer.fresh(Layer.mergeAll(FaultyStore.layer.pipe(Layer.provideMerge(Memory.layer)), Logger.layer([])))

/** Splits where an engine ends; a change of the definition needs another engine, too. */
const lives = (steps: ReadonlyArray<typeof Step.Type>) => {
  const lives: Array<{ readonly begin: typeof Step.Type | undefined; readonly steps: Array<typeof Step.Type> }> = [
    { begin: undefined, steps: [] }
  ]
  for (const step of steps) {
    if (step._tag === "Restart" || step._tag === "Change") lives.push({ begin: step, steps: [] })
    else lives.at(-1)?.steps.push(step)
  }
  return lives
}

describe("an actor that keeps little of its history", () => {
  it.live.prop(
    "has the state that a plain fold gives, at every version from the first event on, whatever happens",
    { policy: Arbitrary.schema(Policy), steps: Arbitrary.array(Arbitrary.schema(Step), { maxLength: 20 }) },
    ({ policy, steps }) =>
      Effect.gen(function* () {
        const faults = yield* FaultyStore.FaultyStore
        /** The sum at each version. */
        const sums = [0]
        let stateVersion = 1
        let stepsBack = 0
        for (const life of lives(steps)) {
          if (life.begin?._tag === "Change") {
            stateVersion++
            // Whoever deletes events must give steps.
            stepsBack = policy.deleteEvents || life.begin.hasStep ? stepsBack + 1 : 0
          }
          const sum = generation(policy, stateVersion, stepsBack)
          yield* Effect.gen(function* () {
            const client = (yield* sum.client)("a")
            for (const step of life.steps) {
              if (step._tag === "Fault") yield* faults.fail({ on: step.on })
              if (step._tag !== "Add") continue
              const told = yield* Effect.result(client.Add({ amounts: step.amounts }))
              if (told._tag === "Failure") continue
              for (const amount of step.amounts) sums.push((sums.at(-1) ?? 0) + amount)
              assert.strictEqual(told.success, sums.at(-1))
            }
          }).pipe(Effect.provide(Layer.fresh(layerOf(sum)), { local: true }))
          yield* faults.heal
          const store = yield* EventStore.EventStore
          const { firstVersion } = yield* store.head("Sum/a")
          const last = sums.length - 1
          assert.deepStrictEqual(yield* sum.readState("a"), {
            state: { sum: sums[last] ?? 0, count: last },
            version: last
          })
          for (const [at, expected] of sums.entries()) {
            const read = yield* Effect.result(sum.readState("a", { at }))
            if (read._tag === "Success") assert.deepInclude(read.success.state, { sum: expected, count: at })
            else {
              assert.deepInclude(read.failure, { _tag: "VersionMissing", asked: at })
              assert.isTrue(policy.deleteEvents && at < firstVersion)
            }
          }
        }
      }).pipe(Effect.provide(stores, { local: true })),
    { arbitrary: { runs: 60, size: 20, seed: "actors", maxShrinks: 200 } }
  )

  it.live("keeps all events while its state does not come back from a snapshot", () => {
    /** Writes what it cannot read. */
    const Oneway = Schema.String.pipe(
      Schema.decodeTo(Schema.Int, {
        decode: SchemaGetter.transform(() => 0.5),
        encode: SchemaGetter.transform(String)
      })
    )
    const Careless = Actor.make("Careless", {
      state: Schema.Struct({ count: Oneway }),
      initialState: { count: 0 },
      events: Schema.TaggedUnion({ Counted: {} }),
      evolve: ({ count }) => ({ count: count + 1 }),
      commands: [Rpc.make("Count", { success: Schema.Int })],
      snapshots: { every: 1, keep: 1, deleteEvents: true }
    })
    const behavior = Careless.toLayer({ Count: () => Careless.persist({ _tag: "Counted" }, ({ count }) => count) })
    return Effect.gen(function* () {
      yield* Effect.gen(function* () {
        const careless = (yield* Careless.client)("a")
        for (const number of [1, 2, 3]) assert.strictEqual(yield* careless.Count(), number)
      }).pipe(Effect.provide(Layer.provideMerge(behavior, LocalEngine.layer), { local: true }))
      const store = yield* EventStore.EventStore
      assert.deepInclude(yield* store.head("Careless/a"), { version: 3, firstVersion: 1, isComplete: true })
      const snapshots = yield* SnapshotStore.SnapshotStore
      assert.isNotEmpty(yield* snapshots.versions("Careless/a"))
      assert.deepStrictEqual(yield* Careless.readState("a"), { state: { count: 3 }, version: 3 })
    }).pipe(Effect.provide(stores, { local: true }))
  })
})
