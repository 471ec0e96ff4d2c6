/**
 * Changes of status in the whole cluster: those of this machine at once, those of the others as they tell of them.
 */
import type { Sharding } from "effect/cluster/Sharding"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as Machine from "./Machine.ts"
import type { Info } from "./Protocol.ts"
import type { Shard, Shards } from "./Shards.ts"

// How soon a machine is listened to that has come, or has taken over a shard.
const interval = "1 second"

/** Tells of the changes on other machines than this one, for ever. */
export const hear = (
  self: string,
  sharding: Sharding["Service"],
  shards: Shards,
  tell: (info: Info) => void
): Effect.Effect<void> =>
  Effect.scoped(
    Effect.gen(function* () {
      const client = yield* sharding.makeClient(Machine.entity)
      /** By machine, the shards that it says it holds. */
      const heard = new Map<string, ReadonlyArray<Shard>>()
      const listeners = yield* FiberMap.make<Shard>()
      /** Listens to the machine that has a sentinel, unless somebody listens to it already. */
      const listen = (sentinel: string) => {
        let machine: string | undefined
        /** Whether to go on. */
        const take = (news: Machine.News): boolean => {
          if (news._tag === "Changed") {
            for (const info of news.actors) tell(info)
            return true
          }
          if (news.machine === self || (machine === undefined && heard.has(news.machine))) return false
          machine = news.machine
          heard.set(machine, news.shards)
          return true
        }
        const forget = () => {
          if (machine !== undefined) heard.delete(machine)
        }
        return Stream.runForEachWhile(client(sentinel).Listen(), (news) => Effect.sync(() => take(news))).pipe(
          Effect.ignoreCause,
          Effect.ensuring(Effect.sync(forget))
        )
      }
      const look = Effect.suspend(() => {
        const covered = new Set([...heard.values()].flat())
        // One at a time, since its machine holds many more.
        const next = [...shards.sentinels].find(
          ([shard, id]) => !covered.has(shard) && !shards.holds(id) && !FiberMap.hasUnsafe(listeners, shard)
        )
        return next === undefined ? Effect.void : FiberMap.run(listeners, next[0], listen(next[1]))
      })
      yield* Effect.repeat(look, Schedule.spaced(interval))
    })
  )
