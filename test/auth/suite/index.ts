/**
 * What authentication promises, on any event store.
 */
import { describe, it } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import type { EventStore } from "../../../src/index.ts"
import * as apiKeys from "./apiKeys.ts"
import * as cleaning from "./cleaning.ts"
import * as refreshing from "./refreshing.ts"
import * as revoking from "./revoking.ts"

const themes = [refreshing, revoking, apiKeys, cleaning]

/** Registers the suite under a name such as `the memory store`. */
export const suite = <E>(name: string, layer: Layer.Layer<EventStore.EventStore, E>): void => {
  describe(`authentication on ${name}`, { timeout: 60_000 }, () => {
    it.layer(layer, { excludeTestServices: true, timeout: "60 seconds" })("", (it) => {
      for (const theme of themes) theme.register(it)
    })
  })
}
