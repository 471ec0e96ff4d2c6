/**
 * Importing an agent into LevelDB. Its rows are staged under keys of their own, as they come; one synced row then decides that the import happens;
 * and after that they are moved to their places, a bounded batch at a time. What a process that died has left of it is moved on, or thrown
 * away if nothing was decided, when the directory is opened.
 *
 * The event after the version that the agent had is moved last, together with the notes, the row of the agent and that of the feed, so that nothing
 * of the agent is listed, told or counted before. Who asks for the agent itself waits meanwhile (`Moves`).
 */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import { type AgentImport, baseOf, type ImportAgent, type ImportOutcome, isAsExpected } from "../../src/AgentImport.ts"
import type { DriverError, EncodedNote } from "../../src/EventStoreDriver.ts"
import type { EventIds } from "./EventIds.ts"
import type { Flushes } from "./Flushes.ts"
import { Heads, isPurged } from "./Heads.ts"
import * as Keys from "./Keys.ts"
import type { LevelDatabase, Operation } from "./LevelDatabase.ts"
import { deleteEvents, removeCopies } from "./LevelDeletion.ts"
import { makeFlushes } from "./LevelFeed.ts"
import { changeNotes, type Finders, lookUpFinders, removeNotes } from "./LevelNotes.ts"
import { Staging, Taken } from "./LevelStaging.ts"
import * as Rows from "./Rows.ts"

type Database = LevelDatabase["Service"]

/** The `importAgent` of the driver; one import at a time. */
export const makeImportAgent = (
  database: Database,
  heads: Heads,
  ids: EventIds,
  flushes: Flushes
): Effect.Effect<ImportAgent> =>
  Effect.map(Semaphore.make(1), (mutex) => {
    const importAgent: ImportAgent = (agent, alone) =>
      Effect.gen(function* () {
        yield* database.moves.idle
        yield* discard(database)
        const staging = new Staging(database, ids, agent, alone)
        yield* Stream.runForEach(agent.chunks, (chunk) => staging.add(chunk))
        return yield* Effect.uninterruptible(decide(database, heads, flushes, agent, staging, alone))
      }).pipe(
        Effect.catchIf(
          (error) => error instanceof Taken,
          ({ outcome }) => Effect.succeed(outcome)
        ),
        Effect.onExit(() => Effect.sync(() => ids.unwatch()))
      )
    return (agent, alone) =>
      mutex.withPermit(
        Effect.onExit(importAgent(agent, alone), (exit) =>
          // What is left of it is in nobody's way, and goes with the next one at the latest.
          exit._tag === "Success" && exit.value._tag === "Imported" ? Effect.void : Effect.ignore(discard(database))
        )
      )
  })

/** Throws away what was staged, unless it was decided on. */
const discard = (database: Database): Effect.Effect<void, DriverError> =>
  Effect.gen(function* () {
    if ((yield* database.use("import", (level) => level.get(Keys.published))) !== undefined) return
    yield* database.use("import", (level) => level.clear(Keys.allStaged()))
  })

const decide = (
  database: Database,
  heads: Heads,
  flushes: Flushes,
  agent: Omit<AgentImport, "chunks">,
  staging: Staging,
  alone: Parameters<ImportAgent>[1]
): Effect.Effect<ImportOutcome, DriverError | Taken> =>
  Effect.gen(function* () {
    const { agentId } = agent
    const published = yield* alone(
      Effect.gen(function* () {
        const head = (yield* heads.read([agentId])).get(agentId)
        const version = head?.version ?? 0
        const presence = head === undefined || isPurged(head) ? "missing" : "present"
        if (!isAsExpected(agent, { version, presence })) return { _tag: "Conflict", actual: version } as const
        yield* staging.checkStrays
        const published = toPublished(agent, staging)
        yield* database.write([{ type: "put", key: Keys.published, value: Rows.encodePublished(published) }])
        database.moves.begin(agentId)
        return published
      })
    )
    if ("_tag" in published) return published
    yield* Effect.onExit(move(database, heads, flushes, published), (exit) =>
      Effect.sync(() => database.moves.end(exit))
    )
    return { _tag: "Imported" }
  })

const toPublished = (
  { agentId, expected, firstVersion, version }: Omit<AgentImport, "chunks">,
  staging: Staging
): Rows.Published => {
  const replaced = expected.presence === "present" ? expected.version : 0
  const { count, highestId, highestVersion } = staging
  const origin = baseOf(expected)
  return { agentId, replaced, left: replaced, version, origin, firstVersion, count, highestId, highestVersion }
}

