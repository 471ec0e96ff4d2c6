/**
 * The registered behaviors of one process, and how a command finds its actor.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Actor from "../../../src/Actor.ts"
import {
  ActorAlreadyRegistered,
  ActorNotRegistered,
  ActorStopped,
  type NotTaken,
  type Unregistered
} from "../../../src/ActorError.ts"
import * as AgentId from "../../../src/AgentId.ts"
import type { Behavior } from "../../../src/actor/Behavior.ts"
import type { ActorAddress } from "../../../src/CurrentActor.ts"
import { InvalidInput } from "../../../src/StoreError.ts"
import { encodeRecord } from "../../../src/store/AppendInput.ts"
import { Adoptions } from "./Adoptions.ts"
import type { Command, Passage } from "./Envelope.ts"
import { Families } from "./Families.ts"
import type { LocalActor } from "./LocalActor.ts"
import { Registration } from "./Registration.ts"
import type { EngineSurroundings } from "./Surroundings.ts"
import { Tree } from "./Tree.ts"

/** A command that was checked, and whom it is for. */
export interface Addressed {
  readonly actor: LocalActor
  readonly command: Command
  readonly payload: unknown
}

/** The run-time state of the local engine. */
export class LocalEngine {
  readonly tree: Tree
  readonly adoptions: Adoptions
  readonly families: Families
  private readonly registrations = new Map<string, Registration>()
  private readonly surroundings: EngineSurroundings
  private readonly shutdownTimeout: Duration.Duration
  private isStopping = false

  constructor(surroundings: EngineSurroundings, shutdownTimeout: Duration.Duration, maximumDepth: number) {
    this.surroundings = surroundings
    this.shutdownTimeout = shutdownTimeout
    this.tree = new Tree(surroundings.stores)
    const { relatives } = surroundings.realm
    this.adoptions = new Adoptions(this.tree, maximumDepth, relatives)
    this.families = new Families(this.tree, this.adoptions, {
      named: (actor) => this.registrations.get(actor),
      revive: (registration, id) => this.revive(registration, id, (actor) => actor.onRecovered(() => {})),
      background: surroundings.background,
      relatives
    })
  }

  register(behavior: Behavior): Effect.Effect<Registration, ActorAlreadyRegistered> {
    return Effect.suspend(() => {
      const { name } = behavior.definition
      if (this.registrations.has(name)) return Effect.fail(new ActorAlreadyRegistered({ actor: name }))
      const registration = new Registration(behavior, this.surroundings, (actor, ending) =>
        this.families.afterEnd(actor, ending)
      )
      this.registrations.set(name, registration)
      return Effect.succeed(registration)
    })
  }

  /** Stops the actors of a behavior, once they have finished what they have taken. */
  unregister(registration: Registration): Effect.Effect<void> {
    return Effect.andThen(
      registration.close(this.shutdownTimeout),
      Effect.sync(() => this.registrations.delete(registration.behavior.definition.name))
    )
  }

  shutdown(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.isStopping = true
      return Effect.forEach([...this.registrations.values()], (registration) => this.unregister(registration), {
        concurrency: "unbounded",
        discard: true
      })
    })
  }

  /**
   * Found by name, so a client may hold another copy of the definition than the behavior. That the engine has closed is another matter than a behavior
   * that was forgotten.
   */
  registration(definition: Actor.Any, id = ""): Result.Result<Registration, Unregistered> {
    const registration = this.registrations.get(definition.name)
    return registration === undefined ? Result.fail(this.unregistered(definition, id)) : Result.succeed(registration)
  }

  private unregistered({ name: actor }: Actor.Any, id: string): Unregistered {
    if (this.isStopping) return new ActorStopped({ actor, id: String(id), reason: "shutdown" })
    return new ActorNotRegistered({ actor, registered: [...this.registrations.keys()] })
  }

  /** Lets those actors finish what they have taken that may be here no longer. */
  release(mayStay: (actor: string, id: string) => boolean): Effect.Effect<void> {
    return Effect.forEach(
      [...this.registrations.values()],
      (registration) =>
        registration.release((id) => mayStay(registration.behavior.definition.name, id), this.shutdownTimeout),
      { concurrency: "unbounded", discard: true }
    )
  }

  /** Found by name. */
  named(actor: string): Registration | undefined {
    return this.registrations.get(actor)
  }

  /** An actor that is in memory. */
  resident({ actor, id }: ActorAddress): LocalActor | undefined {
    return this.registrations.get(actor)?.resident(id)
  }

  /**
   * Brings an actor into memory, also one that was stopped or has failed, once its last end and what follows from it are over. What it is wanted
   * for is told to it at once, before it could be put to sleep again.
   */
  revive<A>(
    registration: Registration,
    id: string,
    want: (actor: LocalActor) => A
  ): Effect.Effect<A, InvalidInput | ActorStopped> {
    return Effect.suspend(() => {
      if (this.isEnding(registration, id)) {
        return Effect.andThen(this.ended(registration, id), this.revive(registration, id, want))
      }
      return Effect.fromResult(Result.map(registration.revive(id), want))
    })
  }

  /** Whether the last end of an actor, or what follows from it, is not over. */
  isEnding(registration: Registration, id: string): boolean {
    return registration.leaving(id) !== undefined || this.families.isUnsettled(registration.addressOf(id).agentId)
  }

  /** Completes once the last end of an actor, and what follows from it, are over. */
  ended(registration: Registration, id: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const leaving = registration.leaving(id)
      const settled = this.families.settled(registration.addressOf(id).agentId)
      return leaving === undefined ? settled : Effect.andThen(leaving.left, settled)
    })
  }

  /** Checks a command and finds its actor; wakes it if need be. */
  address(
    definition: Actor.Any,
    id: string,
    name: string,
    input: unknown,
    options: Passage | undefined
  ): Result.Result<Addressed, NotTaken> {
    const registration = this.registrations.get(definition.name)
    if (registration === undefined) return Result.fail(this.unregistered(definition, id))
    const command = registration.commands.get(name)
    if (command === undefined) return Result.fail(unknownCommand(registration, name))
    const made = command.codec.makePayload(input)
    if (Result.isFailure(made)) return Result.fail(made.failure)
    const invalid = options === undefined ? undefined : refuseOptions(options, this.surroundings)
    if (invalid !== undefined) return Result.fail(invalid)
    const payload = made.success
    const ready = registration.ready(id)
    if (ready !== undefined) return Result.succeed({ actor: ready, command, payload })
    return Result.map(registration.demand(id), (actor) => ({ actor, command, payload }))
  }
}

const refuseOptions = ({ commandId, metadata }: Passage, { limits }: EngineSurroundings): InvalidInput | undefined => {
  const id = commandId === undefined ? Result.succeed("") : AgentId.validate(commandId, "commandId")
  const checked = Result.isFailure(id) ? id : encodeRecord(metadata, "metadata", limits)
  return Result.isFailure(checked) ? checked.failure : undefined
}

const unknownCommand = ({ behavior, commands }: Registration, command: unknown): InvalidInput =>
  new InvalidInput({
    path: "command",
    expected: [...commands.keys()].join(", "),
    found: typeof command === "string" ? JSON.stringify(command) : `a value of type ${typeof command}`,
    remedy: `Send a command that ${behavior.definition.name} defines.`
  })
