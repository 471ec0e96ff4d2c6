/**
 * What a test has asked for, and what has come of it.
 */
import * as Effect from "effect/Effect"
import type { EventStore } from "../../../src/EventStore.ts"
import type { SnapshotStore } from "../../../src/SnapshotStore.ts"

/** An operation of the stores; each append of several counts on its own. */
export type Operation = Exclude<keyof EventStore["Service"] | keyof SnapshotStore["Service"], "appendAll" | "reach">

/** A group of operations: all of the snapshot store are `snapshots`, and `reads` are those of the event store that change nothing. */
export type Kind = "appends" | "reads" | "deletions" | "imports" | "snapshots"

/** Which operations. */
export interface Which {
  /** A kind of operation, or one by its name; `appends` by default. */
  readonly on?: Kind | Operation | undefined
  /** Only those about one agent. */
  readonly agentId?: string | undefined
}

/** What becomes of an operation in the end. */
export type End = "pass" | "fail" | "lose the answer" | "lose the request"

/** A sort of trouble. */
export interface Trouble {
  /** What the operation waits for. */
  readonly wait?: Effect.Effect<void>
  readonly end?: End
}

interface Rule extends Trouble {
  readonly which: Which
  left: number
}

interface Call {
  readonly operation: Operation
  readonly agentId: string | undefined
  hasPassed: boolean
}

/** What becomes of an operation. */
export interface Fate extends Required<Trouble> {
  readonly isTroubled: boolean
  /** Notes that the store has got it. */
  readonly pass: Effect.Effect<void>
}

const kinds: { readonly [O in Operation]: Kind } = {
  append: "appends",
  appendTogether: "appends",
  read: "reads",
  getEvent: "reads",
  head: "reads",
  reply: "reads",
  replies: "reads",
  commands: "reads",
  agents: "reads",
  getNotes: "reads",
  notes: "reads",
  due: "reads",
  tagged: "reads",
  feed: "reads",
  feedEnd: "reads",
  deleteEvents: "deletions",
  purge: "deletions",
  importAgent: "imports",
  save: "snapshots",
  latest: "snapshots",
  get: "snapshots",
  list: "snapshots",
  versions: "snapshots",
  delete: "snapshots",
  deleteAll: "snapshots"
}

/** The rules of one faulty store, and the calls that have come. */
export class Book {
  private readonly rules = new Set<Rule>()
  private readonly calls: Array<Call> = []

  /** Adds a rule for the next so many operations; gives what takes it away again. */
  add(which: Which, times: number, trouble: Trouble): () => void {
    const rule = { ...trouble, which, left: times }
    this.rules.add(rule)
    return () => this.rules.delete(rule)
  }

  /** Takes away all rules. */
  clear(): void {
    this.rules.clear()
  }

  /** Decides on an operation that comes now. It may have to wait and then fail: of each sort of trouble, the first that fits is taken. */
  take(operation: Operation, agentId: string | undefined): Fate {
    const fitting = [...this.rules].filter(({ which }) => fits(which, operation, agentId))
    const waiting = fitting.find(({ wait }) => wait !== undefined)
    const ending = fitting.find(({ end }) => end !== undefined)
    for (const rule of [waiting, ending]) if (rule !== undefined && --rule.left <= 0) this.rules.delete(rule)
    const call: Call = { operation, agentId, hasPassed: false }
    this.calls.push(call)
    const pass = Effect.sync(() => {
      call.hasPassed = true
    })
    const isTroubled = waiting !== undefined || ending !== undefined
    return { isTroubled, wait: waiting?.wait ?? Effect.void, end: ending?.end ?? "pass", pass }
  }

  /** How many have come, and how many of them the store has got. */
  count(which: Which): { readonly asked: number; readonly passed: number } {
    const asked = this.calls.filter(({ agentId, operation }) => fits(which, operation, agentId))
    return { asked: asked.length, passed: asked.filter(({ hasPassed }) => hasPassed).length }
  }
}

const fits = ({ agentId, on = "appends" }: Which, operation: Operation, ofAgent: string | undefined): boolean =>
  (on === operation || on === kinds[operation]) && (agentId === undefined || agentId === ofAgent)
