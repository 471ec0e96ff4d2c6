/**
 * API keys. A key is `pk_ID_SECRET`; the store has its id, what it is good for, and a hash of the secret. The secret is 32 random bytes, so a
 * fast hash is enough: nobody can try them all.
 */
import { randomBytes, timingSafeEqual } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { ApiKey, Authenticated, NewApiKey } from "../../../src/AuthService.ts"
import { Principal } from "../../../src/CurrentPrincipal.ts"
import type { EventStore } from "../../../src/EventStore.ts"
import * as Note from "../../../src/Note.ts"
import type { Corrupted, ReadError, Unavailable } from "../../../src/StoreError.ts"
import { appendSurely } from "../../../src/store/AppendSurely.ts"
import { Answers } from "./Answers.ts"
import { digest } from "./digest.ts"
import { closed, decoded, type Records, reserved } from "./Records.ts"
import { Refused } from "./Refused.ts"

/** Every key is a note of this agent, so that it and its place in the list of its principal are written together. */
const agentId = `${reserved}keys`

/** What begins the names of the notes that are keys. */
export const keyPrefix = "key/"

const keyNote = (id: string): string => `${keyPrefix}${id}`
const useNote = (id: string): string => `use/${id}`
const listPrefix = (principalId: string): string => `of/${digest(principalId)}/`

const shape = /^pk_([A-Za-z0-9_-]{22})_([A-Za-z0-9_-]{43})$/

const StoredKey = Schema.Struct({
  hash: Schema.String,
  principal: Principal,
  generation: Schema.Int,
  name: Schema.String,
  createdAt: Schema.Int,
  expiresAt: Schema.Int
})

type StoredKey = typeof StoredKey.Type

const decodeKey = Schema.decodeUnknownResult(StoredKey)
const encodeKey = Schema.encodeSync(StoredKey)
const decodeUse = Schema.decodeUnknownResult(Schema.Struct({ at: Schema.Int }))

type Stored<A> = Effect.Effect<A, Unavailable>

export class ApiKeys {
  private readonly store: EventStore["Service"]
  private readonly records: Records
  /** The keys that stand, by id. */
  private readonly standing: Answers<StoredKey | undefined>

  private readonly lifetime: number

  /** `lifetime` in milliseconds. */
  constructor(store: EventStore["Service"], records: Records, lifetime: number) {
    this.store = store
    this.records = records
    this.lifetime = lifetime
    this.standing = new Answers((id) => readStanding(store, records, id))
  }

  create(principal: Principal, name: string, at: number): Stored<NewApiKey> {
    return Effect.gen({ self: this }, function* () {
      const id = randomBytes(16).toString("base64url")
      const secret = randomBytes(32).toString("base64url")
      const generation = yield* this.records.generation(principal.id)
      const key = { hash: digest(secret), principal, generation, name, createdAt: at, expiresAt: at + this.lifetime }
      const due = key.expiresAt
      const notes = [
        Note.put(keyNote(id), encodeKey(key), { due }),
        Note.put(`${listPrefix(principal.id)}${id}`, null, { due })
      ]
      yield* Effect.mapError(appendSurely(this.store, { agentId, events: [], notes }), closed("create API key"))
      return { ...toInfo(id, key, undefined), key: Redacted.make(`pk_${id}_${secret}`) }
    })
  }

  validate(key: string, at: number): Effect.Effect<Authenticated, Refused | Unavailable> {
    const [, id, secret] = shape.exec(key) ?? []
    if (id === undefined || secret === undefined) return refuse("Malformed")
    return Effect.flatMap(this.standing.get(id, at), (found) => {
      if (found === undefined) return refuse("UnknownKey")
      if (!isSame(digest(secret), found.hash)) return refuse("WrongSignature")
      if (found.expiresAt <= at) return refuse("Expired", found.principal.id)
      return Effect.succeed({ principal: found.principal, id, expiresAt: new Date(found.expiresAt) })
    })
  }

