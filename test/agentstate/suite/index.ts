/**
 * What the manager promises, on any stores.
 */
import { describe, it } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import * as changing from "./changing.ts"
import * as expecting from "./expecting.ts"
import * as history from "./history.ts"
import * as interior from "./interior.ts"
import * as lives from "./lives.ts"
import * as modifying from "./modifying.ts"
import * as random from "./random.ts"
import * as reading from "./reading.ts"
import * as repeating from "./repeating.ts"
import * as retention from "./retention.ts"
import * as snapshots from "./snapshots.ts"
import type { Stores } from "./support.ts"
import * as together from "./together.ts"
import * as upcasting from "./upcasting.ts"
import * as writing from "./writing.ts"

const themes = [
  reading,
  writing,
  expecting,
  repeating,
  snapshots,
  upcasting,
  retention,
  lives,
  history,
  modifying,
  together,
  changing,
  interior,
  random
]

/** Registers the suite under a name such as `the memory stores`. */
export const suite = <E>(name: string, layer: Layer.Layer<Stores, E>): void => {
  describe(`agent states on ${name}`, { timeout: 60_000 }, () => {
    it.layer(layer, { excludeTestServices: true, timeout: "60 seconds" })("", (it) => {
      for (const theme of themes) theme.register(it)
    })
  })
}
