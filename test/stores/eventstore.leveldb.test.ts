import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LevelDb from "../../layers/leveldb/index.ts"
import { EventStoreContract } from "../contract/index.ts"

/** A directory that goes when the layer does. */
const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "pantheon-leveldb-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

const layer = Layer.unwrap(Effect.map(temporaryDirectory, (directory) => LevelDb.layer({ directory })))

EventStoreContract.suite("the LevelDB store", { layer })
