import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as LevelDb from "../../layers/leveldb/index.ts"
import * as Pantheon from "../../layers/promise/index.ts"
import { SnapshotStore } from "../../src/SnapshotStore.ts"
import * as TestDirectory from "../support/TestDirectory.ts"
import { codeOf } from "./databases.ts"

describe("a snapshot whose state is no object, as an actor may have made it", () => {
  it.live("is told of as none of an agent", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      const save = SnapshotStore.use((store) => store.save({ agentId: "a", version: 1, eventId: "e", state: 7 }))
      const { id } = yield* Effect.provide(save, LevelDb.layer({ directory }))
      const store = new Pantheon.LevelSnapshotStore({ directory })
      assert.strictEqual(yield* Effect.promise(() => codeOf(store.getLatestSnapshot("a"))), "CORRUPTED")
      assert.strictEqual(yield* Effect.promise(() => codeOf(store.getSnapshot(id))), "CORRUPTED")
      yield* Effect.promise(() => store.close())
    })
  )
})
