/**
 * Commands that go to one machine together, and those who wait for their answers.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Machine from "./Machine.ts"
import type { Client } from "./Router.ts"

/** A command came back without an answer: its machine does not hold the actor, or the bundle was lost. It may have been run. */
export class CommandReturned extends Data.TaggedError("CommandReturned") {}

/** A command that was sent, by itself or in a bundle. */
export type Asked = Effect.Effect<string, Effect.Error<ReturnType<Client["Ask"]>> | CommandReturned>

/** A command whose sender waits for the answer. */
export interface Sending {
  readonly letter: Machine.Letter
  readonly settle: (asked: Asked) => void
}

// A bundle is encoded and decoded in one go, and a frame of the cluster's has a limit.
const mostLetters = 512
const longest = 1024 * 1024

/** How much a command adds to its bundle, in characters. */
export const lengthOf = ({ command }: Machine.Letter): number =>
  command.payload.length + (command.metadata?.length ?? 0)

/** Gathers commands until it is sealed, then gives their answers out. */
export class Bundle {
  readonly id: string
  /** Whether the machine did not hold all that it was sent. */
  isRefused = false
  private length = 0
  private readonly awaited = new Set<Sending>()
  /** What has left, by place. */
  private sent: ReadonlyArray<Sending> = []

  constructor(id: string) {
    this.id = id
  }

  get letters(): ReadonlyArray<Machine.Letter> {
    return this.sent.map(({ letter }) => letter)
  }

  get isAwaited(): boolean {
    return this.awaited.size > 0
  }

  /** Whether there is room for one more. */
  takes(letter: Machine.Letter): boolean {
    return this.awaited.size < mostLetters && this.length + lengthOf(letter) <= longest
  }

  add(sending: Sending): void {
    this.awaited.add(sending)
    this.length += lengthOf(sending.letter)
  }

  /** Nothing is added from now on. */
  seal(): void {
    this.sent = [...this.awaited]
  }

  answer(place: number, outcome: Machine.Outcome): void {
    const sending = this.sent[place]
    if (outcome._tag === "Returned") this.isRefused = true
    if (sending !== undefined) this.settle(sending, askedOf(outcome))
  }

  /** Its sender waits no longer; gives its place if it has left. */
  withdraw(sending: Sending): number | undefined {
    this.awaited.delete(sending)
    const place = this.sent.indexOf(sending)
    return place < 0 ? undefined : place
  }

  /** Whoever still waits is not going to be answered. */
  giveUp(): void {
    for (const sending of this.awaited) this.settle(sending, Effect.fail(new CommandReturned()))
  }

  private settle(sending: Sending, asked: Asked): void {
    if (this.awaited.delete(sending)) sending.settle(asked)
  }
}

const askedOf = (outcome: Machine.Outcome): Asked => {
  switch (outcome._tag) {
    case "Replied":
      return Effect.succeed(outcome.reply)
    case "Refused":
      return Effect.fail(outcome.error)
    case "Returned":
      return Effect.fail(new CommandReturned())
  }
}
