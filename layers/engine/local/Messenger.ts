/**
 * Brings commands to actors, and answers back.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Actor from "../../../src/Actor.ts"
import { ActorDeadlock, AskTimeout, MailboxFull, type NotTaken } from "../../../src/ActorError.ts"
import type { TellOptions } from "../../../src/ActorSystem.ts"
import { InvalidInput } from "../../../src/StoreError.ts"
import * as Trace from "../../../src/Trace.ts"
import { Ask, type Envelope, type Origin, type Passage, Tell, WaitingTell } from "./Envelope.ts"
import type { Addressed, LocalEngine } from "./LocalEngine.ts"
import { Senders } from "./Senders.ts"
import type { EngineSurroundings } from "./Surroundings.ts"
import { findCircle, type Waiter } from "./Waiter.ts"

/** Sends for callers inside and outside of handlers. */
export class Messenger {
  private readonly engine: LocalEngine
  private readonly surroundings: EngineSurroundings
  private readonly senders = new Senders()

  constructor(engine: LocalEngine, surroundings: EngineSurroundings) {
    this.engine = engine
    this.surroundings = surroundings
  }

  ask(
    definition: Actor.Any,
    id: string,
    name: string,
    payload: unknown,
    options: Passage | undefined
  ): Effect.Effect<unknown, unknown> {
    return this.from(definition, id, name, options, (origin) => {
      if (options?.timeout !== undefined)
        return this.sendInTime(definition, id, name, payload, options, options.timeout, origin)
      return this.send(definition, id, name, payload, options, origin)
    })
  }

  private sendInTime(
    definition: Actor.Any,
    id: string,
    name: string,
    payload: unknown,
    options: Passage,
    timeout: Duration.Input,
    origin: Origin
  ): Effect.Effect<unknown, unknown> {
    return Effect.suspend(() => {
      const limit = Duration.fromInput(timeout)
      if (Option.isNone(limit)) return Effect.fail(refuseTimeout(timeout))
      let outcome: AskTimeout["outcome"] = "begun"
      const sent = this.send(definition, id, name, payload, options, origin, () => {
        outcome = "withdrawn"
      })
      return Effect.timeoutOrElse(sent, {
        duration: limit.value,
        orElse: () => {
          const milliseconds = Duration.toMillis(limit.value)
          const actor = definition.name
          return Effect.fail(new AskTimeout({ actor, id, command: name, timeout: milliseconds, outcome }))
        }
      })
    })
  }

  private send(
    definition: Actor.Any,
    id: string,
    name: string,
    payload: unknown,
    options: Passage | undefined,
    origin: Origin,
    onWithdrawn?: () => void
  ): Effect.Effect<unknown, unknown> {
    return Effect.callback((resume) => {
      const addressed = this.engine.address(definition, id, name, payload, options)
      if (Result.isFailure(addressed)) return resume(Exit.fail(addressed.failure))
      const { actor, command } = addressed.success
      const envelope = new Ask(command, addressed.success.payload, options, origin, this.surroundings.turns, resume)
      const refusal =
        holdUp(this.asker, addressed.success, envelope) ?? refusalOf(addressed.success, actor.deliver(envelope))
      if (refusal === undefined) return takeBack(addressed.success, envelope, onWithdrawn)
      envelope.letGo()
      return resume(Exit.fail(refusal))
    })
  }

  tell(
    definition: Actor.Any,
    id: string,
    name: string,
    payload: unknown,
    options: (Passage & TellOptions) | undefined
  ): Effect.Effect<void, NotTaken> {
    if (options?.delivery === "durable") return Effect.fail(undurable)
    return this.from(definition, id, name, options, (origin) =>
      this.post(definition, id, name, payload, options, origin)
    )
  }

