/** Tokens that somebody has tampered with. */
import { randomBytes } from "node:crypto"
import * as Effect from "effect/Effect"
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose"

/** What a forger has at hand. */
export interface Workshop {
  /** Genuine tokens, three parts each. */
  readonly tokens: ReadonlyArray<string>
  /** The public half of the pair, as a text that somebody could take for a secret. */
  readonly publicKey: string
  readonly kids: ReadonlyArray<string>
}

type Choose = (count: number) => number

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

/** A value of a JSON part of a token. */
export const decode = (part: string | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from(part ?? "", "base64url").toString())

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. \n\0é🦊"

const junk = ["", ".", "..", "...", "a.b.c", "null", "{}", "\0", "🦊.🦊.🦊", "Bearer x", "e30.e30.", "e30.e30.e30"]

/** One forgery, made from the choices. It is never one of the genuine tokens. */
export const forge = (workshop: Workshop, choose: Choose): Effect.Effect<string> =>
  Effect.map(tamper(workshop, choose), (token) => (workshop.tokens.includes(token) ? `${token}A` : token))

const tamper = ({ kids, publicKey, tokens }: Workshop, choose: Choose): Effect.Effect<string> => {
  const of = <A>(items: ReadonlyArray<A>): A => items[choose(items.length)] as A
  const token = of(tokens)
  const [header = "", payload = "", signature = ""] = token.split(".")
  const claims = decode(payload)
  const sign = (key: Uint8Array, header: JWTHeaderParameters, changed: JWTPayload = {}) =>
    Effect.promise(() => new SignJWT({ ...claims, ...changed }).setProtectedHeader(header).sign(key))
  const kid = of(kids)
  const typ = "at+jwt"
  switch (choose(13)) {
    case 0: {
      const index = choose(token.length)
      return Effect.succeed(`${token.slice(0, index)}${alphabet[choose(alphabet.length)]}${token.slice(index + 1)}`)
    }
    case 1:
      return Effect.succeed(token.slice(0, choose(token.length)))
    case 2: {
      const index = choose(token.length + 1)
      return Effect.succeed(`${token.slice(0, index)}${alphabet[choose(alphabet.length)]}${token.slice(index)}`)
    }
    case 3: {
      const [otherHeader, otherPayload, otherSignature] = of(tokens.filter((other) => other !== token)).split(".")
      const parts = [of([header, otherHeader]), of([payload, otherPayload]), of([signature, otherSignature])]
      return Effect.succeed(parts.join("."))
    }
    case 4: {
      const none = encode({ ...decode(header), alg: of(["none", "None", "NONE", "nOnE", "", null]) })
      return Effect.succeed(`${none}.${payload}.${of(["", signature, "AA"])}`)
    }
    case 5:
      // The public key as the secret of HS256: the classic swap of algorithms.
      return sign(Buffer.from(publicKey), { alg: "HS256", kid, typ })
    case 6:
      return sign(randomBytes(32), { alg: "HS256", kid, typ }, { permissions: ["*:admin:*"] })
    case 7: {
      const swapped = {
        ...decode(header),
        alg: of(["HS384", "HS512", "RS256", "PS256", "ES384", "ES256", "EdDSA", "A128KW"])
      }
      return Effect.succeed(
        `${encode({ ...swapped, kid: of([...kids, "../../etc/passwd", "' OR 1=1", 7]) })}.${payload}.${signature}`
      )
    }
    case 8: {
      const extra = of<object>([
        { crit: ["exp"], exp: 1 },
        { crit: ["b64"], b64: false },
        { jwk: { kty: "oct", k: "AAAA" } },
        { jku: "https://forger.test/keys", x5u: "https://forger.test/chain" }
      ])
      return Effect.succeed(`${encode({ ...decode(header), ...extra })}.${payload}.${signature}`)
    }
    case 9: {
      const changed = of<object>([
        { permissions: ["*:admin:*"] },
        { sub: "root" },
        { exp: 9_999_999_999 },
        { generation: 1_000_000 },
        { jti: "x".repeat(choose(5000)) }
      ])
      return Effect.succeed(`${header}.${encode({ ...claims, ...changed })}.${signature}`)
    }
    case 10:
      return Effect.succeed(`${of([token, `${header}.${"A".repeat(1 << choose(17))}`])}.${"A".repeat(1 << choose(17))}`)
    case 11:
      return Effect.succeed(
        of([...junk, randomBytes(choose(200)).toString("latin1"), `${header}.${payload}`, `${token}.a.b`])
      )
    default:
      return Effect.succeed(
        of([
          ` ${token}`,
          `${token}\n`,
          `${token}=`,
          token.toUpperCase(),
          `${encodeURIComponent(token)}%00`,
          token.replaceAll(".", ".."),
          `Bearer ${token}`
        ])
      )
  }
}
