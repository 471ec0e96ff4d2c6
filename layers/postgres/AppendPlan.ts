/**
 * How the appends of a batch go into one statement: one chain for each agent, accepted or refused as a whole.
 */
import type { EncodedAppend, Outcome } from "../../src/EventStoreDriver.ts"

/** What the statement says of one agent: its version before the batch, and whether its chain was stored. */
export interface Verdict {
  readonly head: number
  readonly accepted: boolean
}

// What the first member of a chain requires of the agent's version.
const anyVersion = -2
const noHistory = -1

interface Chain {
  readonly agentId: string
  readonly place: number
  required: number
  /** Events of the members so far. */
  length: number
}

/** Where an append went. */
type Seat =
  /** In its agent's chain, after `offset` events of earlier members. */
  | { readonly _tag: "Member"; readonly chain: Chain; readonly offset: number; readonly isFirst: boolean }
  /** It expects what can no longer be once its chain was stored, and what did not hold if the chain was refused. */
  | { readonly _tag: "Rival"; readonly chain: Chain; readonly offset: number }
  /** Shares an id with a batch mate, or its expectation cannot be judged in this statement. */
  | { readonly _tag: "Later" }

/** A planned batch. */
export interface Plan {
  /** The parameters of the statement after the tenant. */
  readonly parameters: () => ReadonlyArray<string>
  /** What became of each append, in order. */
  readonly outcomes: (verdicts: ReadonlyArray<Verdict>) => Array<Outcome>
}

/** Plans a batch; its first append is always in a chain. */
export const plan = (appends: ReadonlyArray<EncodedAppend>): Plan => {
  const chains = new Map<string, Chain>()
  const ids = new Set<string>()
  const waiting = new Set<string>()
  const seats = appends.map((append): Seat => {
    const isFree = claim(ids, append)
    const taken: Seat = isFree && !waiting.has(append.agentId) ? seat(chains, append) : { _tag: "Later" }
    // The appends of an agent keep their order, so what comes behind one that waits must wait too.
    if (taken._tag === "Later") waiting.add(append.agentId)
    return taken
  })
  return {
    parameters: () => parameters([...chains.values()], appends, seats),
    outcomes: (verdicts) => {
      const outcomes = appends.map((append, index) => outcome(append, seats[index] ?? { _tag: "Later" }, verdicts))
      return keepOrder(appends, outcomes)
    }
  }
}

/** What comes behind an append to the same agent that is to be tried again is to be tried again too. */
const keepOrder = (appends: ReadonlyArray<EncodedAppend>, outcomes: ReadonlyArray<Outcome>): Array<Outcome> => {
  const waiting = new Set<string>()
  return outcomes.map((outcome, index) => {
    const agentId = appends[index]?.agentId ?? ""
    if (waiting.has(agentId)) return { _tag: "Again" }
    if (outcome._tag === "Again") waiting.add(agentId)
    return outcome
  })
}

/** Takes the append's ids for this batch; whether all were free. */
const claim = (ids: Set<string>, { agentId, commands, events }: EncodedAppend): boolean => {
  const before = ids.size
  for (const event of events) ids.add(event.id)
  for (const command of commands) ids.add(`${agentId}\0${command.id}`)
  return ids.size === before + events.length + commands.length
}

const seat = (chains: Map<string, Chain>, { agentId, events, expected }: EncodedAppend): Seat => {
  const required = expected === "any" ? anyVersion : expected === "none" ? noHistory : expected
  const chain = chains.get(agentId)
  if (chain === undefined) {
    const first: Chain = { agentId, place: chains.size + 1, required, length: events.length }
    chains.set(agentId, first)
    return { _tag: "Member", chain: first, offset: 0, isFirst: true }
  }
  if (required !== anyVersion) {
    if (chain.required === anyVersion) return { _tag: "Later" }
    // After a purge an agent without history has a version, so what follows `none` is judged in the next batch.
    if (chain.required === noHistory && required !== noHistory) return { _tag: "Later" }
    if (required !== chain.required + chain.length) return { _tag: "Rival", chain, offset: chain.length }
  }
  const offset = chain.length
  chain.length += events.length
  return { _tag: "Member", chain, offset, isFirst: false }
}

const outcome = (append: EncodedAppend, seat: Seat, verdicts: ReadonlyArray<Verdict>): Outcome => {
  if (seat._tag === "Later") return { _tag: "Again" }
  const { accepted, head } = verdicts[seat.chain.place - 1] ?? { accepted: false, head: 0 }
  if (accepted) {
    return seat._tag === "Rival"
      ? { _tag: "Conflict", actual: head + seat.offset }
      : { _tag: "Stored", firstVersion: head + seat.offset + 1 }
  }
  // The first member was wrong; those behind it may be right on their own.
  const isFirst = seat._tag === "Member" && seat.isFirst
  return isFirst || (typeof append.expected === "number" && append.expected !== head)
    ? { _tag: "Conflict", actual: head }
    : { _tag: "Again" }
}

const separator = "\u001f"

const parameters = (
  chains: ReadonlyArray<Chain>,
  appends: ReadonlyArray<EncodedAppend>,
  seats: ReadonlyArray<Seat>
): ReadonlyArray<string> => {
  const eventColumns: ReadonlyArray<Array<string | number>> = [[], [], [], [], [], [], [], []]
  const commandColumns: ReadonlyArray<Array<string | number>> = [[], [], [], [], []]
  const add = (columns: ReadonlyArray<Array<string | number>>, row: ReadonlyArray<string | number>): void => {
    for (let column = 0; column < row.length; column++) columns[column]?.push(row[column] ?? "")
  }
  for (const { append, seat } of members(appends, seats)) {
    const { chain, offset } = seat
    let step = offset
    for (const { data, id, metadata, schemaVersion, timestamp, type } of append.events) {
      add(eventColumns, [chain.place, ++step, id, type, schemaVersion, timestamp, data, metadata])
    }
    for (const { id, reply } of append.commands) add(commandColumns, [chain.place, id, reply, offset + 1, step])
  }
  const agents = [chains.map((chain) => chain.agentId), chains.map((chain) => chain.required)]
  return [...agents, ...eventColumns, ...commandColumns].map((column) => column.join(separator))
}

/** By agent, so that processes which write the same agents wait for each other in one order and never in a circle. */
const members = (appends: ReadonlyArray<EncodedAppend>, seats: ReadonlyArray<Seat>) =>
  appends
    .flatMap((append, index) => {
      const seat = seats[index]
      return seat?._tag === "Member" ? [{ append, seat }] : []
    })
    .sort(({ append: left }, { append: right }) =>
      left.agentId < right.agentId ? -1 : left.agentId > right.agentId ? 1 : 0
    )
