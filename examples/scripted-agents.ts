/** Scripted agents count the words of files and tell a clerk, who keeps a report. One of the files is missing, so its agent fails; the rest goes on. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem, Layer, Schema } from "effect"
import * as LocalEngine from "../layers/engine/local.ts"
import * as Memory from "../layers/memory/index.ts"
import {
  type ActorScript,
  ActorStatePort,
  BehaviorRegistry,
  ContextPort,
  MessageBus,
  ScriptAction,
  ToolPort
} from "../src/index.ts"

// Tools: what agents can do. A script names those that it may use.
const countWords = ToolPort.tool({
  name: "count-words",
  args: Schema.Struct({ path: Schema.String }),
  run: ({ path }) =>
    FileSystem.FileSystem.use((files) => Effect.map(files.readFileString(path), (text) => text.split(" ").length))
})
const addLine = ToolPort.tool({
  name: "add-line",
  args: Schema.Struct({ path: Schema.String, line: Schema.String }),
  run: ({ line, path }) => FileSystem.FileSystem.use((files) => files.writeFileString(path, `${line}\n`, { flag: "a" }))
})

// Behaviors: what agents do. A plan is data, which is stored before it is acted upon.
const Behaviors = BehaviorRegistry.layer([
  { name: "count", plan: ({ goal }) => plan(ScriptAction.tool("count-words", { path: goal })) },
  {
    name: "tell",
    plan: ({ actor, outcomes }) => {
      const result = outcomes.at(-1)?.result
      const news = result?._tag === "Ok" ? `${result.value} words` : "cannot be read"
      return plan(ScriptAction.message(`${actor.id}: ${news}`, { target: "clerk", done: true }))
    }
  },
  {
    name: "write-down",
    plan: ({ goal, message }) => plan(ScriptAction.tool("add-line", { path: goal, line: message?.content ?? "" }))
  }
])

const plan = (action: ScriptAction.Action) => Effect.succeed({ actions: [action] })
const scriptOf = (name: string, tool: string, mode: ActorScript.BehaviorMode, ...behaviors: ReadonlyArray<string>) => ({
  name,
  contextSources: [],
  tools: [tool],
  talents: [{ name: "office work", behaviors: behaviors.map((name) => ({ name, mode })) }]
})
const counter = scriptOf("Counter", "count-words", "passive", "count", "tell")
const clerk = scriptOf("Clerk", "add-line", "active", "write-down")

const program = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const port = yield* ActorStatePort.ActorStatePort
  const folder = yield* files.makeTempDirectoryScoped()
  yield* files.writeFileString(`${folder}/poem`, "The fog comes on little cat feet.")
  yield* files.writeFileString(`${folder}/note`, "Buy milk.")
  yield* port.spawn(clerk, `${folder}/report`, { id: "clerk" })
  for (const name of ["poem", "missing", "note"]) {
    yield* port.spawn(counter, `${folder}/${name}`, { id: name })
    yield* port.tick(name)
    yield* Console.log(`${name} is ${(yield* Effect.fromOption(yield* port.get(name))).state}`)
  }
  // The clerk takes one message after the other, so with this one all are written down.
  yield* port.tick("clerk", { message: "That is all." })
  yield* Console.log(yield* files.readFileString(`${folder}/report`))
})

const Runtime = ActorStatePort.layer.pipe(
  Layer.provide([Behaviors, ToolPort.layerMemory([countWords, addLine]), ContextPort.layerMemory()]),
  Layer.provide([MessageBus.layerMemory, LocalEngine.layer.pipe(Layer.provideMerge(Memory.layer))]),
  Layer.provideMerge(NodeServices.layer)
)

await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Runtime)))
