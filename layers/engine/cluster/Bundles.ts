/**
 * Commands of one program to the machines of its cluster: under load, those to one machine travel in one message, as appends do in group commit.
 */
import type { EntityId } from "effect/cluster/EntityId"
import type { Sharding } from "effect/cluster/Sharding"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Asked } from "./Bundle.ts"
import { Gates } from "./Gates.ts"
import { Lane } from "./Lane.ts"
import * as Machine from "./Machine.ts"
import type { Shards } from "./Shards.ts"

/** Sends commands. */
export interface Bundles {
  /** `alone` sends it by itself; so it goes when there is no company, or when it is not known where to. */
  readonly ask: (letter: Machine.Letter, alone: Asked) => Asked
}

/** Starts to send, for as long as the scope lives. */
export const make = Effect.fnUntraced(function* (
  sharding: Sharding["Service"],
  shards: Shards,
  makeId: () => string
): Effect.fn.Return<Bundles, never, Scope.Scope> {
  const client = yield* sharding.makeClient(Machine.entity)
  const scope = yield* Effect.scope
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const run = (effect: Effect.Effect<void>) => void fork(Effect.forkIn(effect, scope))
  const gates = new Gates(shards, (sentinel) => Effect.map(client(sentinel).Here(), (here) => here.shards), run)
  const lanes = new Map<EntityId, Lane>()
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const lane of lanes.values()) lane.close()
    })
  )

  const laneTo = (gate: EntityId): Lane => {
    const known = lanes.get(gate)
    if (known !== undefined) return known
    const lane = new Lane({
      carry: (bundle) => client(gate).Carry(bundle),
      collect: (bundle) => client(gate).Collect({ bundle }),
      recall: (bundle, place) => client(gate).Recall({ bundle, place }),
      onLost: () => gates.forget(gate),
      makeId,
      run
    })
    lanes.set(gate, lane)
    return lane
  }

  return {
    ask: (letter, alone) =>
      Effect.suspend(() => {
        const gate = gates.of(letter.id)
        return gate === undefined ? alone : laneTo(gate).ask(letter, alone)
      })
  }
})
