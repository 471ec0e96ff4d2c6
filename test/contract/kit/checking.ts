/**
 * Checks a whole definition with generated values.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as SchemaAST from "effect/SchemaAST"
import type { Any } from "../../../src/Actor.ts"
import { print } from "./difference.ts"
import { evolve, refuseThrown } from "./evolving.ts"
import { Flaw } from "./Flaw.ts"
import { type Passage, passagesOf } from "./Passage.ts"

/** How many values are tried, and which. */
export interface CheckOptions<State, Event> extends Pick<Arbitrary.CheckOptions, "runs" | "size" | "seed"> {
  /** The states and events that `evolve` is tried with; whatever the schemas accept, by default. */
  readonly steps?: Arbitrary.Arbitrary<readonly [State, Event]> | undefined
}

/** Checks that every value of the definition's schemas survives storage, and that `evolve` is total and pure. */
export const check = Effect.fnUntraced(function* (
  definition: Any,
  options: CheckOptions<unknown, unknown>
): Effect.fn.Return<void, Flaw> {
  const passages = passagesOf(definition)
  const { commands, event, state } = passages
  yield* Effect.fromResult(state.cross(definition.codec.initialState))
  for (const passage of [
    state,
    event,
    ...[...commands.values()].flatMap(({ error, payload, reply }) => [payload, reply, error])
  ]) {
    // A command that never fails has no errors to store.
    if (SchemaAST.isNever(passage.schema.ast)) continue
    const values = yield* Effect.fromResult(arbitraryOf(passage))
    yield* forAll(passage.subject, values, (value) => passage.cross(value), options)
  }
  const steps =
    options.steps ??
    Arbitrary.all([yield* Effect.fromResult(arbitraryOf(state)), yield* Effect.fromResult(arbitraryOf(event))])
  yield* forAll(
    `evolve of ${definition.name}`,
    steps,
    ([state, event]) =>
      Result.mapError(evolve(definition, passages, state, event), (failure) => refuseThrown(definition, failure)),
    options
  )
})

const arbitraryOf = ({ schema, subject }: Passage): Result.Result<Arbitrary.Arbitrary<unknown>, Flaw> =>
  Result.try({
    try: () => Arbitrary.schema(schema),
    catch: (cause) =>
      new Flaw({ subject, path: "", expected: "a schema that values can be made of", found: print(cause) })
  })

const forAll = Effect.fnUntraced(function* <A>(
  subject: string,
  values: Arbitrary.Arbitrary<A>,
  holds: (value: A) => Result.Result<unknown, Flaw>,
  { runs, seed, size }: CheckOptions<unknown, unknown>
): Effect.fn.Return<void, Flaw> {
  const property = (value: A) => Effect.as(Effect.fromResult(holds(value)), true)
  const result = yield* Arbitrary.checkEffect(values, property, { runs, seed, size })
  if (result._tag === "Passed") return
  if (result._tag === "Falsified" && result.failure._tag === "PropertyError") {
    const { expected, found, path, subject } = result.failure.error
    return yield* new Flaw({ subject, path, expected, found, example: print(result.shrunkInput) })
  }
  const found = Arbitrary.formatCheckFailure(result) ?? "none"
  return yield* new Flaw({ subject, path: "", expected: "enough values to try", found })
})
