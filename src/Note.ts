/**
 * Notes: small named records that a store keeps beside an agent's events, such as a deadline. A note is no part of the history; the last one
 * of its name stands. See the contract of `EventStore`.
 */
import type * as Value from "./Value.ts"

/** A note as a read gives it. */
export interface Note {
  readonly agentId: string
  readonly name: string
  readonly body: Value.Value
  /** When it is due, in milliseconds since the epoch; never, for most. */
  readonly due: number | undefined
  /** By which it is found across agents; most have none. */
  readonly tag?: string | undefined
}

/** A note that has a due time. */
export interface Due extends Note {
  readonly due: number
}

/** What an append does to one note of its agent. */
export type Change =
  | {
      readonly _tag: "Put"
      /** 1 to 255 characters, as an id. */
      readonly name: string
      readonly body: unknown
      readonly due: number | undefined
      readonly tag?: string | undefined
    }
  | { readonly _tag: "Remove"; readonly name: string }

/** Puts a note, in the place of the one that has this name. The body is any value that an event's data may hold. */
export const put = (
  name: string,
  body: unknown,
  options: {
    /** Milliseconds since the epoch, from 0. */
    readonly due?: number | undefined
    /** 1 to 255 characters, as an id; by it the note is found across agents. */
    readonly tag?: string | undefined
  } = {}
): Change => ({ _tag: "Put", name, body, due: options.due, tag: options.tag })

/** Removes a note, if there is one. */
export const remove = (name: string): Change => ({ _tag: "Remove", name })
