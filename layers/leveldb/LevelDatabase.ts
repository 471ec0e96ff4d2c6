/**
 * One open LevelDB directory, shared by the stores on it.
 */
import { mkdir, readdir, realpath } from "node:fs/promises"
import { type BatchOperation, ClassicLevel } from "classic-level"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { InvalidInput, Unavailable } from "../../src/StoreError.ts"
import * as Keys from "./Keys.ts"
import { Moves } from "./Moves.ts"

/** One change of a batch. */
export type Operation = BatchOperation<ClassicLevel, string, string>

/** The database as it was at one moment; an option of every read. */
export type Snapshot = ReturnType<ClassicLevel["snapshot"]>

/** Where the database is, and how it uses memory. */
export interface Options {
  /** The directory; created when it is missing. One process owns it. */
  readonly directory: string
  /** Bytes of the block cache; 8 MiB by default. */
  readonly cacheBytes?: number | undefined
}

/** The open database. */
export class LevelDatabase extends Context.Service<
  LevelDatabase,
  {
    readonly name: string
    readonly level: ClassicLevel
    /** Shared by the stores, since an import brings the rows of both. */
    readonly moves: Moves
    /** Runs one operation; a failure says whether the database is closed or broken. */
    readonly use: <A>(operation: string, run: (level: ClassicLevel) => Promise<A>) => Effect.Effect<A, Unavailable>
    /** Runs several reads that must see the same moment. */
    readonly atOneMoment: <A, E>(read: (snapshot: Snapshot) => Effect.Effect<A, E>) => Effect.Effect<A, E | Unavailable>
    /** Applies all operations or none, and completes once they are on disk. */
    readonly write: (operations: ReadonlyArray<Operation>) => Effect.Effect<void, Unavailable>
  }
>()("pantheon-state/leveldb/LevelDatabase") {}

// Raised when a reader of the older layout would misread the newer one.
const format = "1"

/** Opens the directory for as long as the layer lives. */
export const layer = (options: Options): Layer.Layer<LevelDatabase, Unavailable | InvalidInput> =>
  Layer.effect(LevelDatabase, make(options))

/** Opens the directory for as long as the scope lives. */
export const make = (
  options: Options
): Effect.Effect<LevelDatabase["Service"], Unavailable | InvalidInput, Scope.Scope> =>
  Effect.gen(function* () {
    yield* checkOptions(options)
    const name = `LevelDB at ${options.directory}`
    const directory = yield* prepareDirectory(options.directory)
    const level = yield* Effect.acquireRelease(open({ ...options, directory }), (level) =>
      Effect.promise(() => level.close())
    )
    const use = <A>(operation: string, run: (level: ClassicLevel) => Promise<A>) =>
      Effect.mapError(
        Effect.tryPromise(() => run(level)),
        ({ cause }) => failed(name, operation, cause)
      )
    const service = LevelDatabase.of({
      name,
      level,
      moves: new Moves(),
      use,
      atOneMoment: (read) =>
        Effect.acquireUseRelease(
          use("read", (level) => Promise.resolve(level.snapshot())),
          read,
          (snapshot) => Effect.promise(() => snapshot.close())
        ),
      write: (operations) => use("write", () => writeSynced(level, operations))
    })
    yield* checkFormat(service)
    return service
  })

const largestCache = 2 ** 40

const checkOptions = ({ cacheBytes = 1, directory }: Options): Effect.Effect<void, InvalidInput> => {
  const refuse = (path: string, expected: string, found: string) =>
    Effect.fail(new InvalidInput({ path, expected, found, remedy: "Change the option of the layer." }))
  if (typeof directory !== "string" || directory === "" || directory.includes("\0")) {
    return refuse("directory", "the path of a directory", JSON.stringify(directory) ?? typeof directory)
  }
  return Number.isSafeInteger(cacheBytes) && cacheBytes >= 1 && cacheBytes <= largestCache
    ? Effect.void
    : refuse("cacheBytes", `an integer from 1 to ${largestCache}`, String(cacheBytes))
}

// What LevelDB makes before `CURRENT`, the last file of a new database; a process may be killed in between.
const ownFile = /^(?:LOCK|LOG(?:\.old)?|MANIFEST-\d+|\d+\.(?:log|ldb|sst|dbtmp))$/

