/**
 * Refuses credentials: tells the caller little, the operator why, and whoever fails too often to wait.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AuditSink, type Deed, type AuditSink as Sink } from "../../../src/AuditSink.ts"
import { InvalidCredential, TooManyAttempts } from "../../../src/AuthError.ts"
import type { Attempt, Refusal } from "../../../src/AuthService.ts"
import * as Metrics from "../../../src/Metrics.ts"
import { FailureLimit } from "./FailureLimit.ts"
import { type Refused, visible } from "./Refused.ts"
import type { Settings } from "./Settings.ts"

// A reader that is slower than this many loses the oldest.
const capacity = 1024

// What is longer is no name of anybody, and would only fill the memory.
const longestName = 255

export class Refusals {
  private readonly told: PubSub.PubSub<Refusal>
  private readonly addresses: FailureLimit
  private readonly principals: FailureLimit
  private readonly sink: Sink

  private constructor(told: PubSub.PubSub<Refusal>, limit: Settings["refusals"], sink: Sink) {
    this.told = told
    this.sink = sink
    this.addresses = new FailureLimit(limit)
    this.principals = new FailureLimit(limit)
  }

  static readonly make = (limit: Settings["refusals"]): Effect.Effect<Refusals, never, Scope.Scope> =>
    Effect.gen(function* () {
      const told = yield* Effect.acquireRelease(PubSub.sliding<Refusal>(capacity), PubSub.shutdown)
      return new Refusals(told, limit, yield* AuditSink)
    })

  get stream(): Stream.Stream<Refusal> {
    return Stream.fromPubSub(this.told)
  }

  /** Fails with what the caller is told. `claimedId` is whose the credential claims to be, and is only counted. */
  refuse(
    credential: Refusal["credential"],
    refused: Refused,
    { address }: Attempt,
    claimedId: string | undefined
  ): Effect.Effect<never, InvalidCredential | TooManyAttempts> {
    return Effect.flatMap(Clock.currentTimeMillis, (at) => {
      const reason = visible(refused)
      const retryAfter = Math.max(
        count(this.addresses, address, at),
        count(this.principals, refused.principalId ?? claimedId, at)
      )
      const told = retryAfter > 0 ? "TooManyAttempts" : reason
      const { principalId } = refused
      const refusal: Refusal = { at: new Date(at), credential, reason: refused.reason, told, address, principalId }
      PubSub.publishUnsafe(this.told, refusal)
      const error = retryAfter > 0 ? new TooManyAttempts({ retryAfter }) : new InvalidCredential({ reason })
      return Metric.update(
        Metric.withAttributes(Metrics.refusedCredentials, { credential, reason: refused.reason }),
        1
      ).pipe(
        Effect.andThen(Effect.logDebug(`${credential} refused: ${refused.reason}`)),
        Effect.andThen(this.sink.record(deedOf(refusal))),
        Effect.andThen(Effect.fail(error))
      )
    })
  }
}

/** What the audit log keeps of it. */
const deedOf = ({ address, credential, principalId, reason, told }: Refusal): Deed => ({
  resource: "credential",
  action: "authenticate",
  outcome: "refused",
  reason,
  details: {
    shown: credential,
    told,
    ...(address === undefined ? {} : { address }),
    ...(principalId === undefined ? {} : { principalId })
  }
})

const count = (limit: FailureLimit, name: string | undefined, at: number): number =>
  name === undefined ? 0 : limit.add(name.slice(0, longestName), at)
