/**
 * What is known, during a round, of the timers that have gone off before it began.
 */
import * as Result from "effect/Result"
import type { Due, Note } from "../../../src/Note.ts"
import type { ReadError } from "../../../src/StoreError.ts"
import type { Firing, Ring } from "./Firing.ts"

/** Whether the command of a timer is to be run. */
export type Standing =
  | { readonly _tag: "Stands"; readonly note: Due }
  /** It is not, and this is what becomes of it. */
  | { readonly _tag: "Falls"; readonly ring: Ring }
  /** Its note cannot be read. */
  | { readonly _tag: "Unreadable"; readonly cause: ReadError }

/** The notes of some timers. */
export class StandingTimers {
  private readonly names: ReadonlySet<string>
  private readonly notes: Result.Result<ReadonlyMap<string, Note>, ReadError>
  /** Changed since they were read, by the commands of this actor. */
  private readonly changed = new Set<string>()

  /** The notes are under the names of their timers. */
  constructor(names: ReadonlySet<string>, notes: Result.Result<ReadonlyMap<string, Note>, ReadError>) {
    this.names = names
    this.notes = notes
  }

  covers({ alarm }: Firing): boolean {
    return this.names.has(alarm.name)
  }

  change(name: string): void {
    this.changed.add(name)
  }

  of({ alarm }: Firing): Standing {
    const { due, name } = alarm
    if (Result.isFailure(this.notes)) return { _tag: "Unreadable", cause: this.notes.failure }
    // Whether that will be stored is not known yet, so it is left to a second look.
    if (this.changed.has(name)) return { _tag: "Falls", ring: { _tag: "Unheard" } }
    const note = this.notes.success.get(name)
    if (note?.due === undefined) return { _tag: "Falls", ring: { _tag: "Over" } }
    if (note.due !== due) return { _tag: "Falls", ring: { _tag: "Moved", due: note.due } }
    return { _tag: "Stands", note: { ...note, due } }
  }
}

/** For a round before which none has gone off. */
export const none = new StandingTimers(new Set(), Result.succeed(new Map()))
