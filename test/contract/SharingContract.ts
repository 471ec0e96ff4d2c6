/**
 * What sharing promises, on any stores.
 */
import { describe, it } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import * as audit from "./sharing/audit.ts"
import * as contents from "./sharing/contents.ts"
import * as lists from "./sharing/lists.ts"
import * as lives from "./sharing/lives.ts"
import * as names from "./sharing/names.ts"
import * as overtaking from "./sharing/overtaking.ts"
import * as random from "./sharing/random.ts"
import * as roles from "./sharing/roles.ts"
import * as scoped from "./sharing/scoped.ts"
import type { Stores } from "./sharing/support.ts"
import * as writing from "./sharing/writing.ts"

/** What the suite runs on. */
export interface Options<E> {
  /** Builds the stores; it may need nothing else. */
  readonly layer: Layer.Layer<Stores, E>
}

const themes = [audit, roles, contents, writing, lives, lists, names, overtaking, random, scoped]

/** Registers the suite under a name such as `the memory stores`. */
export const suite = <E>(name: string, { layer }: Options<E>): void => {
  // A real store on a busy machine may need longer than the usual five seconds.
  describe(`sharing on ${name}`, { timeout: 180_000 }, () => {
    it.layer(layer, { excludeTestServices: true, timeout: "60 seconds" })("", (it) => {
      for (const theme of themes) theme.register(it)
    })
  })
}
