import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { CallerError, call } from "../../layers/promise/CallerError.ts"
import { isPantheonError, PantheonError } from "../../layers/promise/PantheonError.ts"
import { Session } from "../../layers/promise/Session.ts"
import { shared } from "../../layers/promise/Shared.ts"
import { AgentMissing } from "../../src/AgentError.ts"
import { Rejected, Unavailable } from "../../src/StoreError.ts"
import { codeOf } from "./databases.ts"

class Door extends Context.Service<Door, { readonly number: number }>()("test/Door") {}

/** A layer that tells what is done with it. */
const watched = () => {
  const log: Array<string> = []
  let doors = 0
  const layer = Layer.effect(
    Door,
    Effect.acquireRelease(
      Effect.sync(() => {
        log.push("opened")
        return { number: ++doors }
      }),
      () => Effect.sync(() => log.push("released"))
    )
  )
  return { layer, log }
}

const unreachable = new Unavailable({
  operation: "connect",
  reason: "Unreachable",
  expected: "a server",
  found: "none",
  remedy: "Start it."
})

describe("a session", () => {
  it("opens at its first call, once for calls that come together", async () => {
    const { layer, log } = watched()
    const session = new Session("Doors", layer)
    assert.deepStrictEqual(log, [])
    const numbers = await Promise.all([1, 2, 3].map(() => session.run(Effect.map(Door, ({ number }) => number))))
    assert.deepStrictEqual(numbers, [1, 1, 1])
    await session.close()
    assert.deepStrictEqual(log, ["opened", "released"])
  })

  it("begins calls in the order in which they were made, also those that wait for the opening", async () => {
    const session = new Session("Doors", watched().layer)
    const begun: Array<number> = []
    const note = (number: number) => session.run(Effect.sync(() => begun.push(number)))
    const early = [note(1), note(2)].map((noted) => noted.then(() => note(4)))
    await Promise.all([...early, note(3)])
    assert.deepStrictEqual(begun, [1, 2, 3, 4, 4])
    await session.close()
  })

  it("shares with other sessions what is shared, until the last is closed", async () => {
    const { layer, log } = watched()
    const door = shared(layer)
    const [left, right] = [new Session("Left", door), new Session("Right", door)]
    await Promise.all([left.run(Effect.asVoid(Door)), right.run(Effect.asVoid(Door))])
    const above = new Session("Above", left.layer)
    await above.run(Effect.asVoid(Door))
    await Promise.all([left.close(), above.close()])
    assert.deepStrictEqual(log, ["opened"])
    await right.run(Effect.asVoid(Door))
    await right.close()
    assert.deepStrictEqual(log, ["opened", "released"])
  })

  it("shares nothing else, though it be made of the same parts", async () => {
    class Street extends Context.Service<Street, { readonly name: string }>()("test/Street") {}
    const house = Layer.effect(
      Door,
      Effect.map(Street, ({ name }) => ({ number: name.length }))
    )
    const sessions = ["a", "bb"].map(
      (name) => new Session(name, shared(Layer.provide(house, Layer.succeed(Street, { name }))))
    )
    const numbers = sessions.map((session) => session.run(Effect.map(Door, ({ number }) => number)))
    assert.deepStrictEqual(await Promise.all(numbers), [1, 2])
    for (const session of sessions) await session.close()
  })

  it("tries again to open when that has failed", async () => {
    let tries = 0
    const layer = Layer.effect(
      Door,
      Effect.andThen(
        Effect.yieldNow,
        Effect.suspend(() => (++tries === 1 ? Effect.fail(unreachable) : Effect.succeed({ number: tries })))
      )
    )
    const session = new Session("Doors", layer)
    const both = [session.run(Effect.asVoid(Door)), session.run(Effect.asVoid(Door))]
    assert.deepStrictEqual(await Promise.all(both.map(codeOf)), ["UNAVAILABLE", "UNAVAILABLE"])
    assert.strictEqual(await session.run(Effect.map(Door, ({ number }) => number)), 2)
    await session.close()
  })

  it("waits at its end for calls that are under way, and refuses later ones", async () => {
    const { layer, log } = watched()
    const session = new Session("Doors", layer)
    const gate = Deferred.makeUnsafe<string>()
    const slow = session.run(Deferred.await(gate))
    const closing = session.close()
    assert.strictEqual(await codeOf(session.run(Effect.void)), "CLOSED")
    assert.deepStrictEqual(log, ["opened"])
    Deferred.doneUnsafe(gate, Effect.succeed("done"))
    assert.strictEqual(await slow, "done")
    await closing
    assert.deepStrictEqual(log, ["opened", "released"])
  })

  it("may be closed twice, and without ever having been opened", async () => {
    const { layer, log } = watched()
    const session = new Session("Doors", layer)
    await Promise.all([session.close(), session.close()])
    await session.close()
    assert.deepStrictEqual(log, [])
  })

  it("is closed by `await using`", async () => {
    const { layer, log } = watched()
    {
      await using session = new Session("Doors", layer)
      await session.run(Effect.asVoid(Door))
    }
    assert.deepStrictEqual(log, ["opened", "released"])
  })
})

