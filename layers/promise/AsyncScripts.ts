/**
 * Scripts, plans and tools as callers without Effect write them.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { BehaviorInput, ScriptInput } from "../../src/ActorScript.ts"
import * as Behaviors from "../../src/BehaviorRegistry.ts"
import type * as ScriptAction from "../../src/ScriptAction.ts"
import { StoredValue } from "../../src/script/StoredValue.ts"
import * as Tools from "../../src/ToolPort.ts"
import type * as Value from "../../src/Value.ts"

/**
 * What a plan may ask for. An action of a type of the caller's own, such as `{ type: "process", data }`, is a use of the tool of that name, with the other
 * fields as its arguments.
 */
export type AsyncAction = ScriptAction.Action | { readonly type: string; readonly [argument: string]: unknown }

/** What a plan gives. */
export interface AsyncPlanResult {
  readonly actions: ReadonlyArray<AsyncAction>
  /** Once all this is done without a failure, the goal is reached. */
  readonly done?: boolean
}

/** Ends what was begun when it takes too long, or the actor is stopped. */
export interface Signalled {
  readonly signal: AbortSignal
}

/** Decides what is to be done. What it throws is recorded, and the next behavior goes on. */
export type AsyncPlan = (
  input: Behaviors.PlanInput,
  options: Signalled
) => AsyncPlanResult | PromiseLike<AsyncPlanResult>

/** A behavior, which may bring its plan with it. */
export interface AsyncBehavior extends Omit<BehaviorInput, "plan"> {
  readonly plan?: AsyncPlan
}

/** A script whose behaviors may bring their plans with them. */
export interface AsyncScript extends Omit<ScriptInput, "talents"> {
  readonly talents: ReadonlyArray<
    Omit<ScriptInput["talents"][number], "behaviors"> & { readonly behaviors: ReadonlyArray<AsyncBehavior> }
  >
}

/** A plan by the name of its behavior. */
export interface AsyncBinding {
  readonly name: string
  /** `1` when it is left out. */
  readonly version?: string | undefined
  readonly plan: AsyncPlan
}

/**
 * Does something for an actor whose script names it in `tools`. It may be run again under one `actionId` after a crash. What it throws is recorded; with
 * `critical: true` it ends the behavior. What it gives must be a value that can be stored.
 */
export type AsyncTool = (args: Value.Record, call: Tools.Caller & Signalled) => unknown

/** The plan for the registry. */
export const toPlan =
  (plan: AsyncPlan): Behaviors.Plan =>
  (input) =>
    Effect.flatMap(
      attempt((signal) => plan(input, { signal })),
      (result) => decodePlan({ ...result, actions: toActions(result.actions) })
    )

/** The script with plans for the registry. */
export const toScript = (script: AsyncScript): ScriptInput => ({
  ...script,
  talents: script.talents.map((talent) => ({
    ...talent,
    behaviors: talent.behaviors.map(({ plan, ...behavior }) =>
      plan === undefined ? behavior : { ...behavior, plan: toPlan(plan) }
    )
  }))
})

/** The tool for the port. */
export const toTool = (name: string, run: AsyncTool): Tools.Tool =>
  Tools.tool({
    name,
    args: Schema.Record(Schema.String, StoredValue),
    run: (args, caller) => attempt((signal) => run(args, { ...caller, signal }))
  })

// The caller's own error is recorded, so it is not wrapped.
const attempt = <A>(run: (signal: AbortSignal) => A | PromiseLike<A>): Effect.Effect<A, unknown> =>
  Effect.tryPromise({ try: async (signal) => await run(signal), catch: (thrown) => thrown })

const decodePlan = Schema.decodeUnknownEffect(Schema.toType(Behaviors.PlanResult))

const types: ReadonlySet<string> = new Set<ScriptAction.Action["type"]>(["tool", "message", "spawn", "wait", "context"])

const toActions = (actions: ReadonlyArray<AsyncAction>): unknown =>
  Array.isArray(actions) ? actions.map(toAction) : actions

const toAction = (action: AsyncAction): unknown => {
  if (typeof action?.type !== "string" || types.has(action.type)) return action
  const { type, ...args } = action
  const present = Object.entries(args).filter(([, value]) => value !== undefined)
  return { type: "tool", name: type, args: Object.fromEntries(present) }
}
