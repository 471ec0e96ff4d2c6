/**
 * Stores in a directory of this process: LevelDB. Needs the package `classic-level`.
 */
import { resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Options } from "../leveldb/index.ts"
import { type Database, load, registry } from "./Database.ts"
import { invalidOptions } from "./PantheonError.ts"
import { shared } from "./Shared.ts"
import { StoredEvents, StoredSnapshots } from "./Stores.ts"

/** Where the directory is, and how it uses memory. Stores with one directory share it. */
export type LevelOptions = Options

const databases = registry<Database>()

const open = (owner: string, options: LevelOptions): Database => {
  const directory: unknown = options?.directory
  if (typeof directory !== "string" || directory === "") {
    throw invalidOptions(owner, "directory", "the path of a directory", directory)
  }
  const settings = { ...options, directory: resolve(directory) }
  const driver = load("classic-level", () => import("../leveldb/index.ts"))
  return databases([settings.directory], () =>
    shared(Layer.unwrap(Effect.map(driver, (LevelDb) => LevelDb.layer(settings))))
  )
}

/** Events in LevelDB. */
export class LevelEventStore extends StoredEvents {
  constructor(options: LevelOptions) {
    super("LevelEventStore", open("LevelEventStore", options))
  }
}

/** Snapshots in LevelDB. */
export class LevelSnapshotStore extends StoredSnapshots {
  constructor(options: LevelOptions) {
    super("LevelSnapshotStore", open("LevelSnapshotStore", options))
  }
}