// Put by put: an array of operations is copied twice on its way, which costs half as much again.
const writeSynced = (level: ClassicLevel, operations: ReadonlyArray<Operation>): Promise<void> => {
  const batch = level.batch()
  for (const operation of operations) {
    if (operation.type === "put") batch.put(operation.key, operation.value)
    else batch.del(operation.key)
  }
  return batch.write({ sync: true })
}

/** Gives the one true path, since LevelDB tells by the path whether this process has the directory open already. */
const prepareDirectory = (directory: string): Effect.Effect<string, Unavailable> =>
  Effect.gen(function* () {
    const { entries, path } = yield* Effect.tryPromise({
      try: async () => {
        await mkdir(directory, { recursive: true })
        return { entries: await readdir(directory), path: await realpath(directory) }
      },
      catch: (cause) =>
        unavailable(
          "Failed",
          "a directory that can be created and read",
          describe(cause),
          "Choose another directory, or fix its permissions.",
          cause
        )
    })
    const foreign = entries.includes("CURRENT") ? undefined : entries.find((entry) => !ownFile.test(entry))
    if (foreign === undefined) return path
    return yield* unavailable(
      "WrongDatabase",
      `${JSON.stringify(directory)} to be empty or to hold a database`,
      `other files, such as ${JSON.stringify(foreign)}`,
      "Give the store a directory of its own."
    )
  })

const open = (options: Options): Effect.Effect<ClassicLevel, Unavailable> =>
  Effect.suspend(() => {
    const level = new ClassicLevel(options.directory, {
      keyEncoding: "utf8",
      valueEncoding: "utf8",
      ...(options.cacheBytes === undefined ? {} : { cacheSize: options.cacheBytes })
    })
    return Effect.as(
      Effect.tryPromise({ try: () => level.open(), catch: (cause) => refusedToOpen(options, cause) }),
      level
    )
  })

const refusedToOpen = ({ directory }: Options, cause: unknown): Unavailable =>
  codeOf(cause) === "LEVEL_LOCKED"
    ? unavailable(
        "Locked",
        `to be the only user of ${JSON.stringify(directory)}`,
        "that another process or layer has it open",
        "Close the other one, or give this one a directory of its own; use PostgreSQL to share a store.",
        cause
      )
    : unavailable(
        "Failed",
        `a LevelDB that can be opened at ${JSON.stringify(directory)}`,
        describe(cause),
        "Check the directory's permissions and the disk, or restore it from a backup.",
        cause
      )

const checkFormat = ({ name, use, write }: LevelDatabase["Service"]): Effect.Effect<void, Unavailable> =>
  Effect.gen(function* () {
    const found = yield* use("open", (level) => level.get(Keys.format))
    if (found === format) return
    if (found === undefined) {
      const keys = yield* use("open", (level) => level.keys({ limit: 1 }).all())
      if (keys.length === 0) return yield* write([{ type: "put", key: Keys.format, value: format }])
      return yield* unavailable(
        "WrongDatabase",
        `${name} to be a store of this library`,
        "a LevelDB of another program",
        "Give the store a directory of its own."
      )
    }
    return yield* unavailable(
      "NewerSchema",
      `format ${format}`,
      `format ${found}`,
      "Use the newer version of this library that wrote the directory."
    )
  })

const failed = (name: string, operation: string, cause: unknown): Unavailable => {
  const isClosed = codeOf(cause) === "LEVEL_DATABASE_NOT_OPEN" || codeOf(cause) === "LEVEL_ITERATOR_NOT_OPEN"
  return new Unavailable({
    operation,
    reason: isClosed ? "Closed" : "Failed",
    expected: isClosed ? `${name} to be open` : `${name} to answer`,
    found: isClosed ? "a closed database" : describe(cause),
    remedy: isClosed
      ? "Keep the layer of the store alive while you use it."
      : "Check the disk; restore a backup if files are damaged.",
    cause
  })
}

const unavailable = (
  reason: Unavailable["reason"],
  expected: string,
  found: string,
  remedy: string,
  cause?: unknown
): Unavailable =>
  new Unavailable({ operation: "open", reason, expected, found, remedy, ...(cause === undefined ? {} : { cause }) })

const codeOf = (error: unknown): unknown => {
  if (typeof error !== "object" || error === null) return undefined
  const code = "code" in error ? error.code : undefined
  // An open that failed carries its reason as the cause.
  return code === "LEVEL_DATABASE_NOT_OPEN" && "cause" in error && error.cause !== undefined
    ? (codeOf(error.cause) ?? code)
    : code
}

const describe = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message
}
