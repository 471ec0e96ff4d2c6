/**
 * Turns stored events back into events.
 */
import * as Result from "effect/Result"
import type { ContextEvent, Metadata } from "../ContextEvent.ts"
import type { StoredEvent } from "../EventStoreDriver.ts"
import { Corrupted } from "../StoreError.ts"
import * as Value from "../Value.ts"

const noMetadata: Metadata = Object.freeze({})

/** Decodes one stored event. */
export const decodeEvent = (stored: StoredEvent): Result.Result<ContextEvent, Corrupted> => {
  const data = decodeRecord(stored.data, "data", stored)
  if (Result.isFailure(data)) return Result.fail(data.failure)
  const metadata =
    stored.metadata === "{}" ? Result.succeed(noMetadata) : decodeRecord(stored.metadata, "metadata", stored)
  if (Result.isFailure(metadata)) return Result.fail(metadata.failure)
  return Result.succeed({
    id: stored.id,
    agentId: stored.agentId,
    version: stored.version,
    type: stored.type,
    schemaVersion: stored.schemaVersion,
    timestamp: new Date(stored.timestamp),
    data: data.success,
    metadata: metadata.success
  })
}

/** Decodes many, up to the first that cannot be read. */
export const decodeEvents = (
  stored: ReadonlyArray<StoredEvent>
): Result.Result<ReadonlyArray<ContextEvent>, Corrupted> => {
  const events = new Array<ContextEvent>(stored.length)
  for (let index = 0; index < stored.length; index++) {
    const event = decodeEvent(stored[index] as StoredEvent)
    if (Result.isFailure(event)) return Result.fail(event.failure)
    events[index] = event.success
  }
  return Result.succeed(events)
}

const decodeRecord = (text: string, field: string, stored: StoredEvent): Result.Result<Value.Record, Corrupted> => {
  const value = Value.decode(text, field)
  if (Result.isSuccess(value) && Value.isRecord(value.success)) return Result.succeed(value.success)
  // Named only now, since naming every event would cost as much as reading it.
  const subject = `${field} of event ${stored.version} of agent ${JSON.stringify(stored.agentId)}`
  if (Result.isFailure(value)) return Result.fail(new Corrupted({ ...value.failure, subject }))
  return Result.fail(
    new Corrupted({
      subject,
      expected: "an object",
      found: text.slice(0, 80),
      remedy: "Restore the row from a backup; it was changed outside the store."
    })
  )
}
