import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Alarm, AlarmQueue } from "../../../layers/engine/local/AlarmQueue.ts"

const alarm = (key: number, time: number): Alarm => ({
  actor: "A",
  id: "a",
  key: `${key}`,
  name: `${key}`,
  due: time,
  time,
  attempts: 0
})

const small = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))
const Step = Schema.Union([
  Schema.TaggedStruct("Put", { key: small(9), time: small(9) }),
  Schema.TaggedStruct("Remove", { key: small(9) }),
  Schema.TaggedStruct("Take", { time: small(9) })
])

describe("the queue of alarms", () => {
  it.effect.prop(
    "gives the earliest first, one for each timer, and lets go of the latest when there are too many",
    { steps: Schema.Array(Step) },
    ({ steps }) =>
      Effect.sync(() => {
        const queue = new AlarmQueue(5)
        let model: ReadonlyArray<Alarm> = []
        const without = (key: number) => model.filter((other) => other.key !== `${key}`)
        for (const step of steps) {
          switch (step._tag) {
            case "Put": {
              const all = [...without(step.key), alarm(step.key, step.time)].sort(compare)
              model = all.slice(0, 5)
              assert.deepStrictEqual(queue.put(alarm(step.key, step.time)), all[5])
              break
            }
            case "Remove":
              model = without(step.key)
              queue.remove(`${step.key}`)
              break
            case "Take": {
              const first = model[0]
              const expected = first !== undefined && first.time <= step.time ? first : undefined
              if (expected !== undefined) model = model.slice(1)
              assert.deepStrictEqual(queue.take(step.time), expected)
            }
          }
          assert.strictEqual(queue.size, model.length)
          assert.strictEqual(queue.nextTime, model[0]?.time)
          for (let key = 0; key < 10; key++) {
            assert.strictEqual(
              queue.has(`${key}`),
              model.some((other) => other.key === `${key}`)
            )
          }
        }
      }),
    { arbitrary: { runs: 300, size: 40, seed: "alarms" } }
  )
})

const compare = (left: Alarm, right: Alarm): number => left.time - right.time || (left.key < right.key ? -1 : 1)
