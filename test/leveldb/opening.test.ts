import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { join, relative } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { ClassicLevel } from "classic-level"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as LevelDb from "../../layers/leveldb/index.ts"
import { EventStore, SnapshotStore } from "../../src/index.ts"
import { Child } from "../support/Child.ts"
import * as TestDirectory from "../support/TestDirectory.ts"

type Stores = EventStore.EventStore | SnapshotStore.SnapshotStore

const using = <A, E>(directory: string, use: Effect.Effect<A, E, Stores>) =>
  Effect.provide(use, Layer.fresh(LevelDb.layer({ directory })))

const note = (agentId: string) => EventStore.append({ agentId, events: [{ type: "a.noted" }] })

/** Why the directory cannot be opened: a failure that is typed and says what to do. */
const refusal = (directory: string) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(using(directory, note("a")))
    assert.strictEqual(error._tag, "Unavailable", String(error))
    if (error._tag !== "Unavailable") return assert.fail()
    assert.strictEqual(error.operation, "open")
    for (const text of [error.expected, error.found, error.remedy]) assert.isNotEmpty(text)
    return error
  })

/** Opens a directory for as long as a scope lives. */
const open = (directory: string) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(Layer.fresh(LevelDb.layer({ directory })), scope)
    return {
      events: Context.get(context, EventStore.EventStore),
      snapshots: Context.get(context, SnapshotStore.SnapshotStore),
      close: Scope.close(scope, Exit.void)
    }
  })

const level = (directory: string, use: (level: ClassicLevel) => Promise<void>) =>
  Effect.promise(async () => {
    const database = new ClassicLevel(directory)
    await use(database)
    await database.close()
  })

