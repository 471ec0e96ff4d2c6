/**
 * What metadata promise, on any stores.
 */
import { describe, it } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import * as collections from "./metadata/collections.ts"
import * as lives from "./metadata/lives.ts"
import * as names from "./metadata/names.ts"
import * as queries from "./metadata/queries.ts"
import * as random from "./metadata/random.ts"
import * as scoped from "./metadata/scoped.ts"
import * as sight from "./metadata/sight.ts"
import type { Stores } from "./metadata/support.ts"

/** What the suite runs on. */
export interface Options<E> {
  /** Builds the stores; it may need nothing else. */
  readonly layer: Layer.Layer<Stores, E>
}

const themes = [lives, sight, scoped, queries, collections, names, random]

/** Registers the suite under a name such as `the memory stores`. */
export const suite = <E>(name: string, { layer }: Options<E>): void => {
  // A real store on a busy machine may need longer than the usual five seconds.
  describe(`metadata on ${name}`, { timeout: 180_000 }, () => {
    it.layer(layer, { excludeTestServices: true, timeout: "60 seconds" })("", (it) => {
      for (const theme of themes) theme.register(it)
    })
  })
}
