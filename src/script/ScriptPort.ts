/**
 * The parts of the port, put together.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import { AccessPolicy } from "../AccessPolicy.ts"
import type { ActorStatePort, Options } from "../ActorStatePort.ts"
import { BehaviorRegistry } from "../BehaviorRegistry.ts"
import { ContextPort } from "../ContextPort.ts"
import { MessageBus } from "../MessageBus.ts"
import * as DurationOption from "../store/DurationOption.ts"
import * as Uuid from "../store/Uuid.ts"
import { ToolPort } from "../ToolPort.ts"
import * as ScriptAccess from "./ScriptAccess.ts"
import { ScriptActor } from "./ScriptActor.ts"
import * as ScriptClient from "./ScriptClient.ts"
import { ScriptDrivers } from "./ScriptDrivers.ts"
import * as ScriptFeed from "./ScriptFeed.ts"
import * as ScriptHandlers from "./ScriptHandlers.ts"
import * as ScriptReads from "./ScriptReads.ts"
import * as ScriptWorkers from "./ScriptWorkers.ts"
import * as ScriptWrites from "./ScriptWrites.ts"

/** Registers the definition with the engine, and gives the port. */
export const make = Effect.fnUntraced(function* (options: Options) {
  const behaviors = yield* BehaviorRegistry
  const client = yield* ScriptClient.make
  const nextId = yield* Uuid.makeGenerator
  const newId = Effect.map(Clock.currentTimeMillis, nextId)
  const workers = ScriptWorkers.make({
    client,
    newId,
    behaviors,
    context: yield* ContextPort,
    tools: yield* ToolPort,
    bus: yield* MessageBus,
    planTimeout: DurationOption.positive("ActorStatePort", "planTimeout", options.planTimeout ?? "5 minutes"),
    limits: {
      actionTimeout: DurationOption.positive("ActorStatePort", "actionTimeout", options.actionTimeout ?? "1 minute"),
      children: bound("maximumChildren", options.maximumChildren ?? 16),
      depth: bound("maximumDepth", options.maximumDepth ?? 4)
    }
  })
  // Outlives the actors, whose last commands may still find work.
  const { drive, drop } = new ScriptDrivers(workers, yield* FiberSet.makeRuntime())
  const mailCapacity = bound("mailCapacity", options.mailCapacity ?? 1000)
  yield* Layer.build(
    ScriptActor.toLayer(ScriptHandlers.make({ drive, drop, nextId, mailCapacity }), { passivateAfter: "1 minute" })
  )
  const follow = yield* ScriptFeed.make(client.stores.events)
  const port: ActorStatePort["Service"] = {
    ...ScriptReads.make(client, behaviors, follow),
    ...ScriptWrites.make(client, behaviors, follow, newId)
  }
  return ScriptAccess.guard(port, yield* AccessPolicy)
})

const bound = (option: string, value: number): number => {
  if (Number.isInteger(value) && value >= 0) return value
  throw new RangeError(`ActorStatePort: ${option} must be an integer from 0, found ${value}`)
}
