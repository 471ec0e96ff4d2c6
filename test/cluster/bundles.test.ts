/** Commands that travel together, without a cluster: what becomes of a bundle is what the test says. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Asked, CommandReturned } from "../../layers/engine/cluster/Bundle.ts"
import { Lane } from "../../layers/engine/cluster/Lane.ts"
import type * as Machine from "../../layers/engine/cluster/Machine.ts"
import { Unpacking } from "../../layers/engine/cluster/Unpacking.ts"
import { AskTimeout } from "../../src/ActorError.ts"

const letterOf = (id: string, payload = "{}"): Machine.Letter => ({
  actor: "Account",
  id,
  command: { askedBy: [], command: "Deposit", payload, attempt: 1 }
})

/** The bundle has come, or one of its commands is answered. */
type Receipt = { readonly _tag: "Received" } | ({ readonly _tag: "Answered" } & Machine.Answer)

/** A bundle that has left, and how it fares. */
interface Left {
  readonly ids: ReadonlyArray<string>
  readonly tell: (...receipts: ReadonlyArray<Receipt>) => void
  readonly lose: () => void
}

/** A lane, what has left on it, and what was asked alone. */
const makeLane = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const left: Array<Left> = []
  const answers = new Map<string, Queue.Queue<Machine.Answer, string>>()
  const recalled: Array<string> = []
  let losses = 0
  const lane = new Lane({
    carry: ({ id, letters }) => {
      const told = Effect.runSync(Queue.unbounded<Machine.Answer, string>())
      const received = Deferred.makeUnsafe<void, string>()
      answers.set(id, told)
      left.push({
        ids: letters.map(({ id }) => id),
        tell: (...receipts) => {
          for (const receipt of receipts) {
            if (receipt._tag === "Answered") Queue.offerUnsafe(told, { place: receipt.place, outcome: receipt.outcome })
          }
          // What was answered has come.
          Deferred.doneUnsafe(received, Effect.void)
        },
        lose: () => {
          Deferred.doneUnsafe(received, Effect.fail("lost"))
          Effect.runSync(Queue.fail(told, "lost"))
        }
      })
      return Deferred.await(received)
    },
    collect: (id) => {
      const told = answers.get(id)
      return told === undefined ? Effect.succeed(null) : Queue.takeAll(told)
    },
    // A machine that is frozen or dead does not answer.
    recall: (_, place) =>
      Effect.andThen(
        Effect.sync(() => recalled.push(String(place))),
        Effect.never
      ),
    onLost: () => {
      losses++
    },
    makeId: () => `bundle-${left.length}`,
    run: (effect) => void Effect.runFork(Effect.forkIn(effect, scope))
  })
  const alone: Array<string> = []
  /** What goes alone is never answered, so the lane stays busy enough for bundles. */
  const ask = (id: string, payload?: string) =>
    lane.ask(
      letterOf(id, payload),
      Effect.suspend((): Asked => {
        alone.push(id)
        return Effect.never
      })
    )
  /** So many that the next gather. */
  const fill = Effect.forEach(["q", "r", "s", "t"], (id) => Effect.forkChild(ask(id), { startImmediately: true }))
  return { lane, left, alone, recalled, ask, fill, losses: () => losses }
})

const received: Receipt = { _tag: "Received" }
const replied = (place: number, reply: string): Receipt => ({
  _tag: "Answered",
  place,
  outcome: { _tag: "Replied", reply }
})
const returned = (place: number): Receipt => ({ _tag: "Answered", place, outcome: { _tag: "Returned" } })

/** Lets everything that can go on go on. */
const settle = Effect.repeat(Effect.yieldNow, { times: 20 })

const fork = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })

