/**
 * Tokens and API keys of agents, for callers without Effect; what it promises is at the head of `src/AuthService.ts`.
 *
 * ```ts
 * await using auth = makeAuthService({ jwtSecret: process.env.JWT_SECRET, tokenExpiry: "24h", eventStore })
 * const { token } = await auth.generateToken("agent-1", ["read", "write"])
 * const validated = await auth.validateToken(token) // null if it counts no more
 * ```
 */
import { createHash } from "node:crypto"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { InvalidCredential } from "../../src/AuthError.ts"
import * as Auth from "../../src/AuthService.ts"
import type { Principal } from "../../src/CurrentPrincipal.ts"
import * as Permission from "../../src/Permission.ts"
import * as Settings from "../auth/jwt/Settings.ts"
import type { CallerError } from "./CallerError.ts"
import { load } from "./Database.ts"
import { MemoryEventStore } from "./MemoryStores.ts"
import { type Failure, invalidOptions, PantheonError } from "./PantheonError.ts"
import { Session } from "./Session.ts"
import { Shell } from "./Shell.ts"
import { StoredEvents } from "./Stores.ts"
import * as TokenPermissions from "./TokenPermissions.ts"
import * as TokenTimes from "./TokenTimes.ts"

/** How tokens are made, and where it is kept which of them are void. */
export interface AuthOptions {
  /** At least 32 bytes from a random generator. It is not shown in errors or logs. */
  readonly jwtSecret: string
  /** Secrets of before, whose tokens still count. */
  readonly previousSecrets?: ReadonlyArray<string> | undefined
  /** How long a token is good: `24h` by default. */
  readonly tokenExpiry?: TokenTimes.TokenTime | undefined
  /** How long a token can be refreshed: 30 days by default, and no less than `tokenExpiry`. */
  readonly refreshExpiry?: TokenTimes.TokenTime | undefined
  /** How long an API key is good: 365 days by default. */
  readonly apiKeyExpiry?: TokenTimes.TokenTime | undefined
  /** Who issues the tokens; `pantheon` by default. */
  readonly issuer?: string | undefined
  /** Whom they are for; `pantheon` by default. */
  readonly audience?: string | undefined
  /** How many refusals are told as such to one address, and of one agent; 10 in a minute by default. */
  readonly refusals?: { readonly times: number; readonly within: TokenTimes.TokenTime } | undefined
  /** A store of this library. Without it, revocations and API keys last as long as this object and are known to it alone. */
  readonly eventStore?: StoredEvents | undefined
}

/** A token, and what it says. */
export interface AuthToken {
  readonly token: string
  readonly agentId: string
  readonly expiresAt: Date
  /** `read`, `write` or `admin` for what the agent may do with itself, others as `Permission` writes them. */
  readonly permissions: ReadonlyArray<string>
}

/** A token that was just issued. */
export interface IssuedToken extends AuthToken {
  /** Good for a new token, once. */
  readonly refreshToken: string
  readonly refreshExpiresAt: Date
}

/** An API key, without its secret. */
export interface ApiKeyInfo {
  readonly id: string
  readonly name: string
  readonly agentId: string
  readonly permissions: ReadonlyArray<string>
  readonly createdAt: Date
  readonly expiresAt: Date
  /** Exact to a minute; undefined if it was never used. */
  readonly lastUsedAt: Date | undefined
}

type Core = Auth.AuthService["Service"]

const owner = "JWTAuthService"

/** Tokens and API keys. Credentials that do not count give `null`, or nothing; when too many were refused, calls are rejected with `TOO_MANY_ATTEMPTS`. */
export class JWTAuthService extends Shell<Auth.AuthService> {
  /** Takes options, or a secret and how long a token is good. Throws a `PantheonError`, `INVALID_OPTIONS`, for weak secrets too. */
  constructor(options: AuthOptions | string, tokenExpiry?: TokenTimes.TokenTime) {
    const given = typeof options === "string" ? { jwtSecret: options, tokenExpiry } : options
    if (typeof given !== "object" || given === null) {
      throw invalidOptions(owner, "its argument", "an object with jwtSecret", given)
    }
    const settings = settingsOf(given)
    const { eventStore = new MemoryEventStore() } = given
    if (!(eventStore instanceof StoredEvents)) {
      throw invalidOptions(owner, "eventStore", "an event store of this library", eventStore)
    }
    const layer = Layer.unwrap(
      Effect.map(
        load("jose", () => import("../auth/jwt.ts")),
        (Jwt) => Jwt.layer(settings)
      )
    )
    super(new Session(owner, Layer.provide(layer, eventStore.database)), eventStore.attach())
  }

