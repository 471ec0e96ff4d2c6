/**
 * What becomes of one append, given what the store holds: the rules that every store without a query language shares.
 */
import type {
  Acceptance,
  EncodedAppend,
  EncodedEvent,
  Head,
  Outcome,
  Refusal,
  StoredEvent,
  TogetherOutcome
} from "./EventStoreDriver.ts"

/** A command that was recorded, with the versions of its events. */
export interface RecordedCommand {
  readonly reply: string
  readonly firstVersion: number
  readonly lastVersion: number
}

/** What the store holds, batch mates that were decided before included. */
export interface View {
  readonly head: (agentId: string) => Pick<Head, "version" | "presence">
  readonly event: (eventId: string) => StoredEvent | undefined
  readonly command: (agentId: string, commandId: string) => RecordedCommand | undefined
}

/** What becomes of an append that is tried. */
export type Decided = Exclude<Outcome, { readonly _tag: "Again" }>

/** Repeats are recognised before expectations are checked, since a repeated append expects what was true the first time. */
export const decide = (append: EncodedAppend, view: View): Decided => {
  const { agentId, commands, events, expected } = append
  const repeat = decideRepeat(agentId, events, view)
  for (const command of commands) {
    const recorded = view.command(agentId, command.id)
    if (recorded === undefined) continue
    if (commands.length === 1) return { _tag: "Answered", ...recorded }
    // Several commands are known again only together with the events that answered them.
    return repeat?._tag === "Repeated" ? repeat : { _tag: "CommandIdTaken", commandId: command.id }
  }
  if (repeat !== undefined) return repeat
  const head = view.head(agentId)
  const holds = expected === "any" || (expected === "none" ? head.presence === "missing" : head.version === expected)
  return holds ? { _tag: "Stored", firstVersion: head.version + 1 } : { _tag: "Conflict", actual: head.version }
}

const decideRepeat = (agentId: string, events: ReadonlyArray<EncodedEvent>, view: View): Decided | undefined => {
  const known = events.findIndex((event) => view.event(event.id) !== undefined)
  if (known < 0) return undefined
  const stored = events.map((event) => view.event(event.id))
  const first = stored[0]
  const other = events.findIndex((event, index) => {
    const twin = stored[index]
    return (
      first === undefined ||
      twin === undefined ||
      twin.agentId !== agentId ||
      twin.version !== first.version + index ||
      !isSameBody(event, twin)
    )
  })
  if (other < 0 && first !== undefined) return { _tag: "Repeated", firstVersion: first.version }
  return { _tag: "EventIdTaken", eventId: events[known]?.id ?? "" }
}

/**
 * What becomes of appends that are to be stored together, of which each was decided on by itself. They are stored before when all that have events are:
 * then those of notes alone were stored with them. What was stored before without the others is in their way.
 */
export const together = (appends: ReadonlyArray<EncodedAppend>, decided: ReadonlyArray<Decided>): TogetherOutcome => {
  const isEmpty = (index: number) => appends[index]?.events.length === 0
  const isRepeat = decided.some(isKnown) && decided.every((outcome, index) => isKnown(outcome) || isEmpty(index))
  const outcomes: Array<Acceptance> = []
  for (const [index, outcome] of decided.entries()) {
    if (isRepeat) {
      outcomes.push(isKnown(outcome) ? outcome : { _tag: "Repeated", firstVersion: versionIn(outcome) + 1 })
    } else if (outcome._tag === "Stored") {
      outcomes.push(outcome)
    } else {
      return { _tag: "Refused", index, outcome: inTheWay(appends[index], outcome) }
    }
  }
  return { _tag: "Accepted", outcomes }
}

const isKnown = (outcome: Decided): outcome is Extract<Decided, { readonly _tag: "Repeated" | "Answered" }> =>
  outcome._tag === "Repeated" || outcome._tag === "Answered"

/** The version of an agent at which an append of notes alone was decided on. */
const versionIn = (outcome: Decided): number =>
  outcome._tag === "Stored" ? outcome.firstVersion - 1 : outcome._tag === "Conflict" ? outcome.actual : 0

const inTheWay = (
  append: EncodedAppend | undefined,
  outcome: Exclude<Decided, { readonly _tag: "Stored" }>
): Refusal => {
  if (outcome._tag === "Repeated") return { _tag: "EventIdTaken", eventId: append?.events[0]?.id ?? "" }
  if (outcome._tag === "Answered") return { _tag: "CommandIdTaken", commandId: append?.commands[0]?.id ?? "" }
  return outcome
}

/** Whether two events say the same; the time is the writer's clock and may differ between a try and its repetition. */
export const isSameBody = (left: EncodedEvent, right: EncodedEvent): boolean =>
  left.type === right.type &&
  left.schemaVersion === right.schemaVersion &&
  left.data === right.data &&
  left.metadata === right.metadata
