/**
 * Counts the source files of a folder with supervised actors, on a store in `./.pantheon`. Kill it at any moment and start it again; delete
 * `.pantheon` to count anew.
 *
 *     npm start                       counts node_modules/effect/src
 *     npm start -- FOLDER             counts another folder
 *     npm start -- --at VERSION       shows the report as it was then
 *     npm start -- --rest 0           counts at full speed; without it, a run takes some seconds, so that you can kill it
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import { Argument, CliError, Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as LocalEngine from "../layers/engine/local.ts"
import * as LevelDb from "../layers/leveldb/index.ts"
import { Census, CensusBehavior, censusId } from "./census/Census.ts"
import { FileWorkerBehavior } from "./census/FileWorker.ts"
import { listFiles } from "./census/listFiles.ts"
import { layerLogger, report, showProgress } from "./census/report.ts"

const Runtime = Layer.mergeAll(CensusBehavior, FileWorkerBehavior).pipe(
  Layer.provideMerge(LocalEngine.layer),
  Layer.provideMerge(LevelDb.layer({ directory: ".pantheon" })),
  Layer.provideMerge(layerLogger)
)

/** Settles all files of a folder, or those that are left of it. */
const count = Effect.fnUntraced(function* (folder: string, restSeconds: number) {
  const census = (yield* Census.client)(censusId(folder))
  let progress = yield* census.Look()
  if (!progress.listed) progress = yield* census.List({ folder, files: yield* listFiles(folder) })
  if (progress.settled > 0 && progress.settled < progress.files) {
    yield* Console.error(`Going on after ${progress.settled} of ${progress.files} files.`)
  }
  const batch = 32
  const batches = Math.ceil((progress.files - progress.settled) / batch)
  const rest = Math.min((restSeconds * 1000) / batches, 250)
  while (progress.settled < progress.files) {
    const before = progress
    progress = yield* census.Advance({ count: batch })
    yield* showProgress(before, progress)
    yield* Effect.sleep(rest)
  }
})

/** Shows the report as it is, or as it was at a version. */
const show = Effect.fnUntraced(function* (folder: string, at: number | undefined) {
  const { state, version } = yield* Census.readState(censusId(folder), { at })
  if (at !== undefined && version < at) {
    return yield* Effect.fail(new Error(`The census of ${folder} has not come to version ${at}; it is at ${version}.`))
  }
  yield* Console.log(report(folder, state, version))
})

const folder = Argument.String("folder").pipe(
  Argument.withDefault("node_modules/effect/src"),
  Argument.withDescription("the folder to count")
)
const at = Flag.Int("at").pipe(
  Flag.filter(
    (version) => version >= 0,
    () => "a version from 0"
  ),
  Flag.optional,
  Flag.withDescription("show the report as it was at this version, and count nothing")
)
const rest = Flag.Int("rest").pipe(
  Flag.filter(
    (seconds) => seconds >= 0,
    () => "seconds from 0"
  ),
  Flag.withDefault(4),
  Flag.withDescription("seconds that a run rests in all, so that there is time to kill it; 0 for full speed")
)

const command = Command.make(
  "census",
  { folder, at, rest },
  Effect.fnUntraced(
    function* ({ at, folder, rest }) {
      const absolute = (yield* Path.Path).resolve(folder)
      if (Option.isNone(at)) yield* count(absolute, rest)
      yield* show(absolute, Option.getOrUndefined(at))
    },
    Effect.provide(Runtime),
    Effect.mapError((error) => new CliError.UserError({ cause: error, userMessage: error.message }))
  )
)

NodeRuntime.runMain(Command.run(command, { version: "1.0.0" }).pipe(Effect.provide(NodeServices.layer)))
