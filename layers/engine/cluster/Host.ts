/**
 * Does here what is wanted of an actor that this machine owns, whichever machine it came from.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Tracer from "effect/Tracer"
import type { AccessDenied } from "../../../src/AccessError.ts"
import { type AccessPolicy, trusted } from "../../../src/AccessPolicy.ts"
import type * as Actor from "../../../src/Actor.ts"
import { ActorDeadlock, ActorStopped, type NotTaken } from "../../../src/ActorError.ts"
import type { ActorInfo } from "../../../src/ActorSystem.ts"
import { isAllowed, needOf } from "../../../src/actor/ActorAccess.ts"
import type { RunningActor } from "../../../src/CurrentActor.ts"
import { CurrentPrincipal } from "../../../src/CurrentPrincipal.ts"
import type * as Permission from "../../../src/Permission.ts"
import type { Unavailable } from "../../../src/StoreError.ts"
import * as Trace from "../../../src/Trace.ts"
import * as Value from "../../../src/Value.ts"
import * as Ending from "../local/Ending.ts"
import type { Passage } from "../local/Envelope.ts"
import type { LocalSystem } from "../local/LocalSystem.ts"
import { agentIdOf } from "../local/Tree.ts"
import { CurrentWaiter, type Waiter } from "../local/Waiter.ts"
import {
  type ActorEntity,
  type AskFailure,
  type Command,
  CommandFailed,
  Failure,
  type Info,
  type Order
} from "./Protocol.ts"
import { passes } from "./Router.ts"
import { type CommandWire, wireOf } from "./Wire.ts"

const isFailure = Schema.is(Failure)

/** The actors of one definition on this machine. */
export class Host {
  private readonly entity: ActorEntity
  private readonly system: LocalSystem
  private readonly policy: AccessPolicy
  /** Where what came from elsewhere is done: in nobody's trace, and for nobody known. */
  private readonly base: Context.Context<never>

  constructor(entity: ActorEntity, system: LocalSystem, policy: AccessPolicy, base: Context.Context<never>) {
    this.entity = entity
    this.system = system
    this.policy = policy
    this.base = Context.omit(Tracer.ParentSpan, CurrentPrincipal)(base)
  }

  /** What the entity of the actor with this id answers. */
  handlers(id: string) {
    const { control, directory, engine } = this.system
    const { here } = engine.families
    const self = this.actorOf(id)
    const obey =
      (action: Permission.Action) =>
      <A, E>(order: Order, give: (definition: Actor.Any) => Effect.Effect<A, E>) =>
        this.defined(self, (definition) => this.allowed(self, action, order, this.within(order, give(definition))))
    const [read, write, rule] = [obey("read"), obey("write"), obey("admin")]
    return this.entity.of({
      Ask: ({ payload }) => this.ask(id, payload),
      Tell: ({ payload }) => this.allowed(self, "write", payload, this.tell(self, payload)),
      // It was allowed when the cluster took it.
      TellDurably: ({ payload }) => this.tellDurably(self, payload),
      Spawn: ({ payload }) => rule(payload, (definition) => Effect.map(control.spawn(definition, id), toWire)),
      SpawnChild: ({ payload }) => write(payload, (definition) => Effect.map(control.spawn(definition, id), toWire)),
      Stop: ({ payload }) => rule(payload, (definition) => control.stop(definition, id)),
      Pause: ({ payload }) => rule(payload, (definition) => control.pause(definition, id)),
      Resume: ({ payload }) => rule(payload, (definition) => control.resume(definition, id)),
      Restart: ({ payload }) => rule(payload, (definition) => control.restart(definition, id)),
      Watch: ({ payload }) => read(payload, (definition) => control.watch(definition, id)),
      Settle: ({ payload }) => write(payload, (definition) => control.settle(definition, id)),
      // Whoever lists actors asks for those, too, that he may not see.
      Get: ({ payload }) =>
        this.defined(self, (definition) =>
          this.within(payload, this.visible(self, Effect.map(directory.get(definition, id), Option.getOrUndefined)))
        ),
      End: ({ payload }) => here.end(self, payload.ending === "stopped" ? Ending.stopped : Ending.orphaned),
      Trouble: ({ payload }) => here.trouble(self, payload.child, payload.cause),
      BringBack: () => here.bringBack(self),
      Discount: () => here.discount(self),
      Tie: ({ payload }) => Effect.map(here.tie(payload.parent, self), (refusal) => refusal ?? null)
    })
  }

  /** Runs a command of the actor with this id, if its sender may send it. */
  ask(id: string, command: Command): Effect.Effect<string, AskFailure> {
    const self = this.actorOf(id)
    return this.allowed(self, "write", command, this.askOf(self, command))
  }

  private actorOf(id: string): RunningActor {
    const actor = this.entity.type
    return { actor, id, agentId: agentIdOf({ actor, id }) }
  }

  /** Does what the sender may do, here where it is done: who sent it may not have heard yet of what was revoked. */
  private allowed<A, E>(
    { agentId }: RunningActor,
    action: Permission.Action,
    order: Order | Command,
    effect: Effect.Effect<A, E>
  ): Effect.Effect<A, E | AccessDenied | Unavailable> {
    if (this.policy === trusted) return effect
    return Effect.andThen(this.within(order, this.policy.check(needOf(action, agentId))), effect)
  }

  /** What the sender may see of an actor. */
  private visible<E>(
    { agentId }: RunningActor,
    found: Effect.Effect<ActorInfo | undefined, E>
  ): Effect.Effect<Info | null, E | Unavailable> {
    const info = Effect.map(found, (info) => (info === undefined ? null : toWire(info)))
    if (this.policy === trusted) return info
    return Effect.flatMap(isAllowed(this.policy, needOf("read", agentId)), (allowed) =>
      allowed ? info : Effect.succeed(null)
    )
  }

