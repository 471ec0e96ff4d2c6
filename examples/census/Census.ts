/** The coordinator: knows the files of a folder, hands them to workers, and keeps the totals. */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor, AgentId } from "../../src/index.ts"
import { FileWorker, restarts } from "./FileWorker.ts"
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
  folder: Schema.String,
  files: Schema.Array(Schema.String),
  /** Whether all files of the folder are listed. */
  listed: Schema.Boolean,
  /** How many of the files, in their order, are counted or given up. */
  settled: Schema.Int,
  totals: Totals,
  failures: Schema.Array(Schema.Struct({ path: Schema.String, reason: Schema.String }))
})
export type State = typeof State.Type

const Events = Schema.TaggedUnion({
  FilesListed: { folder: Schema.String, files: Schema.Array(Schema.String), last: Schema.Boolean },
  FileCounted: { path: Schema.String, findings: Findings },
  FileFailed: { path: Schema.String, reason: Schema.String }
})

const Progress = Schema.Struct({ listed: Schema.Boolean, settled: Schema.Int, files: Schema.Int })
export type Progress = typeof Progress.Type

const progress = ({ files, listed, settled }: State): Progress => ({ listed, settled, files: files.length })

export const Census = Actor.make("Census", {
  state: State,
  initialState: {
    folder: "",
    files: [],
    listed: false,
    settled: 0,
    totals: { files: 0, lines: 0, bytes: 0, imports: 0, todos: 0, longestFunction: null },
    failures: []
  },
  events: Events,
  evolve: (state, event) => {
    switch (event._tag) {
      case "FilesListed": {
        const { files, folder, last } = event
        return { ...state, folder, files: [...state.files, ...files], listed: last }
      }
      case "FileCounted":
        return { ...state, settled: state.settled + 1, totals: add(state.totals, event.path, event.findings) }
      case "FileFailed": {
        const { path, reason } = event
        return { ...state, settled: state.settled + 1, failures: [...state.failures, { path, reason }] }
      }
    }
  },
  commands: [
    Rpc.make("Look", { success: Progress }),
    /** Names the files to count; once they are listed they stay as they are. */
    Rpc.make("List", { payload: { folder: Schema.String, files: Schema.Array(Schema.String) }, success: Progress }),
    /** Hands out the next files, and settles them all. */
    Rpc.make("Advance", { payload: { count: Schema.Int }, success: Progress })
  ],
  // The state holds the whole list, so it is not worth saving often.
  snapshots: { every: 10_000 }
})

export const CensusBehavior = Census.toLayer({
  Look: (state) => Effect.succeed(progress(state)),

  List: (state, { files, folder }) => {
    if (state.listed) return Effect.succeed(progress(state))
    // In parts, so that no event grows with the folder.
    const parts = Array.from({ length: Math.max(1, Math.ceil(files.length / 250)) }, (_, part) =>
      files.slice(part * 250, (part + 1) * 250)
    )
    const events = parts.map((files, part) =>
      Events.cases.FilesListed.make({ folder, files, last: part === parts.length - 1 })
    )
    return Census.persist(events, progress)
  },

  Advance: Effect.fnUntraced(function* ({ files, folder, settled }, { count }) {
    const next = files.slice(settled, settled + count)
    const events = yield* Effect.forEach(next, (path) => settle(folder, path), { concurrency: "unbounded" })
    return yield* Census.persist(events, progress)
  })
})

/** Asks the file's worker. Each crash has restarted it, so asks again, until its supervisor gives it up. */
const settle = Effect.fnUntraced(function* (folder: string, path: string) {
  const worker = (yield* FileWorker.client)(workerId(folder, path))
  return yield* worker.Measure({ path: `${folder}/${path}` }).pipe(
    Effect.map((findings) => Events.cases.FileCounted.make({ path, findings })),
    Effect.retry({ times: restarts, while: (error) => error._tag === "ActorCrashed" }),
    Effect.catchTag("ActorCrashed", ({ cause }) =>
      Effect.succeed(
        Events.cases.FileFailed.make({ path, reason: cause instanceof Error ? cause.message : String(cause) })
      )
    ),
    // Anything else says nothing about the file: the coordinator crashes too, with nothing settled.
    Effect.orDie
  )
})

export const censusId = (folder: string): string => digest(folder)

/** The path, unless it is too long for an id, or holds what an id may not. */
const workerId = (folder: string, path: string): string => {
  const id = `${digest(folder)}/${path}`
  return Result.isSuccess(AgentId.validate(FileWorker.agentId(id))) ? id : `${digest(folder)}/${digest(path)}`
}

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
