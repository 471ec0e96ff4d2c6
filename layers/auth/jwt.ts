/**
 * Tokens as signed JWTs (RFC 7519, on `jose`) and API keys, over the event store.
 *
 * ```ts
 * const Auth = Jwt.layerConfig({
 *   issuer: Config.String("JWT_ISSUER"),
 *   audience: Config.String("JWT_AUDIENCE"),
 *   keys: Config.map(Config.Redacted("JWT_SECRET"), (secret) => [{ id: "2026-07", algorithm: "HS256", secret }])
 * })
 * ```
 *
 * An answer of the store is trusted for half a second: a credential that is shown often costs no round trip, and yet a revocation of another process
 * is seen within a second.
 */
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as AgentId from "../../src/AgentId.ts"
import type { InvalidCredential, TooManyAttempts } from "../../src/AuthError.ts"
import { type Attempt, AuthService, type Refusal } from "../../src/AuthService.ts"
import { EventStore } from "../../src/EventStore.ts"
import type { InvalidInput, Unavailable } from "../../src/StoreError.ts"
import { ApiKeys, claimedKey } from "./jwt/ApiKeys.ts"
import { cleanUp } from "./jwt/cleanUp.ts"
import * as given from "./jwt/given.ts"
import { LastUses } from "./jwt/LastUses.ts"
import { Records } from "./jwt/Records.ts"
import { Refusals } from "./jwt/Refusals.ts"
import type { Refused } from "./jwt/Refused.ts"
import * as Settings from "./jwt/Settings.ts"
import { TokenPairs } from "./jwt/TokenPairs.ts"
import { claimedPrincipal } from "./jwt/Tokens.ts"

export type { Key } from "./jwt/Keys.ts"
export type { Options } from "./jwt/Settings.ts"

/** The service. Fails with `InvalidInput` for keys that are weak or wrong, and for other options that make no sense. */
export const layer = (options: Settings.Options): Layer.Layer<AuthService, InvalidInput, EventStore> =>
  Layer.effect(AuthService, Effect.flatMap(Effect.fromResult(Settings.check(options)), make))

/** The service, with the options from the configuration. */
export const layerConfig = (
  options: Config.Wrap<Settings.Options>
): Layer.Layer<AuthService, InvalidInput | Config.ConfigError, EventStore> =>
  Layer.unwrap(Effect.map(Config.unwrap(options), layer))

const make = (settings: Settings.Settings): Effect.Effect<AuthService["Service"], never, EventStore | Scope.Scope> =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const records = new Records(store)
    const pairs = new TokenPairs(settings, records)
    const keys = new ApiKeys(store, records, settings.apiKeyLifetime)
    const lastUses = yield* LastUses.make(keys)
    const refusals = yield* Refusals.make(settings.refusals)

    /** Checks what somebody shows, at the time that it is; what does not count is refused. */
    const checked =
      <A>(
        credential: Refusal["credential"],
        check: (text: string, at: number) => Effect.Effect<A, Refused | Unavailable>,
        claimedId: (text: string) => string | undefined
      ) =>
      (
        shown: Redacted.Redacted,
        attempt: Attempt = {}
      ): Effect.Effect<A, InvalidCredential | TooManyAttempts | Unavailable> => {
        const text = given.credential(shown)
        return Effect.flatMap(Clock.currentTimeMillis, (at) => check(text, at)).pipe(
          Effect.catchTag("Refused", (refused) => refusals.refuse(credential, refused, attempt, claimedId(text)))
        )
      }

    return AuthService.of({
      issue: Effect.fnUntraced(function* (principal) {
        yield* Effect.fromResult(given.principal(principal))
        return yield* pairs.issue(principal, yield* Clock.currentTimeMillis)
      }),
      validate: checked("access token", (token, at) => pairs.validate(token, at), claimedPrincipal),
      refresh: checked("refresh token", (token, at) => pairs.refresh(token, at), claimedPrincipal),
      revoke: checked("token", (token, at) => pairs.revoke(token, at), claimedPrincipal),
      revokeAll: Effect.fnUntraced(function* (principalId) {
        yield* Effect.fromResult(AgentId.validate(principalId, "principalId"))
        // From here on no key counts either; the notes of keys are only cleared away.
        yield* pairs.revokeAll(principalId, yield* Clock.currentTimeMillis)
        yield* keys.removeAll(principalId)
      }),
      createApiKey: Effect.fnUntraced(function* (principal, { name }) {
        yield* Effect.fromResult(given.principal(principal))
        yield* Effect.fromResult(AgentId.validate(name, "name"))
        return yield* keys.create(principal, name, yield* Clock.currentTimeMillis)
      }),
      validateApiKey: checked(
        "API key",
        (key, at) => Effect.tap(keys.validate(key, at), (authenticated) => lastUses.add(authenticated, at)),
        claimedKey
      ),
      apiKeys: Effect.fnUntraced(function* (principalId) {
        yield* Effect.fromResult(AgentId.validate(principalId, "principalId"))
        return yield* keys.list(principalId)
      }),
      revokeApiKey: Effect.fnUntraced(function* (id) {
        yield* Effect.fromResult(AgentId.validate(id))
        yield* keys.revoke(id)
      }),
      cleanUp: Effect.flatMap(Clock.currentTimeMillis, (at) => cleanUp(store, at)),
      refusals: refusals.stream
    })
  })
