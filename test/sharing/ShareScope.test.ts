import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Formatter from "effect/Formatter"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Memory from "../../layers/memory/index.ts"
import type { PatchOperation } from "../../src/StatePatch.ts"
import { ShareScope, validate } from "../../src/sharing/ShareScope.ts"
import * as Value from "../../src/Value.ts"
import { Agents, agentWith, as, freshId, Sharing, shared, user } from "../contract/sharing/support.ts"

const keys = ["a", "b", "__proto__"] as const

// ---- what may be shared ----

const leaf = Schema.Union([
  Schema.Literals([0, 1, "x"]),
  Schema.Array(Schema.Literals([0, 1])).check(Schema.isMaxLength(2))
])
const object = <S extends Schema.Top>(below: S) =>
  Schema.Array(Schema.Struct({ key: Schema.Literals(keys), value: below })).check(Schema.isMaxLength(3))

/** States as lists of entries, since a schema of objects does not make such keys. */
const entries = object(Schema.Union([leaf, object(Schema.Union([leaf, object(leaf)]))]))

const isEntry = (value: unknown): value is { readonly key: string; readonly value: unknown } =>
  typeof value === "object" && value !== null && "key" in value

const toValue = (value: unknown): Value.Value => {
  if (!Array.isArray(value)) return value as Value.Value
  return value.every(isEntry) && value.length > 0 ? toState(value) : value
}

const toState = (all: ReadonlyArray<{ readonly key: string; readonly value: unknown }>): Value.Record => {
  const state: { [key: string]: Value.Value } = {}
  for (const { key, value } of all) Value.setOwn(state, key, toValue(value))
  return state
}

const state = Arbitrary.map(Arbitrary.schema(entries), toState)

// ---- parts and places ----

const upToThree = <S extends Schema.Top>(item: S) =>
  Schema.Array(item).check(Schema.isMinLength(1), Schema.isMaxLength(3))
const place = upToThree(Schema.Literals([...keys, "0", "-"]))
const keyPlace = upToThree(Schema.Literals(keys))
const parts = Arbitrary.map(Arbitrary.schema(upToThree(keyPlace)), (all) => all.map(toPointer))

const toPointer = (tokens: ReadonlyArray<string>): string => tokens.map((token) => `/${token}`).join("")

const scopeOf = (paths: ReadonlyArray<string>) => new ShareScope(Result.getOrThrow(validate(paths)))

/** A change of a state at a place that is neither in a part nor on the way to one; the same state where there is no such place. */
const changeOutside = (
  state: Value.Record,
  paths: ReadonlyArray<string>,
  { at, value }: { readonly at: ReadonlyArray<string>; readonly value: Value.Value | undefined }
): Value.Record => {
  const pointer = toPointer(at)
  const touches = paths.some((path) => `${path}/`.startsWith(`${pointer}/`) || `${pointer}/`.startsWith(`${path}/`))
  return touches ? state : setAt(state, at, value)
}

const setAt = (state: Value.Record, at: ReadonlyArray<string>, value: Value.Value | undefined): Value.Record => {
  const [first = "", ...others] = at
  const child = Object.hasOwn(state, first) ? state[first] : undefined
  if (others.length > 0 && !Value.isRecord(child)) return state
  const changed: { [key: string]: Value.Value } = {}
  for (const [key, own] of Object.entries(state)) if (key !== first) Value.setOwn(changed, key, own)
  const next = others.length > 0 && Value.isRecord(child) ? setAt(child, others, value) : value
  if (next !== undefined) Value.setOwn(changed, first, next)
  return changed
}

const outside = Arbitrary.schema(
  Schema.Struct({ at: keyPlace, value: Schema.Union([Schema.Undefined, Schema.Literals([0, 7, "hush"])]) })
)

