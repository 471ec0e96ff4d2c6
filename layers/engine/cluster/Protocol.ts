/**
 * What machines say to each other: one entity for each definition, whose ids are those of its actors.
 *
 * Commands travel as texts in the encoding of their own schemas, so all entities have the same messages, and a machine needs no definition to pass
 * one on.
 */
import { ClientTracingEnabled, Persisted, Uninterruptible } from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { AccessDenied } from "../../../src/AccessError.ts"
import * as ActorErrors from "../../../src/ActorError.ts"
import { ActorStatus } from "../../../src/ActorSystem.ts"
import { ActorAddress } from "../../../src/CurrentActor.ts"
import { Principal } from "../../../src/CurrentPrincipal.ts"
import { Conflict, Corrupted, InvalidInput, Rejected, Unavailable, Unknown } from "../../../src/StoreError.ts"

/** Why somebody may not do what he asks for. */
const Denial = Schema.Union([AccessDenied, Unavailable])

/** Why an order was not obeyed, once it was allowed. */
const OrderFailure = Schema.Union([
  InvalidInput,
  ActorErrors.ActorNotRegistered,
  ActorErrors.ActorStopped,
  ActorErrors.ActorUnreachable
])

/** Why an actor was not brought into memory. */
const SpawnFailure = Schema.Union([OrderFailure, ActorErrors.RecoveryFailed])

/** Why a command was not taken. */
const NotTaken = Schema.Union([SpawnFailure, ActorErrors.MailboxFull, ActorErrors.ActorDeadlock])

const ReadFailure = Schema.Union([InvalidInput, Unavailable, Corrupted])

const AppendFailure = Schema.Union([Conflict, Rejected, Unknown])

/** Why a command that was allowed has no reply. */
export const Failure = Schema.Union([NotTaken, ActorErrors.ActorCrashed, ActorErrors.AskTimeout, AppendFailure])

export type Failure = typeof Failure.Type

/** A command failed with an error of its own, encoded. */
export class CommandFailed extends Schema.TaggedError<CommandFailed>("pantheon-state/cluster/CommandFailed")(
  "CommandFailed",
  { error: Schema.String }
) {}

/** Why an ask has no reply. */
export const AskFailure = Schema.Union([CommandFailed, Failure, Denial])

export type AskFailure = typeof AskFailure.Type

/** Who sends, and who waits. */
const sender = {
  /** The claim of who is asking; none when nobody is known. */
  principal: Schema.optionalKey(Principal),
  /** The actors whose handlers wait for the answer, one for the other. */
  askedBy: Schema.Array(Schema.String)
}

/** A command on its way. */
export const Command = Schema.Struct({
  ...sender,
  command: Schema.String,
  payload: Schema.String,
  commandId: Schema.optionalKey(Schema.String),
  attempt: Schema.Int,
  metadata: Schema.optionalKey(Schema.String),
  traceparent: Schema.optionalKey(Schema.String),
  /** Milliseconds. */
  timeout: Schema.optionalKey(Schema.Number)
})

export type Command = typeof Command.Type

/** Anything else that is wanted of an actor. */
export const Order = Schema.Struct(sender)

export type Order = typeof Order.Type

/** What is known of an actor. */
export const Info = Schema.Struct({
  ...ActorAddress.fields,
  agentId: Schema.String,
  status: ActorStatus,
  version: Schema.Int,
  mailbox: Schema.Int,
  restarts: Schema.Int,
  parent: Schema.optionalKey(ActorAddress)
})

export type Info = typeof Info.Type

/** What an actor failed of; what is no known error comes over by its name and message. */
export const Cause = Schema.Union([
  Conflict,
  ActorErrors.ChildFailed,
  ActorErrors.HandlerTimeout,
  ActorErrors.ActorCrashed,
  Schema.Defect()
])

/** How an actor left the memory. */
export const End = Schema.Struct({
  ...ActorAddress.fields,
  _tag: Schema.Literals(["Stopped", "Failed", "Passivated"]),
  cause: Schema.optionalKey(Cause)
})

const Relative = Schema.Struct({ ...ActorAddress.fields, agentId: Schema.String })

/** Why an actor cannot be made a child. */
const Refusal = Schema.Struct({
  reason: ActorErrors.ChildRefusedReason,
  expected: Schema.String,
  found: Schema.String
})

const commands = [
  Rpc.make("Ask", { payload: Command, success: Schema.String, error: AskFailure }),
  Rpc.make("Tell", { payload: Command, error: Schema.Union([NotTaken, Denial]) }),
  // The cluster keeps it until it was run.
  Rpc.make("TellDurably", {
    payload: { ...Command.fields, commandId: Schema.String },
    primaryKey: ({ commandId }) => commandId
  })
    .annotate(Persisted, true)
    .annotate(Uninterruptible, true)
] as const

const orders = [
  Rpc.make("Spawn", { payload: Order, success: Info, error: Schema.Union([SpawnFailure, Denial]) }),
  /** By its parent. */
  Rpc.make("SpawnChild", { payload: Order, success: Info, error: Schema.Union([SpawnFailure, Denial]) }),
  Rpc.make("Stop", { payload: Order, error: Schema.Union([OrderFailure, Denial]) }),
  Rpc.make("Pause", { payload: Order, error: Schema.Union([SpawnFailure, Denial]) }),
  Rpc.make("Resume", { payload: Order, error: Schema.Union([OrderFailure, Denial]) }),
  Rpc.make("Restart", { payload: Order, error: Schema.Union([SpawnFailure, Denial]) }),
  Rpc.make("Watch", { payload: Order, success: End, error: Schema.Union([OrderFailure, Denial]) }),
  Rpc.make("Get", {
    payload: Order,
    success: Schema.NullOr(Info),
    error: Schema.Union([ReadFailure, OrderFailure, Denial])
  }),
  Rpc.make("Settle", { payload: Order, error: Schema.Union([OrderFailure, Denial]) })
] as const

/** What relatives say to each other. */
const family = [
  Rpc.make("End", { payload: { ending: Schema.Literals(["stopped", "orphaned"]) } }),
  Rpc.make("Trouble", { payload: { child: Relative, cause: Cause } }),
  Rpc.make("BringBack"),
  Rpc.make("Discount"),
  Rpc.make("Tie", {
    payload: { parent: Relative },
    success: Schema.NullOr(Refusal),
    error: Schema.Union([ReadFailure, AppendFailure])
  })
] as const

/** The entity of a definition. */
export const entityOf = (actor: string) =>
  Entity.make(actor, [...commands, ...orders, ...family])
    // Commands that are traced bring their trace with them.
    .annotate(ClientTracingEnabled, false)

export type ActorEntity = ReturnType<typeof entityOf>
