/**
 * What is stored of tokens: those that were used up or revoked, and from which generation on a principal's tokens count.
 */
import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Append, EventStore } from "../../../src/EventStore.ts"
import type { Expected } from "../../../src/EventStoreDriver.ts"
import * as Note from "../../../src/Note.ts"
import { type AppendError, Corrupted, type ReadError, Unavailable } from "../../../src/StoreError.ts"
import { appendSurely } from "../../../src/store/AppendSurely.ts"
import * as ReservedAgents from "../../../src/store/ReservedAgents.ts"
import { digest } from "./digest.ts"
import { longestSkew } from "./Settings.ts"
import type { Claims } from "./Tokens.ts"

/** All agents of the service begin with this. */
export const reserved = `${ReservedAgents.prefix}auth/`

const agentOf = (principalId: string): string => `${reserved}principal/${digest(principalId)}`

const generationNote = "generation"
/** What begins the names of the notes of void tokens. */
export const voidPrefix = "void/"

const voidNote = (tokenId: string): string => `${voidPrefix}${tokenId}`

/** How tokens of a principal stand. */
export interface Standing {
  readonly isVoid: boolean
  readonly generation: number
}

type Stored<A> = Effect.Effect<A, Unavailable>

/** Whatever the store says that is no answer closes the door. */
export const closed =
  (operation: string) =>
  (cause: ReadError | AppendError): Unavailable =>
    cause._tag === "Unavailable"
      ? cause
      : new Unavailable({
          operation,
          reason: "Failed",
          expected: "an answer of the event store",
          found: cause._tag,
          remedy: "Try again; nobody is let in meanwhile.",
          cause
        })

export class Records {
  private readonly store: EventStore["Service"]

  constructor(store: EventStore["Service"]) {
    this.store = store
  }

  /** From which generation on a principal's tokens count. */
  generation(principalId: string): Stored<number> {
    const agentId = agentOf(principalId)
    return this.store
      .getNotes([{ agentId, name: generationNote }])
      .pipe(Effect.flatMap(generationOf), Effect.mapError(closed("read generation")))
  }

  standing(principalId: string, tokenId: string): Stored<Standing> {
    const agentId = agentOf(principalId)
    const name = voidNote(tokenId)
    const keys = [name, generationNote].map((name) => ({ agentId, name }))
    return this.store.getNotes(keys).pipe(
      Effect.flatMap((notes) =>
        Effect.map(generationOf(notes), (generation) => ({
          isVoid: notes.some((note) => note.name === name),
          generation
        }))
      ),
      Effect.mapError(closed("read revocations"))
    )
  }

  /**
   * Makes tokens void that have not expired. Tells whether this caller did so: the event has the id of the tokens, and the store keeps each id once, so of several who
   * try at the same time one succeeds.
   */
  void(claims: Claims, by: string, at: number): Stored<boolean> {
    return appendSurely(this.store, voiding(claims, by, at, { id: claims.id })).pipe(
      Effect.as(true),
      Effect.catchIf(
        (error) => error._tag === "Rejected" && error.reason === "EventIdTaken",
        () => this.voidAnew(claims, by, at)
      ),
      Effect.mapError(closed("revoke tokens"))
    )
  }

  /** Whoever has seen a token can have used its id for an event of his own, so only the note tells whether it is void. */
  private voidAnew(claims: Claims, by: string, at: number): Effect.Effect<boolean, ReadError | AppendError> {
    const agentId = agentOf(claims.principal.id)
    const attempt = Effect.gen({ self: this }, function* () {
      const { version } = yield* this.store.head(agentId)
      const notes = yield* this.store.getNotes([{ agentId, name: voidNote(claims.id) }])
      if (notes.length > 0) return false
      yield* appendSurely(this.store, voiding(claims, by, at, { id: randomUUID(), expected: version }))
      return true
    })
    return Effect.retry(attempt, { while: (error) => error._tag === "Conflict", times: 100 })
  }

  /** Begins a new generation, so that all tokens before it are void. */
  voidAll(principalId: string, at: number): Stored<void> {
    const agentId = agentOf(principalId)
    const attempt = Effect.flatMap(this.store.head(agentId), ({ version }) =>
      appendSurely(this.store, {
        agentId,
        expected: version,
        events: [{ id: randomUUID(), type: "auth.principal.revoked", timestamp: new Date(at), data: { due: at } }],
        // The version that the event gets, so that it is higher than any before.
        notes: [Note.put(generationNote, { generation: version + 1 })]
      })
    )
    return attempt.pipe(
      Effect.retry({ while: (error) => error._tag === "Conflict", times: 100 }),
      Effect.mapError(closed("revoke principal")),
      Effect.asVoid
    )
  }
}

/** The append that makes tokens void. */
const voiding = (
  { id: tokenId, principal, until }: Claims,
  by: string,
  at: number,
  { expected = "any", id }: { readonly id: string; readonly expected?: Expected }
): Append => {
  const due = until + longestSkew
  return {
    agentId: agentOf(principal.id),
    expected,
    events: [{ id, type: "auth.tokens.voided", timestamp: new Date(at), data: { by, due } }],
    notes: [Note.put(voidNote(tokenId), { by }, { due })]
  }
}

const Generation = Schema.Struct({ generation: Schema.Int })
const decodeGeneration = Schema.decodeUnknownResult(Generation)

/** A principal without such a note has its first generation. */
const generationOf = (notes: ReadonlyArray<Note.Note>): Effect.Effect<number, Corrupted> => {
  const note = notes.find(({ name }) => name === generationNote)
  return note === undefined ? Effect.succeed(0) : Effect.map(decoded(decodeGeneration, note), (body) => body.generation)
}

/** The body of a note of the service. */
export const decoded = <A>(
  decode: (body: unknown) => Result.Result<A, Schema.SchemaError>,
  { agentId, body, name }: Note.Note
): Effect.Effect<A, Corrupted> =>
  Effect.mapError(
    Effect.fromResult(decode(body)),
    () =>
      new Corrupted({
        subject: `note ${JSON.stringify(name)} of agent ${JSON.stringify(agentId)}`,
        expected: "a body that this service wrote",
        found: "another",
        remedy: `Let nobody else write to agents whose ids begin with ${reserved}.`
      })
  )
