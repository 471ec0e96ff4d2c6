/**
 * One registered behavior and its actors: those in memory, and those that were stopped.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Tracer from "effect/Tracer"
import { ActorStopped } from "../../../src/ActorError.ts"
import type { ActorEnd } from "../../../src/ActorSystem.ts"
import type { Behavior } from "../../../src/actor/Behavior.ts"
import type { RunningActor } from "../../../src/CurrentActor.ts"
import type { InvalidInput } from "../../../src/StoreError.ts"
import * as Ending from "./Ending.ts"
import type { Command } from "./Envelope.ts"
import { Gauges } from "./Gauges.ts"
import { LocalActor } from "./LocalActor.ts"
import type { EngineSurroundings, Surroundings } from "./Surroundings.ts"
import type { Orphan } from "./Tree.ts"

/** What is remembered of an actor that does not wake by itself. */
interface Gone extends Ending.Ending {
  readonly restarts: number
}

// How long actors may take to end that were interrupted; what cannot be interrupted is not waited for.
const grace = Duration.seconds(1)

/** A behavior that is registered with the engine. */
export class Registration {
  readonly behavior: Behavior
  readonly commands: ReadonlyMap<string, Command>
  private readonly surroundings: Surroundings
  /** Told of every actor that has left the memory. */
  private readonly onLeave: (actor: LocalActor, ending: Ending.Ending) => void
  private readonly actors = new Map<string, LocalActor>()
  private readonly gone = new Map<string, Gone>()
  private isClosing = false

  constructor(
    behavior: Behavior,
    surroundings: EngineSurroundings,
    onLeave: (actor: LocalActor, ending: Ending.Ending) => void
  ) {
    // Actors outlive whatever span their layer was built in.
    this.behavior = { ...behavior, services: Context.omit(Tracer.ParentSpan)(behavior.services) }
    this.onLeave = onLeave
    const gauges = new Gauges(behavior.definition.name, behavior.services)
    this.surroundings = { ...surroundings, gauges }
    const { commands } = behavior.definition.codec
    this.commands = new Map(
      [...behavior.handlers].flatMap(([name, handler]) => {
        const codec = commands.get(name)
        return codec === undefined ? [] : [[name, { name, codec, handler }]]
      })
    )
  }

  /** The actor, if it is in memory and takes commands. */
  ready(id: string): LocalActor | undefined {
    const actor = this.actors.get(id)
    return actor === undefined || actor.ending !== undefined || this.isClosing ? undefined : actor
  }

  /** The actor in memory; wakes it if it is not, unless it was stopped. */
  demand(id: string): Result.Result<LocalActor, InvalidInput | ActorStopped> {
    const ready = this.ready(id)
    if (ready !== undefined) return Result.succeed(ready)
    const reason = this.isClosing ? "shutdown" : (this.actors.get(id)?.ending ?? this.gone.get(id))?.reason
    if (reason !== undefined) return Result.fail(new ActorStopped({ actor: this.behavior.definition.name, id, reason }))
    const { codec, name } = this.behavior.definition
    return Result.flatMap(codec.validateId(id), () =>
      this.surroundings.realm.holds(name, id)
        ? Result.succeed(this.start(id))
        : Result.fail(new ActorStopped({ actor: name, id, reason: "moved" }))
    )
  }

  /** Brings an actor into memory, also one that was stopped. */
  revive(id: string): Result.Result<LocalActor, InvalidInput | ActorStopped> {
    // Its timers were passed over when it could not be woken.
    if (!this.isClosing && this.gone.delete(id)) this.surroundings.alarms.look(this.addressOf(id).agentId)
    return this.demand(id)
  }

  /** An actor that is about to leave the memory, and may come back then. */
  leaving(id: string): LocalActor | undefined {
    const actor = this.actors.get(id)
    return actor?.ending === undefined || this.isClosing ? undefined : actor
  }

