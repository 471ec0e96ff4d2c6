/**
 * What is known of actors in the whole cluster: from the machines those that are in memory or were stopped, from the journal the others.
 */
import type { Sharding } from "effect/cluster/Sharding"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as Actor from "../../../src/Actor.ts"
import type { OrderError } from "../../../src/ActorError.ts"
import type { ActorInfo } from "../../../src/ActorSystem.ts"
import type { ActorAddress } from "../../../src/CurrentActor.ts"
import type { EventStore } from "../../../src/EventStore.ts"
import type { ReadError } from "../../../src/StoreError.ts"
import { agentIdOf, type Orphan, type Tree } from "../local/Tree.ts"
import * as Machine from "./Machine.ts"
import type { Info } from "./Protocol.ts"
import type { Router } from "./Router.ts"
import * as Sender from "./Sender.ts"
import type { Shard, Shards } from "./Shards.ts"

/** Lists actors of the whole cluster. */
export class Census {
  private readonly sharding: Sharding["Service"]
  private readonly shards: Shards
  private readonly router: Router
  private readonly tree: Tree
  private readonly events: EventStore["Service"]

  constructor(
    sharding: Sharding["Service"],
    shards: Shards,
    router: Router,
    tree: Tree,
    events: EventStore["Service"]
  ) {
    this.sharding = sharding
    this.shards = shards
    this.router = router
    this.tree = tree
    this.events = events
  }

  /** All actors of a definition, each once. */
  all(definition: Actor.Any): Stream.Stream<ActorInfo, ReadError | OrderError> {
    return Stream.suspend(() => {
      const { agentIdPrefix } = definition.codec
      const residents = new Set<string>()
      const gone = new Set<string>()
      // Those that were stopped are asked after when their turn comes, for they may be back by then.
      const present = Stream.filter(this.present(definition.name), ({ id, status }) => {
        const isGone = status === "stopped" || status === "failed"
        if (isGone) gone.add(id)
        else residents.add(id)
        return !isGone
      })
      const journal = this.events.agents({ prefix: agentIdPrefix }).pipe(
        Stream.map(({ agentId, version }) =>
          asleep(definition.name, agentId.slice(agentIdPrefix.length), agentId, version)
        ),
        Stream.filter(({ id }) => !residents.has(id)),
        Stream.mapEffect((orphan) => (gone.delete(orphan.id) ? this.orphan(orphan) : Effect.succeed(orphan)), {
          concurrency: 16
        })
      )
      const unwritten = Stream.suspend(() =>
        Stream.mapEffect(Stream.fromIterable(gone), (id) =>
          this.orphan(asleep(definition.name, id, definition.codec.agentId(id), 0))
        )
      )
      const all = Stream.concat(Stream.concat(present, journal), unwritten)
      return Stream.flattenIterable(Stream.mapEffect(Stream.chunks(all), (page) => this.tree.withParents(page)))
    })
  }

  /** What is known by now of one that was stopped. */
  private orphan(orphan: Orphan): Effect.Effect<Orphan, ReadError | OrderError> {
    return Effect.map(this.one(orphan), (known) => known ?? orphan)
  }

  /** The children that an actor has of a definition. Those that were never written and are not in memory are known to nobody but their parent. */
  children(definition: Actor.Any, { actor, id }: ActorAddress): Stream.Stream<ActorInfo, ReadError | OrderError> {
    const parent = { actor, id }
    return this.tree.children(agentIdOf(parent)).pipe(
      Stream.filter((child) => child.actor === definition.name),
      Stream.mapEffect(
        (child) =>
          Effect.map(this.one(child), (known) => ({
            ...(known ?? asleep(child.actor, child.id, agentIdOf(child), 0)),
            parent
          })),
        { concurrency: 16 }
      )
    )
  }

  /** What its machine knows of an actor. */
  one(address: ActorAddress): Effect.Effect<Info | null, ReadError | OrderError> {
    return Effect.flatMap(Sender.order, (order) => this.router.call(address, (client) => client.Get(order)))
  }

  /** What machines know, one after the other, until all shards have been asked for. */
  private present(actor: string): Stream.Stream<Info, OrderError> {
    return Stream.suspend(() => {
      const asked = new Set<Shard>()
      const machines = new Set<string>()
      return Stream.fromIterable(this.shards.sentinels).pipe(
        Stream.filter(([shard]) => !asked.has(shard)),
        Stream.flatMap(([shard, sentinel]) => {
          asked.add(shard)
          return Stream.flatMap(Stream.fromEffect(this.roster(sentinel, actor, undefined)), (first) => {
            for (const other of first.shards) asked.add(other)
            // It was asked for another shard, which it holds since.
            if (machines.has(first.machine)) return Stream.empty
            machines.add(first.machine)
            return this.pages(sentinel, actor, first)
          })
        })
      )
    })
  }

  private pages(sentinel: string, actor: string, page: Machine.Roster): Stream.Stream<Info, OrderError> {
    const infos = Stream.fromIterable(page.actors)
    const last = page.actors.at(-1)
    if (page.isLast || last === undefined) return infos
    const rest = Stream.fromEffect(this.roster(sentinel, actor, last.id))
    return Stream.concat(
      infos,
      Stream.flatMap(rest, (next) => this.pages(sentinel, actor, next))
    )
  }

  private roster(sentinel: string, actor: string, after: string | undefined) {
    return Effect.flatMap(this.sharding.makeClient(Machine.entity), (client) =>
      this.router.persevere({ actor, id: sentinel }, () =>
        client(sentinel).Roster(after === undefined ? { actor } : { actor, after })
      )
    )
  }
}

const asleep = (actor: string, id: string, agentId: string, version: number): Orphan => ({
  actor,
  id,
  agentId,
  status: "passivated",
  version,
  mailbox: 0,
  restarts: 0
})
