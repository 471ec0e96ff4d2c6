/**
 * What the scoped policy and the audit log promise, on any stores.
 */
import { describe, it } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import * as log from "./access/log.ts"
import * as policy from "./access/policy.ts"
import type { Stores } from "./sharing/support.ts"

/** What the suite runs on. */
export interface Options<E> {
  /** Builds the stores; it may need nothing else. */
  readonly layer: Layer.Layer<Stores, E>
}

const themes = [policy, log]

/** Registers the suite under a name such as `the memory stores`. */
export const suite = <E>(name: string, { layer }: Options<E>): void => {
  // A real store on a busy machine may need longer than the usual five seconds.
  describe(`access on ${name}`, { timeout: 180_000 }, () => {
    it.layer(layer, { excludeTestServices: true, timeout: "60 seconds" })("", (it) => {
      for (const theme of themes) theme.register(it)
    })
  })
}