/** Ends what a process that died has begun. To be called before anybody reads. */
export const finish = (database: Database): Effect.Effect<void, DriverError> =>
  Effect.gen(function* () {
    const text = yield* database.use("open", (level) => level.get(Keys.published))
    if (text === undefined) return yield* discard(database)
    const published = yield* Effect.fromResult(Rows.decodePublished(text))
    yield* move(database, new Heads(database), yield* makeFlushes(database), published)
  })

// ---- moving ----

/** Moves all rows to their places. May be begun anew after any of its writes. */
const move = (
  database: Database,
  heads: Heads,
  flushes: Flushes,
  published: Rows.Published
): Effect.Effect<void, DriverError> =>
  Effect.gen(function* () {
    const { agentId, left, origin, version } = published
    if (left > 0) {
      // The old rows go before the new ones come, which may stand under the same keys.
      const value = Rows.encodePublished({ ...published, left: 0 })
      const others = yield* removeCopies(database, agentId, left)
      others.push({ type: "put", key: Keys.published, value })
      yield* deleteEvents(database, heads, agentId, left, others)
    }
    const last = Keys.staged(Keys.event(agentId, origin + 1))
    for (const kind of ["c", "e", "i", "s", "t"] as const) yield* moveKind(database, kind, last)
    const ending = yield* finalOperations(database, published, last)
    yield* flushes.write((number) => database.write([...ending, ...tellOperations(published, number)]))
    heads.set(agentId, { version, origin, written: version })
  })

// A batch of about a megabyte; rows may be large, so the first ones are few.
const batchLength = 1024 * 1024
const firstCount = 4
const largestCount = 4000

const moveKind = (database: Database, kind: "c" | "e" | "i" | "s" | "t", last: string) =>
  Effect.gen(function* () {
    let { gt, lt } = Keys.allStaged(kind)
    let limit = firstCount
    while (true) {
      const bounds = { gt, lt, limit }
      const rows = yield* database.use("import", (level) => level.iterator(bounds).all())
      const operations = rows.flatMap(([key, value]) => (key === last ? [] : moveOne(key, value)))
      if (operations.length > 0) yield* database.write(operations)
      const end = rows.at(-1)
      if (end === undefined || rows.length < limit) return
      gt = end[0]
      const length = rows.reduce((sum, [key, value]) => sum + key.length + value.length, 0)
      limit = Math.min(Math.max(Math.floor((batchLength * rows.length) / length), 1), largestCount)
    }
  })

const moveOne = (key: string, value: string): ReadonlyArray<Operation> => [
  { type: "put", key: Keys.unstaged(key), value },
  { type: "del", key }
]

/** What must be seen at once. */
const finalOperations = (
  database: Database,
  { agentId, highestId, highestVersion, origin, replaced, version }: Rows.Published,
  last: string
): Effect.Effect<ReadonlyArray<Operation>, DriverError> =>
  Effect.gen(function* () {
    const event = yield* database.use("import", (level) => level.get(last))
    const staged = yield* database.use("import", (level) => level.iterator(Keys.allStaged("n")).all())
    const notes = yield* Effect.forEach(staged, ([key, text]): Effect.Effect<EncodedNote, DriverError> => {
      const { name } = Keys.notePlace(Keys.unstaged(key))
      return Effect.fromResult(Rows.decodeNote(agentId, name, text))
    })
    const append = { agentId, expected: "any", events: [], commands: [], notes } as const
    const removed = replaced > 0 ? yield* removeNotes(database, agentId) : []
    const finders: Finders = replaced > 0 ? new Map() : yield* lookUpFinders(database, [append])
    const run = Rows.encodeRun([[agentId, highestVersion, highestId]])
    return [
      ...removed,
      ...changeNotes(finders, append),
      ...staged.map(([key]) => ({ type: "del" as const, key })),
      ...(event === undefined ? [] : moveOne(last, event)),
      // Tells which ids are surely new after the directory was opened again.
      ...(highestId === "" ? [] : [{ type: "put" as const, key: Keys.run(highestId), value: run }]),
      { type: "put", key: Keys.head(agentId), value: Rows.encodeHead({ version, origin }) },
      { type: "del", key: Keys.published }
    ]
  })

const tellOperations = ({ agentId, count, firstVersion }: Rows.Published, number: number): ReadonlyArray<Operation> =>
  count === 0
    ? []
    : [{ type: "put", key: Keys.flush(number), value: Rows.encodeFlush([[agentId, firstVersion, count]]) }]
