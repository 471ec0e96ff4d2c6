/** The coordinator: knows the files of a folder, hands them to workers, and keeps the totals. */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor } from "../../src/index.ts"
import { FileWorker } from "./FileWorker.ts"
import { Findings } from "./measure.ts"

const Totals = Schema.Struct({
  files: Schema.Int,
  lines: Schema.Int,
  bytes: Schema.Int,
  imports: Schema.Int,
  todos: Schema.Int,
  longestFunction: Schema.NullOr(Schema.Struct({ name: Schema.String, lines: Schema.Int, path: Schema.String }))
})

const State = Schema.Struct({
  /** Whether all files of the folder are listed. */
  listed: Schema.Boolean,
  files: Schema.Array(Schema.String),
  /** How many of the files, in their order, are settled. */
  settled: Schema.Int,
  totals: Totals,
  failures: Schema.Array(Schema.Struct({ path: Schema.String, reason: Schema.String }))
})
export type State = typeof State.Type

const Events = Schema.TaggedUnion({
  FilesListed: { files: Schema.Array(Schema.String), last: Schema.Boolean },
  FileCounted: { path: Schema.String, findings: Findings },
  FileFailed: { path: Schema.String, reason: Schema.String }
})

export const Progress = Schema.Struct({ listed: Schema.Boolean, settled: Schema.Int, files: Schema.Int })

const progress = ({ files, listed, settled }: State) => ({ listed, settled, files: files.length })

export const Census = Actor.make("Census", {
  state: State,
  initialState: {
    listed: false,
    files: [],
    settled: 0,
    totals: { files: 0, lines: 0, bytes: 0, imports: 0, todos: 0, longestFunction: null },
    failures: []
  },
  events: Events,
  evolve: (state, event) => {
    switch (event._tag) {
      case "FilesListed":
        return { ...state, files: [...state.files, ...event.files], listed: event.last }
      case "FileCounted":
        return { ...state, settled: state.settled + 1, totals: add(state.totals, event.path, event.findings) }
      case "FileFailed":
        return {
          ...state,
          settled: state.settled + 1,
          failures: [...state.failures, { path: event.path, reason: event.reason }]
        }
    }
  },
  commands: [
    Rpc.make("Look", { success: Progress }),
    /** Names the files to count; once they are listed they stay as they are. */
    Rpc.make("List", { payload: { files: Schema.Array(Schema.String) }, success: Progress }),
    /** Settles the next files. */
    Rpc.make("Advance", { payload: { folder: Schema.String, count: Schema.Int }, success: Progress })
  ]
})

export const CensusBehavior = Census.toLayer({
  Look: (state) => Effect.succeed(progress(state)),
  List: (state, { files }) => {
    if (state.listed) return Effect.succeed(progress(state))
    // In parts, so that a folder of any size fits into events of a bounded one.
    const parts = Array.from({ length: Math.max(1, Math.ceil(files.length / 1000)) }, (_, index) =>
      files.slice(index * 1000, index * 1000 + 1000)
    )
    const events = parts.map((part, index) =>
      Events.cases.FilesListed.make({ files: part, last: index === parts.length - 1 })
    )
    return Census.persist(events, progress)
  },
  Advance: Effect.fnUntraced(function* (state, { count, folder }) {
    const next = state.files.slice(state.settled, state.settled + count)
    const events = yield* Effect.forEach(next, (path) => settle(folder, path), { concurrency: "unbounded" })
    return events.length === 0 ? progress(state) : yield* Census.persist(events, progress)
  })
})

/** Asks the file's worker, and gives up when the worker's supervision has. */
const settle = Effect.fnUntraced(function* (folder: string, path: string) {
  const worker = (yield* FileWorker.client)(workerId(folder, path))
  return yield* worker.Measure({ path: `${folder}/${path}` }).pipe(
    Effect.map((findings) => Events.cases.FileCounted.make({ path, findings })),
    // Each crash has restarted the worker; try again until its restarts are spent.
    Effect.retry({ while: (error) => error._tag === "ActorCrashed", times: 3 }),
    Effect.catchTags({
      ActorCrashed: (error) => Effect.succeed(Events.cases.FileFailed.make({ path, reason: reasonOf(error.cause) })),
      ActorStopped: (error) => Effect.succeed(Events.cases.FileFailed.make({ path, reason: error.message }))
    }),
    Effect.orDie
  )
})

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Ids are short and free of controls; paths need not be. */
const workerId = (folder: string, path: string): string => `${digest(folder)}/${digest(path)}`

export const censusId = (folder: string): string => digest(folder)

const digest = (text: string): string => createHash("sha256").update(text).digest("base64url").slice(0, 22)

const add = (totals: typeof Totals.Type, path: string, findings: typeof Findings.Type): typeof Totals.Type => {
  const { longestFunction } = findings
  const isLonger = longestFunction !== null && longestFunction.lines > (totals.longestFunction?.lines ?? 0)
  return {
    files: totals.files + 1,
    lines: totals.lines + findings.lines,
    bytes: totals.bytes + findings.bytes,
    imports: totals.imports + findings.imports,
    todos: totals.todos + findings.todos,
    longestFunction: isLonger ? { ...longestFunction, path } : totals.longestFunction
  }
}