  /** A token for an agent. Check first who asks for it. */
  generateToken(agentId: string, permissions: ReadonlyArray<string>): Promise<IssuedToken> {
    return this.#run((auth) =>
      Effect.flatMap(principalOf(agentId, permissions), (principal) =>
        Effect.map(auth.issue(principal), (tokens) => issued(tokens, principal))
      )
    )
  }

  /** What a token says; `null` when it does not count. */
  validateToken(token: string, attempt?: Auth.Attempt): Promise<AuthToken | null> {
    return this.#run((auth) =>
      orNull(Effect.map(auth.validate(Redacted.make(token), attempt), (found) => shown(token, found)))
    )
  }

  /** A new token in the place of the old one; takes what `generateToken` gave, or its `refreshToken`. `null` when it does not count. */
  refreshToken(token: IssuedToken | string, attempt?: Auth.Attempt): Promise<IssuedToken | null> {
    const refreshToken = typeof token === "string" ? token : token.refreshToken
    return this.#run((auth) =>
      orNull(
        Effect.gen(function* () {
          const tokens = yield* auth.refresh(Redacted.make(refreshToken), attempt)
          const { principal } = yield* auth.validate(tokens.accessToken, attempt)
          return issued(tokens, principal)
        })
      )
    )
  }

  /** Makes a token void, and the one that was issued with it. Nothing happens when it does not count anyway. */
  revokeToken(token: string, attempt?: Auth.Attempt): Promise<void> {
    return this.#run((auth) => Effect.asVoid(orNull(auth.revoke(Redacted.make(token), attempt))))
  }

  /** Makes void all tokens and API keys of an agent. */
  revokeAll(agentId: string): Promise<void> {
    return this.#run((auth) => auth.revokeAll(agentId))
  }

  /** Whether a token counts and allows something: `read`, `write` or `admin` of its own agent, or such as `context:read:agent-2`. */
  hasPermission(token: string, permission: string, attempt?: Auth.Attempt): Promise<boolean> {
    return this.#run((auth) =>
      Effect.gen(function* () {
        const found = yield* orNull(auth.validate(Redacted.make(token), attempt))
        if (found === null) return false
        const { id, permissions } = found.principal
        return Permission.allows(permissions, yield* Effect.fromResult(TokenPermissions.needOf(permission, id)))
      })
    )
  }

  /** A key for a program that acts as the agent. It is told now and never again. `name` is for whoever lists keys. */
  generateApiKey(agentId: string, permissions: ReadonlyArray<string>, name = "API key"): Promise<string> {
    return this.createApiKey(agentId, permissions, { name }).then(({ key }) => key)
  }

  /** The same, with what is known of the key. */
  createApiKey(
    agentId: string,
    permissions: ReadonlyArray<string>,
    options: { readonly name: string }
  ): Promise<ApiKeyInfo & { readonly key: string }> {
    return this.#run((auth) =>
      Effect.flatMap(principalOf(agentId, permissions), (principal) =>
        Effect.map(auth.createApiKey(principal, options), (made) => ({
          ...infoOf(made),
          key: Redacted.value(made.key)
        }))
      )
    )
  }

  /** Whose an API key is; `null` when it does not count. */
  validateApiKey(key: string, attempt?: Auth.Attempt): Promise<AuthToken | null> {
    return this.#run((auth) =>
      orNull(Effect.map(auth.validateApiKey(Redacted.make(key), attempt), (found) => shown(key, found)))
    )
  }

  /** The API keys of an agent that stand. */
  getApiKeysForAgent(agentId: string): Promise<ReadonlyArray<ApiKeyInfo>> {
    return this.#run((auth) => Effect.map(auth.apiKeys(agentId), (keys) => keys.map(infoOf)))
  }

  /** Makes an API key void, by its id. */
  revokeApiKey(id: string): Promise<void> {
    return this.#run((auth) => auth.revokeApiKey(id))
  }

  /** Removes the records of tokens and keys that have expired, and gives their number. */
  cleanupExpiredTokens(): Promise<number> {
    return this.#run((auth) => Effect.map(auth.cleanUp, ({ apiKeys, tokens }) => apiKeys + tokens))
  }

  /** What is refused from now on, and why; for the operator. */
  refusals(): AsyncIterableIterator<Auth.Refusal> {
    return this.session.iterate(Stream.unwrap(Auth.AuthService.useSync((auth) => auth.refusals)))
  }

  #run<A>(use: (auth: Core) => Effect.Effect<A, Failure | CallerError>): Promise<A> {
    return this.session.run(Auth.AuthService.use(use))
  }
}

