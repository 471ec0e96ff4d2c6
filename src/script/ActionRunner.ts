/**
 * Does what plans ask for.
 */
import * as Effect from "effect/Effect"
import type { ContextPort } from "../ContextPort.ts"
import type { MessageBus } from "../MessageBus.ts"
import type { ActionOf, Result, RetryPolicy } from "../ScriptAction.ts"
import { SpawnRefused, ToolNotAllowed } from "../ScriptError.ts"
import type { ToolPort } from "../ToolPort.ts"
import type * as Value from "../Value.ts"
import * as Failures from "./Failures.ts"
import type { ScriptClient } from "./ScriptClient.ts"
import { type Doable, milliseconds } from "./ScriptProgress.ts"
import type { ScriptState } from "./ScriptState.ts"
import { within } from "./Within.ts"

/** What actions go through. */
export interface Ports {
  readonly client: ScriptClient
  readonly context: ContextPort["Service"]
  readonly tools: ToolPort["Service"]
  readonly bus: MessageBus["Service"]
  readonly limits: Limits
  readonly newId: Effect.Effect<string>
}

/** How far actors may go. */
export interface Limits {
  /** How long one try of an action may take that says nothing itself, in milliseconds. */
  readonly actionTimeout: number
  /** Most children of one actor at a time. */
  readonly children: number
  /** Most generations below an actor without a parent. */
  readonly depth: number
}

/** What came of an action, and the child that it made, or may have made. */
export interface Ended {
  readonly result: Result
  readonly child?: string
}

/** Does an action of an actor. Whatever goes wrong is its result. */
export const run = (ports: Ports, actor: ScriptState, actionId: string, action: Doable): Effect.Effect<Ended> => {
  const timeout = action.timeout === undefined ? ports.limits.actionTimeout : milliseconds(action.timeout)
  const once = Effect.suspend(() => perform(ports, actor, actionId, action))
  const mayHaveMade = ({ result }: Ended): boolean =>
    // One that failed, or was not waited for, may have come to be all the same.
    action.type === "spawn" && !(result._tag === "Failed" && result.failure.tag === "SpawnRefused")
  return retry(within(once, `action ${action.type}`, timeout), action.retryPolicy).pipe(
    Effect.map((value): Ended => ({ result: { _tag: "Ok", value } })),
    Effect.catchCause((cause) => Effect.succeed<Ended>({ result: { _tag: "Failed", failure: Failures.of(cause) } })),
    Effect.map((ended) => (mayHaveMade(ended) ? { ...ended, child: actionId } : ended))
  )
}

const perform = (
  ports: Ports,
  actor: ScriptState,
  actionId: string,
  action: Doable
): Effect.Effect<Value.Value, unknown> => {
  switch (action.type) {
    case "tool":
      return useTool(ports, actor, actionId, action)
    case "message":
      return tell(ports, actor, actionId, action)
    case "spawn":
      return spawn(ports, actor, actionId, action)
    case "context":
      return useContext(ports, actionId, action)
  }
}

const useTool = (
  { tools }: Ports,
  { id: actorId, script: { tools: allowed = [] } }: ScriptState,
  actionId: string,
  { args = null, name }: ActionOf<"tool">
): Effect.Effect<Value.Value, unknown> =>
  allowed.includes(name) || allowed.includes("*")
    ? tools.invoke({ name, args, actorId, actionId })
    : Effect.fail(new ToolNotAllowed({ tool: name, allowed }))

/**
 * To the actor of that id, where the action's id keeps it from being delivered twice; else to the bus. The message has an id of its own: action
 * ids hold that of their tick, which is the id of its message, so they would grow with every answer.
 */
const tell = Effect.fnUntraced(function* (
  { bus, client, newId }: Ports,
  { id: from }: ScriptState,
  actionId: string,
  { content, priority = "normal", target = "user" }: ActionOf<"message">
) {
  if (yield* client.exists(target)) {
    const mail = { id: yield* newId, from, content }
    yield* client.to(target).Send({ mail }, { commandId: actionId })
  } else {
    yield* bus.send({ id: actionId, from, to: target, content, priority })
  }
  return null
})

/** The child's id is that of the action, so that there is one, however often this is tried. */
const spawn = Effect.fnUntraced(function* (
  { client, limits }: Ports,
  parent: ScriptState,
  actionId: string,
  { actor: script, goal, start }: ActionOf<"spawn">
) {
  if (parent.depth >= limits.depth) {
    return yield* new SpawnRefused({ id: parent.id, reason: "depth", limit: limits.depth })
  }
  const most = Math.min(parent.script.children ?? limits.children, limits.children)
  if (parent.children.length >= most && (yield* living(client, parent)).length >= most) {
    return yield* new SpawnRefused({ id: parent.id, reason: "children", limit: most })
  }
  const id = actionId
  const spawned = { script, goals: [goal], metadata: {}, parent: parent.id, depth: parent.depth + 1 }
  yield* client.to(id).Spawn(spawned, { commandId: actionId })
  if (start !== undefined) yield* client.to(id).Schedule({ everyMilliseconds: milliseconds(start.every) })
  return { id }
})

/** Looks which children have not ended yet; the others count no more. */
const living = Effect.fnUntraced(function* ({ read, to }: ScriptClient, { children, id }: ScriptState) {
  const states = yield* Effect.forEach(children, (child) => read(child), { concurrency: 8 })
  const ended = states.flatMap(({ state }, index) => {
    const hasEnded = state === null || state.standing === "stopped" || state.standing === "completed"
    return hasEnded ? children.slice(index, index + 1) : []
  })
  if (ended.length > 0) yield* to(id).LeaveChildren({ children: ended })
  return children.filter((child) => !ended.includes(child))
})

const useContext = (
  { context }: Ports,
  actionId: string,
  { data = null, operation, target }: ActionOf<"context">
): Effect.Effect<Value.Value, unknown> => {
  switch (operation) {
    case "read":
      return context.read(target)
    case "write":
      return Effect.as(context.write({ target, actionId }, data), null)
    case "delete":
      return Effect.as(context.delete({ target, actionId }), null)
  }
}

const retry = <A>(effect: Effect.Effect<A, unknown>, policy: RetryPolicy | undefined): Effect.Effect<A, unknown> => {
  if (policy === undefined) return effect
  const { backoff = "exponential", initialDelay = "100 millis", maxDelay = "1 minute", maxRetries } = policy
  const attempt = (retries: number): Effect.Effect<A, unknown> =>
    Effect.catch(effect, (error) => {
      if (retries >= maxRetries || !isWorthAnother(error, policy)) return Effect.fail(error)
      const growth = backoff === "exponential" ? 2 ** retries : retries + 1
      const delay = Math.min(milliseconds(initialDelay) * growth, milliseconds(maxDelay))
      return Effect.delay(
        Effect.suspend(() => attempt(retries + 1)),
        delay
      )
    })
  return attempt(0)
}

const isWorthAnother = (error: unknown, { retryableErrors }: RetryPolicy): boolean => {
  const { critical, tag } = Failures.ofError(error)
  return retryableErrors === undefined ? !critical : retryableErrors.includes(tag)
}
