/**
 * All actors of one process: who is in memory, who is stopped, and how a command finds its actor.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Result from "effect/Result"
import type * as Actor from "../../../src/Actor.ts"
import { ActorAlreadyRegistered, ActorNotRegistered, ActorStopped, MailboxFull } from "../../../src/ActorError.ts"
import type { ActorInfo, AskOptions } from "../../../src/ActorSystem.ts"
import * as AgentId from "../../../src/AgentId.ts"
import type { Behavior } from "../../../src/Behavior.ts"
import { InvalidInput } from "../../../src/StoreError.ts"
import { LocalActor, type Surroundings } from "./LocalActor.ts"
import type { Envelope } from "./Mailbox.ts"

/** An actor that left the memory and does not wake by itself. */
export interface Gone {
  readonly info: ActorInfo
  readonly reason: ActorStopped["reason"]
}

/** Why a command was not taken. */
export type Refusal = InvalidInput | ActorNotRegistered | ActorStopped | MailboxFull

/** The run-time state of the local engine. */
export class LocalEngine {
  readonly behaviors = new Map<string, Behavior>()
  /** By agent id. */
  readonly actors = new Map<string, LocalActor>()
  readonly gone = new Map<string, Gone>()
  private readonly fibers = new Map<LocalActor, Fiber.Fiber<void>>()
  private readonly surroundings: Surroundings
  private readonly shutdownTimeout: Duration.Duration
  private stopping = false

  constructor(
    surroundings: Omit<Surroundings, "onEnd" | "background">,
    background: FiberSet.FiberSet,
    shutdownTimeout: Duration.Duration
  ) {
    this.shutdownTimeout = shutdownTimeout
    this.surroundings = {
      ...surroundings,
      background: (fiber) => FiberSet.addUnsafe(background, fiber),
      onEnd: (actor, { reason, status }) => {
        const { agentId } = actor.info
        this.fibers.delete(actor)
        if (this.actors.get(agentId) === actor) this.actors.delete(agentId)
        if (status !== "passivated") this.gone.set(agentId, { info: actor.info, reason })
      }
    }
  }

  register(behavior: Behavior): Effect.Effect<void, ActorAlreadyRegistered> {
    const { name } = behavior.definition
    return Effect.suspend(() => {
      if (this.behaviors.has(name)) return Effect.fail(new ActorAlreadyRegistered({ actor: name }))
      this.behaviors.set(name, behavior)
      return Effect.void
    })
  }

  /** Stops the actors of a behavior, once they have finished what they have taken. */
  unregister(behavior: Behavior): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { name } = behavior.definition
      if (this.behaviors.get(name) === behavior) this.behaviors.delete(name)
      const ending = [...this.fibers].filter(([actor]) => actor.behavior === behavior)
      for (const [actor] of ending) actor.end({ status: "passivated", reason: "shutdown" })
      const fibers = ending.map(([, fiber]) => fiber)
      return Effect.timeoutOrElse(Effect.asVoid(Fiber.awaitAll(fibers)), {
        duration: this.shutdownTimeout,
        orElse: () => Fiber.interruptAll(fibers)
      })
    })
  }

  shutdown(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.stopping = true
      return Effect.forEach([...this.behaviors.values()], (behavior) => this.unregister(behavior), { discard: true })
    })
  }

  behaviorOf(definition: Actor.Any): Result.Result<Behavior, ActorNotRegistered> {
    const behavior = this.behaviors.get(definition.name)
    return behavior === undefined
      ? Result.fail(new ActorNotRegistered({ actor: definition.name, registered: [...this.behaviors.keys()] }))
      : Result.succeed(behavior)
  }

  /** Puts a command into its actor's mailbox. `accepted` is called when a full mailbox has made room. */
  send(
    definition: Actor.Any,
    id: string,
    command: string,
    payload: unknown,
    options: AskOptions | undefined,
    reply: Envelope["reply"],
    accepted: () => void
  ): Result.Result<Envelope, Refusal> {
    const codec = definition.codec.commands.get(command)
    if (codec === undefined) return Result.fail(unknownCommand(definition, command))
    const made = codec.makePayload(payload)
    if (Result.isFailure(made)) return Result.fail(made.failure)
    if (options?.commandId !== undefined) {
      const commandId = AgentId.validate(options.commandId, "commandId")
      if (Result.isFailure(commandId)) return Result.fail(commandId.failure)
    }
    const found = this.resident(definition, id)
    if (Result.isFailure(found)) return Result.fail(found.failure)
    const actor = found.success
    const envelope: Envelope = { command, payload: made.success, options, reply, withdrawn: false }
    if (!actor.mailbox.isFull) {
      actor.deliver(envelope)
      accepted()
    } else if (definition.mailbox.whenFull === "wait") {
      actor.mailbox.wait(envelope, accepted)
    } else {
      return Result.fail(new MailboxFull({ actor: definition.name, id, capacity: definition.mailbox.capacity }))
    }
    return Result.succeed(envelope)
  }

  /** The actor in memory; wakes it if it is not, unless it was stopped. */
  resident(
    definition: Actor.Any,
    id: string
  ): Result.Result<LocalActor, InvalidInput | ActorNotRegistered | ActorStopped> {
    const agentId = definition.codec.agentId(id)
    const actor = this.actors.get(agentId)
    if (actor !== undefined && !actor.isClosed) return Result.succeed(actor)
    const reason = this.stopping ? "shutdown" : actor !== undefined ? "stopped" : this.gone.get(agentId)?.reason
    if (reason !== undefined) return Result.fail(new ActorStopped({ actor: definition.name, id, reason }))
    const valid = definition.codec.validateId(id)
    if (Result.isFailure(valid)) return Result.fail(valid.failure)
    return Result.map(this.behaviorOf(definition), (behavior) => this.start(behavior, id, agentId))
  }

  private start(behavior: Behavior, id: string, agentId: string): LocalActor {
    const actor = new LocalActor(id, behavior, this.surroundings)
    this.actors.set(agentId, actor)
    this.fibers.set(actor, Effect.runForkWith(behavior.services)(actor.run))
    return actor
  }

  /** Stops an actor after the commands it has taken, and waits for the end. */
  stop(actor: LocalActor): Effect.Effect<void> {
    return Effect.suspend(() => {
      const fiber = this.fibers.get(actor)
      actor.end({ status: "stopped", reason: "stopped" })
      return fiber === undefined ? Effect.void : Effect.asVoid(Fiber.await(fiber))
    })
  }
}

const unknownCommand = (definition: Actor.Any, command: string): InvalidInput =>
  new InvalidInput({
    path: "command",
    expected: [...definition.codec.commands.keys()].join(", "),
    found: JSON.stringify(command),
    remedy: `Send a command that ${definition.name} defines.`
  })
