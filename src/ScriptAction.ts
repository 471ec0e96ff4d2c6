/**
 * What plans ask for, and what came of it. Plans are data: they are stored before anything is done.
 *
 * ```ts
 * const actions = [
 *   ScriptAction.tool("open-book", { title: "Moby-Dick" }, { timeout: "10 seconds" }),
 *   ScriptAction.message("It begins with Ishmael.", { target: "reader" }),
 *   ScriptAction.wait("1 hour")
 * ]
 * ```
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as ActorScript from "./ActorScript.ts"
import { StoredValue } from "./script/StoredValue.ts"
import type * as Value from "./Value.ts"

type DurationText = `${number} ${Duration.Unit}`

// Calendars end some time after it.
const longest = Duration.toMillis(Duration.days(36_500))

// The constructor throws for what is no duration, whatever its type says.
const isDurationText = (text: string): text is DurationText =>
  Option.exists(Duration.fromInput(text as DurationText), (time) => {
    const milliseconds = Duration.toMillis(time)
    return milliseconds >= 0 && milliseconds <= longest
  })

/** How long: milliseconds, or a text such as `5 seconds`; at most a hundred years. */
export const Time = Schema.Union([
  Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: longest })),
  Schema.String.pipe(Schema.refine(isDurationText, { expected: "a time such as 5 seconds, at most 36500 days" }))
])

/** How long: milliseconds, or a text such as `5 seconds`; at most a hundred years. */
export type Time = typeof Time.Type

/** How long between two ticks: at least a millisecond. */
const Interval = Time.check(
  Schema.makeFilter((time) => Duration.toMillis(Duration.fromInputUnsafe(time)) >= 1, {
    expected: "a time of at least a millisecond"
  })
)

/** Whether and when an action that failed is tried again, under the same id. */
export const RetryPolicy = Schema.Struct({
  maxRetries: Schema.Natural,
  /** 100 milliseconds when it is left out. */
  initialDelay: Schema.optionalKey(Time),
  /** A minute when it is left out. */
  maxDelay: Schema.optionalKey(Time),
  /** `exponential` when it is left out. */
  backoff: Schema.optionalKey(Schema.Literals(["linear", "exponential"])),
  /** The tags of errors that are worth another try; all that are not critical when it is left out. */
  retryableErrors: Schema.optionalKey(Schema.Array(Schema.String))
})

/** Whether and when an action that failed is tried again. */
export type RetryPolicy = typeof RetryPolicy.Type

const options = {
  /** Of one try; the port's own when it is left out. */
  timeout: Schema.optionalKey(Time),
  retryPolicy: Schema.optionalKey(RetryPolicy),
  /** Once this is done, the goal is reached. */
  done: Schema.optionalKey(Schema.Boolean)
}

/** What a plan may ask for. */
export const Action = Schema.Union([
  /** Uses a tool of the `ToolPort`. */
  Schema.Struct({
    type: Schema.Literal("tool"),
    name: Schema.String,
    args: Schema.optionalKey(StoredValue),
    ...options
  }),
  /** Tells the scripted actor with the id `target` something, or else whoever listens to the `MessageBus`; `user` when it is left out. */
  Schema.Struct({
    type: Schema.Literal("message"),
    content: Schema.String,
    target: Schema.optionalKey(Schema.NonEmptyString),
    priority: Schema.optionalKey(Schema.Literals(["low", "normal", "high", "urgent"])),
    ...options
  }),
  /** Makes a child. While its behaviors are not in the registry, it is suspended. With `start` it ticks at that interval. */
  Schema.Struct({
    type: Schema.Literal("spawn"),
    actor: ActorScript.ActorScript,
    goal: Schema.String,
    start: Schema.optionalKey(Schema.Struct({ every: Interval })),
    ...options
  }),
  /** Lets the tick rest, through restarts too. */
  Schema.Struct({
    type: Schema.Literal("wait"),
    duration: Time,
    reason: Schema.optionalKey(Schema.String),
    done: options.done
  }),
  /** Reads, writes or deletes what the `ContextPort` knows under a name. */
  Schema.Struct({
    type: Schema.Literal("context"),
    operation: Schema.Literals(["read", "write", "delete"]),
    target: Schema.NonEmptyString,
    data: Schema.optionalKey(StoredValue),
    ...options
  })
])

/** What a plan may ask for. */
export type Action = typeof Action.Type

/** The actions of one type. */
export type ActionOf<Type extends Action["type"]> = Extract<Action, { readonly type: Type }>

type Options = Pick<ActionOf<"tool">, "timeout" | "retryPolicy" | "done">

/** Uses a tool. */
export const tool = (name: string, args?: Value.Value, options?: Options): ActionOf<"tool"> => ({
  type: "tool",
  name,
  ...(args === undefined ? {} : { args }),
  ...options
})

/** Tells another actor, or whoever listens, something. */
export const message = (
  content: string,
  options?: Options & Pick<ActionOf<"message">, "target" | "priority">
): ActionOf<"message"> => ({ type: "message", content, ...options })

/** Makes a child. */
export const spawn = (
  actor: ActorScript.ActorScript,
  goal: string,
  options?: Options & Pick<ActionOf<"spawn">, "start">
): ActionOf<"spawn"> => ({ type: "spawn", actor, goal, ...options })

/** Lets the tick rest. */
export const wait = (
  duration: Time,
  options?: Pick<Options, "done"> & Pick<ActionOf<"wait">, "reason">
): ActionOf<"wait"> => ({ type: "wait", duration, ...options })

/** Reads what the context has under a name. */
export const read = (target: string, options?: Options): ActionOf<"context"> => ({
  type: "context",
  operation: "read",
  target,
  ...options
})

/** Writes into the context. */
export const write = (target: string, data: Value.Value, options?: Options): ActionOf<"context"> => ({
  type: "context",
  operation: "write",
  target,
  data,
  ...options
})

/** Deletes from the context. */
export const remove = (target: string, options?: Options): ActionOf<"context"> => ({
  type: "context",
  operation: "delete",
  target,
  ...options
})

/** What went wrong, as it is stored. */
export const Failure = Schema.Struct({
  /** The tag or the name of the error; `Defect` for what a program threw that has neither. */
  tag: Schema.String,
  message: Schema.String,
  /** The error says so itself, with `critical: true`. The rest of the behavior's actions are skipped. */
  critical: Schema.Boolean
})

/** What went wrong, as it is stored. */
export type Failure = typeof Failure.Type

/** What came of an action. */
export const Result = Schema.TaggedUnion({
  Ok: { value: StoredValue },
  Failed: { failure: Failure },
  /** An action before it met a critical failure, so this one was not begun. */
  Skipped: {}
})

/** What came of an action. */
export type Result = typeof Result.Type

/** An action of a plan, and what came of it. */
export const Outcome = Schema.Struct({
  /** Receivers of this action get it too, and can tell a repetition by it. */
  actionId: Schema.String,
  behavior: Schema.String,
  action: Action,
  result: Result
})

/** An action of a plan, and what came of it. */
export type Outcome = typeof Outcome.Type
