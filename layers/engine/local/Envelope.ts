/**
 * Commands on their way, and what their senders are told.
 */
import * as Exit from "effect/Exit"
import type * as Tracer from "effect/Tracer"
import type { ActorError, NotTaken } from "../../../src/ActorError.ts"
import type { AskOptions } from "../../../src/ActorSystem.ts"
import type { CommandCodec } from "../../../src/actor/ActorCodec.ts"
import type { HandlerResult } from "../../../src/actor/Behavior.ts"
import type { ActorAddress } from "../../../src/CurrentActor.ts"
import type { Principal } from "../../../src/CurrentPrincipal.ts"
import type { DeadLetters } from "./DeadLetters.ts"
import type { Task, Turns } from "./Turns.ts"
import { release, type Waiter } from "./Waiter.ts"

/** A command of a registered behavior. */
export interface Command {
  readonly name: string
  readonly codec: CommandCodec
  readonly handler: (state: unknown, payload: unknown) => HandlerResult
}

/** The options of a command, with what an engine adds that has brought it from elsewhere. */
export interface Passage extends AskOptions {
  /** How often it was sent, from 1. The first time, nothing can be on record under its `commandId`. */
  readonly attempt?: number | undefined
  /** The actors whose handlers wait for it, one for the other; agent ids. */
  readonly askedBy?: ReadonlyArray<string> | undefined
}

/** Where a command comes from. */
export interface Origin {
  /** Who sends it; none when nobody is known. */
  readonly principal: Principal | undefined
  /** That of the command, if it is traced. */
  readonly span: Tracer.Span | undefined
}

/** Nobody known, in no trace. */
export const nobody: Origin = { principal: undefined, span: undefined }

/** Whether a command may be on record. */
export const mayBeRecorded = ({ attempt, commandId }: Passage): boolean => commandId !== undefined && attempt !== 1

/** One command on its way. */
export abstract class Envelope {
  readonly command: Command
  readonly payload: unknown
  readonly options: Passage | undefined
  readonly origin: Origin
  /** The next in the same mailbox. */
  behind: Envelope | undefined
  private wait: { readonly asker: Waiter; readonly target: Waiter } | undefined

  constructor(command: Command, payload: unknown, options: Passage | undefined, origin: Origin) {
    this.command = command
    this.payload = payload
    this.options = options
    this.origin = origin
  }

  /** The mailbox has taken it after its sender had to wait for room. */
  abstract taken(): void
  /** There will be no room for it. */
  abstract notTaken(failure: NotTaken): void
  /** It was run, and this is its outcome. */
  abstract answer(exit: Exit.Exit<unknown, unknown>): void
  /** It was taken but not run, or what it decided could not be persisted. */
  abstract refuse(failure: ActorError): void

  /** The handler of an actor waits until its sender is told. */
  keepWaiting(asker: Waiter, target: Waiter): void {
    this.wait = { asker, target }
    asker.waitingFor.push(target)
  }

  /** Nobody waits for it any more. */
  letGo(): void {
    if (this.wait === undefined) return
    release(this.wait.asker, this.wait.target)
    this.wait = undefined
  }
}

/** A command whose sender waits for the outcome. */
export class Ask extends Envelope implements Task {
  private readonly turns: Turns
  private readonly resume: (exit: Exit.Exit<unknown, unknown>) => void
  private exit: Exit.Exit<unknown, unknown> | undefined

  constructor(
    command: Command,
    payload: unknown,
    options: Passage | undefined,
    origin: Origin,
    turns: Turns,
    resume: (exit: Exit.Exit<unknown, unknown>) => void
  ) {
    super(command, payload, options, origin)
    this.turns = turns
    this.resume = resume
  }

  taken(): void {}

  notTaken(failure: NotTaken): void {
    this.refuse(failure)
  }

  answer(exit: Exit.Exit<unknown, unknown>): void {
    if (this.exit !== undefined) return
    this.exit = exit
    this.letGo()
    this.turns.add(this)
  }

  refuse(failure: ActorError): void {
    this.answer(Exit.fail(failure))
  }

  /** Its sender's turn has come. */
  run(): void {
    if (this.exit !== undefined) this.resume(this.exit)
  }
}

/** A command whose outcome is told to nobody. There may be very many of them, so it is small. */
export class Tell extends Envelope {
  private readonly target: Addressee

  constructor(command: Command, payload: unknown, options: Passage | undefined, origin: Origin, target: Addressee) {
    super(command, payload, options, origin)
    this.target = target
  }

  taken(): void {}

  notTaken(_failure: NotTaken): void {}

  answer(): void {}

  refuse(reason: ActorError): void {
    const { command, payload, target } = this
    target.post.deadLetters.add({ actor: target.actor, id: target.id, command: command.name, payload, reason })
  }
}

/** The same from a sender that waits for room. */
export class WaitingTell extends Tell {
  private readonly turns: Turns
  private readonly resume: (exit: Exit.Exit<void, NotTaken>) => void

  constructor(
    command: Command,
    payload: unknown,
    options: Passage | undefined,
    origin: Origin,
    target: Addressee,
    resume: (exit: Exit.Exit<void, NotTaken>) => void
  ) {
    super(command, payload, options, origin, target)
    this.turns = target.post.turns
    this.resume = resume
  }

  override taken(): void {
    this.tell(Exit.void)
  }

  override notTaken(failure: NotTaken): void {
    this.tell(Exit.fail(failure))
  }

  private tell(exit: Exit.Exit<void, NotTaken>): void {
    this.letGo()
    this.turns.call(() => this.resume(exit))
  }
}

/** Whom a command is for. */
export interface Addressee extends ActorAddress {
  readonly post: PostOffice
}

/** Where senders are told, and where commands go that nobody runs. */
export interface PostOffice {
  readonly turns: Turns
  readonly deadLetters: DeadLetters
}
