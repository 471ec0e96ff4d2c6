import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LocalEngine from "../../layers/engine/local.ts"
import * as LevelDb from "../../layers/leveldb/index.ts"
import { EngineContract } from "../contract/index.ts"

/** A directory that goes when the layer does. */
const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "pantheon-engine-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

const stores = Layer.unwrap(Effect.map(temporaryDirectory, (directory) => LevelDb.layer({ directory })))

EngineContract.suite("the local engine on LevelDB", { engine: LocalEngine.layer, stores })
