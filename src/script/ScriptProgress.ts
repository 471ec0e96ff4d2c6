/**
 * How a scripted actor goes on: what follows from its state by itself, and what somebody has to do for it.
 */
import * as Duration from "effect/Duration"
import * as ActorScript from "../ActorScript.ts"
import type { Action, ActionOf, Time } from "../ScriptAction.ts"
import type { Mail, ScriptEvent } from "../ScriptEvent.ts"
import { evolve } from "./ScriptFold.ts"
import type { ScriptState, Tick } from "./ScriptState.ts"

/** Events, and the state after them. */
export interface Progress {
  readonly events: ReadonlyArray<ScriptEvent>
  readonly state: ScriptState | null
}

/** Adds to events all that follows from them without anything being done. */
export const settle = (before: ScriptState | null, decided: ReadonlyArray<ScriptEvent>, at: Date): Progress => {
  const events = [...decided]
  let state = decided.reduce(evolve, before)
  for (let next = follow(state, at); next !== undefined; next = follow(state, at)) {
    events.push(next)
    state = evolve(state, next)
  }
  return { events, state }
}

/** The beginning of a tick. Its behaviors are those for a tick with a message, or without. */
export const tickStarted = ({ script }: ScriptState, tickId: string, mail: Mail | null, at: Date): ScriptEvent => ({
  _tag: "TickStarted",
  tickId,
  mail,
  behaviors: ActorScript.behaviors(script)
    .filter(({ mode }) => mode === "persistent" || mode === (mail === null ? "passive" : "active"))
    .map(({ name, version }) => ({ name, version })),
  at
})

const follow = (state: ScriptState | null, at: Date): ScriptEvent | undefined => {
  // What is paused stands still.
  if (state === null || state.standing === "paused") return undefined
  const { mail, standing, tick } = state
  if (tick !== null) {
    if (standing === "stopped") return { _tag: "TickEnded", tickId: tick.id, outcome: "stopped", done: false, at }
    return tick.behaviors.length === 0 ? tickEnded(tick, at) : wait(tick, at)
  }
  const next = mail[0]
  return next === undefined ? undefined : tickStarted(state, next.id, next, at)
}

const tickEnded = ({ done, failures, id, outcomes }: Tick, at: Date): ScriptEvent => {
  const isOk = failures.length === 0 && outcomes.every(({ result }) => result._tag === "Ok")
  return { _tag: "TickEnded", tickId: id, outcome: isOk ? "ok" : "failed", done: done && isOk, at }
}

/** The beginning of the wait that comes next, or its end. */
const wait = ({ id: tickId, pending, waitUntil }: Tick, at: Date): ScriptEvent | undefined => {
  const intent = pending[0]
  if (intent?.action.type !== "wait") return undefined
  const { action, id: actionId } = intent
  if (waitUntil === null) {
    const until = new Date(at.getTime() + milliseconds(action.duration))
    return { _tag: "WaitBegan", tickId, actionId, until, at }
  }
  return waitUntil > at ? undefined : { _tag: "ActionEnded", tickId, actionId, result: { _tag: "Ok", value: null }, at }
}

/** A time in milliseconds. */
export const milliseconds = (time: Time): number => Duration.toMillis(Duration.fromInputUnsafe(time))

/** An action that somebody has to do; a wait passes by itself. */
export type Doable = Exclude<Action, ActionOf<"wait">>

/** What somebody has to do for an actor. */
export type Work =
  /** To ask a behavior for its plan. */
  | { readonly _tag: "Plan"; readonly tick: Tick; readonly behavior: ActorScript.BehaviorName }
  | { readonly _tag: "Act"; readonly tick: Tick; readonly actionId: string; readonly action: Doable }
  | { readonly _tag: "StopChildren"; readonly children: ReadonlyArray<string> }

/** What is to be done for an actor now, if anything is. */
export const workOf = (state: ScriptState | null): Work | undefined => {
  if (state === null) return undefined
  const { children, standing, tick } = state
  if (standing === "stopped") return children.length === 0 ? undefined : { _tag: "StopChildren", children }
  const behavior = tick?.behaviors[0]
  if (standing === "paused" || tick === null || behavior === undefined) return undefined
  const intent = tick.pending[0]
  if (intent === undefined) return { _tag: "Plan", tick, behavior }
  const { action, id } = intent
  return action.type === "wait" ? undefined : { _tag: "Act", tick, actionId: id, action }
}
