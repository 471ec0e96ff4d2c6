/**
 * A timer that has gone off, on its way through the mailbox of its actor.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Behavior } from "../../../src/actor/Behavior.ts"
import * as OwnPrincipal from "../../../src/actor/OwnPrincipal.ts"
import { decodeTimer } from "../../../src/actor/TimerNote.ts"
import type { Due } from "../../../src/Note.ts"
import type { Corrupted } from "../../../src/StoreError.ts"
import type { Alarm } from "./AlarmQueue.ts"
import { type Command, Envelope, nobody, type Origin } from "./Envelope.ts"

/** What became of a timer that has gone off. */
export type Ring =
  /** It was used up, or was no longer set; with why it could not be run, if so. */
  | { readonly _tag: "Over"; readonly failure?: Corrupted | undefined }
  /** It stands as it was, and nobody has run its command. */
  | { readonly _tag: "Unheard" }
  /** It is set for another time. */
  | { readonly _tag: "Moved"; readonly due: number }

/** The command of a timer. Which one that is, its note says once it is read. */
export class Firing extends Envelope {
  declare command: Command
  declare payload: unknown
  declare origin: Origin
  readonly alarm: Alarm
  /** The note as it stood when the turn of the command came. */
  note: Due | undefined
  private failure: Corrupted | undefined
  private readonly onEnd: (ring: Ring) => void

  constructor(alarm: Alarm, onEnd: (ring: Ring) => void) {
    super(unread, undefined, {}, nobody)
    this.alarm = alarm
    this.onEnd = onEnd
  }

  /** The timer stands, and this is its note. */
  load(note: Due, { definition, handlers, services }: Behavior): void {
    this.note = note
    this.origin = { principal: OwnPrincipal.of(note.agentId, services), span: undefined }
    const timed = decodeTimer(definition.codec, note)
    if (Result.isFailure(timed)) {
      this.failure = timed.failure
      this.command = { ...unread, handler: () => Effect.fail(timed.failure) }
      return
    }
    const { codec, command, payload } = timed.success
    const handler = handlers.get(command) ?? unread.handler
    this.command = { name: command, codec, handler }
    this.payload = payload
  }

  /** It is not to be run. */
  end(ring: Ring): void {
    this.onEnd(ring)
  }

  taken(): void {}

  notTaken(): void {
    this.onEnd({ _tag: "Unheard" })
  }

  answer(): void {
    this.onEnd({ _tag: "Over", failure: this.failure })
  }

  refuse(): void {
    this.onEnd({ _tag: "Unheard" })
  }
}

const early = Effect.die(new Error("a timer was run before its note was read"))

const unread: Command = {
  name: "a timer",
  codec: {
    makePayload: Result.succeed,
    encodePayload: Result.succeed,
    decodePayload: Result.succeed,
    encodeReply: Result.succeed,
    decodeReply: Result.succeed
  },
  handler: () => early
}
