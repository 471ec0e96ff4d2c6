/** A LevelDB in a directory of the test's own, which goes when the layer does. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LevelDb from "../../layers/leveldb/index.ts"

/** An empty directory, for as long as the scope lives. */
export const make = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "pantheon-leveldb-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

/** The stores in a directory of their own. */
export const layer = Layer.unwrap(Effect.map(make, (directory) => LevelDb.layer({ directory })))
