/**
 * The work for scripted actors: plans, actions, and the end of children. What came of it is handed in to the actor, which records it.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { ActorError } from "../ActorError.ts"
import { type BehaviorRegistry, PlanResult } from "../BehaviorRegistry.ts"
import type { Failure } from "../ScriptAction.ts"
import * as ActionRunner from "./ActionRunner.ts"
import * as Failures from "./Failures.ts"
import type { Planning } from "./ScriptActor.ts"
import type { Workers } from "./ScriptDrivers.ts"
import type { Work } from "./ScriptProgress.ts"
import type { ScriptState } from "./ScriptState.ts"
import { within } from "./Within.ts"

/** What the work needs. */
export interface Tools extends ActionRunner.Ports {
  readonly behaviors: BehaviorRegistry["Service"]
  /** How long a plan may take, in milliseconds. */
  readonly planTimeout: number
}

type State = ScriptState | null
type WorkOf<Tag extends Work["_tag"]> = Extract<Work, { readonly _tag: Tag }>

/** Makes the workers of a process. */
export const make = (tools: Tools): Workers => {
  const { client } = tools
  const look = (id: string) => patiently(client.to(id).Look())

  const askForPlan = Effect.fnUntraced(function* (state: ScriptState, { behavior, tick }: WorkOf<"Plan">) {
    // Its actor is suspended until there is a plan. It may be held by then, so look again.
    if (!tools.behaviors.has(behavior)) return yield* Effect.andThen(tools.behaviors.plan(behavior), look(state.id))
    const hand = (planning: Planning) =>
      client.to(state.id).TakePlan({ tickId: tick.id, left: tick.behaviors.length, planning })
    const planning = yield* plan(tools, state, { _tag: "Plan", behavior, tick })
    return yield* handIn(hand(planning), (failure) => hand({ _tag: "Failed", failure }))
  })

  const act = Effect.fnUntraced(function* (state: ScriptState, { action, actionId, tick }: WorkOf<"Act">) {
    const hand = (ended: ActionRunner.Ended) => client.to(state.id).TakeResult({ tickId: tick.id, actionId, ...ended })
    const ended = yield* ActionRunner.run(tools, state, actionId, action)
    return yield* handIn(hand(ended), (failure) => hand({ ...ended, result: { _tag: "Failed", failure } }))
  })

  return {
    look,
    work: (state, work) => {
      switch (work._tag) {
        case "Plan":
          return askForPlan(state, work)
        case "Act":
          return act(state, work)
        case "StopChildren":
          // Stopping the actor itself once more would interrupt this very work.
          return client.stopChildren(state.id, work.children)
      }
    }
  }
}

/** The context is compiled anew for each behavior, so it holds what those before it did. */
const plan = (tools: Tools, state: ScriptState, { behavior, tick }: WorkOf<"Plan">): Effect.Effect<Planning> => {
  const { goals, id, lastTick, metadata, script } = state
  const request = {
    actorId: id,
    sources: script.contextSources,
    texts: tick.mail === null ? [] : [tick.mail.content]
  }
  const made = Effect.fnUntraced(function* (context: Effect.Success<ReturnType<Tools["context"]["compile"]>>) {
    const decide = yield* tools.behaviors.plan(behavior)
    const given = yield* decide({
      actor: { id, name: script.name, roleName: script.roleName, program: script.program, metadata },
      goal: goals.join("; "),
      goals,
      context,
      message: tick.mail ?? undefined,
      outcomes: [...(lastTick?.outcomes ?? []), ...tick.outcomes]
    })
    const { actions, done = false } = yield* decodePlan(given)
    const intents = actions.map((action, index) => ({ id: `${tick.id}:${tick.outcomes.length + index}`, action }))
    return { _tag: "Planned", intents, done } as const
  })
  return within(tools.context.compile(request), "compiling the context", tools.planTimeout).pipe(
    Effect.matchCauseEffect({
      onFailure: (cause) => Effect.succeed<Planning>({ _tag: "WithoutContext", failure: Failures.of(cause) }),
      onSuccess: (context) =>
        Effect.catchCause(within(made(context), `the plan of ${behavior.name}`, tools.planTimeout), (cause) =>
          Effect.succeed<Planning>({ _tag: "Failed", failure: Failures.of(cause) })
        )
    })
  )
}

// What a plan gives may come from a model, so its type is not to be relied upon.
const decodePlan = Schema.decodeUnknownEffect(Schema.toType(PlanResult))

/** Hands in what came of something; if that cannot be stored, that it cannot. */
const handIn = (
  ask: Effect.Effect<State, ActorError>,
  instead: (failure: Failure) => Effect.Effect<State, ActorError>
): Effect.Effect<State, ActorError> =>
  Effect.catchIf(patiently(ask), isUnstorable, (error) => patiently(instead(Failures.ofError(error))))

const isUnstorable = (error: ActorError): boolean =>
  error._tag === "InvalidInput" || (error._tag === "Rejected" && ["InvalidInput", "Refused"].includes(error.reason))

// An outage must not cost what was done already.
const patience = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("10 seconds")])

const patiently = (ask: Effect.Effect<State, ActorError>): Effect.Effect<State, ActorError> =>
  Effect.retry(ask, {
    schedule: patience,
    while: (error) => error._tag !== "ActorStopped" && error._tag !== "ActorNotRegistered" && !isUnstorable(error)
  })
