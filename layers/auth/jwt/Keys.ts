/**
 * The keys of tokens: each has a name and one algorithm, and a token of that name is accepted with that algorithm only.
 */
import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject, type webcrypto } from "node:crypto"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as AgentId from "../../../src/AgentId.ts"
import { InvalidInput } from "../../../src/StoreError.ts"

/** A key. One with only a public half verifies what others sign. */
export type Key = {
  /** The `kid` of its tokens: 1 to 255 characters, never used for another key. */
  readonly id: string
} & (
  | {
      readonly algorithm: "HS256"
      /** At least 32 bytes, from a random generator. */
      readonly secret: Redacted.Redacted
    }
  | {
      /** ES256 is ECDSA on P-256, EdDSA is Ed25519. */
      readonly algorithm: "ES256" | "EdDSA"
      /** PEM, PKCS #8. */
      readonly privateKey: Redacted.Redacted
    }
  | {
      readonly algorithm: "ES256" | "EdDSA"
      /** PEM, SPKI. */
      readonly publicKey: string
    }
)

export interface UsableKey {
  readonly id: string
  readonly algorithm: Key["algorithm"]
  readonly key: webcrypto.CryptoKey
}

export interface KeyRing {
  /** Signs new tokens. */
  readonly signer: UsableKey
  /** By id. */
  readonly verifiers: ReadonlyMap<string, UsableKey>
}

const algorithms: ReadonlyArray<string> = ["HS256", "ES256", "EdDSA"]

type Checked<A> = Result.Result<A, InvalidInput>

// What HS256 takes out of a secret; a shorter one is easier to guess than the signature (RFC 7518, 3.2).
const secretBytes = 32
// Of 32 random bytes fewer than this many differ about once in 10^30; "aaaa…" is caught.
const differentBytes = 12

/** Refuses weak and wrong keys. The first of the keys signs. */
export const makeRing = (keys: ReadonlyArray<Key>): Checked<KeyRing> => {
  const verifiers = new Map<string, UsableKey>()
  let signer: UsableKey | undefined
  if (!Array.isArray(keys)) return refuse("keys", "an array of keys", `a value of type ${typeof keys}`)
  for (const [index, key] of keys.entries()) {
    const path = `keys/${index}`
    const id = AgentId.validate(key.id, `${path}/id`)
    if (Result.isFailure(id)) return Result.fail(id.failure)
    if (verifiers.has(key.id)) return refuse(`${path}/id`, "ids that differ", "one that another key has")
    const halves = halvesOf(key, path)
    if (Result.isFailure(halves)) return Result.fail(halves.failure)
    const { sign, verify } = halves.success
    verifiers.set(key.id, { id: key.id, algorithm: key.algorithm, key: verify })
    if (index === 0 && sign !== undefined) signer = { id: key.id, algorithm: key.algorithm, key: sign }
  }
  return signer === undefined
    ? refuse("keys/0", "a secret or a private key, which signs new tokens", keys.length === 0 ? "none" : "a public key")
    : Result.succeed({ signer, verifiers })
}

interface Halves {
  readonly sign: webcrypto.CryptoKey | undefined
  readonly verify: webcrypto.CryptoKey
}

const halvesOf = (key: Key, path: string): Checked<Halves> => {
  if (!algorithms.includes(key.algorithm))
    return refuse(`${path}/algorithm`, algorithms.join(" or "), String(key.algorithm))
  if (key.algorithm === "HS256")
    return Result.flatMap(hidden(key.secret, `${path}/secret`), (text) => secretHalves(text, `${path}/secret`))
  const { algorithm } = key
  if ("publicKey" in key) {
    return Result.map(
      readPem(algorithm, `${path}/publicKey`, () => createPublicKey(key.publicKey)),
      (found) => ({ sign: undefined, verify: toCryptoKey(found, algorithm, "verify") })
    )
  }
  return Result.gen(function* () {
    const pem = yield* hidden(key.privateKey, `${path}/privateKey`)
    const found = yield* readPem(algorithm, `${path}/privateKey`, () => createPrivateKey(pem))
    return {
      sign: toCryptoKey(found, algorithm, "sign"),
      verify: toCryptoKey(createPublicKey(found), algorithm, "verify")
    }
  })
}

/** What was handed over without a wrap may stand in a log already, and is no habit to teach. */
const hidden = (given: unknown, path: string): Checked<string> => {
  const text = Redacted.isRedacted(given) ? Redacted.value(given) : undefined
  return typeof text === "string"
    ? Result.succeed(text)
    : refuse(path, "a text in Redacted.make", `a value of type ${typeof given}`)
}

const secretHalves = (secret: string, path: string): Checked<Halves> => {
  const bytes = Buffer.from(secret, "utf8")
  if (bytes.length < secretBytes) return refuse(path, `at least ${secretBytes} random bytes`, `${bytes.length} bytes`)
  const different = new Set(bytes).size
  if (different < differentBytes) {
    return refuse(path, `at least ${secretBytes} random bytes`, `${different} different bytes, again and again`)
  }
  const algorithm = { name: "HMAC", hash: "SHA-256" }
  const key = createSecretKey(bytes).toCryptoKey(algorithm, false, ["sign", "verify"])
  return Result.succeed({ sign: key, verify: key })
}

type PairAlgorithm = "ES256" | "EdDSA"

/** Reads a key and checks that it is one of its algorithm. What the reader has to complain about could quote the key, so it is not told. */
const readPem = (algorithm: PairAlgorithm, path: string, read: () => KeyObject): Checked<KeyObject> => {
  const expected = algorithm === "ES256" ? "a PEM of a key on P-256" : "a PEM of an Ed25519 key"
  const found = Result.try(read)
  if (Result.isFailure(found)) return refuse(path, expected, "a text that is none")
  const { asymmetricKeyDetails, asymmetricKeyType } = found.success
  const isFit =
    algorithm === "ES256" ? asymmetricKeyDetails?.namedCurve === "prime256v1" : asymmetricKeyType === "ed25519"
  return isFit ? Result.succeed(found.success) : refuse(path, expected, `one of kind ${asymmetricKeyType}`)
}

const toCryptoKey = (key: KeyObject, algorithm: PairAlgorithm, usage: "sign" | "verify"): webcrypto.CryptoKey =>
  key.toCryptoKey(
    algorithm === "ES256" ? { name: "ECDSA", namedCurve: "P-256" } : { name: "Ed25519" },
    usage === "verify",
    [usage]
  )

const refuse = (path: string, expected: string, found: string): Checked<never> =>
  Result.fail(new InvalidInput({ path, expected, found, remedy: "Change the keys of the layer." }))
