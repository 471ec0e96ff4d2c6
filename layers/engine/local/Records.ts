/**
 * What is known, during a round, of commands that have persisted something before, and of timers.
 */
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import { Corrupted, type ReadError } from "../../../src/StoreError.ts"
import type * as Value from "../../../src/Value.ts"
import { type Envelope, mayBeRecorded } from "./Envelope.ts"
import { Firing } from "./Firing.ts"
import * as StandingTimers from "./StandingTimers.ts"

type Answer = Result.Result<Exit.Exit<unknown, unknown>, ReadError>

/** The records of the commands that waited when the round began. */
export class Records {
  readonly timers: StandingTimers.StandingTimers
  private readonly ids: ReadonlySet<string>
  private readonly stored: Result.Result<ReadonlyMap<string, Value.Value>, ReadError>
  /** Persisted since, by this very round. */
  private readonly fresh = new Map<string, Exit.Exit<unknown, unknown>>()

  constructor(
    ids: ReadonlySet<string>,
    stored: Result.Result<ReadonlyMap<string, Value.Value>, ReadError>,
    timers: StandingTimers.StandingTimers
  ) {
    this.timers = timers
    this.ids = ids
    this.stored = stored
  }

  /** Whether it is known if the command was persisted before, or if its timer stands. */
  cover(envelope: Envelope): boolean {
    const { options } = envelope
    if (options === undefined) return true
    if (envelope instanceof Firing) return this.timers.covers(envelope)
    return options.commandId === undefined || !mayBeRecorded(options) || this.ids.has(options.commandId)
  }

  add(answers: ReadonlyMap<string, Exit.Exit<unknown, unknown>>): void {
    for (const [commandId, exit] of answers) this.fresh.set(commandId, exit)
  }

  /** The first answer to a command; nothing when there was none. */
  answerTo({ command, options }: Envelope, commandId: string): Answer | undefined {
    const fresh = this.fresh.get(commandId)
    if (fresh !== undefined) return Result.succeed(fresh)
    if (options === undefined || !mayBeRecorded(options)) return undefined
    if (Result.isFailure(this.stored)) return Result.fail(this.stored.failure)
    const reply = this.stored.success.get(commandId)
    if (reply === undefined) return undefined
    return Result.mapBoth(command.codec.decodeReply(reply), {
      onSuccess: Exit.succeed,
      onFailure: (cause) =>
        new Corrupted({
          subject: `reply to command ${JSON.stringify(commandId)}`,
          expected: `a reply that ${command.name} can give`,
          found: cause.message,
          remedy:
            "Keep the schema of a reply able to read what was recorded, and use a command id for one command only.",
          cause
        })
    })
  }
}

/** For a round in which no command has an id or comes from a timer. */
export const none = new Records(new Set(), Result.succeed(new Map()), StandingTimers.none)
