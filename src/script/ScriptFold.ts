/**
 * The fold of scripted actors: what each event makes of the state.
 */
import type { EventOf, ScriptEvent } from "../ScriptEvent.ts"
import type { ScriptState, Tick } from "./ScriptState.ts"

/** Folds one event. What does not fit the state changes nothing. */
export const evolve = (state: ScriptState | null, event: ScriptEvent): ScriptState | null => {
  if (state === null) return event._tag === "Spawned" ? spawned(event) : null
  return { ...state, ...change(state, event), updatedAt: event.at }
}

const spawned = ({ at, depth, goals, id, metadata, parent, script }: EventOf<"Spawned">): ScriptState => ({
  id,
  script,
  goals,
  metadata,
  revision: 1,
  parent,
  depth,
  children: [],
  standing: "active",
  everyMilliseconds: null,
  mail: [],
  tick: null,
  lastTick: null,
  failedTicks: 0,
  createdAt: at,
  updatedAt: at
})

const change = (state: ScriptState, event: ScriptEvent): Partial<ScriptState> => {
  switch (event._tag) {
    case "Spawned":
      return {}
    case "Updated":
      return updated(state, event)
    case "MessageReceived":
      return { mail: [...state.mail, event.mail] }
    case "TickStarted":
      return { tick: begin(event), mail: state.mail.filter(({ id }) => id !== event.tickId) }
    case "Scheduled":
      return { everyMilliseconds: event.everyMilliseconds }
    case "Paused":
      return { standing: "paused" }
    case "Resumed":
      return { standing: "active", failedTicks: 0 }
    case "Stopped":
      return { standing: "stopped", mail: [], everyMilliseconds: null }
    case "ChildrenLeft":
      return { children: state.children.filter((id) => !event.children.includes(id)) }
    default:
      return state.tick === null ? {} : changeInTick(state, state.tick, event)
  }
}

const updated = (state: ScriptState, { goals, metadata }: EventOf<"Updated">): Partial<ScriptState> => ({
  goals: goals ?? state.goals,
  metadata: metadata ?? state.metadata,
  revision: state.revision + 1,
  // A new goal is not reached yet.
  standing: goals !== undefined && state.standing === "completed" ? "active" : state.standing
})

const begin = ({ at, behaviors, mail, tickId }: EventOf<"TickStarted">): Tick => ({
  id: tickId,
  startedAt: at,
  mail,
  behaviors,
  pending: [],
  waitUntil: null,
  outcomes: [],
  failures: [],
  done: false
})

type InTick = EventOf<"BehaviorPlanned" | "PlanFailed" | "ContextFailed" | "WaitBegan" | "ActionEnded" | "TickEnded">

const changeInTick = (state: ScriptState, tick: Tick, event: InTick): Partial<ScriptState> => {
  switch (event._tag) {
    case "BehaviorPlanned":
      return { tick: goOn({ ...tick, pending: event.intents, done: tick.done || event.done }) }
    case "PlanFailed":
      return { tick: goOn({ ...tick, failures: [...tick.failures, event.failure] }) }
    case "ContextFailed":
      return { tick: { ...tick, behaviors: [], failures: [...tick.failures, event.failure] } }
    case "WaitBegan":
      return { tick: { ...tick, waitUntil: event.until } }
    case "ActionEnded":
      return actionEnded(state, tick, event)
    case "TickEnded":
      return tickEnded(state, tick, event)
  }
}

/** Goes on to the next behavior if the first has nothing left to do. */
const goOn = (tick: Tick): Tick => (tick.pending.length > 0 ? tick : { ...tick, behaviors: tick.behaviors.slice(1) })

const actionEnded = (
  state: ScriptState,
  tick: Tick,
  { actionId, child, result }: EventOf<"ActionEnded">
): Partial<ScriptState> => {
  const [intent, ...pending] = tick.pending
  if (intent?.id !== actionId) return {}
  const { action } = intent
  const outcome = { actionId, behavior: tick.behaviors[0]?.name ?? "", action, result }
  const next = goOn({
    ...tick,
    pending,
    waitUntil: null,
    outcomes: [...tick.outcomes, outcome],
    done: tick.done || (action.done === true && result._tag === "Ok")
  })
  return child === undefined ? { tick: next } : { tick: next, children: [...state.children, child] }
}

const tickEnded = (
  state: ScriptState,
  { failures, outcomes, pending, startedAt }: Tick,
  { at, done, outcome, tickId }: EventOf<"TickEnded">
): Partial<ScriptState> => ({
  tick: null,
  // A stop may have come after a child was made and before that was recorded.
  children: pending[0]?.action.type === "spawn" ? [...state.children, pending[0].id] : state.children,
  lastTick: { tickId, outcome, startedAt, endedAt: at, outcomes, failures },
  failedTicks: outcome === "failed" ? state.failedTicks + 1 : 0,
  standing: done && state.standing === "active" ? "completed" : state.standing
})
