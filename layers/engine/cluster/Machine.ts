/**
 * What one machine tells the others: the entities of this kind are the sentinels of its shards, so whoever asks a sentinel asks the machine that
 * holds the shard.
 */
import * as Entity from "effect/cluster/Entity"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Info } from "./Protocol.ts"

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

/** The sentinels. */
export const entity = Entity.make("pantheon-machine", [
  Rpc.make("Stand"),
  Rpc.make("Roster", {
    payload: { actor: Schema.String, after: Schema.optionalKey(Schema.String) },
    success: Roster
  }),
  Rpc.make("Listen", { success: News, stream: true })
])
