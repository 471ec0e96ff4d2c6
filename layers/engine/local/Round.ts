/**
 * What several commands decided, one after the other, before it is persisted.
 */
import * as Exit from "effect/Exit"
import type * as Tracer from "effect/Tracer"
import type { ActorError } from "../../../src/ActorError.ts"
import { type ActorCodec, noWish } from "../../../src/actor/ActorCodec.ts"
import { Decision } from "../../../src/actor/Decision.ts"
import { useUp } from "../../../src/actor/TimerNote.ts"
import type { Append, Command } from "../../../src/EventStore.ts"
import type * as Note from "../../../src/Note.ts"
import type { Rejected } from "../../../src/StoreError.ts"
import type { PreparedEvent } from "../../../src/store/AppendInput.ts"
import type { PreparedNote } from "../../../src/store/NoteInput.ts"
import type { Envelope } from "./Envelope.ts"
import type { Firing } from "./Firing.ts"
import { type Decided, type Prepared, prepareDecision, type Workshop } from "./Preparation.ts"

/** The outcome of a command, or why what it decided cannot be persisted. */
interface Answer {
  readonly envelope: Envelope
  readonly outcome: Exit.Exit<unknown, unknown> | Rejected
}

/** What becomes of a timer: when it goes off next, if it does, and how that is stored. */
interface TimerStep {
  readonly due: number | undefined
  readonly note: Note.Change | PreparedNote
}

/** What is to be persisted, and who rests on it. */
interface Draft {
  readonly events: Array<PreparedEvent>
  readonly timers: Map<string, TimerStep>
  readonly commands: Array<Command>
  readonly recorded: Map<string, Exit.Exit<unknown, unknown>>
  readonly spans: Array<Tracer.Span>
  readonly answers: Array<Answer>
}

const makeDraft = (): Draft => ({
  events: [],
  timers: new Map(),
  commands: [],
  recorded: new Map(),
  spans: [],
  answers: []
})

// Most rounds of an actor that is only asked or told something persist nothing, so they share this one.
const blank = makeDraft()

// One append should stay well below what stores take in one message.
const mostCharacters = 4 * 1024 * 1024

/** Collects events and answers; nobody is told anything that rests on events before these are on disk. */
export class Round {
  /** The state after the events so far. */
  state: unknown
  readonly agentId: string
  /** The version before the first event. */
  version: number
  /** Whether an event asks for a snapshot; fails as the definition's predicate does. */
  snapshotWish = noWish
  private draft = blank
  private characters = 0
  private readonly codec: ActorCodec
  private readonly workshop: Workshop

  constructor(agentId: string, codec: ActorCodec, workshop: Workshop, state: unknown, version: number) {
    this.agentId = agentId
    this.codec = codec
    this.workshop = workshop
    this.state = state
    this.version = version
  }

  /** Whether there is nothing to persist. */
  get isEmpty(): boolean {
    return this.draft === blank
  }

  /** The answers to commands that will be on record. */
  get recorded(): ReadonlyMap<string, Exit.Exit<unknown, unknown>> {
    return this.draft.recorded
  }

  /** What becomes of timers, by name. */
  get timers(): ReadonlyMap<string, TimerStep> {
    return this.draft.timers
  }

  /** Those of the commands whose events these are, as far as they are traced. */
  get spans(): ReadonlyArray<Tracer.Span> {
    return this.draft.spans
  }

  get append(): Append {
    const { agentId, version } = this
    const { commands, events, timers } = this.draft
    const notes = timers.size === 0 ? undefined : Array.from(timers.values(), ({ note }) => note)
    return { agentId, events, expected: version, commands, notes }
  }

  get eventIds(): ReadonlyArray<string> {
    return this.draft.events.map((event) => event.id)
  }

  get lastEventId(): string {
    return this.draft.events.at(-1)?.id ?? ""
  }

  /** Whether what a handler decided fits into the same append, with so many timers. */
  hasRoomFor(exit: Exit.Exit<unknown, unknown>, timers: number): boolean {
    if (this.isEmpty || Exit.isFailure(exit)) return true
    const events = exit.value instanceof Decision ? exit.value.events.length : 0
    const most = this.workshop.limits.eventsPerAppend
    // One place is left for the timer that has sent the command.
    const fits = this.draft.events.length + events <= most && this.timers.size + timers < most
    return (events === 0 && timers === 0) || (fits && this.characters < mostCharacters)
  }

  /** Answers a command with the answer of its twin, if that has persisted something in this round. */
  repeat(envelope: Envelope, commandId: string): boolean {
    const exit = this.recorded.get(commandId)
    if (exit !== undefined) this.take(envelope, exit)
    return exit !== undefined
  }

  /** Takes the outcome of a command that persists nothing. */
  take(envelope: Envelope, outcome: Answer["outcome"]): undefined {
    // Nothing is unpersisted that it could rest on.
    if (this.isEmpty) return tell(envelope, outcome)
    // From here on its sender waits for the disk only.
    envelope.letGo()
    this.draft.answers.push({ envelope, outcome })
  }

  /** A timer has sent a command that was run, whatever came of it. */
  useUp({ alarm, note }: Firing): void {
    if (note !== undefined) this.write().timers.set(alarm.name, useUp(note, this.workshop.now()))
  }

  /** Takes what a handler decided; a part of it is as good as nothing. Gives the cause when the program threw. */
  decide(envelope: Envelope, decided: Decided): { readonly cause: unknown } | undefined {
    const prepared = prepareDecision(this.agentId, this.codec, this.workshop, envelope, decided, this.state)
    if (prepared._tag === "Crashed") return prepared
    if (prepared._tag === "Refused") {
      this.take(envelope, prepared.error)
      return undefined
    }
    const exit = Exit.succeed(prepared.reply)
    if (prepared.events.length > 0 || prepared.timers.length > 0) this.add(prepared, exit, envelope)
    this.take(envelope, exit)
    return undefined
  }

  private add(
    prepared: Prepared & { _tag: "Ready" },
    exit: Exit.Exit<unknown, unknown>,
    { origin: { span } }: Envelope
  ): void {
    const { commands, events, recorded, spans, timers } = this.write()
    for (const event of prepared.events) {
      events.push(event)
      this.characters += event.data.length + event.metadata.length
    }
    for (const timer of prepared.timers) {
      timers.set(timer.name, timer)
      this.characters += timer.note.length
    }
    if (prepared.command !== undefined) {
      commands.push(prepared.command)
      recorded.set(prepared.command.id, exit)
    }
    if (span !== undefined && prepared.events.length > 0) spans.push(span)
    this.state = prepared.state
    if (this.snapshotWish === noWish) this.snapshotWish = prepared.snapshotWish
  }

  private write(): Draft {
    if (this.isEmpty) this.draft = makeDraft()
    return this.draft
  }

  /** Tells everybody; the events are on disk. */
  answer(): void {
    for (const { envelope, outcome } of this.draft.answers) tell(envelope, outcome)
  }

  /** Tells everybody that it came to nothing. */
  refuse(failure: ActorError): void {
    for (const { envelope } of this.draft.answers) envelope.refuse(failure)
  }
}

const tell = (envelope: Envelope, outcome: Answer["outcome"]): undefined => {
  if (outcome._tag === "Rejected") envelope.refuse(outcome)
  else envelope.answer(outcome)
}
