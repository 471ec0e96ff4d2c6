/**
 * Removes what has expired.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { CleanedUp } from "../../../src/AuthService.ts"
import type { EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import type { AppendError, ReadError, Unavailable } from "../../../src/StoreError.ts"
import { appendSurely } from "../../../src/store/AppendSurely.ts"
import { keyPrefix } from "./ApiKeys.ts"
import { closed, reserved, voidPrefix } from "./Records.ts"

/** Removes all notes of the service that are due by then, and the events that go with them. */
export const cleanUp = (store: EventStore["Service"], at: number): Effect.Effect<CleanedUp, Unavailable> =>
  Effect.suspend(() => {
    let tokens = 0
    let apiKeys = 0
    const agentIds = new Set<string>()
    const remove = (agentId: string, notes: ReadonlyArray<Note.Due>): Effect.Effect<void, AppendError> =>
      Effect.map(
        appendSurely(store, { agentId, events: [], notes: notes.map(({ name }) => Note.remove(name)) }),
        () => {
          agentIds.add(agentId)
          for (const { name } of notes) {
            if (name.startsWith(voidPrefix)) tokens++
            if (name.startsWith(keyPrefix)) apiKeys++
          }
        }
      )
    return Stream.runForEachArray(store.due({ until: at, agentPrefix: reserved }), (notes) =>
      Effect.forEach(
        Map.groupBy(notes, ({ agentId }) => agentId),
        ([agentId, ofAgent]) => remove(agentId, ofAgent),
        { concurrency: 16, discard: true }
      )
    ).pipe(
      Effect.andThen(
        Effect.suspend(() => Effect.forEach(agentIds, (agentId) => forget(store, agentId, at), { discard: true }))
      ),
      Effect.mapError(closed("clean up")),
      Effect.map(() => ({ tokens, apiKeys }))
    )
  })

/** Deletes the oldest events of an agent, up to the first that still counts. */
const forget = (store: EventStore["Service"], agentId: string, at: number): Effect.Effect<unknown, ReadError> =>
  store.read(agentId).pipe(
    Stream.takeWhile(({ data }) => Number(data["due"]) <= at),
    Stream.runFold(
      () => 0,
      (_, { version }) => version
    ),
    Effect.flatMap((version) => (version === 0 ? Effect.void : store.deleteEvents(agentId, version)))
  )
