/** The files of a folder. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"

/**
 * The paths of all files below a folder, in a fixed order. A link to a folder is not followed, so nothing is met twice. What cannot
 * be looked at is listed too: its worker will find out, and say so.
 */
export const listFiles = Effect.fnUntraced(function* (root: string) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path

  const list = (folder: string): Effect.Effect<ReadonlyArray<string>, PlatformError> =>
    files.readDirectoryEntries(path.join(root, folder)).pipe(
      Effect.flatMap((entries) =>
        Effect.forEach(entries, ({ name }) => visit(path.join(folder, name)), { concurrency: 8 })
      ),
      Effect.map((found) => found.flat())
    )

  const visit = (entry: string): Effect.Effect<ReadonlyArray<string>> =>
    Effect.gen(function* () {
      const at = path.join(root, entry)
      const { type } = yield* files.lstat(at)
      // The store's own files come and go.
      if (type === "Directory") return path.basename(entry) === ".pantheon" ? [] : yield* list(entry)
      const target = type === "SymbolicLink" ? (yield* files.stat(at)).type : type
      // Reading a pipe or a device might never end.
      return target === "File" ? [entry] : []
    }).pipe(Effect.catch(() => Effect.succeed([entry])))

  const found = yield* Effect.mapError(
    list(""),
    (error) => new Error(`${root} is no folder that can be read: ${error.message}`)
  )
  return found.toSorted()
})
