/**
 * Scripts: what an actor of the Pantheon system is made of, by names alone. What a behavior does is bound by its name and version from the
 * `BehaviorRegistry`.
 *
 * ```ts
 * const script: ActorScript.ActorScript = {
 *   name: "Librarian",
 *   contextSources: [{ id: "notes", label: "Reading notes" }],
 *   talents: [{ name: "reading", behaviors: [{ name: "read", mode: "active" }] }],
 *   tools: ["open-book"]
 * }
 * ```
 */
import * as Schema from "effect/Schema"
import type { AnyPlan, PlanServices } from "./BehaviorRegistry.ts"

/** When a behavior is asked for a plan. */
export const BehaviorMode = Schema.Literals([
  /** In ticks with a message. */
  "active",
  /** In ticks without one. */
  "passive",
  /** In every tick. */
  "persistent"
])

/** When a behavior is asked for a plan. */
export type BehaviorMode = typeof BehaviorMode.Type

/** Where context comes from: a collection, by the id that the `ContextPort` knows it by, and which part of it. */
export const ContextSource = Schema.Struct({
  id: Schema.NonEmptyString,
  label: Schema.String,
  /** Means what the `ContextPort` says. */
  where: Schema.optionalKey(Schema.JsonObject)
})

/** Where context comes from. */
export type ContextSource = typeof ContextSource.Type

/** What an actor can do, by name. */
export const Behavior = Schema.Struct({
  name: Schema.NonEmptyString,
  mode: BehaviorMode,
  /** `1` when it is left out. */
  version: Schema.optionalKey(Schema.NonEmptyString),
  description: Schema.optionalKey(Schema.String)
})

/** What an actor can do, by name. */
export type Behavior = typeof Behavior.Type

/** A group of behaviors. */
export const Talent = Schema.Struct({
  name: Schema.NonEmptyString,
  behaviors: Schema.Array(Behavior),
  description: Schema.optionalKey(Schema.String)
})

/** A group of behaviors. */
export type Talent = typeof Talent.Type

/** A script as it is stored. */
export const ActorScript = Schema.Struct({
  name: Schema.NonEmptyString,
  roleName: Schema.optionalKey(Schema.String),
  contextSources: Schema.Array(ContextSource),
  talents: Schema.Array(Talent),
  /** For plans to read. */
  program: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Schema.String),
  /** The tools that the actor may use; none when it is left out. `*` allows all. */
  tools: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Most children that the actor may have at a time; as many as the port allows when it is left out. */
  children: Schema.optionalKey(Schema.Natural)
})

/** A script as it is stored. */
export type ActorScript = typeof ActorScript.Type

/** A behavior that may bring its plan with it. */
export interface BehaviorInput extends Behavior {
  readonly plan?: AnyPlan
}

/** A script whose behaviors may bring their plans with them. */
export interface ScriptInput extends Omit<ActorScript, "talents"> {
  readonly talents: ReadonlyArray<Omit<Talent, "behaviors"> & { readonly behaviors: ReadonlyArray<BehaviorInput> }>
}

/** The services that the plans in a script use. */
export type ScriptServices<S extends ScriptInput> = PlanServices<S["talents"][number]["behaviors"][number]>

/** The version of a behavior that says none. */
export const firstVersion = "1"

/** A behavior by its name and version. */
export const BehaviorName = Schema.Struct({ name: Schema.String, version: Schema.String })

/** A behavior by its name and version. */
export type BehaviorName = typeof BehaviorName.Type

/** The behaviors of a script, in the order in which it declares them. */
export const behaviors = (script: ActorScript): ReadonlyArray<BehaviorName & { readonly mode: BehaviorMode }> =>
  script.talents.flatMap((talent) =>
    talent.behaviors.map(({ mode, name, version = firstVersion }) => ({ name, version, mode }))
  )
