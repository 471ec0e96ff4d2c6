/**
 * What can be said of a layer of tokens, checked.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { InvalidInput } from "../../../src/StoreError.ts"
import { type Key, type KeyRing, makeRing } from "./Keys.ts"

/** How tokens are made and told apart from others. */
export interface Options {
  /** Who issues the tokens: the `iss` of each. */
  readonly issuer: string
  /** Whom they are for: the `aud` of each. */
  readonly audience: string
  /**
   * The first one signs, each verifies. To change keys, put the new one last everywhere, then first, and take the old one away when the last token
   * that it signed has expired.
   */
  readonly keys: ReadonlyArray<Key>
  /** How long an access token is good; 15 minutes by default. */
  readonly accessLifetime?: Duration.Input | undefined
  /** How long new tokens can be had for old ones; 30 days by default. */
  readonly refreshLifetime?: Duration.Input | undefined
  /** How long an API key is good; 365 days by default. */
  readonly apiKeyLifetime?: Duration.Input | undefined
  /** How much clocks may differ; 5 seconds by default, 5 minutes at most. */
  readonly clockSkew?: Duration.Input | undefined
  /** How many refusals are told as such to one address, and of one principal; 10 in a minute by default. */
  readonly refusals?: { readonly times: number; readonly within: Duration.Input } | undefined
}

/** All durations in milliseconds. */
export interface Settings {
  readonly issuer: string
  readonly audience: string
  readonly ring: KeyRing
  readonly accessLifetime: number
  readonly refreshLifetime: number
  readonly apiKeyLifetime: number
  readonly clockSkew: number
  readonly refusals: { readonly times: number; readonly within: number }
}

/** The most that clocks may differ. What has expired is remembered for so long. */
export const longestSkew = 5 * 60_000

type Checked<A> = Result.Result<A, InvalidInput>

/** Refuses what makes no sense. */
export const check = (options: Options): Checked<Settings> =>
  Result.gen(function* () {
    const { times, within } = options.refusals ?? { times: 10, within: "1 minute" }
    const settings: Settings = {
      issuer: yield* text("issuer", options.issuer),
      audience: yield* text("audience", options.audience),
      ring: yield* makeRing(options.keys),
      accessLifetime: yield* seconds("accessLifetime", options.accessLifetime ?? "15 minutes", 1),
      refreshLifetime: yield* seconds("refreshLifetime", options.refreshLifetime ?? "30 days", 1),
      apiKeyLifetime: yield* seconds("apiKeyLifetime", options.apiKeyLifetime ?? "365 days", 1),
      clockSkew: yield* seconds("clockSkew", options.clockSkew ?? "5 seconds", 0),
      refusals: { times, within: yield* seconds("refusals/within", within, 1) }
    }
    if (!Number.isSafeInteger(times) || times < 1)
      return yield* refuse("refusals/times", "an integer from 1", `${times}`)
    if (settings.clockSkew > longestSkew) {
      return yield* refuse("clockSkew", `up to ${longestSkew} ms`, `${settings.clockSkew} ms`)
    }
    if (settings.refreshLifetime < settings.accessLifetime) {
      return yield* refuse("refreshLifetime", "no less than accessLifetime", `${settings.refreshLifetime} ms`)
    }
    return settings
  })

const text = (path: string, found: string): Checked<string> =>
  typeof found === "string" && found.length > 0 && found.length <= 255
    ? Result.succeed(found)
    : refuse(
        path,
        "1 to 255 characters",
        typeof found === "string" ? `${found.length} characters` : `a value of type ${typeof found}`
      )

// No token outlives a century, so that its times are ordinary numbers.
const longest = 100 * 365 * 86_400

/** Tokens know whole seconds. */
const seconds = (path: string, duration: Duration.Input, least: number): Checked<number> => {
  const found = Option.match(Duration.fromInput(duration), { onNone: () => Number.NaN, onSome: Duration.toSeconds })
  return Number.isInteger(found) && found >= least && found <= longest
    ? Result.succeed(found * 1000)
    : refuse(
        path,
        `whole seconds from ${least} to ${longest}`,
        Number.isNaN(found) ? "no duration" : `${found} seconds`
      )
}

const refuse = (path: string, expected: string, found: string): Checked<never> =>
  Result.fail(new InvalidInput({ path, expected, found, remedy: "Change the option of the layer." }))