describe("commands to one machine", () => {
  it.effect("go one by one while they are few", () =>
    Effect.gen(function* () {
      const { alone, fill, left } = yield* makeLane
      yield* fill
      yield* settle
      assert.deepStrictEqual(alone, ["q", "r", "s", "t"])
      assert.deepStrictEqual(left, [])
    })
  )

  it.effect("that are sent in one turn leave together", () =>
    Effect.gen(function* () {
      const { ask, fill, left } = yield* makeLane
      yield* fill
      yield* fork(Effect.all([ask("a"), ask("b"), ask("c")], { concurrency: "unbounded" }))
      yield* settle
      assert.deepStrictEqual(
        left.map(({ ids }) => ids),
        [["a", "b", "c"]]
      )
    })
  )

  it.effect("gather while a bundle is on its way, and leave when it has come, whatever becomes of its commands", () =>
    Effect.gen(function* () {
      const { ask, fill, left } = yield* makeLane
      yield* fill
      const first = yield* fork(ask("a"))
      yield* settle
      yield* fork(ask("b"))
      yield* settle
      yield* fork(ask("c"))
      yield* settle
      assert.strictEqual(left.length, 1)
      left[0]?.tell(received)
      yield* settle
      assert.deepStrictEqual(left[1]?.ids, ["b", "c"])
      assert.isUndefined(first.pollUnsafe())
    })
  )

  it.effect("get each its own answer, as it comes", () =>
    Effect.gen(function* () {
      const { ask, fill, left } = yield* makeLane
      yield* fill
      const [a, b] = yield* Effect.all([fork(ask("a")), fork(ask("b"))])
      yield* settle
      left[0]?.tell(received, replied(1, "of b"))
      assert.strictEqual(yield* Fiber.join(b), "of b")
      assert.isUndefined(a.pollUnsafe())
      left[0]?.tell(replied(0, "of a"))
      assert.strictEqual(yield* Fiber.join(a), "of a")
    })
  )

  it.effect("that are lost are told of as such, and those behind them leave", () =>
    Effect.gen(function* () {
      const { ask, fill, left, losses } = yield* makeLane
      yield* fill
      const a = yield* fork(Effect.flip(ask("a")))
      yield* settle
      yield* fork(ask("b"))
      left[0]?.lose()
      assert.instanceOf(yield* Fiber.join(a), CommandReturned)
      yield* settle
      assert.strictEqual(losses(), 1)
      assert.deepStrictEqual(left[1]?.ids, ["b"])
    })
  )

  it.effect("that come to a machine without their actors come back, and the way is looked up anew", () =>
    Effect.gen(function* () {
      const { ask, fill, left, losses } = yield* makeLane
      yield* fill
      const a = yield* fork(Effect.flip(ask("a")))
      const b = yield* fork(ask("b"))
      yield* settle
      left[0]?.tell(received, returned(0), replied(1, "of b"))
      left[0]?.lose()
      assert.instanceOf(yield* Fiber.join(a), CommandReturned)
      assert.strictEqual(yield* Fiber.join(b), "of b")
      yield* settle
      assert.strictEqual(losses(), 1)
    })
  )

  it.effect("stay at home if nobody waits for them any more", () =>
    Effect.gen(function* () {
      const { ask, fill, left, recalled } = yield* makeLane
      yield* fill
      yield* fork(ask("a"))
      yield* settle
      const b = yield* fork(ask("b"))
      yield* fork(ask("c"))
      yield* Fiber.interrupt(b)
      left[0]?.tell(received)
      yield* settle
      assert.deepStrictEqual(left[1]?.ids, ["c"])
      assert.deepStrictEqual(recalled, [])
    })
  )

  it.effect("are recalled if nobody waits for them any more, and hold nobody up", () =>
    Effect.gen(function* () {
      const { ask, fill, left, recalled } = yield* makeLane
      yield* fill
      const a = yield* fork(ask("a"))
      yield* settle
      // Whoever gives up does not wait for the machine either.
      yield* Fiber.interrupt(a)
      yield* settle
      assert.deepStrictEqual(recalled, ["0"])
      yield* fork(ask("b"))
      left[0]?.lose()
      yield* settle
      assert.deepStrictEqual(left[1]?.ids, ["b"])
    })
  )

  it.effect("go alone when the bundle has no room for them", () =>
    Effect.gen(function* () {
      const { alone, ask, fill, left } = yield* makeLane
      yield* fill
      yield* fork(ask("small"))
      yield* fork(ask("large", "x".repeat(1024 * 1024)))
      yield* settle
      assert.include(alone, "large")
      assert.deepStrictEqual(left[0]?.ids, ["small"])
    })
  )

  it.effect("are given up when the program ends", () =>
    Effect.gen(function* () {
      const { ask, fill, lane } = yield* makeLane
      yield* fill
      yield* fork(ask("a"))
      yield* settle
      const gathered = yield* fork(Effect.flip(ask("b")))
      lane.close()
      assert.instanceOf(yield* Fiber.join(gathered), CommandReturned)
    })
  )

  it.effect.prop(
    "are answered once each, by their own answers, whatever is received, answered or lost when",
    [Schema.Array(Schema.Literals(["ask", "receive", "answer", "lose", "pause"]))],
    ([moves]) =>
      Effect.scoped(
        Effect.gen(function* () {
          const { ask, fill, left } = yield* makeLane
          yield* fill
          const asked: Array<Fiber.Fiber<Result.Result<string, unknown>>> = []
          let next = 0
          const answerAll = (bundle: Left | undefined) => {
            for (const [place, id] of bundle?.ids.entries() ?? []) bundle?.tell(replied(place, id))
          }
          for (const move of moves) {
            if (move === "ask") asked.push(yield* fork(Effect.result(ask(String(next++)))))
            else if (move === "receive") left.at(-1)?.tell(received)
            else if (move === "answer") answerAll(left.at(-1))
            else if (move === "lose") left.at(-1)?.lose()
            else yield* settle
          }
          // All bundles come, one after the other.
          for (let index = 0; asked.some((fiber) => fiber.pollUnsafe() === undefined); index++) {
            yield* settle
            left[index]?.tell(received)
            answerAll(left[index])
          }
          for (const [index, fiber] of asked.entries()) {
            const result = yield* Fiber.join(fiber)
            if (Result.isSuccess(result)) assert.strictEqual(result.success, String(index))
            else assert.instanceOf(result.failure, CommandReturned)
          }
        })
      )
  )
})

