import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as Memory from "../../layers/memory/index.ts"
import { EventStore } from "../../src/index.ts"
import { Account, AccountBehavior } from "../support/account.ts"
import { type Answers, auditAccounts } from "./actorKills.ts"
import { type Acknowledged, audit, type Found, readContents } from "./audit.ts"

// ---- made-up histories ----

const event = (agentId: string, version: number, part?: Found["part"]): Found => ({
  agentId,
  version,
  id: `${agentId}${version}`,
  part
})

const stream = (agentId: string, versions: ReadonlyArray<number>): [string, { head: number; events: Array<Found> }] => [
  agentId,
  { head: versions.at(-1) ?? 0, events: versions.map((version) => event(agentId, version)) }
]

/** Two agents with three events each, all acknowledged but the last of `b`. */
const sound = () => {
  const streams = new Map([stream("a", [1, 2, 3]), stream("b", [1, 2, 3])])
  const feed = [event("a", 1), event("b", 1), event("b", 2), event("a", 2), event("a", 3), event("b", 3)]
  const acknowledged: Array<Acknowledged> = feed.slice(0, 5)
  return { contents: { streams, feed }, ledger: { acknowledged, refused: new Set(["c1"]) } }
}

/** What the audit says once the history is broken; every complaint in one word. */
const complaints = (breaking: (history: ReturnType<typeof sound>) => void): ReadonlyArray<string> => {
  const history = sound()
  breaking(history)
  return [...new Set(audit(history.contents, history.ledger).map((text) => text.split(":")[0] ?? ""))].sort()
}

describe("the audit of a history", () => {
  it("finds nothing in a sound one, whether or not what was not acknowledged is there", () => {
    assert.deepStrictEqual(
      complaints(() => {}),
      []
    )
    assert.deepStrictEqual(
      complaints(({ contents }) => {
        contents.streams.set(...stream("b", [1, 2]))
        contents.feed.pop()
      }),
      []
    )
  })

  it("finds an acknowledged event that is lost, at the end of a stream or with the whole of it", () => {
    const atEnd = complaints(({ contents: { feed, streams } }) => {
      streams.set(...stream("a", [1, 2]))
      feed.splice(4, 1)
    })
    assert.deepStrictEqual(atEnd, ["lost"])
    const whole = complaints(({ contents }) => {
      contents.streams.delete("a")
      contents.feed = contents.feed.filter(({ agentId }) => agentId !== "a")
    })
    assert.deepStrictEqual(whole, ["lost"])
  })

  it("finds an event that is there twice, in one stream or in two", () => {
    const inOne = complaints(({ contents: { feed, streams } }) => {
      streams.get("a")?.events.push({ ...event("a", 4), id: "a3" })
      streams.set("a", { head: 4, events: streams.get("a")?.events ?? [] })
      feed.push({ ...event("a", 4), id: "a3" })
    })
    assert.include(inOne, "doubled")
    const inTwo = complaints(({ contents: { streams } }) => {
      streams.set("c", { head: 1, events: [{ ...event("c", 1), id: "a1" }] })
    })
    assert.include(inTwo, "doubled")
  })

  it("finds a hole, and a version that is given twice", () => {
    assert.include(
      complaints(({ contents: { feed, streams } }) => {
        streams.set(...stream("b", [1, 3]))
        feed.splice(2, 1)
      }),
      "hole"
    )
    assert.include(
      complaints(({ contents: { streams } }) => {
        streams.get("b")?.events.splice(2, 0, { ...event("b", 2), id: "other" })
      }),
      "hole"
    )
  })

  it("finds an event at another place than was acknowledged", () => {
    assert.deepStrictEqual(
      complaints(({ ledger }) => ledger.acknowledged.push({ agentId: "b", version: 2, id: "b3" })),
      ["moved"]
    )
  })

  it("finds a refused event that is stored", () => {
    assert.deepStrictEqual(
      complaints(({ ledger }) => ledger.refused.add("b3")),
      ["undead"]
    )
  })

  it("finds an append of which only a part is stored", () => {
    for (const [index, size] of [
      [0, 2],
      [1, 2]
    ] as const) {
      const torn = complaints(({ contents: { streams } }) => {
        const events = streams.get("b")?.events ?? []
        events[2] = event("b", 3, { append: "x", index, size })
      })
      assert.deepStrictEqual(torn, ["torn"])
    }
    const complete = complaints(({ contents: { streams } }) => {
      const events = streams.get("b")?.events ?? []
      events[1] = event("b", 2, { append: "x", index: 0, size: 2 })
      events[2] = event("b", 3, { append: "x", index: 1, size: 2 })
    })
    assert.deepStrictEqual(complete, [])
  })

  it("finds a head that is not the highest version", () => {
    assert.deepStrictEqual(
      complaints(({ contents: { streams } }) => streams.set("a", { head: 4, events: streams.get("a")?.events ?? [] })),
      ["head"]
    )
  })

  it("finds a feed that omits an event, tells one twice, tells a stranger, or contradicts a stream", () => {
    assert.deepStrictEqual(
      complaints(({ contents: { feed } }) => feed.splice(1, 1)),
      ["feed"]
    )
    assert.deepStrictEqual(
      complaints(({ contents: { feed } }) => feed.push(event("b", 3))),
      ["feed"]
    )
    assert.deepStrictEqual(
      complaints(({ contents: { feed } }) => feed.push(event("b", 4))),
      ["feed"]
    )
    assert.deepStrictEqual(
      complaints(({ contents: { feed } }) => {
        const [first, second] = [feed[3], feed[4]]
        if (first !== undefined && second !== undefined) feed.splice(3, 2, second, first)
      }),
      ["feed"]
    )
  })

  it.effect("reads what a store holds, so that it finds what was deleted behind its back", () =>
    Effect.gen(function* () {
      const store = yield* EventStore.EventStore
      const acknowledged: Array<Acknowledged> = []
      for (const agentId of ["a", "b"]) {
        const { eventIds } = yield* store.append({ agentId, events: [{ type: "x" }, { type: "x" }] })
        for (const [index, id] of eventIds.entries()) acknowledged.push({ agentId, version: index + 1, id })
      }
      const ledger = { acknowledged, refused: new Set<string>() }
      assert.deepStrictEqual(audit(yield* readContents, ledger), [])
      yield* store.deleteEvents("a", 1)
      const found = audit(yield* readContents, ledger)
      assert.deepStrictEqual(
        found.map((text) => text.split(":")[0]),
        ["hole", "lost"]
      )
    }).pipe(Effect.provide(Layer.fresh(Memory.layer)))
  )
})

