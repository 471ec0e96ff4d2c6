/**
 * What happens to scripted actors: their history. Intents come before outcomes: `BehaviorPlanned` is on disk before the first of its actions
 * is begun, and `ActionEnded` right after each.
 */
import * as Schema from "effect/Schema"
import * as ActorScript from "./ActorScript.ts"
import { Action, Failure, Result } from "./ScriptAction.ts"
import { StoredValue } from "./script/StoredValue.ts"

/** A message to a scripted actor. */
export const Mail = Schema.Struct({
  /** Also the id of the tick that is about it. */
  id: Schema.String,
  /** Who sent it: a scripted actor, or whatever the sender calls itself. */
  from: Schema.String,
  content: Schema.String
})

/** A message to a scripted actor. */
export type Mail = typeof Mail.Type

/** An action that a behavior is going to do. */
export const Intent = Schema.Struct({ id: Schema.String, action: Action })

/** An action that a behavior is going to do. */
export type Intent = typeof Intent.Type

const at = Schema.Date

/** What happens to scripted actors. */
export const ScriptEvent = Schema.TaggedUnion({
  Spawned: {
    id: Schema.String,
    script: ActorScript.ActorScript,
    goals: Schema.Array(Schema.String),
    metadata: Schema.Record(Schema.String, StoredValue),
    parent: Schema.NullOr(Schema.String),
    /** 0 for an actor without a parent. */
    depth: Schema.Natural,
    at
  },
  /** What is left out stays. */
  Updated: {
    goals: Schema.optionalKey(Schema.Array(Schema.String)),
    metadata: Schema.optionalKey(Schema.Record(Schema.String, StoredValue)),
    at
  },
  MessageReceived: { mail: Mail, at },
  /** The behaviors are those that will be asked for plans, in order. */
  TickStarted: {
    tickId: Schema.String,
    mail: Schema.NullOr(Mail),
    behaviors: Schema.Array(ActorScript.BehaviorName),
    at
  },
  BehaviorPlanned: {
    tickId: Schema.String,
    behavior: Schema.String,
    intents: Schema.Array(Intent),
    /** The plan says that with it the goal is reached. */
    done: Schema.Boolean,
    at
  },
  PlanFailed: { tickId: Schema.String, behavior: Schema.String, failure: Failure, at },
  /** The context could not be compiled, so the tick cannot go on. */
  ContextFailed: { tickId: Schema.String, failure: Failure, at },
  WaitBegan: { tickId: Schema.String, actionId: Schema.String, until: Schema.Date, at },
  ActionEnded: {
    tickId: Schema.String,
    actionId: Schema.String,
    result: Result,
    /** The child that it made. */
    child: Schema.optionalKey(Schema.String),
    at
  },
  TickEnded: {
    tickId: Schema.String,
    outcome: Schema.Literals(["ok", "failed", "stopped"]),
    /** The goal is reached. */
    done: Schema.Boolean,
    at
  },
  /** It ticks by itself from now on. */
  Scheduled: { everyMilliseconds: Schema.Finite, at },
  Paused: { at },
  Resumed: { at },
  Stopped: { at },
  /** Children that were found to have ended count no more. */
  ChildrenLeft: { children: Schema.Array(Schema.String), at }
})

/** What happens to scripted actors. */
export type ScriptEvent = typeof ScriptEvent.Type

/** An event of one kind. */
export type EventOf<Tag extends ScriptEvent["_tag"]> = Extract<ScriptEvent, { readonly _tag: Tag }>
