/**
 * Counts the source files of a folder with supervised actors, on a store in `./.pantheon`. Kill it at any moment and start it again.
 *
 *     npm start                       counts node_modules/effect/src
 *     npm start -- FOLDER             counts another folder
 *     npm start -- --at VERSION       shows the report as it was then
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import { Argument, Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as LocalEngine from "../layers/engine/local.ts"
import * as LevelDb from "../layers/leveldb/index.ts"
import { Census, CensusBehavior, censusId } from "./census/Census.ts"
import { FileWorkerBehavior } from "./census/FileWorker.ts"
import { bar, report } from "./census/report.ts"

const Runtime = Layer.mergeAll(CensusBehavior, FileWorkerBehavior).pipe(
  Layer.provideMerge(LocalEngine.layer),
  Layer.provideMerge(LevelDb.layer({ directory: ".pantheon" }))
)

/** The files below a folder, those that cannot be looked at included, in a fixed order. */
const listFiles = Effect.fnUntraced(function* (folder: string) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const entries = yield* files.readDirectory(folder, { recursive: true })
  const isFolder = (entry: string) =>
    files.stat(path.join(folder, entry)).pipe(
      Effect.map((info) => info.type === "Directory"),
      Effect.catch(() => Effect.succeed(false))
    )
  const kept = yield* Effect.filter(entries, (entry) => Effect.map(isFolder(entry), (folder) => !folder), {
    concurrency: 16
  })
  return kept.sort()
})

const show = (text: string) =>
  process.stdout.isTTY === true ? Effect.sync(() => process.stdout.write(`\r${text}`)) : Console.log(text)

const count = Effect.fnUntraced(function* (folder: string) {
  const census = (yield* Census.client)(censusId(folder))
  let progress = yield* census.Look()
  if (progress.settled > 0 && progress.settled < progress.files) {
    yield* Console.log(`Going on after ${progress.settled} of ${progress.files} files.`)
  }
  if (!progress.listed) progress = yield* census.List({ files: yield* listFiles(folder) })
  let shown = ""
  while (progress.settled < progress.files) {
    progress = yield* census.Advance({ folder, count: 16 })
    const text = bar(progress.settled, progress.files)
    if (text !== shown) yield* show(text)
    shown = text
  }
  if (shown !== "" && process.stdout.isTTY === true) yield* Console.log("")
})

const command = Command.make(
  "census",
  {
    folder: Argument.String("folder").pipe(
      Argument.withDefault("node_modules/effect/src"),
      Argument.withDescription("the folder to count")
    ),
    at: Flag.Int("at").pipe(Flag.optional, Flag.withDescription("show the report as it was at this version"))
  },
  Effect.fnUntraced(function* ({ at, folder }) {
    const absolute = (yield* Path.Path).resolve(folder)
    if (Option.isNone(at)) yield* count(absolute)
    const { state, version } = yield* Census.readState(censusId(absolute), { at: Option.getOrUndefined(at) })
    yield* Console.log(report(folder, state, version))
  })
)

const program = Command.run(command, { version: "1.0.0" }).pipe(
  Effect.provide(Runtime),
  Effect.provide(NodeServices.layer)
)

NodeRuntime.runMain(program)
