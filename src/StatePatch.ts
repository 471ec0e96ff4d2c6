/**
 * JSON Patch (RFC 6902) on states: pointers walk through objects and arrays; dates, bytes and bigints are leaves like numbers.
 */
import * as Result from "effect/Result"
import { describe, PatchDocument, parse } from "./agent/PatchDocument.ts"
import { InvalidInput } from "./StoreError.ts"
import * as Value from "./Value.ts"

/** One operation. Paths are JSON pointers (RFC 6901). */
export type PatchOperation =
  /** Sets a key of an object, or inserts before an index of an array; `-` is the place after the last. */
  | { readonly op: "add"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "replace"; readonly path: string; readonly value: unknown }
  | { readonly op: "move"; readonly from: string; readonly path: string }
  | { readonly op: "copy"; readonly from: string; readonly path: string }
  /** Fails the whole patch unless the value is there. */
  | { readonly op: "test"; readonly path: string; readonly value: unknown }

/** The operations are applied in order, all or none. */
export type Patch = ReadonlyArray<PatchOperation>

/** Why an operation could not be applied. */
export interface Failure {
  /** Its place in the patch, from 0. */
  readonly index: number
  readonly op: string
  readonly path: string
  readonly expected: string
  readonly found: string
}

/** Checks the form of a patch that came from outside. */
export const validate = (patch: unknown): Result.Result<Patch, InvalidInput> => {
  if (!Array.isArray(patch)) return malformed("patch", "an array of operations", describe(patch))
  for (const [index, operation] of patch.entries()) {
    const path = `patch/${index}`
    if (!Value.isRecord(operation)) return malformed(path, "an operation", describe(operation))
    const members = membersOf(operation["op"])
    if (members === undefined) return malformed(`${path}/op`, `one of ${names}`, describe(operation["op"]))
    for (const member of members) {
      if (!Object.hasOwn(operation, member)) return malformed(`${path}/${member}`, "a member of the operation", "none")
      if (member === "value") continue
      const pointer: unknown = operation[member]
      if (typeof pointer !== "string" || parse(pointer) === undefined) {
        return malformed(`${path}/${member}`, 'a JSON pointer, such as "/items/0"', describe(pointer))
      }
    }
  }
  return Result.succeed(patch)
}

/** Applies a valid patch of decoded values. What is given back shares its unchanged parts with the state. */
export const apply = (patch: Patch, state: Value.Record): Result.Result<Value.Record, Failure> => {
  const document = new PatchDocument(state)
  for (const [index, operation] of patch.entries()) {
    const refusal = document.perform(operation)
    if (refusal !== undefined) {
      const path = "from" in operation && refusal.isSource === true ? operation.from : operation.path
      return Result.fail({ index, op: operation.op, path, expected: refusal.expected, found: refusal.found })
    }
  }
  return Value.isRecord(document.root)
    ? Result.succeed(document.root)
    : Result.fail({
        index: patch.length - 1,
        op: patch.at(-1)?.op ?? "",
        path: "",
        expected: "a state that is an object",
        found: describe(document.root)
      })
}

// ---- form ----

const pointers = { add: ["path", "value"], remove: ["path"], replace: ["path", "value"], test: ["path", "value"] }
const forms = new Map(Object.entries({ ...pointers, move: ["from", "path"], copy: ["from", "path"] }))
const names = [...forms.keys()].join(", ")

const membersOf = (op: unknown): ReadonlyArray<string> | undefined =>
  typeof op === "string" ? forms.get(op) : undefined

const malformed = (path: string, expected: string, found: string): Result.Result<never, InvalidInput> =>
  Result.fail(new InvalidInput({ path, expected, found, remedy: "Send a JSON Patch as RFC 6902 defines it." }))
