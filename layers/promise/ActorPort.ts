/**
 * Actors that act by scripts, for callers without Effect; what the port promises is at the head of `src/ActorStatePort.ts`.
 *
 * ```ts
 * await using actors = makeActorStatePort({ eventStore, snapshotStore, tools: { process: async ({ data }) => archive(data) } })
 * const actor = await actors.spawn(
 *   {
 *     name: "DataProcessor",
 *     contextSources: [{ id: "database", label: "Main Database" }],
 *     tools: ["process"],
 *     talents: [{ name: "processing", behaviors: [{ name: "process-data", mode: "active", plan }] }]
 *   },
 *   "Process incoming data"
 * )
 * await actors.send(actor.id, "There is something new.")
 * ```
 *
 * Scripts are stored by names. A process that runs actors which it has not spawned itself binds their plans first, by `behaviors` or `registerBehavior`.
 */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Port from "../../src/ActorStatePort.ts"
import { BehaviorRegistry } from "../../src/BehaviorRegistry.ts"
import { type Envelope, MessageBus, type Subscription } from "../../src/MessageBus.ts"
import type { ScriptedActor, TickReport } from "../../src/ScriptedActor.ts"
import { Unavailable } from "../../src/StoreError.ts"
import { ToolPort } from "../../src/ToolPort.ts"
import { type AsyncBinding, type AsyncScript, type AsyncTool, toPlan, toScript, toTool } from "./AsyncScripts.ts"
import type { CallerError } from "./CallerError.ts"
import { checkArray, checkObject } from "./given.ts"
import type { Failure } from "./PantheonError.ts"
import { Shell } from "./Shell.ts"

/** The services of a port. */
export type PortServices = Port.ActorStatePort | BehaviorRegistry | ToolPort | MessageBus

type Core = Port.ActorStatePort["Service"]

/** Scripted actors; made by `makeActorStatePort`. Calls for unknown actors are rejected with `ACTOR_NOT_FOUND`. */
export class ActorPort extends Shell<PortServices> {
  readonly #ending = Deferred.makeUnsafe<never, Unavailable>()

  /** Makes an actor that pursues a goal. It is idle until it is sent something, ticked or started. */
  async spawn(script: AsyncScript, goal: string, options?: Port.SpawnOptions): Promise<ScriptedActor> {
    checkObject("script", "an object with name, contextSources and talents", script)
    checkArray("script/talents", "an array of talents", script.talents)
    return this.#run((port) => Effect.suspend(() => port.spawn(toScript(script), goal, options)))
  }

  /** The actor as it is; `null` if it was never spawned. */
  get(id: string): Promise<ScriptedActor | null> {
    return this.#run((port) => Effect.map(port.get(id), Option.getOrNull))
  }

  /** All actors, or a part of them, in an order of the store's own. */
  list(options?: Port.ListOptions): Promise<Array<ScriptedActor>> {
    return this.#run((port) => Stream.runCollect(port.list(options)))
  }

  /** Changes goals and metadata; what is left out stays. With `expected`, only at that revision. */
  async update(
    id: string,
    update: Port.Update,
    options?: { readonly expected?: number | undefined }
  ): Promise<ScriptedActor> {
    checkObject("update", "an object with what is to change", update)
    return this.#run((port) => port.update(id, update, options))
  }

  /** Puts a message into the actor's mailbox; a tick will be about it. Gives the id of that tick. */
  send(id: string, message: string, options?: Port.SendOptions): Promise<string> {
    return this.#run((port) => port.send(id, message, options))
  }

  /**
   * Lets the actor tick, about a message or about none, and gives what came of it. When the port is closed meanwhile, the call is rejected with `CLOSED`; the
   * tick goes on when the actor wakes again.
   */
  tick(id: string, options?: Port.TickOptions): Promise<TickReport> {
    return this.#run((port) => Effect.raceFirst(port.tick(id, options), Deferred.await(this.#ending)))
  }

  /** Lets the actor tick at an interval from now on, such as `"10 minutes"`; the first time after one interval. */
  async start(id: string, options: { readonly every: Duration.Input }): Promise<void> {
    checkObject("options", "an object with every", options)
    return this.#run((port) => port.start(id, options))
  }

  /** Lets nothing of the actor move until it is resumed. */
  pause(id: string): Promise<void> {
    return this.#run((port) => port.pause(id))
  }

  /** Lets an actor go on that was paused, stopped or completed, or that has failed. */
  resume(id: string): Promise<void> {
    return this.#run((port) => port.resume(id))
  }

  /** Ends what the actor is doing, forgets its messages and its schedule, and does the same to all below it. */
  stop(id: string): Promise<void> {
    return this.#run((port) => port.stop(id))
  }

  /** What has happened to an actor; nothing for an unknown one. */
  history(id: string, options?: Parameters<Core["history"]>[1]): AsyncIterableIterator<Port.HistoryEntry> {
    return this.session.iterate(Stream.unwrap(Port.ActorStatePort.useSync((port) => port.history(id, options))))
  }

  /** The actor as it is, and then after each event. It ends with the loop that reads it, or with the port. */
  watch(id: string): AsyncIterableIterator<ScriptedActor> {
    return this.session.iterate(Stream.unwrap(Port.ActorStatePort.useSync((port) => port.watch(id))))
  }

  /** What actors say from now on to others than actors, such as the user. */
  messages(subscription?: Subscription): AsyncIterableIterator<Envelope> {
    return this.session.iterate(Stream.unwrap(MessageBus.useSync((bus) => bus.messages(subscription))))
  }

  /** Binds a plan to the name of a behavior, in place of the one before. Actors that lacked it go on. */
  async registerBehavior(behavior: AsyncBinding): Promise<void> {
    checkObject("behavior", "an object with name and plan", behavior)
    const { plan, ...binding } = behavior
    return this.session.run(BehaviorRegistry.use((registry) => registry.register({ ...binding, plan: toPlan(plan) })))
  }

  /** Adds a tool, in place of the one that had its name before. */
  registerTool(name: string, run: AsyncTool): Promise<void> {
    return this.session.run(ToolPort.use((tools) => tools.register(toTool(name, run))))
  }

  /** Ends ticks that are waited for, waits for the other calls, and releases everything. Actors go on when a port is made again. */
  override close(): Promise<void> {
    Deferred.doneUnsafe(
      this.#ending,
      Effect.fail(
        new Unavailable({
          operation: "wait for a tick",
          reason: "Closed",
          expected: "a port that stays open",
          found: "one that was closed",
          remedy: "The tick goes on with the next port; ask for its outcome there."
        })
      )
    )
    return super.close()
  }

  #run<A>(use: (port: Core) => Effect.Effect<A, Failure | CallerError>): Promise<A> {
    return this.session.run(Port.ActorStatePort.use(use))
  }
}
