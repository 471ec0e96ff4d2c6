/**
 * One write on its way through the lane of its agent.
 */
import type * as Cause from "effect/Cause"
import type { ContextEvent } from "../ContextEvent.ts"
import type { AppendError, ReadError } from "../StoreError.ts"
import type { PreparedEvent } from "../store/AppendInput.ts"
import type { PreparedNote } from "../store/NoteInput.ts"
import type { Standing } from "./AgentJournal.ts"

/** What a write comes to, on an agent as it stands. */
export interface Plan {
  /** To be appended; none when there is nothing to do. */
  readonly prepared: ReadonlyArray<PreparedEvent>
  /** Changes of notes that go with them, if any. */
  readonly notes?: ReadonlyArray<PreparedNote> | undefined
  /** The same as a read will give them. */
  readonly events: ReadonlyArray<ContextEvent>
  /** Where the agent stands after them. */
  readonly standing: Standing
}

/** Tells the caller why his write is refused. */
export type Refusal = () => void

/** What became of a write that was not refused. */
export type Outcome =
  | { readonly _tag: "Done"; readonly plan: Plan }
  /** It had been stored before, in these versions. */
  | { readonly _tag: "Repeated"; readonly firstVersion: number; readonly version: number }
  | { readonly _tag: "Failed"; readonly error: AppendError | ReadError }
  | { readonly _tag: "Died"; readonly cause: Cause.Cause<never> }

/** A write; its caller is told once. */
export abstract class Operation {
  /** How many events it plans, at most. */
  readonly count: number
  readonly commandId: string | undefined
  /** What the store knows it by if it was stored before: its caller chose the ids. `undefined` when it cannot have been. */
  readonly identity: ReadonlyArray<PreparedEvent> | undefined
  /** What it comes to in the round that it is in. */
  planned: Plan | Refusal | undefined
  /** Whether nobody waits for it any more. */
  isSettled = false

  constructor(count: number, commandId: string | undefined, identity: ReadonlyArray<PreparedEvent> | undefined) {
    this.count = count
    this.commandId = commandId
    this.identity = identity
  }

  /**
   * Decides on the agent as it stands. It may be asked several times, since what it was shown may turn out to be outdated. `undefined`
   * when the write goes on by itself and leaves the lane.
   */
  abstract plan(at: Standing): Plan | Refusal | undefined

  protected abstract tell(outcome: Outcome): void

  settle(outcome: Outcome): void {
    if (this.isSettled) return
    this.isSettled = true
    this.tell(outcome)
  }

  /** Tells the caller why, if it is refused. */
  refuse(): void {
    if (this.isSettled || typeof this.planned !== "function") return
    this.isSettled = true
    this.planned()
  }

  /** Takes it back: the caller has gone. What is on its way to the disk may still be stored. */
  withdraw(): void {
    this.isSettled = true
  }
}

const none: ReadonlyArray<never> = Object.freeze([])

/** A plan of nothing. */
export const nothing = (at: Standing): Plan => ({ prepared: none, events: none, standing: at })
