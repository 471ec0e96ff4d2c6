/**
 * Which shards this machine holds, and when it comes to hold one or ceases to.
 *
 * The cluster tells nobody of that, but it closes the entities of a shard that it gives up. So each shard that is held has a sentinel: an entity
 * that never sleeps.
 */
import type { EntityId } from "effect/cluster/EntityId"
import { make as makeEntityId } from "effect/cluster/EntityId"
import type { Sharding } from "effect/cluster/Sharding"

/** The group that actors are in. */
export const group = "default"

/** A shard, as text. */
export type Shard = string

/** Knows the shards of the cluster. */
export class Shards {
  private readonly sharding: Sharding["Service"]
  /** For each shard the id of an entity that lies in it. */
  readonly sentinels: ReadonlyMap<Shard, EntityId>
  /** Those with a sentinel in this process. */
  private readonly posted = new Set<Shard>()

  constructor(sharding: Sharding["Service"]) {
    this.sharding = sharding
    this.sentinels = findSentinels(sharding)
  }

  /** The shard of the actors with this id. */
  of(id: string): Shard {
    return this.sharding.getShardId(makeEntityId(id), group).toString()
  }

  /** Whether this machine may run the actors with this id. */
  holds(id: string): boolean {
    return this.sharding.hasShardId(this.sharding.getShardId(makeEntityId(id), group))
  }

  /** The shards with a sentinel in this process. */
  get watched(): ReadonlyArray<Shard> {
    return [...this.posted]
  }

  /** A sentinel is at its post. */
  enter(shard: Shard): void {
    this.posted.add(shard)
  }

  leave(shard: Shard): void {
    this.posted.delete(shard)
  }

  /** The sentinels of the shards that are held, and have none yet. */
  missing(): ReadonlyArray<EntityId> {
    const missing: Array<EntityId> = []
    for (const [shard, id] of this.sentinels) {
      if (!this.posted.has(shard) && this.holds(id)) missing.push(id)
    }
    return missing
  }
}

/** Tries ids until it would be a wonder if there were another shard. */
const findSentinels = (sharding: Sharding["Service"]): ReadonlyMap<Shard, EntityId> => {
  const found = new Map<Shard, EntityId>()
  let latest = 0
  for (let number = 0; number - latest <= 100 + 40 * found.size; number++) {
    const id = makeEntityId(`sentinel-${number}`)
    const shard = sharding.getShardId(id, group).toString()
    if (found.has(shard)) continue
    found.set(shard, id)
    latest = number
  }
  return found
}
