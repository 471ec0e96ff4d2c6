/**
 * What the lifecycle of contexts promises, on any stores.
 */
import { describe, it } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import * as counting from "./lifecycle/counting.ts"
import * as ending from "./lifecycle/ending.ts"
import * as forging from "./lifecycle/forging.ts"
import * as guarding from "./lifecycle/guarding.ts"
import * as refusing from "./lifecycle/refusing.ts"
import * as scoped from "./lifecycle/scoped.ts"
import * as soundness from "./lifecycle/soundness.ts"
import type { Stores } from "./lifecycle/support.ts"
import * as travelling from "./lifecycle/travelling.ts"

/** What the suite runs on. */
export interface Options<E> {
  /** Builds both stores; it may need nothing else. The event store must be able to purge the snapshots. */
  readonly layer: Layer.Layer<Stores, E>
}

const themes = [travelling, refusing, ending, counting, soundness, forging, guarding, scoped]

/** Registers the suite under a name such as `the memory stores`. */
export const suite = <E>(name: string, { layer }: Options<E>): void => {
  describe(`the lifecycle of contexts on ${name}`, { timeout: 180_000 }, () => {
    it.layer(layer, { excludeTestServices: true, timeout: "60 seconds" })("", (it) => {
      for (const theme of themes) theme.register(it)
    })
  })
}
