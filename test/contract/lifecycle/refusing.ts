/**
 * Texts that are no exports, or not any more: each is refused with its line, and leaves nothing behind.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { EventStore } from "../../../src/EventStore.ts"
import type { ImportRefused } from "../../../src/LifecycleError.ts"
import * as Limits from "../../../src/Limits.ts"
import * as Note from "../../../src/Note.ts"
import {
  Agents,
  assertMissing,
  ended,
  freshId,
  type It,
  importLines,
  Lifecycle,
  lifecycle,
  linesOf,
  refused
} from "./support.ts"

type Lines = ReadonlyArray<string>

/** An export of five events, a snapshot behind the third, a command and a note: ten lines. */
const sample = Effect.gen(function* () {
  const agents = yield* Agents
  const agentId = freshId()
  for (const amount of [1, 2, 3]) yield* agents.appendEvent(agentId, { type: "counter.added", data: { amount } })
  yield* agents.createSnapshot(agentId)
  yield* agents.setState(agentId, { four: 4 }, { commandId: "four" })
  yield* agents.appendEvent(agentId, { type: "counter.added", data: { amount: 5 } })
  yield* EventStore.use((store) => store.append({ agentId, events: [], notes: [Note.put("metadata/a", 1)] }))
  const lines = yield* linesOf(agentId)
  assert.lengthOf(lines, 10)
  return lines
})

const replaced = (lines: Lines, line: number, from: string | RegExp, to: string): Lines =>
  lines.map((text, index) => (index === line - 1 ? text.replace(from, to) : text))

const without = (lines: Lines, line: number): Lines => lines.filter((_, index) => index !== line - 1)

const swapped = (lines: Lines, line: number): Lines =>
  lines.map((text, index) => (index === line - 1 ? lines[line] : index === line ? lines[line - 1] : text) ?? text)

const inserted = (lines: Lines, line: number, text: string): Lines => lines.toSpliced(line - 1, 0, `${text}\n`)

type Case = readonly [what: string, reason: ImportRefused["reason"], line: number, change: (lines: Lines) => Lines]

