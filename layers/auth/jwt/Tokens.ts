/**
 * Signs tokens, and tells those that were signed here from all others.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import {
  decodeJwt,
  errors,
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
  SignJWT
} from "jose"
import type { RefusalReason } from "../../../src/AuthService.ts"
import { Kind, type Principal } from "../../../src/CurrentPrincipal.ts"
import * as Permission from "../../../src/Permission.ts"
import { InvalidInput } from "../../../src/StoreError.ts"
import { digest } from "./digest.ts"
import type { UsableKey } from "./Keys.ts"
import { Latest } from "./Latest.ts"
import { Refused } from "./Refused.ts"
import type { Settings } from "./Settings.ts"

/** What a token is for. It stands in the header, as RFC 9068 has it, so that none can be taken for another. */
export type Use = "access token" | "refresh token"

const types: Record<Use, string> = { "access token": "at+jwt", "refresh token": "refresh+jwt" }

/** What a token says; times in milliseconds. */
export interface Claims {
  /** Shared by the two that are issued together. */
  readonly id: string
  readonly principal: Principal
  /** Tokens of a lower generation than the principal's are void. */
  readonly generation: number
  readonly issuedAt: number
  readonly expiresAt: number
  /** When the longer-lived of the two expires. */
  readonly until: number
}

/** A token that was signed here, for this issuer and audience. */
interface Genuine {
  readonly claims: Claims
  /** The type in its header. */
  readonly type: string | undefined
}

// Enough for some hundred permissions, and for the headers of HTTP.
const longestToken = 8192

const shape = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

const Payload = Schema.Struct({
  sub: Schema.String,
  jti: Schema.String.check(Schema.isUUID()),
  iat: Schema.Int,
  exp: Schema.Int,
  kind: Kind,
  permissions: Schema.Array(Schema.String),
  generation: Schema.Int,
  until: Schema.Int
})

const decodePayload = Schema.decodeUnknownResult(Payload)

export class Tokens {
  private readonly settings: Settings
  private readonly pinned: JWTVerifyOptions
  /** By the digest of the token. */
  private readonly genuine = new Latest<Genuine>()

  constructor(settings: Settings) {
    this.settings = settings
    const { audience, issuer } = settings
    // The time is not for `jose` to judge: the date is the beginning of time, when nothing had expired.
    this.pinned = { issuer, audience, requiredClaims: ["sub", "jti", "iat", "exp"], currentDate: new Date(0) }
  }

  /** Signs a token. One that would be too long to be accepted is refused. */
  sign(
    use: Use,
    { expiresAt, generation, id, issuedAt, principal, until }: Claims
  ): Effect.Effect<string, InvalidInput> {
    const { audience, issuer, ring } = this.settings
    const { algorithm, id: kid, key } = ring.signer
    const payload = {
      kind: principal.kind,
      permissions: principal.permissions.map(Permission.print),
      generation,
      until: until / 1000
    }
    const jwt = new SignJWT(payload)
      .setProtectedHeader({ alg: algorithm, kid, typ: types[use] })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(principal.id)
      .setJti(id)
      .setIssuedAt(issuedAt / 1000)
      .setExpirationTime(expiresAt / 1000)
    return Effect.flatMap(
      Effect.promise(() => jwt.sign(key)),
      (token) =>
        token.length <= longestToken
          ? Effect.succeed(token)
          : Effect.fail(
              new InvalidInput({
                path: "principal/permissions",
                expected: `a token of up to ${longestToken} characters`,
                found: `${token.length} characters`,
                remedy: "Give fewer permissions, with wider patterns."
              })
            )
    )
  }

  /** What a genuine token of this use says that has not expired by then. */
  verify(use: Use, token: string, at: number): Effect.Effect<Claims, Refused> {
    return Effect.flatMap(this.open(token), ({ claims, type }) => {
      if (type !== types[use]) return refuse("WrongUse", claims.principal.id)
      const isExpired = claims.expiresAt + this.settings.clockSkew <= at
      return isExpired ? refuse("Expired", claims.principal.id) : Effect.succeed(claims)
    })
  }

  /** What a genuine token says, of either use, expired or not. */
  verifyAny(token: string): Effect.Effect<Claims, Refused> {
    return Effect.map(this.open(token), ({ claims }) => claims)
  }

  /** Once a token has been found genuine it is so for ever, to the last character: only its time, its use and its revocation are asked again. */
  private open(token: string): Effect.Effect<Genuine, Refused> {
    if (token.length > longestToken) return refuse("TooLong")
    const key = digest(token)
    const known = this.genuine.get(key)
    if (known !== undefined) return Effect.succeed(known)
    if (!shape.test(token) || !isCanonical(token)) return refuse("Malformed")
    return Effect.flatMap(
      Effect.tryPromise({ try: () => jwtVerify(token, this.keyOf, this.pinned), catch: toRefused }),
      ({ payload, protectedHeader }) => {
        const claims = toClaims(payload)
        if (claims === undefined) return refuse("WrongClaims")
        const found: Genuine = { claims, type: protectedHeader.typ }
        this.genuine.set(key, found)
        return Effect.succeed(found)
      }
    )
  }

  /** The key of a token; a header that names no key of ours, or another algorithm than that of the key, gets none. */
  private readonly keyOf = ({ alg, kid }: JWTHeaderParameters): UsableKey["key"] => {
    const found = this.settings.ring.verifiers.get(kid ?? "")
    if (found === undefined) throw new Refused({ reason: "UnknownKey", principalId: undefined })
    if (found.algorithm !== alg) throw new Refused({ reason: "WrongAlgorithm", principalId: undefined })
    return found.key
  }
}

const refuse = (reason: RefusalReason, principalId?: string): Effect.Effect<never, Refused> =>
  Effect.fail(new Refused({ reason, principalId }))

/** Decoders pass over the unused bits of the last character of a signature; a token that plays with them is none of ours. */
const isCanonical = (token: string): boolean => {
  const signature = token.slice(token.lastIndexOf(".") + 1)
  return Buffer.from(signature, "base64url").toString("base64url") === signature
}

/** Errors of `jose` may hold the claims, so nothing of them is kept but what went wrong. */
const toRefused = (error: unknown): Refused => {
  if (error instanceof Refused) return error
  return new Refused({ reason: reasonOf(error), principalId: undefined })
}

const reasonOf = (error: unknown): RefusalReason => {
  if (error instanceof errors.JWSSignatureVerificationFailed) return "WrongSignature"
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "iss") return "WrongIssuer"
    return error.claim === "aud" ? "WrongAudience" : "WrongClaims"
  }
  return "Malformed"
}

const toClaims = (payload: JWTPayload): Claims | undefined => {
  const decoded = decodePayload(payload)
  if (Result.isFailure(decoded)) return undefined
  const { exp, generation, iat, jti, kind, permissions: texts, sub, until } = decoded.success
  const permissions: Array<Permission.Permission> = []
  for (const text of texts) {
    const permission = Permission.parse(text)
    if (Result.isFailure(permission)) return undefined
    permissions.push(permission.success)
  }
  return {
    id: jti,
    principal: { id: sub, kind, permissions },
    generation,
    issuedAt: iat * 1000,
    expiresAt: exp * 1000,
    until: until * 1000
  }
}

/** Whose a token claims to be, genuine or not. */
export const claimedPrincipal = (token: string): string | undefined =>
  token.length > longestToken ? undefined : Result.getOrUndefined(Result.try(() => decodeJwt(token).sub))
