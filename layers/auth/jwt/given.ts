/**
 * What callers hand over, checked: also programs without types get a sentence instead of a crash.
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AgentId from "../../../src/AgentId.ts"
import { Principal } from "../../../src/CurrentPrincipal.ts"
import { InvalidInput } from "../../../src/StoreError.ts"

const decode = Schema.decodeUnknownResult(Schema.toType(Principal))

/** A principal that credentials may be made for. */
export const principal = (given: Principal): Result.Result<Principal, InvalidInput> =>
  Result.gen(function* () {
    yield* AgentId.validate(given?.id, "principal/id")
    return yield* Result.mapError(
      decode(given),
      ({ message }) =>
        new InvalidInput({
          path: "principal",
          expected: "an id, a kind (user, agent, service or anonymous) and permissions that Permission.make gave",
          found: message,
          remedy: "Change what does not fit."
        })
    )
  })

/** The text of a credential. What is none counts as an empty one, which is refused like any other that was not issued here. */
export const credential = (shown: unknown): string => {
  const text = Redacted.isRedacted(shown) ? Redacted.value(shown) : shown
  return typeof text === "string" ? text : ""
}
