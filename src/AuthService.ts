/**
 * Who somebody is: tokens and API keys, issued, shown, and taken back.
 *
 * The contract:
 *
 * 1. A token is valid only if this service issued it: with a key and the algorithm of that key, for this issuer and audience, for this use,
 *    and not beyond its time. Everything else is refused in one way, `InvalidCredential`, and crashes nothing. Its reason tells more than `Invalid` only to
 *    whoever has shown a credential that was genuine once. The reason for the operator goes to `refusals`
 *    and to the `AuditSink`.
 * 2. What was revoked is refused by this process as soon as the revocation has returned, and by every process that shares the store within one
 *    second; also after restarts.
 * 3. A refresh is one step: the new tokens are good, and the old ones, of both uses, void. However many refresh one token at a time, one of them gets
 *    new tokens. If its answer is lost, its owner signs in again.
 * 4. When the store cannot be asked, nobody is let in: `Unavailable`.
 * 5. Too many refusals from one address, or for one principal, are told as `TooManyAttempts`. A valid credential is never refused for that.
 * 6. The store holds no token and of an API key only a hash. No error, log, span or metric holds a token, a key or a secret.
 *
 * What is stored lies in the event store, as notes and events of agents whose ids begin with `pantheon/auth/`; those are reserved for it. It goes once it
 * has expired and somebody runs `cleanUp`.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Stream from "effect/Stream"
import type { InvalidCredential, TooManyAttempts, VisibleReason } from "./AuthError.ts"
import type { Principal } from "./CurrentPrincipal.ts"
import type { InvalidInput, Unavailable } from "./StoreError.ts"

/** Two tokens that were issued together, and are void together. */
export interface Tokens {
  /** Names the two. */
  readonly id: string
  /** To be shown with each request. */
  readonly accessToken: Redacted.Redacted
  readonly expiresAt: Date
  /** Good for new tokens, once. */
  readonly refreshToken: Redacted.Redacted
  readonly refreshExpiresAt: Date
}

/** Where a credential comes from. */
export interface Attempt {
  /** The address of whoever shows it, such as that of the network. */
  readonly address?: string | undefined
}

/** A credential that is valid. */
export interface Authenticated {
  readonly principal: Principal
  /** The id of the tokens, or of the API key. */
  readonly id: string
  readonly expiresAt: Date
}

/** An API key, without the secret. */
export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly principal: Principal
  readonly createdAt: Date
  readonly expiresAt: Date
  /** Exact to a minute; undefined if it was never used. */
  readonly lastUsedAt: Date | undefined
}

/** An API key, as it is told once. */
export interface NewApiKey extends ApiKey {
  readonly key: Redacted.Redacted
}

/** Why a credential was refused, for the operator. */
export type RefusalReason =
  | "Malformed"
  | "TooLong"
  | "UnknownKey"
  | "WrongAlgorithm"
  | "WrongSignature"
  | "WrongUse"
  | "WrongIssuer"
  | "WrongAudience"
  | "WrongClaims"
  | "Expired"
  | "Revoked"

/** A credential that was refused. */
export interface Refusal {
  readonly at: Date
  readonly credential: "access token" | "refresh token" | "token" | "API key"
  readonly reason: RefusalReason
  /** What the caller was told. */
  readonly told: VisibleReason | "TooManyAttempts"
  readonly address: string | undefined
  /** Whose it was, if it was genuine. */
  readonly principalId: string | undefined
}

/** What a clean-up has removed. */
export interface CleanedUp {
  /** Records of revoked and refreshed tokens. */
  readonly tokens: number
  readonly apiKeys: number
}

type Checked<A> = Effect.Effect<A, InvalidCredential | TooManyAttempts | Unavailable>

/** Tokens and API keys; the contract is at the head of this module. */
export class AuthService extends Context.Service<
  AuthService,
  {
    /** New tokens for a principal who has shown elsewhere who he is. */
    readonly issue: (principal: Principal) => Effect.Effect<Tokens, InvalidInput | Unavailable>
    /** Who shows an access token. */
    readonly validate: (accessToken: Redacted.Redacted, attempt?: Attempt) => Checked<Authenticated>
    /** New tokens for the same principal, in the place of the old ones. */
    readonly refresh: (refreshToken: Redacted.Redacted, attempt?: Attempt) => Checked<Tokens>
    /** Makes a token void, of either use, with the one that was issued together with it. Nothing happens if it is so already. */
    readonly revoke: (token: Redacted.Redacted, attempt?: Attempt) => Checked<void>
    /** Makes void all tokens and API keys that a principal has. */
    readonly revokeAll: (principalId: string) => Effect.Effect<void, InvalidInput | Unavailable>
    /** A key for a program. It acts as this principal, with these permissions. The secret is told now and never again. */
    readonly createApiKey: (
      principal: Principal,
      options: {
        /** 1 to 255 characters, for whoever lists keys. */
        readonly name: string
      }
    ) => Effect.Effect<NewApiKey, InvalidInput | Unavailable>
    /** Who shows an API key. */
    readonly validateApiKey: (key: Redacted.Redacted, attempt?: Attempt) => Checked<Authenticated>
    /** The keys of a principal that stand. */
    readonly apiKeys: (principalId: string) => Effect.Effect<ReadonlyArray<ApiKey>, InvalidInput | Unavailable>
    /** Makes a key void, by its id. Nothing happens if there is none. */
    readonly revokeApiKey: (id: string) => Effect.Effect<void, InvalidInput | Unavailable>
    /** Removes what has expired, with exact counts. */
    readonly cleanUp: Effect.Effect<CleanedUp, Unavailable>
    /** What is refused from now on; a slow reader loses the oldest. */
    readonly refusals: Stream.Stream<Refusal>
  }
>()("pantheon-state/AuthService") {}