/** All places of a value, with what is there. */
const placesOf = (value: Value.Value, pointer = ""): ReadonlyArray<readonly [string, Value.Value]> => [
  [pointer, value],
  ...(Value.isRecord(value)
    ? Object.entries(value).flatMap(([key, below]) => placesOf(below, `${pointer}/${key}`))
    : [])
]

// ---- patches ----

const operation = Arbitrary.map(
  Arbitrary.schema(
    Schema.Struct({
      op: Schema.Literals(["add", "remove", "replace", "move", "copy", "test"]),
      path: place,
      from: place,
      value: Schema.Literals([0, 1, "x"])
    })
  ),
  ({ from, op, path, value }): PatchOperation => {
    const at = { path: toPointer(path) }
    if (op === "move" || op === "copy") return { op, ...at, from: toPointer(from) }
    return op === "remove" ? { op, ...at } : { op, ...at, value }
  }
)

describe("parts of a state", () => {
  it.effect.prop(
    "are shown with what they hold, and with nothing else",
    { parts, state },
    ({ parts, state }) =>
      Effect.sync(() => {
        const scope = scopeOf(parts)
        const shown = scope.project(state)
        const all = new Map(placesOf(state))
        for (const [pointer, value] of placesOf(shown)) {
          if (scope.holds(pointer)) assert.deepStrictEqual(value, all.get(pointer), pointer)
          else assert.isTrue(Value.isRecord(value) && all.has(pointer), `${pointer} is on the way`)
        }
        // Nothing that is held is left out, where the way to it goes through objects.
        const places = new Set(placesOf(shown).map(([pointer]) => pointer))
        for (const pointer of all.keys()) {
          if (scope.holds(pointer)) assert.isTrue(places.has(pointer), `${pointer} is left out`)
        }
        assert.deepStrictEqual(scope.project(shown), shown)
      }),
    { arbitrary: { runs: 500, size: 30 } }
  )

  it.effect.prop(
    "look the same whatever is outside",
    { parts, state, outside },
    ({ outside, parts, state }) =>
      Effect.sync(() => {
        const scope = scopeOf(parts)
        assert.deepStrictEqual(scope.project(changeOutside(state, parts, outside)), scope.project(state))
      }),
    { arbitrary: { runs: 500, size: 30 } }
  )

  it.layer(Memory.layer)("", (it) => {
    it.effect.prop(
      "are patched with the same answer whatever is outside, and what is outside stays",
      { parts, state, outside, patch: Arbitrary.array(operation, { minLength: 1, maxLength: 3 }) },
      ({ outside, parts, patch, state }) =>
        Effect.gen(function* () {
          const sharing = yield* Sharing
          const bob = user(freshId())
          const write = (before: Value.Record) =>
            Effect.gen(function* () {
              const agentId = yield* agentWith(before)
              const share = yield* sharing.share({ agentId, recipientId: bob.id, level: "write", paths: parts })
              const result = yield* Effect.result(as(bob)(sharing.patchState(share.id, patch)))
              const { state: after } = yield* (yield* Agents).getContext(agentId)
              const told = Result.isSuccess(result)
                ? Formatter.format(result.success.state)
                : `${result.failure}`.replaceAll(agentId, "")
              return { after, told }
            })
          const [one, other] = [yield* write(state), yield* write(changeOutside(state, parts, outside))]
          assert.strictEqual(one.told, other.told)
          const scope = scopeOf(parts)
          const isOutside = ([pointer, value]: readonly [string, Value.Value]) =>
            !scope.holds(pointer) && !Value.isRecord(value)
          // What is on the way to a part is no object before only where nothing could be written below it.
          assert.deepStrictEqual(placesOf(one.after).filter(isOutside), placesOf(state).filter(isOutside))
          const others = placesOf(changeOutside(state, parts, outside)).filter(isOutside)
          assert.deepStrictEqual(placesOf(other.after).filter(isOutside), others)
        }).pipe(shared),
      { arbitrary: { runs: 300, size: 30 } }
    )
  })
})
