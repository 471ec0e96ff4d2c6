import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { Census, CensusBehavior } from "../../examples/census/Census.ts"
import { FileWorker, FileWorkerBehavior, restarts } from "../../examples/census/FileWorker.ts"
import { ActorError } from "../../src/index.ts"
import * as ActorKit from "../contract/ActorKit.ts"

const findings = { lines: 3, bytes: 30, imports: 1, todos: 0, longestFunction: { name: "f", lines: 2 } }

describe("the actors of the census", () => {
  it.effect("keep what they store, and fold anything", () =>
    Effect.gen(function* () {
      yield* ActorKit.check(Census)
      yield* ActorKit.check(FileWorker)
    })
  )

  it.effect("list the files of a folder in parts, once", () =>
    Effect.gen(function* () {
      const files = Array.from({ length: 251 }, (_, index) => `${index}.ts`)
      const listed = ActorKit.make(Census, CensusBehavior).when("List", { folder: "src", files })
      const { events, reply } = yield* listed.outcome
      assert.deepStrictEqual(
        events.map((event) => (event._tag === "FilesListed" ? [event.files.length, event.last] : [])),
        [
          [250, false],
          [1, true]
        ]
      )
      assert.deepStrictEqual(reply, { listed: true, settled: 0, files: 251 })
      yield* listed.when("List", { folder: "src", files: ["another.ts"] }).gives({ events, reply })
    })
  )

  it.effect("count what workers find, and give a file up whose worker crashes more often than it may", () =>
    Effect.gen(function* () {
      let crashes = 0
      const census = ActorKit.make(Census, CensusBehavior, {
        answer: (_, id, command) => {
          if (id.endsWith("good.ts")) return Effect.succeed(findings)
          crashes++
          return Effect.fail(new ActorError.ActorCrashed({ actor: "FileWorker", id, command, cause: "unreadable" }))
        }
      })
      yield* census
        .given({ _tag: "FilesListed", folder: "src", files: ["good.ts", "bad.ts", "later.ts"], last: true })
        .when("Advance", { count: 2 })
        .gives({
          events: [
            { _tag: "FileCounted", path: "good.ts", findings },
            { _tag: "FileFailed", path: "bad.ts", reason: "unreadable" }
          ],
          reply: { listed: true, settled: 2, files: 3 }
        })
      assert.strictEqual(crashes, restarts + 1)
    })
  )

  it.effect("read each file once", () =>
    Effect.gen(function* () {
      const worker = ActorKit.make(FileWorker, FileWorkerBehavior)
      yield* worker
        .given({ _tag: "FileMeasured", path: "src/a.ts", findings })
        .when("Measure", { path: "src/a.ts" })
        .gives({ events: [], reply: findings })
      yield* worker
        .when("Measure", { path: "src/b.ts" })
        .gives({ reply: { lines: 1, bytes: 13, imports: 0, todos: 0, longestFunction: null } })
    }).pipe(
      Effect.provide(
        FileSystem.layerNoop({ readFile: () => Effect.succeed(new TextEncoder().encode("const a = 1 \n")) })
      )
    )
  )
})
