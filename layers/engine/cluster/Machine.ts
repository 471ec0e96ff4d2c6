/**
 * What one machine tells the others: the entities of this kind are the sentinels of its shards, so whoever asks a sentinel asks the machine that
 * holds the shard.
 */
import { ClientTracingEnabled } from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { AskFailure, Command, Info } from "./Protocol.ts"

/** Which machine answers, and the shards that it holds. */
const machine = { machine: Schema.String, shards: Schema.Array(Schema.String) }

/** What a machine knows of the actors of a definition, some at a time, by id. */
export const Roster = Schema.Struct({
  ...machine,
  /** Those that are in memory, were stopped, or have failed. */
  actors: Schema.Array(Info),
  /** Whether there are more after the last of these. */
  isLast: Schema.Boolean
})

export type Roster = typeof Roster.Type

/** What a machine says, from now on, as it happens; first who it is. */
export const News = Schema.Union([
  Schema.TaggedStruct("Here", machine),
  Schema.TaggedStruct("Changed", { actors: Schema.Array(Info) })
])

export type News = typeof News.Type

/** Commands to actors of one machine, which travel together. */
export const Bundle = Schema.Struct({
  id: Schema.String,
  letters: Schema.Array(Schema.Struct({ actor: Schema.String, id: Schema.String, command: Command }))
})

export type Bundle = typeof Bundle.Type

export type Letter = Bundle["letters"][number]

/** What became of one command of a bundle. */
export const Outcome = Schema.Union([
  Schema.TaggedStruct("Replied", { reply: Schema.String }),
  Schema.TaggedStruct("Refused", { error: AskFailure }),
  /** The machine does not hold its shard, or no longer. */
  Schema.TaggedStruct("Returned", {})
])

export type Outcome = typeof Outcome.Type

/** The outcome of one command, by its place in the bundle. */
export const Answer = Schema.Struct({ place: Schema.Int, outcome: Outcome })

export type Answer = typeof Answer.Type

/** The sentinels. */
export const entity = Entity.make("pantheon-machine", [
  Rpc.make("Stand"),
  Rpc.make("Roster", {
    payload: { actor: Schema.String, after: Schema.optionalKey(Schema.String) },
    success: Roster
  }),
  Rpc.make("Listen", { success: News, stream: true }),
  Rpc.make("Here", { success: Schema.Struct(machine) }),
  // Completes when the bundle has come.
  Rpc.make("Carry", { payload: Bundle }),
  // What is known by now of its commands, and was not told yet, at least one; nothing if the machine does not know the bundle, or no longer.
  Rpc.make("Collect", { payload: { bundle: Schema.String }, success: Schema.NullOr(Schema.Array(Answer)) }),
  // What its sender waits for no longer need not begin.
  Rpc.make("Recall", { payload: { bundle: Schema.String, place: Schema.Int } })
])
  // A bundle belongs to the trace of none of its commands.
  .annotate(ClientTracingEnabled, false)
