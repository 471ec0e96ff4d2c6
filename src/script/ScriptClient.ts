/**
 * What the port, and actions, do with scripted actors through the engine and the stores.
 */
import * as Effect from "effect/Effect"
import { AccessPolicy, trusted } from "../AccessPolicy.ts"
import type { ActorError } from "../ActorError.ts"
import type { ActorSystem } from "../ActorSystem.ts"
import { CurrentPrincipal } from "../CurrentPrincipal.ts"
import type { EventStore } from "../EventStore.ts"
import type { ActorMissing } from "../ScriptError.ts"
import type { SnapshotStore } from "../SnapshotStore.ts"
import type { ReadError } from "../StoreError.ts"
import * as Replay from "../store/Replay.ts"
import { principalOf } from "./ScriptAccess.ts"
import { ScriptActor } from "./ScriptActor.ts"
import type { ScriptState } from "./ScriptState.ts"

/** Sends commands to scripted actors, and reads their journals. */
export interface ScriptClient {
  readonly to: Effect.Success<typeof ScriptActor.client>
  readonly stores: Replay.Stores
  /** The actor as its journal has it, now or right after an event; the engine is not asked. */
  readonly read: (
    id: string,
    at?: number
  ) => Effect.Effect<{ readonly state: ScriptState | null; readonly version: number }, ReadError>
  /** Whether somebody has written to an actor with this id. */
  readonly exists: (id: string) => Effect.Effect<boolean, ReadError>
  /** Stops an actor and everything below it. */
  readonly stop: (id: string) => Effect.Effect<void, ActorMissing | ActorError>
  /** Stops children of an actor and everything below them, and gives the actor without them. */
  readonly stopChildren: (id: string, children: ReadonlyArray<string>) => Effect.Effect<ScriptState | null, ActorError>
}

/** Makes the client of the engine and the stores that are provided. */
export const make: Effect.Effect<ScriptClient, never, ActorSystem | EventStore | SnapshotStore> = Effect.gen(
  function* () {
    const to = yield* ScriptActor.client
    const stores = yield* Replay.stores
    const services = yield* Effect.context<EventStore | SnapshotStore>()

    const stop = Effect.fnUntraced(function* (id: string): Effect.fn.Return<void, ActorMissing | ActorError> {
      const children = yield* to(id).Stop()
      if (children.length === 0) return
      // Whoever may stop an actor need not have a say in those below it.
      yield* Effect.provideService(stopChildren(id, children), CurrentPrincipal, principalOf(id))
    })

    const stopChildren: ScriptClient["stopChildren"] = Effect.fnUntraced(function* (id, children) {
      yield* Effect.forEach(children, (child) => Effect.catchTag(stop(child), "ActorMissing", () => Effect.void), {
        concurrency: "unbounded"
      })
      return yield* to(id).LeaveChildren({ children })
    })

    return {
      to,
      stores,
      read: (id, at) =>
        ScriptActor.readState(id, { at }).pipe(
          // Only versions that have just been told are asked for.
          Effect.catchTag(["VersionMissing", "AccessDenied"], Effect.die),
          // The port has asked.
          Effect.provideService(AccessPolicy, trusted),
          Effect.provideContext(services)
        ),
      exists: (id) => Effect.map(stores.events.head(ScriptActor.agentId(id)), ({ presence }) => presence !== "missing"),
      stop,
      stopChildren
    }
  }
)
