/**
 * Which machine holds which shard, as far as it is known: each machine is stood for by one of its sentinels, its *gate*. What is known may be
 * outdated, so whatever goes through a gate is looked at behind it.
 */
import type { EntityId } from "effect/cluster/EntityId"
import * as Effect from "effect/Effect"
import type { Shard, Shards } from "./Shards.ts"

/** Asks the machine behind a sentinel which shards it holds. */
export type Explore = (sentinel: EntityId) => Effect.Effect<ReadonlyArray<Shard>, unknown>

/** Learns as it is asked. */
export class Gates {
  private readonly shards: Shards
  private readonly explore: Explore
  private readonly run: (effect: Effect.Effect<void>) => void
  private readonly known = new Map<Shard, EntityId>()
  private isExploring = false

  /** `run` runs an effect beside the caller. */
  constructor(shards: Shards, explore: Explore, run: (effect: Effect.Effect<void>) => void) {
    this.shards = shards
    this.explore = explore
    this.run = run
  }

  /** The gate of the machine that holds the actors with this id; nothing while that is not known. */
  of(id: string): EntityId | undefined {
    const shard = this.shards.of(id)
    const gate = this.known.get(shard)
    if (gate === undefined) this.ask(shard)
    return gate
  }

  /** A gate has turned out to be of no use. */
  forget(gate: EntityId): void {
    for (const [shard, known] of this.known) if (known === gate) this.known.delete(shard)
  }

  /** One at a time, since its machine holds many more. */
  private ask(shard: Shard): void {
    const gate = this.shards.sentinels.get(shard)
    if (gate === undefined || this.isExploring) return
    this.isExploring = true
    const learned = Effect.map(this.explore(gate), (shards) => {
      for (const held of shards) this.known.set(held, gate)
    })
    const over = Effect.sync(() => {
      this.isExploring = false
    })
    this.run(Effect.ensuring(Effect.ignoreCause(learned), over))
  }
}
