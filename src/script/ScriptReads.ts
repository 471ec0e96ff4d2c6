/**
 * The parts of the port that only read. They go to the journal, so they wake nobody.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { ActorStatePort, ListOptions } from "../ActorStatePort.ts"
import type { BehaviorRegistry } from "../BehaviorRegistry.ts"
import type { ReadOptions } from "../EventStore.ts"
import { ActorMissing } from "../ScriptError.ts"
import * as ScriptedActor from "../ScriptedActor.ts"
import { ScriptActor } from "./ScriptActor.ts"
import type { ScriptClient } from "./ScriptClient.ts"
import type { Follow } from "./ScriptFeed.ts"
import { evolve } from "./ScriptFold.ts"
import * as ScriptHistory from "./ScriptHistory.ts"
import type { ScriptState } from "./ScriptState.ts"

type Port = ActorStatePort["Service"]

/** Makes the reads. */
export const make = (
  client: ScriptClient,
  behaviors: BehaviorRegistry["Service"],
  follow: Follow
): Pick<Port, "get" | "list" | "history" | "watch"> => {
  const { agentIdPrefix } = ScriptActor.codec

  const get = (id: string) =>
    Effect.map(client.read(id), ({ state, version }) =>
      state === null ? Option.none() : Option.some(ScriptedActor.make(state, version, behaviors))
    )

  const list = ({ after, limit = Number.MAX_SAFE_INTEGER, prefix = "" }: ListOptions = {}) =>
    client.stores.events
      .agents({ prefix: ScriptActor.agentId(prefix), after: after === undefined ? after : ScriptActor.agentId(after) })
      .pipe(
        Stream.mapEffect(({ agentId }) => get(agentId.slice(agentIdPrefix.length)), { concurrency: 8 }),
        Stream.flatMap(Option.match({ onNone: () => Stream.empty, onSome: Stream.succeed })),
        Stream.take(limit)
      )

  const history = (id: string, options?: ReadOptions) =>
    client.stores.events
      .read(ScriptActor.agentId(id), options)
      .pipe(Stream.mapEffect(ScriptHistory.entriesOf), Stream.flattenIterable)

  const watch = (id: string) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const followed = yield* follow(ScriptActor.agentId(id))
        const first = yield* client.read(id)
        if (first.state === null) return yield* new ActorMissing({ id })
        const later = Stream.fromQueue(followed).pipe(
          Stream.filter(({ version }) => version > first.version),
          Stream.mapEffect(ScriptHistory.entriesOf),
          Stream.flattenIterable,
          Stream.mapAccum(
            (): ScriptState | null => first.state,
            (before, { event, version }) => {
              const state = evolve(before, event)
              return [state, state === null ? [] : [{ state, version }]] as const
            }
          )
        )
        return Stream.map(
          Stream.concat(Stream.succeed({ ...first, state: first.state }), later),
          ({ state, version }) => ScriptedActor.make(state, version, behaviors)
        )
      })
    )

  return { get, list, history, watch }
}
