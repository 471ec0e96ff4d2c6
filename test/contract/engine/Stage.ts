/**
 * Where handlers of the tests meet the tests: gates that handlers wait at, a note of every run, and scripts that they play.
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ActorSystem } from "../../../src/ActorSystem.ts"

export class Stage extends Context.Service<
  Stage,
  {
    /** Notes that a handler runs. */
    readonly note: (label: string | undefined) => void
    /** How often a handler has run with a label. */
    readonly runs: (label: string) => number
    /** Waits until the gate is open; says that somebody has come to it. */
    readonly pass: (gate: string) => Effect.Effect<void>
    /** Waits until somebody has come to the gate. */
    readonly arrival: (gate: string) => Effect.Effect<void>
    readonly open: (gate: string) => Effect.Effect<void>
    /** Writes what the handler does that plays the script. */
    readonly write: (script: string, effect: Effect.Effect<void, never, ActorSystem>) => void
    readonly play: (script: string) => Effect.Effect<void, never, ActorSystem>
  }
>()("pantheon-state/test/Stage") {}

export const layer: Layer.Layer<Stage> = Layer.sync(Stage, () => {
  const runs = new Map<string, number>()
  const gates = new Map<
    string,
    { readonly arrived: Deferred.Deferred<void>; readonly opened: Deferred.Deferred<void> }
  >()
  const scripts = new Map<string, Effect.Effect<void, never, ActorSystem>>()
  const gate = (name: string) => {
    const known = gates.get(name) ?? { arrived: Deferred.makeUnsafe<void>(), opened: Deferred.makeUnsafe<void>() }
    gates.set(name, known)
    return known
  }
  return {
    note: (label) => {
      if (label !== undefined) runs.set(label, (runs.get(label) ?? 0) + 1)
    },
    runs: (label) => runs.get(label) ?? 0,
    pass: (name) =>
      Effect.suspend(() => {
        const { arrived, opened } = gate(name)
        // Whoever sees the arrival goes on at once, so the handler must be seen to wait even if the gate is opened then.
        const arrive = Effect.andThen(Deferred.succeed(arrived, undefined), Effect.yieldNow)
        return Effect.andThen(arrive, Deferred.await(opened))
      }),
    arrival: (name) => Effect.suspend(() => Deferred.await(gate(name).arrived)),
    open: (name) => Effect.suspend(() => Effect.asVoid(Deferred.succeed(gate(name).opened, undefined))),
    write: (script, effect) => {
      scripts.set(script, effect)
    },
    play: (script) => scripts.get(script) ?? Effect.die(new Error("no such script"))
  }
})
