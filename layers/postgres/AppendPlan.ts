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
  | { readonly _tag: "Member"; readonly chain: Chain; readonly offset: number }
  /** It expects what can no longer be once its chain was stored, and what did not hold if the chain was refused. */
  | { readonly _tag: "Rival"; readonly chain: Chain }
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
  const seats = appends.map((append): Seat => {
    if (!claim(ids, append)) return { _tag: "Later" }
    return seat(chains, append)
  })
  return {
    parameters: () => parameters([...chains.values()], appends, seats),
    outcomes: (verdicts) => appends.map((append, index) => outcome(append, seats[index] ?? { _tag: "Later" }, verdicts))
  }
}

/** Takes the append's ids for this batch, or none if one is taken. */
const claim = (ids: Set<string>, { agentId, commands, events }: EncodedAppend): boolean => {
  const keys = commands.map((command) => `${agentId}\0${command.id}`)
  if (events.some((event) => ids.has(event.id)) || keys.some((key) => ids.has(key))) return false
  for (const event of events) ids.add(event.id)
  for (const key of keys) ids.add(key)
  return true
}

const seat = (chains: Map<string, Chain>, { agentId, events, expected }: EncodedAppend): Seat => {
  const required = expected === "any" ? anyVersion : expected === "none" ? noHistory : expected
  const chain = chains.get(agentId)
  if (chain === undefined) {
    const first: Chain = { agentId, place: chains.size + 1, required, length: events.length }
    chains.set(agentId, first)
    return { _tag: "Member", chain: first, offset: 0 }
  }
  if (required !== anyVersion) {
    if (chain.required === anyVersion) return { _tag: "Later" }
    // After a purge an agent without history has a version, so what follows `none` is judged in the next batch.
    if (chain.required === noHistory && required !== noHistory) return { _tag: "Later" }
    if (required !== chain.required + chain.length) return { _tag: "Rival", chain }
  }
  const offset = chain.length
  chain.length += events.length
  return { _tag: "Member", chain, offset }
}

const outcome = (append: EncodedAppend, seat: Seat, verdicts: ReadonlyArray<Verdict>): Outcome => {
  if (seat._tag === "Later") return { _tag: "Again" }
  const { accepted, head } = verdicts[seat.chain.place - 1] ?? { accepted: false, head: 0 }
  if (accepted) {
    return seat._tag === "Rival"
      ? { _tag: "Conflict", actual: head + seat.chain.length }
      : { _tag: "Stored", firstVersion: head + seat.offset + 1 }
  }
  // The first member was wrong; those behind it may be right on their own.
  const isFirst = seat._tag === "Member" && seat.offset === 0
  return isFirst || (append.expected !== "any" && append.expected !== head)
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
  for (let index = 0; index < appends.length; index++) {
    const append = appends[index]
    const seat = seats[index]
    if (append === undefined || seat === undefined || seat._tag !== "Member") continue
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
