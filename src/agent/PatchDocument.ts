/**
 * A state while a patch is applied to it.
 */
import type { PatchOperation } from "../StatePatch.ts"
import * as Value from "../Value.ts"

/** Why an operation could not be applied. */
export interface Refusal {
  readonly expected: string
  readonly found: string
  /** Whether it is about `from`. */
  readonly isSource?: boolean
}

type MutableRecord = { [key: string]: Value.Value }

/** A document under change. Containers are copied at their first change, so that a long patch costs no more than it must. */
export class PatchDocument {
  root: Value.Value
  private readonly owned = new Set<object>()

  constructor(root: Value.Value) {
    this.root = root
  }

  perform(operation: PatchOperation): Refusal | undefined {
    const path = parse(operation.path) ?? []
    switch (operation.op) {
      case "add":
        return this.add(path, operation.value as Value.Value)
      case "remove":
        return this.remove(path)
      case "replace":
        return this.get(path).refusal ?? this.replace(path, operation.value as Value.Value)
      case "test": {
        const { refusal, value } = this.get(path)
        if (refusal !== undefined) return refusal
        const expected = operation.value as Value.Value
        return isEqual(value, expected) ? undefined : { expected: describe(expected), found: describe(value) }
      }
      case "copy": {
        const { refusal, value } = this.get(parse(operation.from) ?? [])
        if (refusal !== undefined) return { ...refusal, isSource: true }
        // From now on it stands in two places, so neither may be changed where it is.
        this.owned.clear()
        return this.add(path, value)
      }
      case "move":
        return this.move(parse(operation.from) ?? [], path)
    }
  }

  private move(from: ReadonlyArray<string>, path: ReadonlyArray<string>): Refusal | undefined {
    const { refusal, value } = this.get(from)
    if (refusal !== undefined) return { ...refusal, isSource: true }
    const isBelow = from.every((token, index) => token === path[index])
    if (isBelow && from.length === path.length) return undefined
    if (isBelow) return { expected: "a place that is not inside what is moved", found: "one inside" }
    return this.remove(from) ?? this.add(path, value)
  }

  private get(path: ReadonlyArray<string>): { readonly value: Value.Value; readonly refusal?: Refusal } {
    let value = this.root
    for (const token of path) {
      const below = child(value, token)
      if (below === undefined) return { value, refusal: absent(value, token) }
      value = below
    }
    return { value }
  }

  private add(path: ReadonlyArray<string>, value: Value.Value): Refusal | undefined {
    const token = path.at(-1)
    if (token === undefined) return this.replace(path, value)
    const { refusal, value: parent } = this.get(path.slice(0, -1))
    if (refusal !== undefined) return refusal
    if (!Array.isArray(parent)) {
      return Value.isRecord(parent) ? this.replace(path, value) : absent(parent, token)
    }
    const index = token === "-" ? parent.length : indexOf(token)
    if (index === undefined || index > parent.length) return absent(parent, token)
    const array = this.own(path.slice(0, -1)) as Array<Value.Value>
    array.splice(index, 0, value)
    return undefined
  }

  private remove(path: ReadonlyArray<string>): Refusal | undefined {
    const token = path.at(-1)
    if (token === undefined) return { expected: "a place inside the state", found: "the whole state" }
    const { refusal } = this.get(path)
    if (refusal !== undefined) return refusal
    const parent = this.own(path.slice(0, -1))
    if (Array.isArray(parent)) parent.splice(Number(token), 1)
    else delete (parent as MutableRecord)[token]
    return undefined
  }

  /** Sets what is there, or a key that is not. */
  private replace(path: ReadonlyArray<string>, value: Value.Value): undefined {
    const token = path.at(-1)
    if (token === undefined) this.root = value
    else Value.setOwn(this.own(path.slice(0, -1)) as MutableRecord, token, value)
    return undefined
  }

  /** The container at a path that exists, as a copy that may be changed, in a document of such copies. */
  private own(path: ReadonlyArray<string>): object {
    let container = this.ownOne(this.root)
    this.root = container as Value.Value
    for (const token of path) {
      const below = this.ownOne(child(container as Value.Value, token) ?? null)
      Value.setOwn(container as MutableRecord, token, below)
      container = below
    }
    return container
  }

  private ownOne(value: Value.Value): object {
    if (typeof value === "object" && value !== null && this.owned.has(value)) return value
    const copy = Array.isArray(value) ? [...value] : { ...(value as Value.Record) }
    this.owned.add(copy)
    return copy
  }
}

const indexOf = (token: string): number | undefined => (/^(0|[1-9]\d*)$/.test(token) ? Number(token) : undefined)

const child = (value: Value.Value, token: string): Value.Value | undefined => {
  if (Array.isArray(value)) {
    const index = indexOf(token)
    return index === undefined ? undefined : (value as ReadonlyArray<Value.Value>)[index]
  }
  return Value.isRecord(value) && Object.hasOwn(value, token) ? value[token] : undefined
}

const absent = (value: Value.Value, token: string): Refusal => ({
  expected: Array.isArray(value) ? `an index of ${describe(value)}` : `an object with the key ${JSON.stringify(token)}`,
  found: Array.isArray(value) ? JSON.stringify(token) : Value.isRecord(value) ? "none" : describe(value)
})

/** As RFC 6902 has it for `test`, on our values: keys have no order, and numbers are equal that are numerically equal. */
export const isEqual = (left: Value.Value, right: Value.Value): boolean => {
  if (left === right) return true
  if (left instanceof Date) return right instanceof Date && left.getTime() === right.getTime()
  if (left instanceof Uint8Array) {
    return right instanceof Uint8Array && left.length === right.length && left.every((byte, at) => byte === right[at])
  }
  if (Array.isArray(left)) {
    const items: ReadonlyArray<Value.Value> = left
    return Array.isArray(right) && items.length === right.length && items.every((item, at) => isEqual(item, right[at]))
  }
  if (!Value.isRecord(left) || !Value.isRecord(right)) return false
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key] as Value.Value, right[key] as Value.Value))
  )
}

/** A value in a few words. */
export const describe = (value: unknown): string => {
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (Value.isRecord(value)) return "an object"
  if (value instanceof Uint8Array) return `${value.length} bytes`
  const text = typeof value === "string" ? JSON.stringify(value) : String(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

/** The tokens of a pointer; nothing when it is none. */
export const parse = (pointer: string): ReadonlyArray<string> | undefined => {
  if (pointer === "") return []
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer)) return undefined
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"))
}