  /** Ends an actor until it is revived; gives it if it is in memory. */
  end(id: string, ending: Ending.Ending): LocalActor | undefined {
    const actor = this.actors.get(id)
    if (actor !== undefined) actor.end(ending)
    else if (!this.gone.has(id)) {
      this.forget(id, ending, 0)
      this.surroundings.changes.tell(this.absent(id, 0))
    }
    return actor
  }

  /** The actor with this id, if it is in memory. */
  resident(id: string): LocalActor | undefined {
    return this.actors.get(id)
  }

  addressOf(id: string): RunningActor {
    const { codec, name } = this.behavior.definition
    return { actor: name, id, agentId: codec.agentId(id) }
  }

  /** How an actor that is not in memory has left it. */
  endOf(id: string): ActorEnd {
    return Ending.toSignal(this.gone.get(id) ?? Ending.asleep, this.addressOf(id))
  }

  residents(): ReadonlyArray<Orphan> {
    return Array.from(this.actors.values(), (actor) => actor.info)
  }

  /** Those that are in memory, were stopped, or have failed. */
  known(): Array<Orphan> {
    const absent = Array.from(this.gone.keys(), (id) => this.absent(id, 0))
    return [...this.residents(), ...absent.filter(({ id }) => !this.actors.has(id))]
  }

  /** Whether an actor wakes by itself when its time has come. */
  mayWake(id: string): boolean {
    return !this.gone.has(id) && this.surroundings.realm.holds(this.behavior.definition.name, id)
  }

  isGone(id: string): boolean {
    return this.gone.has(id)
  }

  goneIds(): Iterable<string> {
    return this.gone.keys()
  }

  /** What is known of an actor that is not in memory and whose journal has a version. */
  absent(id: string, version: number): Orphan {
    const { restarts, status } = this.gone.get(id) ?? { status: "passivated", restarts: 0 }
    return { ...this.addressOf(id), status, version, mailbox: 0, restarts }
  }

  /** Sends actors to sleep that have had nothing to do since a moment. */
  passivate(since: number): void {
    for (const actor of this.actors.values()) actor.passivate(since)
  }

  /** Lets all actors finish what they have taken; interrupts those that are not done in time. */
  close(timeout: Duration.Duration): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.isClosing = true
      return this.finish([...this.actors.values()], Ending.shutdown, timeout)
    })
  }

  /** The same for those that may be here no longer; nothing is remembered of them. */
  release(mayStay: (id: string) => boolean, timeout: Duration.Duration): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (const id of this.gone.keys()) if (!mayStay(id)) this.gone.delete(id)
      const actors = [...this.actors.values()].filter(({ id }) => !mayStay(id))
      return actors.length === 0 ? Effect.void : this.finish(actors, Ending.moved, timeout)
    })
  }

  private finish(actors: ReadonlyArray<LocalActor>, ending: Ending.Ending, timeout: Duration.Duration) {
    return Effect.suspend(() => {
      for (const actor of actors) actor.end(ending)
      const fibers = actors.map((actor) => actor.fiber)
      return Effect.timeoutOrElse(Effect.asVoid(Fiber.awaitAll(fibers)), {
        duration: timeout,
        orElse: () =>
          Effect.map(Effect.timeoutOption(Fiber.interruptAll(fibers), grace), () => {
            for (const actor of actors) actor.abandon()
          })
      })
    })
  }

  private start(id: string): LocalActor {
    const actor = new LocalActor(id, this.behavior, this.surroundings, (actor, ending) => this.leave(actor, ending))
    this.actors.set(id, actor)
    this.surroundings.gauges.residents(this.actors.size)
    return actor
  }

  private leave(actor: LocalActor, ending: Ending.Ending): void {
    this.actors.delete(actor.id)
    this.surroundings.gauges.residents(this.actors.size)
    if (ending.status !== "passivated") this.forget(actor.id, ending, actor.info.restarts)
    this.onLeave(actor, ending)
  }

  private forget(id: string, ending: Ending.Ending, restarts: number): void {
    // One that was stopped already, or has failed, is left as it is: it is not in memory.
    if (!this.gone.has(id)) this.gone.set(id, { ...ending, restarts })
  }
}
