import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as MemoryData from "../../layers/memory/MemoryData.ts"
import * as MemoryEventStore from "../../layers/memory/MemoryEventStore.ts"
import { EventStore } from "../../src/index.ts"
import { EventStoreContract } from "../contract/index.ts"

const layer = Layer.effect(
  EventStore.EventStore,
  Effect.flatMap(MemoryData.MemoryData, (data) => {
    const { appendTogether, ...others } = MemoryEventStore.make(data)
    return EventStore.make(others)
  })
)

EventStoreContract.suite("a store that cannot append to several agents together", {
  layer: Layer.provide(layer, MemoryData.layer),
  together: false
})
