/**
 * Random operations on the snapshot store and on a map, which must agree.
 */
import { assert, describe } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ContextSnapshot } from "../../src/ContextSnapshot.ts"
import { type Criteria, SnapshotStore } from "../../src/SnapshotStore.ts"
import { at, freshId, type It } from "./snapshotstore/support.ts"

const below = (count: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: count - 1 }))

const criteria = {
  minVersion: Schema.optionalKey(below(6)),
  maxVersion: Schema.optionalKey(below(6)),
  minTime: Schema.optionalKey(below(4)),
  maxTime: Schema.optionalKey(below(4))
}

const Operation = Schema.TaggedUnion({
  Save: { agent: below(3), version: below(5), time: below(4), id: Schema.NullOr(below(3)), state: below(100) },
  Latest: { agent: below(3), ...criteria },
  List: { agent: below(3), limit: below(4), ...criteria },
  Versions: { agent: below(3), limit: below(4), minVersion: criteria.minVersion, maxVersion: criteria.maxVersion },
  Get: { which: below(30) },
  Delete: { agent: below(3), version: below(6) },
  DeleteAll: { agent: below(3), ...criteria }
})
type Operation = typeof Operation.Type

export const register = (it: It): void => {
  describe("random operations on snapshots", () => {
    it.effect.prop(
      "are answered as a map answers them",
      [Arbitrary.array(Arbitrary.schema(Operation), { maxLength: 30 })],
      ([operations]) => run(operations),
      { arbitrary: { runs: 60, size: 30, maxShrinks: 300 } }
    )
  })
}

class Model {
  private snapshots: ReadonlyArray<ContextSnapshot> = []

  save(snapshot: ContextSnapshot): void {
    this.snapshots = [...this.snapshots.filter((other) => !isSamePlace(snapshot, other)), snapshot]
  }

  /** Whether another snapshot than that of this place has the id. */
  isTaken(id: string, place: { readonly agentId: string; readonly version: number }): boolean {
    return this.snapshots.some((other) => other.id === id && !isSamePlace(place, other))
  }

  select(agentId: string, criteria: Criteria): ReadonlyArray<ContextSnapshot> {
    const { maxTimestamp, maxVersion = 99, minTimestamp, minVersion = 0 } = criteria
    return this.snapshots
      .filter((snapshot) => snapshot.agentId === agentId)
      .filter(({ version }) => version >= minVersion && version <= maxVersion)
      .filter(({ timestamp }) => timestamp >= (minTimestamp ?? timestamp) && timestamp <= (maxTimestamp ?? timestamp))
      .toSorted((left, right) => right.version - left.version)
  }

  get(id: string): ContextSnapshot | undefined {
    return this.snapshots.find((snapshot) => snapshot.id === id)
  }

  delete(agentId: string, criteria: Criteria): number {
    const gone = this.select(agentId, criteria)
    this.snapshots = this.snapshots.filter((snapshot) => !gone.includes(snapshot))
    return gone.length
  }
}

const isSamePlace = (
  left: { readonly agentId: string; readonly version: number },
  right: { readonly agentId: string; readonly version: number }
): boolean => left.agentId === right.agentId && left.version === right.version

const momentOf = (time: number): Date => new Date(1_767_225_600_000 + time)

const run = (operations: ReadonlyArray<Operation>) =>
  Effect.gen(function* () {
    const store = yield* SnapshotStore
    const model = new Model()
    const base = freshId()
    const agents = [base, `${base}-1`, `${base}/`]
    const agentOf = ({ agent }: { readonly agent: number }) => agents[agent] ?? base
    const ids: Array<string> = [0, 1, 2].map((id) => `${base} ${id}`)

    const toCriteria = (bounds: {
      readonly minVersion?: number
      readonly maxVersion?: number
      readonly minTime?: number
      readonly maxTime?: number
    }): Criteria => ({
      minVersion: bounds.minVersion,
      maxVersion: bounds.maxVersion,
      minTimestamp: bounds.minTime === undefined ? undefined : momentOf(bounds.minTime),
      maxTimestamp: bounds.maxTime === undefined ? undefined : momentOf(bounds.maxTime)
    })

    /** What the store answers, and what the model answers. */
    const perform = (operation: Operation): Effect.Effect<readonly [unknown, unknown], unknown> =>
      Effect.gen(function* () {
        switch (operation._tag) {
          case "Save": {
            const { id, state, time } = operation
            const place = { agentId: agentOf(operation), version: operation.version + 1 }
            const chosen = id === null ? undefined : ids[id]
            const fresh = { ...place, eventId: `event ${state}`, state, id: chosen }
            const exit = yield* Effect.exit(at(momentOf(time), store.save(fresh)))
            if (chosen !== undefined && model.isTaken(chosen, place)) return [exit._tag, "Failure"]
            if (exit._tag === "Failure") return [exit, "a snapshot"]
            model.save(exit.value)
            ids.push(exit.value.id)
            return [exit.value.timestamp, momentOf(time)]
          }
          case "Latest": {
            const [agentId, bounds] = [agentOf(operation), toCriteria(operation)]
            return [Option.getOrUndefined(yield* store.latest(agentId, bounds)), model.select(agentId, bounds)[0]]
          }
          case "List": {
            const { limit } = operation
            const [agentId, bounds] = [agentOf(operation), toCriteria(operation)]
            return [yield* store.list(agentId, { ...bounds, limit }), model.select(agentId, bounds).slice(0, limit)]
          }
          case "Versions": {
            const { limit, maxVersion, minVersion } = operation
            const agentId = agentOf(operation)
            const expected = model.select(agentId, { maxVersion, minVersion }).slice(0, limit)
            const found = yield* store.versions(agentId, { maxVersion, minVersion, limit })
            return [found, expected.map(({ version }) => version)]
          }
          case "Get": {
            const id = ids[operation.which % ids.length] ?? ""
            return [Option.getOrUndefined(yield* store.get(id)), model.get(id)]
          }
          case "Delete": {
            const { version } = operation
            const agentId = agentOf(operation)
            const count = model.delete(agentId, { minVersion: version, maxVersion: version })
            return [yield* store.delete(agentId, version), count > 0]
          }
          case "DeleteAll": {
            const [agentId, bounds] = [agentOf(operation), toCriteria(operation)]
            return [yield* store.deleteAll(agentId, bounds), model.delete(agentId, bounds)]
          }
        }
      })

    for (const [index, operation] of operations.entries()) {
      const [found, expected] = yield* perform(operation)
      assert.deepStrictEqual(found, expected, `operation ${index}, ${operation._tag}`)
    }
    for (const agentId of agents) assert.deepStrictEqual(yield* store.list(agentId), model.select(agentId, {}))
    for (const id of ids) assert.deepStrictEqual(Option.getOrUndefined(yield* store.get(id)), model.get(id))
  })