describe("the audit of actors", () => {
  const Runtime = AccountBehavior.pipe(
    Layer.provideMerge(LocalEngine.layer),
    Layer.provideMerge(Layer.fresh(Memory.layer))
  )

  /** Two answered deposits, then whatever breaks them; every complaint in one word. */
  const complaintsAfter = (
    breaking: (answers: Answers) => Effect.Effect<unknown, unknown, EventStore.EventStore>
  ): Effect.Effect<ReadonlyArray<string>, unknown> =>
    Effect.gen(function* () {
      const answers: Answers = { asked: new Map(), replies: new Map(), declined: new Set() }
      const client = yield* Account.client
      for (const [commandId, amount] of Object.entries({ one: 10, two: 5 })) {
        answers.asked.set(commandId, { _tag: "Asked", commandId, account: "x", command: "Deposit", amount })
        answers.replies.set(commandId, yield* client("x").Deposit({ amount }, { commandId }))
      }
      yield* breaking(answers)
      return [...new Set((yield* auditAccounts(answers)).map((text) => text.split(":")[0] ?? ""))]
    }).pipe(Effect.provide(Layer.fresh(Runtime)))

  const deposit = (commandId: string, amount: number) =>
    EventStore.append({
      agentId: Account.agentId("x"),
      events: [{ type: "Account.Deposited", data: { _tag: "Deposited", amount }, metadata: { commandId } }]
    })

  it.effect("finds nothing where every answered command is in the state once", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* complaintsAfter(() => Effect.void), [])
    })
  )

  it.effect("finds a command that was answered and is not there, is there twice, or never was answered so", () =>
    Effect.gen(function* () {
      const lost = yield* complaintsAfter(({ replies }) => Effect.sync(() => replies.set("three", 16)))
      assert.deepStrictEqual(lost, ["lost"])
      const doubled = yield* complaintsAfter(() => deposit("two", 5))
      assert.include(doubled, "doubled")
      const undead = yield* complaintsAfter(() => deposit("nobody's", 1))
      assert.include(undead, "undead")
      const wrong = yield* complaintsAfter(({ replies }) => Effect.sync(() => replies.set("two", 14)))
      assert.deepStrictEqual(wrong, ["reply"])
    })
  )
})
