/**
 * A program that does one step of a journey: makes an agent with many events, exports it into a file, or imports that as another agent. It says how
 * long that took, and the most memory that the process has had for itself, in megabytes.
 */

import { once } from "node:events"
import { createReadStream, createWriteStream, existsSync, readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { AgentStateManager, ContextLifecycle, EventStore } from "../../src/index.ts"
import { fromText, layer } from "./place.ts"

const [step = "", place = "", count = "", file = ""] = process.argv.slice(2)
const events = Number(count)

const last: AgentStateManager.Options["reducers"] = {
  "number.counted": (_, { data }) => ({ last: data["number"] ?? 0 })
}
const Lifecycle = ContextLifecycle.layer.pipe(
  Layer.provideMerge(AgentStateManager.layer({ reducers: last })),
  Layer.provideMerge(layer(fromText(place), "traveller"))
)

/** What the process has for itself, in megabytes; without the files that are mapped into it, which the system may take back at any time. */
const ownMemory = (): number => {
  const status = "/proc/self/status"
  if (!existsSync(status)) return process.resourceUsage().maxRSS / 1024
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(status, "utf8"))?.[1] ?? 0) / 1024
}

let megabytes = 0
const look = () => {
  megabytes = Math.max(megabytes, Math.round(ownMemory()))
}
setInterval(look, 20).unref()

const batch = 1000

const make = Effect.gen(function* () {
  const store = yield* EventStore.EventStore
  for (let first = 0; first < events; first += batch) {
    const length = Math.min(batch, events - first)
    yield* store.append({
      agentId: "traveller",
      events: Array.from({ length }, (_, index) => ({
        type: "number.counted",
        data: { number: first + index + 1, text: "some words of an event of the usual size" }
      }))
    })
  }
})

const write = Effect.gen(function* () {
  const { exportContext } = yield* ContextLifecycle.ContextLifecycle
  const output = createWriteStream(file)
  yield* Stream.runForEachArray(exportContext("traveller"), (lines) =>
    Effect.promise(async () => {
      if (!output.write(lines.join(""))) await once(output, "drain")
    })
  )
  yield* Effect.promise(() => new Promise<void>((resolve) => output.end(resolve)))
})

const read = Effect.gen(function* () {
  const { importContext } = yield* ContextLifecycle.ContextLifecycle
  const text = Stream.fromAsyncIterable(createReadStream(file, { encoding: "utf8" }), (error) => error)
  return yield* importContext("settler", text)
})

const check = Effect.gen(function* () {
  const { validateContextIntegrity } = yield* ContextLifecycle.ContextLifecycle
  return yield* validateContextIntegrity("settler")
})

const steps = new Map<string, Effect.Effect<unknown, unknown, Layer.Success<typeof Lifecycle>>>([
  ["make", make],
  ["export", write],
  ["import", read],
  ["check", check]
])

const program = Effect.gen(function* () {
  const start = performance.now()
  const result = yield* steps.get(step) ?? Effect.die(new Error(`no step ${step}`))
  const seconds = (performance.now() - start) / 1000
  look()
  console.log(JSON.stringify({ seconds, megabytes, result }))
})

await Effect.runPromise(Effect.provide(program, Lifecycle))
