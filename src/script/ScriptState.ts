/**
 * The state of a scripted actor: what its events come to.
 */
import * as Schema from "effect/Schema"
import * as ActorScript from "../ActorScript.ts"
import { Failure, Outcome } from "../ScriptAction.ts"
import { Intent, Mail } from "../ScriptEvent.ts"
import { StoredValue } from "./StoredValue.ts"

/** A tick that is under way. */
export const Tick = Schema.Struct({
  id: Schema.String,
  startedAt: Schema.Date,
  mail: Schema.NullOr(Mail),
  /** Those that are still to be done; the first is the one whose intents are pending, or that is to be asked for a plan. */
  behaviors: Schema.Array(ActorScript.BehaviorName),
  /** What the first behavior is still going to do, in order. */
  pending: Schema.Array(Intent),
  /** When the wait that is the first of those ends. */
  waitUntil: Schema.NullOr(Schema.Date),
  outcomes: Schema.Array(Outcome),
  /** Of plans and of the context. */
  failures: Schema.Array(Failure),
  /** Something said that the goal is reached. */
  done: Schema.Boolean
})

/** A tick that is under way. */
export type Tick = typeof Tick.Type

/** What came of a tick. */
export const TickReport = Schema.Struct({
  tickId: Schema.String,
  /** `failed` if anything in it failed; `stopped` if the actor was stopped. */
  outcome: Schema.Literals(["ok", "failed", "stopped"]),
  startedAt: Schema.Date,
  endedAt: Schema.Date,
  outcomes: Schema.Array(Outcome),
  /** Of plans and of the context. */
  failures: Schema.Array(Failure)
})

/** What came of a tick. */
export type TickReport = typeof TickReport.Type

/** An actor that was spawned. */
export const ScriptState = Schema.Struct({
  id: Schema.String,
  script: ActorScript.ActorScript,
  goals: Schema.Array(Schema.String),
  metadata: Schema.Record(Schema.String, StoredValue),
  /** Counts the updates, from 1. */
  revision: Schema.Int,
  parent: Schema.NullOr(Schema.String),
  depth: Schema.Natural,
  children: Schema.Array(Schema.String),
  standing: Schema.Literals(["active", "paused", "completed", "stopped"]),
  everyMilliseconds: Schema.NullOr(Schema.Finite),
  /** Messages that no tick was about yet. */
  mail: Schema.Array(Mail),
  tick: Schema.NullOr(Tick),
  lastTick: Schema.NullOr(TickReport),
  /** Ticks that failed, one after the other, up to the last. */
  failedTicks: Schema.Natural,
  createdAt: Schema.Date,
  updatedAt: Schema.Date
})

/** An actor that was spawned. */
export type ScriptState = typeof ScriptState.Type