  list(principalId: string): Stored<ReadonlyArray<ApiKey>> {
    return Effect.gen({ self: this }, function* () {
      const generation = yield* this.records.generation(principalId)
      const ids = yield* this.idsOf(principalId)
      const names = [...ids.map(keyNote), ...ids.map(useNote)]
      const notes = yield* this.store.getNotes(names.map((name) => ({ agentId, name })))
      const byName = new Map(notes.map((note) => [note.name, note]))
      const keys: Array<ApiKey> = []
      for (const id of ids) {
        const key = yield* decodedIf(decodeKey, byName.get(keyNote(id)))
        const use = yield* decodedIf(decodeUse, byName.get(useNote(id)))
        if (key !== undefined && key.generation >= generation) keys.push(toInfo(id, key, use?.at))
      }
      return keys
    }).pipe(Effect.mapError(closed("list API keys")))
  }

  revoke(id: string): Stored<void> {
    return Effect.gen({ self: this }, function* () {
      const [note] = yield* this.store.getNotes([{ agentId, name: keyNote(id) }])
      if (note === undefined) return
      const { principal } = yield* decoded(decodeKey, note)
      yield* this.remove(principal.id, [id])
    }).pipe(Effect.mapError(closed("revoke API key")), Effect.ensuring(Effect.sync(() => this.standing.forget(id))))
  }

  /** Removes the keys of a principal whose tokens are void already. */
  removeAll(principalId: string): Stored<void> {
    return Effect.flatMap(Effect.mapError(this.idsOf(principalId), closed("list API keys")), (ids) =>
      Effect.mapError(this.remove(principalId, ids), closed("revoke API keys"))
    ).pipe(Effect.ensuring(Effect.sync(() => this.standing.forgetAll())))
  }

  /** Takes note of a use. */
  recordUse({ expiresAt, id }: Authenticated, at: number): Effect.Effect<unknown, unknown> {
    const notes = [Note.put(useNote(id), { at }, { due: expiresAt.getTime() })]
    return this.store.append({ agentId, events: [], notes })
  }

  private idsOf(principalId: string): Effect.Effect<ReadonlyArray<string>, ReadError> {
    const prefix = listPrefix(principalId)
    return Effect.map(Stream.runCollect(this.store.notes(agentId, { prefix })), (notes) =>
      notes.map(({ name }) => name.slice(prefix.length))
    )
  }

  private remove(principalId: string, ids: ReadonlyArray<string>) {
    const names = ids.flatMap((id) => [keyNote(id), useNote(id), `${listPrefix(principalId)}${id}`])
    if (names.length === 0) return Effect.void
    return appendSurely(this.store, { agentId, events: [], notes: names.map(Note.remove) })
  }
}

/** Which key somebody claims to have. */
export const claimedKey = (key: string): string | undefined => shape.exec(key)?.[1]

/** A key, unless it was revoked alone or with all that its principal had. */
const readStanding = (store: EventStore["Service"], records: Records, id: string): Stored<StoredKey | undefined> =>
  Effect.gen(function* () {
    const [note] = yield* store.getNotes([{ agentId, name: keyNote(id) }])
    if (note === undefined) return undefined
    const key = yield* decoded(decodeKey, note)
    return key.generation >= (yield* records.generation(key.principal.id)) ? key : undefined
  }).pipe(Effect.mapError(closed("read API key")))

const decodedIf = <A>(
  decode: (body: unknown) => Result.Result<A, Schema.SchemaError>,
  note: Note.Note | undefined
): Effect.Effect<A | undefined, Corrupted> => (note === undefined ? Effect.undefined : decoded(decode, note))

const toInfo = (
  id: string,
  { createdAt, expiresAt, name, principal }: StoredKey,
  usedAt: number | undefined
): ApiKey => ({
  id,
  name,
  principal,
  createdAt: new Date(createdAt),
  expiresAt: new Date(expiresAt),
  lastUsedAt: usedAt === undefined ? undefined : new Date(usedAt)
})

const refuse = (reason: Refused["reason"], principalId?: string): Effect.Effect<never, Refused> =>
  Effect.fail(new Refused({ reason, principalId }))

/** Takes as long for a hash that is nearly right as for any other. */
const isSame = (left: string, right: string): boolean =>
  left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right))