  /** The definition as it is run here. While this machine starts or stops it may have none, and then another may. */
  private defined<A, E>(
    { actor, id }: RunningActor,
    run: (definition: Actor.Any) => Effect.Effect<A, E>
  ): Effect.Effect<A, E | ActorStopped> {
    return Effect.suspend((): Effect.Effect<A, E | ActorStopped> => {
      const registration = this.system.engine.named(actor)
      return registration === undefined
        ? Effect.fail(new ActorStopped({ actor, id, reason: "shutdown" }))
        : run(registration.behavior.definition)
    })
  }

  private askOf(self: RunningActor, command: Command): Effect.Effect<string, CommandFailed | Failure> {
    return this.opened(self, command, (definition, wire, payload, passage) =>
      Effect.matchEffect(
        this.within(command, this.system.messenger.ask(definition, self.id, command.command, payload, passage)),
        {
          onSuccess: (reply) => encoded(wire.reply.encode(reply)),
          onFailure: (error): Effect.Effect<never, CommandFailed | Failure> => {
            if (isFailure(error)) return Effect.fail(error)
            return Effect.flatMap(encoded(wire.error.encode(error)), (text) =>
              Effect.fail(new CommandFailed({ error: text }))
            )
          }
        }
      )
    )
  }

  private tell(self: RunningActor, command: Command): Effect.Effect<void, NotTaken> {
    return this.opened(self, command, (definition, _, payload, passage) =>
      this.within(command, this.system.messenger.tell(definition, self.id, command.command, payload, passage))
    )
  }

  /** The cluster forgets the message once this is done, so it is done only when the command was run. */
  private tellDurably(self: RunningActor, command: Command): Effect.Effect<void> {
    return this.askOf(self, command).pipe(
      Effect.retry({ while: passes, schedule: Schedule.spaced("200 millis") }),
      Effect.catch((failure) =>
        Effect.logWarning(`${command.command}, told durably to ${self.agentId}, has failed`, failure)
      ),
      Effect.asVoid
    )
  }

  /** Decodes a command, and refuses one that would wait for ever. */
  private opened<A, E>(
    self: RunningActor,
    command: Command,
    run: (definition: Actor.Any, wire: CommandWire, payload: unknown, passage: Passage) => Effect.Effect<A, E>
  ): Effect.Effect<A, E | ActorDeadlock | ActorStopped> {
    return this.defined(self, (definition): Effect.Effect<A, E | ActorDeadlock> => {
      const wire = wireOf(definition).get(command.command)
      // The engine says what is wrong with a command that it does not know, whatever the payload.
      if (wire === undefined) return run(definition, noWire, undefined, {})
      const circle = circleOf(self, command)
      if (circle !== undefined) {
        const { actor, id } = self
        return Effect.fail(new ActorDeadlock({ actor, id, command: command.command, circle }))
      }
      const payload = wire.payload.decode(command.payload)
      if (Result.isFailure(payload)) return Effect.die(payload.failure)
      return run(definition, wire, payload.success, passageOf(command))
    })
  }

  /** As if the sender were here. */
  private within<A, E>({ askedBy, principal, ...rest }: Order | Command, effect: Effect.Effect<A, E>) {
    let context = this.base
    if (principal !== undefined) context = Context.add(context, CurrentPrincipal, principal)
    const waiter = this.waiterOf(askedBy)
    if (waiter !== undefined) context = Context.add(context, CurrentWaiter, waiter)
    const traceparent = "traceparent" in rest ? rest.traceparent : undefined
    const span = traceparent === undefined ? undefined : Trace.fromTraceparent(traceparent)
    if (span !== undefined) context = Context.add(context, Tracer.ParentSpan, span)
    return Effect.setContext(effect, context)
  }

  /** The actor whose handler waits: the one in memory, or what stands for it if it is elsewhere. */
  private waiterOf(askedBy: ReadonlyArray<string>): Waiter | undefined {
    const agentId = askedBy.at(-1)
    if (agentId === undefined) return undefined
    const end = agentId.indexOf("/")
    const resident = this.system.engine.resident({ actor: agentId.slice(0, end), id: agentId.slice(end + 1) })
    return resident ?? { agentId, askers: askedBy.slice(0, -1), waitingFor: [] }
  }
}

/** The actors that would wait for each other, if the command waited for this actor; the engine finds those that are all here. */
const circleOf = ({ agentId }: RunningActor, { askedBy }: Order): ReadonlyArray<string> | undefined => {
  const asker = askedBy.at(-1)
  const start = askedBy.indexOf(agentId)
  return asker === undefined || start < 0 ? undefined : [asker, ...askedBy.slice(start)]
}

const nothing = { encode: () => Result.succeed(""), decode: () => Result.succeed(undefined) }

const noWire: CommandWire = { payload: nothing, reply: nothing, error: nothing }

const encoded = (text: Result.Result<string, Schema.SchemaError>): Effect.Effect<string> =>
  Effect.orDie(Effect.fromResult(text))

const passageOf = ({ askedBy, attempt, commandId, metadata, timeout }: Command): Passage => ({
  askedBy,
  attempt,
  commandId,
  metadata: metadata === undefined ? undefined : metadataIn(metadata),
  timeout
})

/** The sender has checked that it is one. */
const metadataIn = (text: string): Value.Record | undefined => {
  const metadata = Result.getOrUndefined(Value.decode(text, "metadata"))
  return Value.isRecord(metadata) ? metadata : undefined
}

const toWire = ({ parent, ...info }: ActorInfo): Info => (parent === undefined ? info : { ...info, parent })
