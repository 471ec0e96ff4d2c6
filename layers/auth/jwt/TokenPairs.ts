/**
 * The lives of tokens: issued in pairs, shown, refreshed, revoked.
 */
import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Authenticated, Tokens } from "../../../src/AuthService.ts"
import type { Principal } from "../../../src/CurrentPrincipal.ts"
import type { InvalidInput, Unavailable } from "../../../src/StoreError.ts"
import { Answers } from "./Answers.ts"
import type { Records, Standing } from "./Records.ts"
import { Refused } from "./Refused.ts"
import { longestSkew, type Settings } from "./Settings.ts"
import { type Claims, Tokens as Signed } from "./Tokens.ts"

export class TokenPairs {
  private readonly settings: Settings
  private readonly signed: Signed
  private readonly records: Records
  private readonly standings: Answers<Standing>

  constructor(settings: Settings, records: Records) {
    this.settings = settings
    this.signed = new Signed(settings)
    this.records = records
    this.standings = new Answers((key) => records.standing(key.slice(idLength), key.slice(0, idLength)))
  }

  /** A pair of the generation that the principal has before it is signed: if the principal is revoked meanwhile, it is void. */
  issue(principal: Principal, at: number): Effect.Effect<Tokens, InvalidInput | Unavailable> {
    return Effect.flatMap(this.records.generation(principal.id), (generation) => this.sign(principal, generation, at))
  }

  validate(token: string, at: number): Effect.Effect<Authenticated, Refused | Unavailable> {
    return Effect.flatMap(this.signed.verify("access token", token, at), (claims) =>
      Effect.flatMap(this.standings.get(keyOf(claims), at), (standing) =>
        isGood(claims, standing)
          ? Effect.succeed({ principal: claims.principal, id: claims.id, expiresAt: new Date(claims.expiresAt) })
          : refuse(claims)
      )
    )
  }

  /** The new pair is signed first, and given only to whoever made the old one void. */
  refresh(token: string, at: number): Effect.Effect<Tokens, Refused | Unavailable> {
    return Effect.gen({ self: this }, function* () {
      const claims = yield* this.signed.verify("refresh token", token, at)
      const standing = yield* this.records.standing(claims.principal.id, claims.id)
      if (!isGood(claims, standing)) return yield* refuse(claims)
      // As long as the token that was accepted, but for the digits of its times.
      const tokens = yield* Effect.orDie(this.sign(claims.principal, claims.generation, at))
      return (yield* this.end(claims, tokens.id, at)) ? tokens : yield* refuse(claims)
    })
  }

  revoke(token: string, at: number): Effect.Effect<void, Refused | Unavailable> {
    return Effect.flatMap(this.signed.verifyAny(token), (claims) =>
      claims.until + longestSkew <= at ? Effect.void : Effect.asVoid(this.end(claims, "revocation", at))
    )
  }

  revokeAll(principalId: string, at: number): Effect.Effect<void, Unavailable> {
    return Effect.ensuring(
      this.records.voidAll(principalId, at),
      Effect.sync(() => this.standings.forgetAll())
    )
  }

  /** Makes a pair void, for this process from now on. Tells whether it was not so before. */
  private end(claims: Claims, by: string, at: number): Effect.Effect<boolean, Unavailable> {
    return Effect.ensuring(
      this.records.void(claims, by, at),
      Effect.sync(() => this.standings.forget(keyOf(claims)))
    )
  }

  private readonly sign = Effect.fnUntraced(
    { self: this },
    function* (principal: Principal, generation: number, at: number) {
      const { accessLifetime, refreshLifetime } = this.settings
      // Tokens know whole seconds.
      const issuedAt = Math.floor(at / 1000) * 1000
      const expiresAt = issuedAt + accessLifetime
      const until = issuedAt + refreshLifetime
      const claims: Claims = { id: randomUUID(), principal, generation, issuedAt, expiresAt, until }
      const accessToken = yield* this.signed.sign("access token", claims)
      const refreshToken = yield* this.signed.sign("refresh token", { ...claims, expiresAt: until })
      const tokens: Tokens = {
        id: claims.id,
        accessToken: Redacted.make(accessToken),
        expiresAt: new Date(expiresAt),
        refreshToken: Redacted.make(refreshToken),
        refreshExpiresAt: new Date(until)
      }
      return tokens
    }
  )
}

const isGood = (claims: Claims, { generation, isVoid }: Standing): boolean => !isVoid && claims.generation >= generation

const refuse = ({ principal }: Claims): Effect.Effect<never, Refused> =>
  Effect.fail(new Refused({ reason: "Revoked", principalId: principal.id }))

// Ids of tokens are UUIDs, all of one length.
const idLength = 36

const keyOf = ({ id, principal }: Claims): string => id + principal.id
