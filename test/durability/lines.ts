/** What a child says of its work: one line of JSON each, written before anything else happens. */
import { writeSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const Line = Schema.TaggedUnion({
  /** An append was acknowledged. */
  Stored: {
    agentId: Schema.String,
    firstVersion: Schema.Int,
    ids: Schema.Array(Schema.String),
    commandId: Schema.NullOr(Schema.String)
  },
  /** An append was refused. */
  Refused: { ids: Schema.Array(Schema.String) },
  /** A command is about to be sent to an actor. */
  Asked: {
    commandId: Schema.String,
    account: Schema.String,
    command: Schema.Literals(["Deposit", "Withdraw"]),
    amount: Schema.Int
  },
  /** It was answered. */
  Answered: { commandId: Schema.String, balance: Schema.Int },
  /** It was answered with its own error. */
  Declined: { commandId: Schema.String },
  /** A timer is about to be set. */
  Planned: { agenda: Schema.String, key: Schema.String },
  /** It was set. */
  Kept: { agenda: Schema.String, key: Schema.String },
  /** It was set for another day, and cancelled. */
  Dropped: { agenda: Schema.String, key: Schema.String },
  /** An agent with so many events is about to be imported. */
  Importing: { agentId: Schema.String, count: Schema.Int },
  /** It was imported. */
  Imported: { agentId: Schema.String },
  /** Appends to several agents together were acknowledged. */
  Moved: { step: Schema.String, agentIds: Schema.Array(Schema.String) },
  /** A counter has counted so far. */
  Counted: { counter: Schema.String, count: Schema.Int }
})
export type Line = typeof Line.Type
export type LineOf<Tag extends Line["_tag"]> = Extract<Line, { readonly _tag: Tag }>

const LineText = Schema.fromJsonString(Line)
const encode = Schema.encodeSync(LineText)
const decode = Schema.decodeSync(LineText)

/** Says it at once: the pipe keeps it, whatever becomes of this process. */
export const say = (line: Line): Effect.Effect<void> => Effect.sync(() => void writeSync(1, `${encode(line)}\n`))

/** Reads what a child has said; a line that it could not finish does not count. */
export const heard = (output: string): ReadonlyArray<Line> =>
  output
    .split("\n")
    .slice(0, -1)
    .map((line) => decode(line))