describe("opening a LevelDB directory", () => {
  it.live("makes it, with its parents, and leaves nothing elsewhere", () =>
    Effect.gen(function* () {
      const parent = yield* TestDirectory.make
      const before = readdirSync(".")
      yield* using(join(parent, "some", "where"), note("a"))
      assert.deepStrictEqual(readdirSync(parent), ["some"])
      assert.deepStrictEqual(readdirSync(join(parent, "some")), ["where"])
      assert.deepStrictEqual(readdirSync("."), before)
    })
  )

  it.live("finds everything again that was written before it was closed", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      const save = SnapshotStore.SnapshotStore.use((store) =>
        store.save({ agentId: "a", version: 1, eventId: "e", state: { total: 1n } })
      )
      const saved = yield* using(directory, Effect.andThen(note("a"), save))
      yield* using(
        directory,
        Effect.gen(function* () {
          assert.strictEqual((yield* note("a")).version, 2)
          const latest = yield* SnapshotStore.SnapshotStore.use((store) => store.latest("a"))
          assert.deepStrictEqual(latest, Option.some(saved))
        })
      )
    })
  )

  it.live("goes on where a process was killed while it made the database", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      for (const file of ["LOCK", "LOG", "LOG.old", "MANIFEST-000001", "000001.dbtmp"])
        writeFileSync(join(directory, file), "")
      yield* using(directory, note("a"))
      assert.strictEqual((yield* using(directory, note("a"))).version, 2)
    })
  )

  it.live("is refused while another layer of this process has it, by whatever path, and lets that one go on", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      const link = join(yield* TestDirectory.make, "link")
      symlinkSync(directory, link)
      const first = yield* open(directory)
      for (const path of [directory, relative(".", directory), join(directory, "."), link, realpathSync(directory)]) {
        const error = yield* refusal(path)
        assert.strictEqual(error.reason, "Locked", path)
        assert.include(error.remedy, "PostgreSQL")
      }
      assert.strictEqual((yield* first.events.append({ agentId: "a", events: [{ type: "a.noted" }] })).version, 1)
      yield* first.close
      assert.strictEqual((yield* using(link, note("a"))).version, 2)
    })
  )

  it.live("is refused while another process has it, and possible once that one was killed", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      const child = yield* Effect.acquireRelease(
        Effect.sync(() => new Child("test/support/holdDirectory.ts", [directory])),
        (child) => Effect.promise(() => child.kill())
      )
      yield* Effect.promise(() => child.until(({ stdout }) => stdout.includes("holding at version 1")))
      assert.strictEqual((yield* refusal(directory)).reason, "Locked")
      yield* Effect.promise(() => child.kill())
      assert.strictEqual((yield* using(directory, note("held"))).version, 2)
    })
  )

  it.live("is refused where a file is, or where a parent is a file", () =>
    Effect.gen(function* () {
      const parent = yield* TestDirectory.make
      const file = join(parent, "file")
      writeFileSync(file, "text")
      for (const path of [file, join(file, "below")]) assert.strictEqual((yield* refusal(path)).reason, "Failed")
      assert.strictEqual(readFileSync(file, "utf8"), "text")
    })
  )

  it.live("is refused where other files are, names one, and touches none", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      for (const file of ["thesis.txt", ".hidden"]) {
        const own = join(directory, file)
        mkdirSync(own, { recursive: true })
        writeFileSync(join(own, "notes"), "mine")
        const error = yield* refusal(own)
        assert.strictEqual(error.reason, "WrongDatabase")
        assert.include(error.found, '"notes"')
        assert.deepStrictEqual(readdirSync(own), ["notes"])
      }
    })
  )

  it.live("is refused where another program keeps its LevelDB, and changes nothing in it", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      yield* level(directory, (level) => level.put("theirs", "data"))
      assert.strictEqual((yield* refusal(directory)).reason, "WrongDatabase")
      yield* level(directory, async (level) => {
        assert.deepStrictEqual(await level.iterator().all(), [["theirs", "data"]])
      })
    })
  )

  it.live("is refused where a newer version of the library wrote, with both formats", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      yield* using(directory, note("a"))
      yield* level(directory, (level) => level.put("!format", "2"))
      const error = yield* refusal(directory)
      assert.strictEqual(error.reason, "NewerSchema")
      assert.deepStrictEqual([error.expected, error.found], ["format 1", "format 2"])
      yield* level(directory, (level) => level.put("!format", "1"))
      assert.strictEqual((yield* using(directory, note("a"))).version, 2)
    })
  )

  it.live("is refused where nothing may be written, whether the database is there or not", () =>
    Effect.gen(function* () {
      const parent = yield* TestDirectory.make
      const [empty, full] = [join(parent, "empty"), join(parent, "full")]
      mkdirSync(empty)
      yield* using(full, note("a"))
      for (const path of [empty, full, parent]) chmodSync(path, 0o555)
      yield* asNobody(
        Effect.gen(function* () {
          for (const path of [empty, full, join(parent, "new")]) {
            const error = yield* refusal(path)
            assert.strictEqual(error.reason, "Failed", path)
            assert.match(error.found, /permission denied/i)
          }
        })
      )
      for (const path of [empty, full, parent]) chmodSync(path, 0o755)
      assert.isFalse(existsSync(join(parent, "new")))
      assert.deepStrictEqual(readdirSync(empty), [])
      assert.strictEqual((yield* using(full, note("a"))).version, 2)
    })
  )

  it.live("is refused where the files are damaged", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      yield* using(directory, note("a"))
      writeFileSync(join(directory, "CURRENT"), "MANIFEST-999999\n")
      const error = yield* refusal(directory)
      assert.strictEqual(error.reason, "Failed")
      assert.match(error.remedy, /backup/)
    })
  )

  it.live("is refused for options that are none, and says which", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      for (const [options, path] of [
        [{ directory: "" }, "directory"],
        [{ directory: "a\0b" }, "directory"],
        [{ directory, cacheBytes: -1 }, "cacheBytes"],
        [{ directory, cacheBytes: 0 }, "cacheBytes"],
        [{ directory, cacheBytes: Number.NaN }, "cacheBytes"],
        [{ directory, cacheBytes: 1.5 }, "cacheBytes"],
        [{ directory, cacheBytes: 2 ** 60 }, "cacheBytes"]
      ] as const) {
        const error = yield* Effect.flip(Effect.provide(note("a"), LevelDb.layer(options)))
        assert.strictEqual(error._tag, "InvalidInput", String(error))
        assert.deepInclude(error, { path })
      }
      assert.deepStrictEqual(readdirSync(directory), [])
    })
  )

  it.live("takes its options from the configuration, and says what is missing or wrong there", () =>
    Effect.gen(function* () {
      const directory = yield* TestDirectory.make
      const layer = LevelDb.layerConfig({ directory: Config.String("DIRECTORY"), cacheBytes: Config.Int("CACHE") })
      const run = (configuration: object) =>
        Effect.provide(note("a"), Layer.fresh(layer)).pipe(
          Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(configuration))
        )
      assert.strictEqual((yield* Effect.flip(run({ CACHE: 4096 })))._tag, "ConfigError")
      assert.strictEqual((yield* Effect.flip(run({ DIRECTORY: directory, CACHE: "much" })))._tag, "ConfigError")
      assert.strictEqual((yield* Effect.flip(run({ DIRECTORY: directory, CACHE: -1 })))._tag, "InvalidInput")
      assert.strictEqual((yield* run({ DIRECTORY: directory, CACHE: 1024 * 1024 })).version, 1)
    })
  )
})

