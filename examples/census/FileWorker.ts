/** One worker for each file: reads it once, and remembers what it found. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor, Supervision } from "../../src/index.ts"
import { Findings, measure } from "./measure.ts"

export const FileWorker = Actor.make("FileWorker", {
  state: Schema.Struct({ findings: Schema.NullOr(Findings) }),
  initialState: { findings: null },
  events: Schema.TaggedUnion({ FileMeasured: { path: Schema.String, findings: Findings } }),
  evolve: (_, { findings }) => ({ findings }),
  commands: [Rpc.make("Measure", { payload: { path: Schema.String }, success: Findings })]
})

/** How often a worker is restarted before its supervisor gives it up. */
export const restarts = 3

export const FileWorkerBehavior = FileWorker.toLayer(
  {
    Measure: Effect.fnUntraced(function* ({ findings }, { path }) {
      if (findings !== null) return findings
      const files = yield* FileSystem.FileSystem
      // A file that cannot be read is nothing the worker can handle: it crashes, and its supervisor decides.
      const bytes = yield* Effect.orDie(files.readFile(path))
      const found = measure(bytes)
      return yield* FileWorker.persist({ _tag: "FileMeasured", path, findings: found }, () => found)
    })
  },
  { supervision: Supervision.restart({ times: restarts, within: "1 minute" }), passivateAfter: "2 seconds" }
)
