/** This library, on any of its stores. */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import { EventStore, type SnapshotStore } from "../../src/index.ts"
import { assertCount, callersEffect } from "../harness.ts"
import { eventType, payload, Visits } from "../workload.ts"
import { assertFirst, type Target } from "./Target.ts"

type Stores = EventStore.EventStore | SnapshotStore.SnapshotStore

/** Builds the stores and appends through `EventStore.append`. */
export const make = async <E>(
  name: string,
  stores: Layer.Layer<Stores, E>,
  visits: Visits = new Visits()
): Promise<Target> => {
  const runtime = ManagedRuntime.make(stores)
  const store = await runtime.runPromise(EventStore.EventStore)
  const operation = () => {
    const { agentId, index } = visits.next()
    return store.append({ agentId, events: [{ type: eventType, data: payload(index) }] })
  }
  return {
    name,
    append: (callers, milliseconds) => runtime.runPromise(callersEffect(callers, milliseconds, operation)),
    verify: () => runtime.runPromise(verify(store, visits)),
    close: () => runtime.dispose()
  }
}

const verify = (store: EventStore.EventStore["Service"], visits: Visits) =>
  Effect.gen(function* () {
    const versions = yield* Stream.runFold(
      store.agents(),
      () => 0,
      (total, { version }) => total + version
    )
    assertCount("events", versions, visits.count)
    for (const { agentId, first, visits: expected } of visits.sample()) {
      const events = yield* Stream.runCollect(store.read(agentId))
      assertCount(`events of ${agentId}`, events.length, expected)
      assertFirst(agentId, events[0]?.data, first)
    }
  })
