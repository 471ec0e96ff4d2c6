/**
 * Scripted actors as an actor definition. Every command is decided at once, on the state alone; plans and actions are done outside by a
 * `ScriptDriver`, which hands in what came of them. So pausing and stopping never wait for a tool.
 */
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Actor from "../Actor.ts"
import { ActorScript } from "../ActorScript.ts"
import { Failure, Result } from "../ScriptAction.ts"
import { ActorExists, ActorHeld, ActorMissing, MailFull } from "../ScriptError.ts"
import { Intent, Mail, ScriptEvent } from "../ScriptEvent.ts"
import { Conflict } from "../StoreError.ts"
import { evolve } from "./ScriptFold.ts"
import { ScriptState } from "./ScriptState.ts"
import { StoredValue } from "./StoredValue.ts"

/** What came of asking a behavior for its plan. */
export const Planning = Schema.TaggedUnion({
  Planned: { intents: Schema.Array(Intent), done: Schema.Boolean },
  Failed: { failure: Failure },
  /** The context could not be compiled. */
  WithoutContext: { failure: Failure }
})

/** What came of asking a behavior for its plan. */
export type Planning = typeof Planning.Type

const Metadata = Schema.Record(Schema.String, StoredValue)

/** The definition. Commands that a driver sends answer with the state, by which it knows how to go on. */
export const ScriptActor = Actor.make("PantheonActor", {
  state: Schema.NullOr(ScriptState),
  initialState: null,
  events: ScriptEvent,
  evolve,
  commands: [
    Rpc.make("Spawn", {
      payload: {
        script: ActorScript,
        goals: Schema.Array(Schema.String),
        metadata: Metadata,
        parent: Schema.NullOr(Schema.String),
        depth: Schema.Natural
      },
      error: ActorExists
    }),
    Rpc.make("Update", {
      payload: {
        goals: Schema.optionalKey(Schema.Array(Schema.String)),
        metadata: Schema.optionalKey(Metadata),
        expected: Schema.optionalKey(Schema.Int)
      },
      error: Schema.Union([ActorMissing, Conflict])
    }),
    /** Gives the id of the tick that will be about the message. */
    Rpc.make("Send", {
      payload: { mail: Mail },
      success: Schema.String,
      error: Schema.Union([ActorMissing, ActorHeld, MailFull])
    }),
    /** Begins a tick, unless one is under way. Gives the id of the tick. */
    Rpc.make("Tick", {
      payload: { tickId: Schema.String },
      success: Schema.String,
      error: Schema.Union([ActorMissing, ActorHeld])
    }),
    Rpc.make("Schedule", {
      payload: { everyMilliseconds: Schema.Finite },
      error: Schema.Union([ActorMissing, ActorHeld])
    }),
    Rpc.make("Pause", { error: Schema.Union([ActorMissing, ActorHeld]) }),
    Rpc.make("Resume", { error: ActorMissing }),
    /** Gives the children, which are to be stopped too. */
    Rpc.make("Stop", { success: Schema.Array(Schema.String), error: ActorMissing }),
    Rpc.make("LeaveChildren", {
      payload: { children: Schema.Array(Schema.String) },
      success: Schema.NullOr(ScriptState)
    }),
    /** Changes nothing. */
    Rpc.make("Look", { success: Schema.NullOr(ScriptState) }),
    Rpc.make("TakePlan", {
      /** Tells the behavior by how many there were left, itself among them. */
      payload: { tickId: Schema.String, left: Schema.Natural, planning: Planning },
      success: Schema.NullOr(ScriptState)
    }),
    Rpc.make("TakeResult", {
      payload: {
        tickId: Schema.String,
        actionId: Schema.String,
        result: Result,
        child: Schema.optionalKey(Schema.String)
      },
      success: Schema.NullOr(ScriptState)
    }),
    /** The time of the next scheduled tick has come. */
    Rpc.make("ScheduledTick"),
    /** The end of a wait may have come, or a driver may have been lost. */
    Rpc.make("Wake")
  ]
})
