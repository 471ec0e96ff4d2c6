/**
 * The sentinels of the shards that this machine holds: what wakes with a shard, what goes with it, and what others ask of the machine.
 */
import * as Entity from "effect/cluster/Entity"
import type { Sharding } from "effect/cluster/Sharding"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { LocalSystem } from "../local/LocalSystem.ts"
import type { Orphan } from "../local/Tree.ts"
import * as Machine from "./Machine.ts"
import type { Info } from "./Protocol.ts"
import type { Shards } from "./Shards.ts"
import type { Unpacking } from "./Unpacking.ts"

// One page of a listing.
const pageSize = 1000
// How soon a shard that has come is noticed, for its timers; its commands come at once.
const interval = Duration.millis(500)

/** Posts the sentinels, for as long as the scope lives. */
export const post = Effect.fnUntraced(function* (
  name: string,
  sharding: Sharding["Service"],
  shards: Shards,
  { engine, surroundings }: LocalSystem,
  unpacking: Unpacking
): Effect.fn.Return<void, never, Scope.Scope> {
  const here = () => ({ machine: name, shards: shards.watched })
  const { alarms, changes } = surroundings
  const handlers = Machine.entity.of({
    Stand: () => Effect.void,
    Roster: ({ payload }) =>
      Effect.sync(() => {
        const known = engine.named(payload.actor)?.known() ?? []
        const { after } = payload
        const rest = after === undefined ? known : known.filter(({ id }) => id > after)
        const page = rest.sort(byId).slice(0, pageSize)
        return { ...here(), actors: page.map(toInfo), isLast: page.length === rest.length }
      }),
    Here: () => Effect.sync(here),
    Carry: ({ payload }) => unpacking.take(payload),
    Collect: ({ payload }) => unpacking.collect(payload.bundle),
    Recall: ({ payload }) => unpacking.recall(payload.bundle, payload.place),
    Listen: () => {
      const changed = Stream.map(Stream.filter(changes.stream, isAny), (actors) => ({
        _tag: "Changed" as const,
        actors: actors.map(toInfo)
      }))
      const moved = Stream.fromEffectSchedule(Effect.sync(here), Schedule.spaced("1 second")).pipe(
        Stream.changesWith((left, right) => left.shards.join() === right.shards.join()),
        Stream.map((machine) => ({ _tag: "Here" as const, ...machine }))
      )
      return Stream.merge(moved, changed)
    }
  })
  const build = Effect.gen(function* () {
    const shard = (yield* Entity.CurrentAddress).shardId.toString()
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        shards.enter(shard)
        alarms.lookAll()
      }),
      () => {
        shards.leave(shard)
        return engine.release((_, id) => shards.of(id) !== shard)
      }
    )
    return handlers
  })
  yield* sharding.registerEntity(Machine.entity, build, {
    maxIdleTime: Duration.infinity,
    concurrency: "unbounded",
    mailboxCapacity: "unbounded",
    disableFatalDefects: true
  })
  const client = yield* sharding.makeClient(Machine.entity)
  const stand = Effect.suspend(() =>
    Effect.forEach(shards.missing(), (id) => Effect.ignore(client(id).Stand()), { concurrency: 16, discard: true })
  )
  yield* Effect.forkScoped(Effect.repeat(stand, Schedule.spaced(interval)))
})

const isAny = (actors: ReadonlyArray<Orphan>): boolean => actors.length > 0

const byId = (left: Orphan, right: Orphan): number => (left.id < right.id ? -1 : 1)

const toInfo = ({ actor, agentId, id, mailbox, restarts, status, version }: Orphan): Info => ({
  actor,
  agentId,
  id,
  mailbox,
  restarts,
  status,
  version
})