/** Tokens and API keys of agents. Throws a `PantheonError`, `INVALID_OPTIONS`, for weak secrets and other options that make no sense. */
export const makeAuthService = (options: AuthOptions): JWTAuthService => new JWTAuthService(options)

const settingsOf = (options: AuthOptions): Settings.Options => {
  const { apiKeyExpiry, audience = "pantheon", issuer = "pantheon", previousSecrets = [], refusals } = options
  const time = (option: keyof AuthOptions, given: TokenTimes.TokenTime) => TokenTimes.parse(owner, option, given)
  const accessLifetime = time("tokenExpiry", options.tokenExpiry ?? "24h")
  const settings: Settings.Options = {
    issuer,
    audience,
    keys: [options.jwtSecret, ...previousSecrets].map(keyOf),
    accessLifetime,
    refreshLifetime:
      options.refreshExpiry === undefined
        ? Duration.max(accessLifetime, Duration.days(30))
        : time("refreshExpiry", options.refreshExpiry),
    apiKeyLifetime: apiKeyExpiry === undefined ? undefined : time("apiKeyExpiry", apiKeyExpiry),
    refusals: refusals && { times: refusals.times, within: time("refusals", refusals.within) }
  }
  const checked = Settings.check(settings)
  if (Result.isSuccess(checked)) return settings
  const { failure } = checked
  throw new PantheonError("INVALID_OPTIONS", `${owner}: ${failure.message}`, { cause: failure })
}

const keyOf = (secret: string): Settings.Options["keys"][number] => {
  if (typeof secret !== "string") throw invalidOptions(owner, "jwtSecret", "a text of at least 32 random bytes", secret)
  // The id goes with the tokens of the secret, wherever it stands among the options.
  const id = createHash("sha256").update(`id of ${secret}`).digest("hex").slice(0, 16)
  return { id, algorithm: "HS256", secret: Redacted.make(secret) }
}

const principalOf = (agentId: string, permissions: ReadonlyArray<string>) =>
  Effect.map(
    TokenPermissions.parseAll(permissions, agentId),
    (permissions): Principal => ({ id: agentId, kind: "agent", permissions })
  )

const orNull = <A, E>(effect: Effect.Effect<A, InvalidCredential | E>) =>
  Effect.catchIf(effect, isRefusal, () => Effect.succeed(null))

const isRefusal = (error: unknown): error is InvalidCredential => error instanceof InvalidCredential

const texts = ({ id, permissions }: Principal): ReadonlyArray<string> =>
  permissions.map((permission) => TokenPermissions.print(permission, id))

const issued = (tokens: Auth.Tokens, principal: Principal): IssuedToken => ({
  token: Redacted.value(tokens.accessToken),
  agentId: principal.id,
  expiresAt: tokens.expiresAt,
  permissions: texts(principal),
  refreshToken: Redacted.value(tokens.refreshToken),
  refreshExpiresAt: tokens.refreshExpiresAt
})

const shown = (token: string, { expiresAt, principal }: Auth.Authenticated): AuthToken => ({
  token,
  agentId: principal.id,
  expiresAt,
  permissions: texts(principal)
})

const infoOf = ({ createdAt, expiresAt, id, lastUsedAt, name, principal }: Auth.ApiKey): ApiKeyInfo => ({
  id,
  name,
  agentId: principal.id,
  permissions: texts(principal),
  createdAt,
  expiresAt,
  lastUsedAt
})
