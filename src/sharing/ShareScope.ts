/**
 * Parts of a state, told by JSON pointers. They go through objects only: what stands at a place of an array is another thing tomorrow, so an array is
 * shared as a whole or not at all.
 */
import * as Result from "effect/Result"
import { describe, parse } from "../agent/PatchDocument.ts"
import { InvalidInput } from "../StoreError.ts"
import * as Value from "../Value.ts"

const most = 100

/** Checks paths that came from outside. */
export const validate = (paths: unknown): Result.Result<ReadonlyArray<string>, InvalidInput> => {
  if (!Array.isArray(paths) || paths.length === 0 || paths.length > most) {
    return invalid("paths", `1 to ${most} JSON pointers`, describe(paths))
  }
  for (const [index, path] of paths.entries()) {
    const isPointer = typeof path === "string" && path !== "" && parse(path) !== undefined
    if (!isPointer)
      return invalid(`paths/${index}`, 'a JSON pointer into the state, such as "/profile"', describe(path))
  }
  return Result.succeed([...new Set<string>(paths)].sort())
}

const invalid = (path: string, expected: string, found: string): Result.Result<never, InvalidInput> =>
  Result.fail(new InvalidInput({ path, expected, found, remedy: "Leave the paths out to share the whole state." }))

/** What of a state is shared at a place: all of it, or what is shared below its keys. */
type Branch = "all" | Map<string, Branch>

/** The shared parts of a state. */
export class ShareScope {
  private readonly root: Branch

  /** Paths that were checked; everything without them. */
  constructor(paths: ReadonlyArray<string> | undefined) {
    this.root = paths === undefined ? "all" : toBranch(paths)
  }

  /** Whether all of the state is shared. */
  get isWhole(): boolean {
    return this.root === "all"
  }

  /** The state without what is not shared. Objects on the way to a shared part are shown, with nothing else in them. */
  project(state: Value.Record): Value.Record {
    const projected = project(state, this.root)
    return Value.isRecord(projected) ? projected : {}
  }

  /** Whether a pointer leads to what is shared, or into it. */
  holds(pointer: string): boolean {
    let branch: Branch | undefined = this.root
    for (const token of parse(pointer) ?? []) {
      if (branch === undefined || branch === "all") break
      branch = branch.get(token)
    }
    return branch === "all"
  }
}

const toBranch = (paths: ReadonlyArray<string>): Branch => {
  const root = new Map<string, Branch>()
  for (const path of paths) {
    const tokens = parse(path) ?? []
    let branch = root
    for (const [index, token] of tokens.entries()) {
      const below: Branch | undefined = branch.get(token)
      if (below === "all") break
      if (index === tokens.length - 1) {
        branch.set(token, "all")
        break
      }
      const next = below ?? new Map<string, Branch>()
      branch.set(token, next)
      branch = next
    }
  }
  return root
}

/** `undefined` where nothing is shared. */
const project = (value: Value.Value, branch: Branch): Value.Value | undefined => {
  if (branch === "all") return value
  if (!Value.isRecord(value)) return undefined
  const projected: { [key: string]: Value.Value } = {}
  for (const [token, below] of branch) {
    const child = Object.hasOwn(value, token) ? value[token] : undefined
    const shown = child === undefined ? undefined : project(child, below)
    if (shown !== undefined) Value.setOwn(projected, token, shown)
  }
  return projected
}