describe("the errors of a session", () => {
  const session = new Session("Doors", Layer.empty)
  const rejection = (effect: Parameters<typeof session.run>[0]): Promise<unknown> =>
    session.run(effect).then(
      () => "it was fulfilled",
      (error: unknown) => error
    )

  it("are PantheonErrors with a code, whose cause is the typed error", async () => {
    const missing = new AgentMissing({ agentId: "a" })
    const error = await rejection(Effect.fail(missing))
    assert.instanceOf(error, PantheonError)
    assert.isTrue(isPantheonError(error))
    assert.strictEqual(error.name, "PantheonError")
    assert.strictEqual(error.code, "AGENT_NOT_FOUND")
    assert.include(error.message, "not found")
    assert.strictEqual(error.cause, missing)
  })

  it("tell the reasons of the stores apart", async () => {
    const codes = await Promise.all(
      (
        ["InvalidInput", "EventIdTaken", "CommandIdTaken", "Refused", "Unsupported", "Unavailable", "Closed"] as const
      ).map((reason) =>
        codeOf(session.run(Effect.fail(new Rejected({ agentId: "a", reason, expected: "x", found: "y", remedy: "z" }))))
      )
    )
    assert.deepStrictEqual(codes, [
      "INVALID_INPUT",
      "EVENT_ID_TAKEN",
      "COMMAND_ID_TAKEN",
      "REFUSED",
      "UNSUPPORTED",
      "UNAVAILABLE",
      "CLOSED"
    ])
  })

  it("call a mistake in a program a defect", async () => {
    const mistake = new TypeError("x is not a function")
    const error = await rejection(Effect.die(mistake))
    assert.instanceOf(error, PantheonError)
    assert.strictEqual(error.code, "DEFECT")
    assert.strictEqual(error.cause, mistake)
    assert.strictEqual(await codeOf(session.run(Effect.interrupt)), "INTERRUPTED")
  })

  it("leave what a function of the caller's threw as it is", async () => {
    const own = new Error("my own")
    assert.strictEqual(await rejection(call(() => Promise.reject(own))), own)
    assert.strictEqual(
      await rejection(
        call(() => {
          throw own
        })
      ),
      own
    )
    assert.strictEqual(await rejection(Effect.fail(new CallerError("not an Error"))), "not an Error")
    assert.strictEqual(await session.run(call(() => 1)), 1)
  })
})

describe("an iteration", () => {
  it("gives the elements, and stops the stream when the reader stops", async () => {
    const session = new Session("Doors", Layer.empty)
    let stopped = 0
    const stream = Stream.fromIterable([1, 2, 3, 4]).pipe(Stream.ensuring(Effect.sync(() => stopped++)))
    const seen: Array<number> = []
    for await (const number of session.iterate(stream)) {
      seen.push(number)
      if (number === 2) break
    }
    assert.deepStrictEqual(seen, [1, 2])
    assert.strictEqual(stopped, 1)
    for await (const number of session.iterate(stream)) seen.push(number)
    assert.deepStrictEqual(seen, [1, 2, 1, 2, 3, 4])
    assert.strictEqual(stopped, 2)
    await session.close()
  })

  it("gives each element once to readers that ask at the same time", async () => {
    const session = new Session("Doors", Layer.empty)
    const iteration = session.iterate(Stream.fromIterable([1, 2, 3]))
    const results = await Promise.all([1, 2, 3, 4].map(() => iteration.next()))
    assert.deepStrictEqual(
      results.map(({ value }) => value),
      [1, 2, 3, undefined]
    )
    await session.close()
  })

  it("fails with a PantheonError, then is at its end", async () => {
    const session = new Session("Doors", Layer.empty)
    const iteration = session.iterate(Stream.fail(new AgentMissing({ agentId: "a" })))
    assert.strictEqual(await codeOf(iteration.next()), "AGENT_NOT_FOUND")
    assert.deepStrictEqual(await iteration.next(), { done: true, value: undefined })
    assert.strictEqual(await codeOf(session.iterate(Stream.die(new Error("oh"))).next()), "DEFECT")
    await session.close()
  })

  it("is ended by the end of the session, also while its reader waits", async () => {
    const session = new Session("Doors", Layer.empty)
    let stopped = false
    const stream = Stream.never.pipe(Stream.ensuring(Effect.sync(() => (stopped = true))))
    const waiting = session.iterate(stream)
    const told = codeOf(waiting.next())
    const unread = session.iterate(stream)
    // The stream is being read by now.
    await session.run(Effect.sleep(5))
    await session.close()
    assert.strictEqual(await told, "CLOSED")
    assert.isTrue(stopped)
    assert.strictEqual(await codeOf(waiting.next()), "CLOSED")
    assert.strictEqual(await codeOf(unread.next()), "CLOSED")
    assert.strictEqual(await codeOf(session.iterate(stream).next()), "CLOSED")
  })

  it("may be closed while it waits for the session to open", async () => {
    const [opening, gate] = [Deferred.makeUnsafe<void>(), Deferred.makeUnsafe<void>()]
    const { layer, log } = watched()
    const slow = Layer.effectDiscard(Effect.andThen(Deferred.succeed(opening, undefined), Deferred.await(gate)))
    const session = new Session("Doors", Layer.provideMerge(slow, layer))
    const told = codeOf(session.iterate(Stream.fromEffect(Door)).next())
    await Effect.runPromise(Deferred.await(opening))
    const closing = session.close()
    assert.strictEqual(await told, "CLOSED")
    Deferred.doneUnsafe(gate, Effect.void)
    await closing
    assert.deepStrictEqual(log, ["opened", "released"])
  })
})