const cases: ReadonlyArray<Case> = [
  ["is empty", "NotAnExport", 1, () => []],
  ["is another text", "NotAnExport", 1, () => ["hello\n", "world\n"]],
  ["is JSON, but no export", "NotAnExport", 1, () => ["{}\n"]],
  ["has lost its head", "NotAnExport", 1, (lines) => without(lines, 1)],
  ["has a head that lacks something", "NotAnExport", 1, (lines) => replaced(lines, 1, '"version":5', '"versions":5')],
  [
    "has a head with a negative version",
    "NotAnExport",
    1,
    (lines) => replaced(lines, 1, '"version":5', '"version":-5')
  ],
  ["is of a newer format", "NewerFormat", 1, (lines) => replaced(lines, 1, '"format":1', '"format":2')],
  ["ends after its head", "Truncated", 2, (lines) => lines.slice(0, 1)],
  ["ends before its end", "Truncated", 10, (lines) => lines.slice(0, -1)],
  ["ends within an event", "Malformed", 3, (lines) => [...lines.slice(0, 2), lines[2]?.slice(0, 20) ?? ""]],
  ["ends within its end", "Malformed", 10, (lines) => [...lines.slice(0, 9), lines[9]?.slice(0, 20) ?? ""]],
  ["goes on behind its end", "TrailingData", 11, (lines) => [...lines, lines[1] ?? ""]],
  ["stands there twice", "TrailingData", 11, (lines) => [...lines, ...lines]],
  ["has another value in an event", "Checksum", 10, (lines) => replaced(lines, 2, '"amount":1', '"amount":9')],
  ["has another head", "Checksum", 10, (lines) => replaced(lines, 1, /"exportedAt":\d+/, '"exportedAt":1')],
  ["has another checksum", "Checksum", 10, (lines) => replaced(lines, 10, /[0-9a-f]{64}/, "0".repeat(64))],
  ["has other counts", "Counts", 10, (lines) => replaced(lines, 10, '"events":5', '"events":6')],
  ["has an end without a checksum", "Malformed", 10, (lines) => replaced(lines, 10, "sha256", "md5")],
  ["lacks an event in the middle", "Gap", 3, (lines) => without(lines, 3)],
  ["lacks the first event", "Gap", 2, (lines) => without(lines, 2)],
  ["lacks the last event", "Gap", 9, (lines) => ended(without(lines, 7))],
  ["has two events in the wrong order", "Gap", 2, (lines) => swapped(lines, 2)],
  ["has an event twice", "Order", 3, (lines) => inserted(lines, 3, lines[1]?.trim() ?? "")],
  ["has more events than it says", "Order", 6, (lines) => ended(replaced(lines, 1, '"version":5', '"version":3'))],
  ["has a snapshot in the wrong place", "Order", 4, (lines) => swapped(lines, 4)],
  [
    "has a snapshot of another event",
    "Malformed",
    5,
    (lines) => replaced(lines, 5, /"eventId":"[^"]+"/, '"eventId":"x"')
  ],
  ["has a command before the events end", "Order", 8, (lines) => swapped(lines, 7)],
  ["has a line that is no JSON", "Malformed", 4, (lines) => inserted(lines, 4, "{")],
  ["has an empty line", "Malformed", 4, (lines) => inserted(lines, 4, "")],
  ["has a line of two names", "Malformed", 4, (lines) => inserted(lines, 4, '{"event":{},"note":{}}')],
  ["has a line of an unknown kind", "Malformed", 4, (lines) => inserted(lines, 4, '{"token":{}}')],
  ["has an event that is none", "Malformed", 4, (lines) => replaced(lines, 4, /.*/, '{"event":7}')],
  ["has an event with a bad type", "Malformed", 2, (lines) => replaced(lines, 2, '"counter.added"', '"a\\u0000b"')],
  ["has an event with a bad id", "Malformed", 2, (lines) => replaced(lines, 2, /"id":"[^"]+"/, '"id":""')],
  [
    "has an event with a bad time",
    "Malformed",
    2,
    (lines) => replaced(lines, 2, /"timestamp":\d+/, '"timestamp":1e99')
  ],
  [
    "has an event with a bad shape",
    "Malformed",
    2,
    (lines) => replaced(lines, 2, '"schemaVersion":1', '"schemaVersion":0')
  ],
  ["has an event whose data is no object", "Malformed", 2, (lines) => replaced(lines, 2, '{"amount":1}', "[1]")],
  [
    "has an event with a tag that is unknown",
    "Malformed",
    2,
    (lines) => replaced(lines, 2, '{"amount":1}', '{"x":{"$date":"?"}}')
  ],
  [
    "has an event that is nested without end",
    "TooLarge",
    2,
    (lines) => replaced(lines, 2, '{"amount":1}', `{"x":${"[".repeat(200_000)}${"]".repeat(200_000)}}`)
  ],
  [
    "has an event that is nested deeper than the limits allow",
    "TooLarge",
    2,
    (lines) => replaced(lines, 2, '{"amount":1}', `{"x":${"[".repeat(100)}${"]".repeat(100)}}`)
  ],
  [
    "has a command of versions to come",
    "Malformed",
    8,
    (lines) => replaced(lines, 8, '"lastVersion":4', '"lastVersion":9')
  ],
  ["has a note that does not travel", "Malformed", 9, (lines) => replaced(lines, 9, "metadata/a", "timer/a")],
  ["has a share that is none", "Malformed", 9, (lines) => replaced(lines, 9, "metadata/a", "share/a/b")],
  [
    "has metadata with the tag of a share",
    "Malformed",
    9,
    (lines) => replaced(lines, 9, '"name":', '"tag":"share-of/a","name":')
  ],
  [
    "has metadata that are found across agents and are none",
    "Malformed",
    9,
    (lines) => replaced(lines, 9, '"name":', '"tag":"metadata","name":')
  ],
  [
    "has metadata that are due and are none",
    "Malformed",
    9,
    (lines) => replaced(lines, 9, '"name":', '"due":1,"name":')
  ],
  ["has metadata that its head does not name", "Malformed", 9, (lines) => replaced(lines, 1, '"metadata",', "")],
  ["has snapshots that its head does not name", "Malformed", 5, (lines) => replaced(lines, 1, '"snapshots",', "")]
]

export const register = (it: It): void => {
  describe("a text to import", () => {
    for (const [what, reason, line, change] of cases) {
      it.effect(`is refused that ${what} (${reason})`, () =>
        lifecycle(
          Effect.gen(function* () {
            const lines = yield* sample
            const { agentId } = JSON.parse(lines[0] ?? "").pantheon
            yield* Effect.flatMap(Agents, (agents) => agents.purge(agentId))
            const changed = change(lines)
            // A share is of the agent that it was given for.
            yield* refused(importLines(agentId, changed), reason, line)
            yield* assertMissing(agentId)
            if (what.includes("share")) return
            const other = freshId()
            yield* refused(importLines(other, changed), reason, line)
            yield* assertMissing(other)
          })
        )
      )
    }

    it.effect("is refused wherever it is cut", () =>
      lifecycle(
        Effect.gen(function* () {
          const text = (yield* sample).join("")
          const agentId = freshId()
          for (let length = 0; length < text.length - 1; length += 13) {
            const { _tag } = yield* Effect.flip(importLines(agentId, [text.slice(0, length)]))
            assert.strictEqual(_tag, "ImportRefused")
          }
          yield* assertMissing(agentId)
        })
      )
    )

    it.effect("is refused wherever one of its characters is another", () =>
      lifecycle(
        Effect.gen(function* () {
          const text = (yield* sample).join("")
          const agentId = freshId()
          for (let at = 0; at < text.length; at += 17) {
            const other = text[at] === "7" ? "8" : "7"
            const { _tag } = yield* Effect.flip(importLines(agentId, [text.slice(0, at) + other + text.slice(at + 1)]))
            assert.strictEqual(_tag, "ImportRefused", `character ${at} of ${text}`)
          }
          yield* assertMissing(agentId)
        })
      )
    )

    it.effect("is refused when it holds more than the limits allow", () =>
      Effect.gen(function* () {
        const lines = yield* lifecycle(sample)
        const agentId = freshId()
        const strict = { ...Limits.defaults, eventBytes: 10, snapshotBytes: 10 }
        const importing = lifecycle(refused(importLines(agentId, lines), "TooLarge", 2))
        yield* Effect.provideService(importing, Limits.Limits, strict)
        // And a line that never ends is not waited for.
        const endless = lifecycle(
          refused(
            Effect.flatMap(Lifecycle, (lifecycle) =>
              lifecycle.importContext(
                agentId,
                Stream.concat(Stream.make(lines[0] ?? ""), Stream.forever(Stream.make("x")))
              )
            ),
            "TooLarge",
            2
          )
        )
        yield* Effect.provideService(endless, Limits.Limits, strict)
        yield* assertMissing(agentId)
      })
    )

    it.effect("is refused when an id that it must keep is another's", () =>
      lifecycle(
        Effect.gen(function* () {
          const agents = yield* Agents
          const lines = yield* sample
          const { agentId } = JSON.parse(lines[0] ?? "").pantheon
          const { id } = JSON.parse(lines[1] ?? "").event
          yield* agents.purge(agentId)
          yield* agents.appendEvent(freshId(), { id, type: "counter.added" })
          yield* refused(importLines(agentId, lines), "IdTaken", 0)
          yield* assertMissing(agentId)
        })
      )
    )

    it.effect("fails as its reading does", () =>
      lifecycle(
        Effect.gen(function* () {
          const lines = yield* sample
          const agentId = freshId()
          const broken = Stream.concat(Stream.fromIterable(lines.slice(0, 5)), Stream.fail({ _tag: "Torn" as const }))
          const { importContext } = yield* Lifecycle
          assert.deepStrictEqual(yield* Effect.flip(importContext(agentId, broken)), { _tag: "Torn" })
          yield* assertMissing(agentId)
        })
      )
    )
  })
}
