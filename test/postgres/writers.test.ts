import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Postgres from "../../layers/postgres/index.ts"
import { EventStore } from "../../src/index.ts"
import { Child } from "../support/Child.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const rounds = 150
const names = ["left", "right"]

interface Line {
  readonly won?: number
  readonly lost?: number
  readonly expected?: number
  readonly believed?: number
  readonly failed?: string
}

const linesOf = (child: Child): ReadonlyArray<Line> =>
  child.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))

describe("two processes that write one agent on PostgreSQL", () => {
  it.live("win each version exactly once between them; the loser is told both numbers", () =>
    Effect.gen(function* () {
      const schema = yield* TestDatabase.schema
      const rival = (name: string) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const url = Redacted.value(TestDatabase.url)
            return new Child("test/support/rival.ts", [url, schema, "a", name, `${rounds}`])
          }),
          (child) => Effect.promise(() => child.kill())
        )
      const compete = Effect.gen(function* () {
        const rivals = yield* Effect.forEach(names, rival)
        for (const rival of rivals) yield* Effect.promise(() => rival.until(({ stdout }) => stdout.includes("ready")))
        yield* EventStore.append({ agentId: "a", events: [{ type: "a.noted", data: { by: "referee", at: 0 } }] })
        for (const rival of rivals) {
          const { code } = yield* Effect.promise(() => rival.ended)
          assert.strictEqual(code, 0, rival.stderr)
        }
        return { rivals, events: yield* Stream.runCollect(EventStore.read("a")) }
      })
      const { events, rivals } = yield* Effect.provide(compete, Postgres.layer({ url: TestDatabase.url, schema }))

      // Every version was won by one of them, and holds what the winner wrote.
      const versions = Array.from({ length: events.length }, (_, index) => index + 1)
      assert.isAtLeast(events.length, rounds)
      assert.deepStrictEqual(
        events.map((event) => event.version),
        versions
      )
      for (const [index, rival] of rivals.entries()) {
        const lines = linesOf(rival)
        assert.deepStrictEqual(
          lines.filter((line) => line.failed !== undefined),
          []
        )
        const won = lines.flatMap((line) => (line.won === undefined ? [] : [line.won]))
        const written = events.filter((event) => event.data["by"] === names[index])
        assert.deepStrictEqual(
          won,
          written.map((event) => event.version)
        )
        for (const { data, version } of written) assert.strictEqual(data["at"], version - 1)
        for (const { believed, expected, lost } of lines) {
          if (lost === undefined) continue
          assert.strictEqual(expected, believed)
          assert.isAbove(lost, expected ?? Number.NaN)
        }
      }
      // They did compete.
      const losses = rivals.flatMap(linesOf).filter((line) => line.lost !== undefined)
      assert.isAbove(losses.length, 0)
    })
  )
})
