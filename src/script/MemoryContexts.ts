/**
 * A context in memory.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ContextSource } from "../ActorScript.ts"
import type { CompileRequest, ContextPort, Message, Writing } from "../ContextPort.ts"
import type { ContextFailed } from "../ScriptError.ts"
import type * as Value from "../Value.ts"
import * as SourceText from "./SourceText.ts"

const Where = Schema.Struct({
  role: Schema.optionalKey(Schema.String),
  last: Schema.optionalKey(Schema.Natural)
})

/** Messages by source, and documents by name. */
export class MemoryContexts {
  readonly documents = new Map<string, Value.Value>()
  private readonly sources: Map<string, ReadonlyArray<Message>>

  constructor(sources: { readonly [sourceId: string]: ReadonlyArray<Message> }) {
    this.sources = new Map(Object.entries(sources))
  }

  give(sourceId: string, messages: ReadonlyArray<Message>): void {
    this.sources.set(sourceId, [...this.messages(sourceId), ...messages])
  }

  messages(sourceId: string): ReadonlyArray<Message> {
    return this.sources.get(sourceId) ?? []
  }

  readonly compile = ({ sources }: CompileRequest): Effect.Effect<ReadonlyArray<Message>, ContextFailed> =>
    Effect.map(
      Effect.forEach(sources, (source) => this.tell(source)),
      (told) => told.flat()
    )

  readonly read: ContextPort["Service"]["read"] = (target) => Effect.sync(() => this.documents.get(target) ?? null)

  readonly write: ContextPort["Service"]["write"] = ({ target }: Writing, data) =>
    Effect.sync(() => void this.documents.set(target, data))

  readonly delete: ContextPort["Service"]["delete"] = ({ target }: Writing) =>
    Effect.sync(() => void this.documents.delete(target))

  private tell(source: ContextSource): Effect.Effect<ReadonlyArray<Message>, ContextFailed> {
    return Effect.map(SourceText.where(Where, source), ({ last = Number.POSITIVE_INFINITY, role }) => {
      const messages = this.messages(source.id).filter((message) => role === undefined || message.role === role)
      const document = this.documents.get(source.id)
      const told = document === undefined ? messages : [...messages, SourceText.message(source, document)]
      return told.slice(Math.max(told.length - last, 0))
    })
  }
}