/** Runs as a user without rights; root may write everywhere. */
const asNobody = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const { geteuid, seteuid } = process
  if (geteuid?.() !== 0 || seteuid === undefined) return effect
  return Effect.acquireUseRelease(
    Effect.sync(() => seteuid(65534)),
    () => effect,
    () => Effect.sync(() => seteuid(0))
  )
}

describe("using a LevelDB store after it was closed", () => {
  it.live("refuses appends as closed, and tells every other call that it is closed", () =>
    Effect.gen(function* () {
      const { close, events, snapshots } = yield* open(yield* TestDirectory.make)
      yield* events.append({ agentId: "a", events: [{ type: "a.noted", id: "e" }], commands: [{ id: "c", reply: 1 }] })
      const saved = yield* snapshots.save({ agentId: "a", version: 1, eventId: "e", state: 1 })
      yield* close

      const append = yield* Effect.flip(events.append({ agentId: "a", events: [{ type: "a.noted" }] }))
      assert.deepInclude(append, { _tag: "Rejected", reason: "Closed" })

      const calls: Record<string, Effect.Effect<unknown, unknown>> = {
        read: Stream.runCollect(events.read("a")),
        getEvent: events.getEvent("e"),
        head: events.head("b"),
        reply: events.reply("a", "c"),
        agents: Stream.runCollect(events.agents()),
        feed: Stream.runCollect(events.feed()),
        liveFeed: Stream.runCollect(events.feed({ live: true })),
        feedEnd: events.feedEnd,
        deleteEvents: events.deleteEvents("a", 1),
        purge: events.purge("a"),
        save: snapshots.save({ agentId: "a", version: 2, eventId: "e", state: 1 }),
        latest: snapshots.latest("a"),
        get: snapshots.get(saved.id),
        list: snapshots.list("a"),
        delete: snapshots.delete("a", 1),
        deleteAll: snapshots.deleteAll("a")
      }
      for (const [name, call] of Object.entries(calls)) {
        const error = yield* Effect.flip(call)
        assert.deepInclude(error, { _tag: "Unavailable", reason: "Closed" }, name)
        assert.deepInclude(error, { remedy: "Keep the layer of the store alive while you use it." }, name)
      }
    })
  )

  it.live("may be closed while reads are under way: each is answered", () =>
    Effect.gen(function* () {
      const { close, events } = yield* open(yield* TestDirectory.make)
      yield* events.append({ agentId: "a", events: Array.from({ length: 5000 }, () => ({ type: "a.noted" })) })
      const reads = Array.from({ length: 50 }, () => Effect.exit(Stream.runCollect(events.read("a"))))
      const [exits] = yield* Effect.all([Effect.all(reads, { concurrency: "unbounded" }), close], { concurrency: 2 })
      for (const exit of exits) {
        if (Exit.isSuccess(exit)) assert.strictEqual(exit.value.length, 5000)
        else assert.include(String(exit.cause), "Closed")
      }
    })
  )
})