describe("a bundle that has come to a machine", () => {
  const make = () => {
    const open = new Map<string, (outcome: Asked) => void>()
    let now = 0
    const machine = new Unpacking(
      (id) => !id.startsWith("other"),
      ({ id }) => Effect.callback((resume) => void open.set(id, resume as (outcome: Asked) => void)),
      () => now
    )
    const pass = (milliseconds: number) => {
      now += milliseconds
    }
    return { machine, open, pass }
  }
  const bundle = (id: string, ...ids: ReadonlyArray<string>): Machine.Bundle => ({
    id,
    letters: ids.map((id) => letterOf(id))
  })
  const reply = (place: number, reply: string): Machine.Answer => ({ place, outcome: { _tag: "Replied", reply } })
  const back = (place: number): Machine.Answer => ({ place, outcome: { _tag: "Returned" } })

  it.effect("is taken at once, and its commands are answered as they are done, each once", () =>
    Effect.gen(function* () {
      const { machine, open } = make()
      yield* machine.take(bundle("1", "a", "b", "c"))
      const first = yield* fork(machine.collect("1"))
      yield* settle
      assert.isUndefined(first.pollUnsafe())
      const error = new AskTimeout({ actor: "Account", id: "c", command: "Deposit", timeout: 1, outcome: "begun" })
      open.get("b")?.(Effect.succeed("of b"))
      open.get("c")?.(Effect.fail(error))
      const refused: Machine.Answer = { place: 2, outcome: { _tag: "Refused", error } }
      assert.deepStrictEqual(yield* Fiber.join(first), [reply(1, "of b"), refused])
      open.get("a")?.(Effect.succeed("of a"))
      assert.deepStrictEqual(yield* machine.collect("1"), [reply(0, "of a")])
      assert.isNull(yield* machine.collect("1"))
    })
  )

  it.effect("is taken once, though it comes twice", () =>
    Effect.gen(function* () {
      const { machine, open } = make()
      yield* machine.take(bundle("1", "a"))
      yield* settle
      const answer = open.get("a")
      open.clear()
      yield* machine.take(bundle("1", "a"))
      yield* settle
      assert.strictEqual(open.size, 0)
      answer?.(Effect.succeed("of a"))
      assert.deepStrictEqual(yield* machine.collect("1"), [reply(0, "of a")])
    })
  )

  it.effect("gives back what this machine does not hold, and what was cut off or died", () =>
    Effect.gen(function* () {
      const { machine, open } = make()
      yield* machine.take(bundle("1", "other", "cut", "dead"))
      yield* settle
      open.get("cut")?.(Effect.interrupt)
      open.get("dead")?.(Effect.die("a bug"))
      yield* settle
      assert.sameDeepMembers([...((yield* machine.collect("1")) ?? [])], [back(0), back(1), back(2)])
    })
  )

  it.effect("lets go of a command that is recalled", () =>
    Effect.gen(function* () {
      const { machine } = make()
      yield* machine.take(bundle("1", "a", "b"))
      yield* machine.recall("1", 1)
      assert.deepStrictEqual(yield* machine.collect("1"), [back(1)])
      yield* machine.recall("unknown", 0)
    })
  )

  it.effect(
    "is unknown to a machine that it did not come to, and forgotten once nobody has collected it for a minute",
    () =>
      Effect.gen(function* () {
        const { machine, open, pass } = make()
        assert.isNull(yield* machine.collect("elsewhere"))
        yield* machine.take(bundle("1", "a"))
        yield* settle
        open.get("a")?.(Effect.succeed("of a"))
        yield* settle
        pass(60_001)
        yield* machine.take(bundle("2", "b"))
        assert.isNull(yield* machine.collect("1"))
      })
  )
})
