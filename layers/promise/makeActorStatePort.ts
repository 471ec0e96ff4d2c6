/**
 * Makes a port of scripted actors over stores.
 */
import * as Layer from "effect/Layer"
import * as Port from "../../src/ActorStatePort.ts"
import * as Behaviors from "../../src/BehaviorRegistry.ts"
import * as DurationOption from "../../src/store/DurationOption.ts"
import * as Tools from "../../src/ToolPort.ts"
import * as LocalEngine from "../engine/local.ts"
import { ActorPort } from "./ActorPort.ts"
import { type CompileContext, contexts, messages, type OnMessage } from "./AsyncPorts.ts"
import { type AsyncPlan, type AsyncTool, toPlan, toTool } from "./AsyncScripts.ts"
import { checked } from "./checked.ts"
import { groundOf, type StorePair } from "./Home.ts"
import { invalidOptions } from "./PantheonError.ts"
import { Session } from "./Session.ts"

/** The stores of the actors, and what they reach the world through. One process at a time runs the actors of a store. */
export interface ActorStateDeps extends StorePair, Port.Options {
  /** Plans by the names of behaviors, for actors that were spawned before; `registerBehavior` binds other versions. */
  readonly behaviors?: { readonly [name: string]: AsyncPlan } | undefined
  /** Tools by their names. */
  readonly tools?: { readonly [name: string]: AsyncTool } | undefined
  /** What the sources of scripts mean; by default their ids are those of agents, whose states they tell. */
  readonly context?: CompileContext | undefined
  /** Is told what actors say to others than actors; what it throws is logged. */
  readonly onMessage?: OnMessage | undefined
}

const owner = "makeActorStatePort"

/** Scripted actors over two stores. Nothing is opened before the first call. Throws a `PantheonError`, `INVALID_OPTIONS`, when an option makes no sense. */
export const makeActorStatePort = (deps: ActorStateDeps): ActorPort => {
  if (typeof deps !== "object" || deps === null) {
    throw invalidOptions(owner, "its argument", "an object with eventStore and snapshotStore", deps)
  }
  const { behaviors, context, onMessage, tools } = deps
  const plans = entries("behaviors", behaviors).map(([name, plan]) => ({ name, plan: toPlan(plan) }))
  const surroundings = Layer.mergeAll(
    Behaviors.layer(plans),
    Tools.layerMemory(entries("tools", tools).map(([name, run]) => toTool(name, run))),
    messages(only("onMessage", onMessage))
  )
  const sources = contexts(only("context", context))
  const options = checked(() => optionsOf(deps))
  const { layer, release } = groundOf(owner, deps)
  const port = Port.layerWith(options).pipe(
    Layer.provideMerge(surroundings),
    Layer.provide(sources),
    Layer.provide(LocalEngine.layer),
    Layer.provide(layer)
  )
  return new ActorPort(new Session("ActorStatePort", port), release)
}

const optionsOf = ({ actionTimeout, mailCapacity, maximumChildren, maximumDepth, planTimeout }: Port.Options) => {
  for (const [option, time] of Object.entries({ actionTimeout, planTimeout })) {
    if (time !== undefined) DurationOption.positive(owner, option, time)
  }
  for (const [option, count] of Object.entries({ mailCapacity, maximumChildren, maximumDepth })) {
    if (count !== undefined && !(Number.isInteger(count) && count >= 0)) {
      throw invalidOptions(owner, option, "an integer from 0", count)
    }
  }
  return { actionTimeout, mailCapacity, maximumChildren, maximumDepth, planTimeout }
}

const entries = <A>(option: string, given: { readonly [name: string]: A } = {}): ReadonlyArray<[string, A]> => {
  for (const [name, run] of Object.entries(given)) only(`${option}/${name}`, run)
  return Object.entries(given)
}

const only = <A>(option: string, given: A): A => {
  if (given === undefined || typeof given === "function") return given
  throw invalidOptions(owner, option, "a function", given)
}