  private post(
    definition: Actor.Any,
    id: string,
    name: string,
    payload: unknown,
    options: Passage | undefined,
    origin: Origin
  ): Effect.Effect<void, NotTaken> {
    const addressed = this.engine.address(definition, id, name, payload, options)
    if (Result.isFailure(addressed)) return Exit.fail(addressed.failure)
    const { actor, command } = addressed.success
    if (!actor.mailbox.hasRoom) return this.postWhenRoom(definition, id, name, payload, options, origin)
    actor.deliver(new Tell(command, addressed.success.payload, options, origin, actor))
    return Exit.void
  }

  /** Finds the actor once more, since others may have had their turn before the sender waits. */
  private postWhenRoom(
    definition: Actor.Any,
    id: string,
    name: string,
    payload: unknown,
    options: Passage | undefined,
    origin: Origin
  ): Effect.Effect<void, NotTaken> {
    return Effect.callback((resume) => {
      const addressed = this.engine.address(definition, id, name, payload, options)
      if (Result.isFailure(addressed)) return resume(Exit.fail(addressed.failure))
      const { actor, command } = addressed.success
      const envelope = new WaitingTell(command, addressed.success.payload, options, origin, actor, resume)
      const delivery = actor.deliver(envelope)
      if (delivery === "taken") return resume(Exit.void)
      const refusal = refusalOf(addressed.success, delivery) ?? holdUp(this.asker, addressed.success, envelope)
      if (refusal === undefined) return takeBack(addressed.success, envelope)
      actor.mailbox.withdraw(envelope)
      return resume(Exit.fail(refusal))
    })
  }

  /** Tells where a command comes from. It has a span, if its sender is in one, or its metadata name one. */
  private from<A, E>(
    { name: actor }: Actor.Any,
    id: string,
    command: string,
    options: Passage | undefined,
    send: (origin: Origin) => Effect.Effect<A, E>
  ): Effect.Effect<A, E> {
    return Effect.withFiber((fiber) => {
      const { origin } = this.senders.of(fiber.context)
      const parent = fiber.cache.span ?? (options === undefined ? undefined : Trace.spanOf(options.metadata))
      if (parent === undefined) return send(origin)
      return Effect.useSpan(`${actor}.${command}`, { parent, kind: "client", attributes: { actor, id } }, (span) =>
        send({ ...origin, span })
      )
    })
  }

  /** The actor whose handler sends. */
  private get asker(): Waiter | undefined {
    const fiber = Fiber.getCurrent()
    return fiber === undefined ? undefined : this.senders.of(fiber.context).asker
  }
}

/** If the sender is a handler, its actor waits from now on, unless that would be for ever. */
const holdUp = (
  asker: Waiter | undefined,
  { actor, command }: Addressed,
  envelope: Envelope
): ActorDeadlock | undefined => {
  if (asker === undefined) return undefined
  const circle = findCircle(asker, actor)
  if (circle === undefined) {
    envelope.keepWaiting(asker, actor)
    return undefined
  }
  const { name } = actor.behavior.definition
  return new ActorDeadlock({ actor: name, id: actor.id, command: command.name, circle })
}

const refusalOf = ({ actor }: Addressed, delivery: "taken" | "waiting" | "full"): MailboxFull | undefined => {
  if (delivery !== "full") return undefined
  const { mailbox, name } = actor.behavior.definition
  return new MailboxFull({ actor: name, id: actor.id, capacity: mailbox.capacity })
}

/** The sender has gone: a command that has not begun is not run. */
const takeBack = ({ actor }: Addressed, envelope: Envelope, onWithdrawn?: () => void): Effect.Effect<void> =>
  Effect.sync(() => {
    envelope.letGo()
    if (actor.mailbox.withdraw(envelope)) onWithdrawn?.()
  })

/** A timeout that is no duration. */
export const refuseTimeout = (timeout: unknown): InvalidInput =>
  new InvalidInput({
    path: "timeout",
    expected: 'a duration such as 500 or "5 seconds"',
    found: String(timeout),
    remedy: "Say how long to wait for the reply, or leave it out to wait for ever."
  })

const undurable = new InvalidInput({
  path: "delivery",
  expected: "mailbox",
  found: "durable",
  remedy: "Only the cluster engine keeps commands until they are run; tell it without, or run the actors there."
})
