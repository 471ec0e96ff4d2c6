import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Ask, type Command, nobody } from "../../../layers/engine/local/Envelope.ts"
import { Mailbox } from "../../../layers/engine/local/Mailbox.ts"
import { Turns } from "../../../layers/engine/local/Turns.ts"

const command: Command = {
  name: "Test",
  codec: {
    makePayload: () => assert.fail(),
    encodePayload: () => assert.fail(),
    decodePayload: () => assert.fail(),
    encodeReply: () => assert.fail(),
    decodeReply: () => assert.fail()
  },
  handler: () => assert.fail()
}
const turns = new Turns({ scheduleTask: () => {}, flush: () => {} })

class Numbered extends Ask {
  readonly admitted: Array<number>
  readonly number: number
  constructor(number: number, admitted: Array<number>) {
    super(command, number, undefined, nobody, turns, () => {})
    this.number = number
    this.admitted = admitted
  }
  override taken(): void {
    this.admitted.push(this.number)
  }
}

const Step = Schema.Union([
  Schema.Literals(["offer", "offer", "offer", "next", "next", "drain"]),
  Schema.Struct({ withdraw: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 })) })
])

describe("a mailbox", () => {
  it.effect.prop(
    "gives what it took in the order in which it came, and lets those in who wait as soon as there is room",
    { steps: Schema.Array(Step), capacity: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5 })) },
    ({ capacity, steps }) =>
      Effect.sync(() => {
        const mailbox = new Mailbox({ capacity, whenFull: "wait" })
        const offered: Array<Numbered> = []
        const admitted: Array<number> = []
        const expectedAdmitted: Array<number> = []
        // The first `capacity` of these are in the mailbox, the others wait for room.
        let model: ReadonlyArray<number> = []
        const shrink = (rest: ReadonlyArray<number>) => {
          expectedAdmitted.push(
            ...rest.slice(0, capacity).filter((number) => !model.slice(0, capacity).includes(number))
          )
          model = rest
        }
        for (const step of steps) {
          if (step === "offer") {
            const envelope = new Numbered(offered.length, admitted)
            offered.push(envelope)
            assert.strictEqual(mailbox.offer(envelope), model.length < capacity ? "taken" : "waiting")
            model = [...model, envelope.number]
          } else if (step === "next") {
            const next = mailbox.peek()
            assert.strictEqual(next?.payload, model[0])
            if (next !== undefined) mailbox.next()
            shrink(model.slice(1))
          } else if (step === "drain") {
            assert.deepStrictEqual(
              mailbox.drain().map(({ payload }) => payload),
              model.slice(0, capacity)
            )
            assert.deepStrictEqual(
              mailbox.drainOutside().map(({ payload }) => payload),
              model.slice(capacity)
            )
            model = []
          } else {
            const envelope = offered[step.withdraw]
            if (envelope === undefined) continue
            mailbox.withdraw(envelope)
            shrink(model.filter((number) => number !== envelope.number))
          }
          assert.strictEqual(mailbox.size, Math.min(model.length, capacity))
          assert.deepStrictEqual(admitted, expectedAdmitted)
        }
      }),
    { arbitrary: { runs: 300, size: 40 } }
  )

  it("that fails when it is full lets nobody wait", () => {
    const mailbox = new Mailbox({ capacity: 2, whenFull: "fail" })
    const offers = [0, 1, 2].map((number) => mailbox.offer(new Numbered(number, [])))
    assert.deepStrictEqual(offers, ["taken", "taken", "full"])
    assert.lengthOf(mailbox.drainOutside(), 0)
  })

  it("stays in order when it is emptied from one end and filled from the other for long", () => {
    const mailbox = new Mailbox({ capacity: 10_000, whenFull: "fail" })
    let [offered, taken] = [0, 0]
    for (let round = 0; round < 1000; round++) {
      for (let count = 0; count < 7; count++) mailbox.offer(new Numbered(offered++, []))
      for (let count = 0; count < 6; count++) {
        assert.strictEqual(mailbox.peek()?.payload, taken++)
        mailbox.next()
      }
    }
    assert.strictEqual(mailbox.size, 1000)
  })
})
