/**
 * Brings the agents of the predecessor's tables into a store of any kind.
 *
 * ```ts
 * const report = yield* PredecessorImport.run({ dryRun: true })
 * ```
 *
 * Each agent comes whole or not at all, with versions from 1 in the order in which the predecessor read its events: by time, then by id. Agents that are in the store
 * already are passed over, so an import that was cut off is begun anew and goes on. An agent with a row that cannot be brought in is refused, and reported with the
 * row. The events tell the state: snapshots, which the predecessor took for newer than they were, are used only for agents without events.
 *
 * Nobody may write to the old tables meanwhile. They are only read, over one connection and one more for each agent on its way. A store on the same client needs as many
 * again as there are agents on their way; where the pool has fewer, the import waits for ever.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type * as SqlClient from "effect/sql/SqlClient"
import type { ImportChunk } from "../../src/AgentImport.ts"
import { EventStore } from "../../src/EventStore.ts"
import type { EncodedEvent } from "../../src/EventStoreDriver.ts"
import * as Limits from "../../src/Limits.ts"
import { InvalidInput, type ReadError, type Unavailable } from "../../src/StoreError.ts"
import * as ReservedAgents from "../../src/store/ReservedAgents.ts"
import * as OpenTables from "./OpenTables.ts"
import * as Tables from "./predecessor/Tables.ts"
import { type Misfit, Translation } from "./predecessor/Translation.ts"

/** What to import, and how. */
export interface Options {
  /** The table of events; `agent_context_events` by default. A schema may go before it, with a dot. */
  readonly eventsTable?: string | undefined
  /** The table of snapshots; `agent_context_snapshots` by default, `false` for none. */
  readonly snapshotsTable?: string | false | undefined
  /** Reads and checks everything, but for ids that other agents may have, and stores nothing. `false` by default. */
  readonly dryRun?: boolean | undefined
  /** How many agents are on their way at the same time, from 1, which is the default. */
  readonly concurrency?: number | undefined
  /** Told after each agent. */
  readonly onProgress?: ((progress: Progress) => Effect.Effect<void>) | undefined
}

/** How far an import is. In a dry run, what would be imported counts as imported. */
export interface Progress {
  /** Agents that were looked at. */
  readonly agents: number
  readonly imported: number
  /** Agents that were in the store already. */
  readonly present: number
  readonly refused: number
  /** Events of the imported agents. */
  readonly events: number
  /** Imported agents that had a snapshot only. */
  readonly fromSnapshots: number
}

/** Why an agent was not imported; nothing of it was. */
export interface Refusal {
  readonly agentId: string
  /**
   * `InvalidAgent`: its id is none here. `InvalidRow`: a row that has no place here. `IdTaken`: the id of an event is that of another one, in the store or of the agent's
   * own. `Changed`: somebody wrote to the table or to the agent meanwhile.
   */
  readonly reason: "InvalidAgent" | "InvalidRow" | "IdTaken" | "Changed"
  /** The id of the row that is to blame, if there is one that has an id. */
  readonly rowId: string | undefined
  readonly expected: string
  readonly found: string
  readonly remedy: string
}

/** What became of an import. */
export interface Report extends Progress {
  readonly refusals: ReadonlyArray<Refusal>
}

/** Imports what is in the tables of the client's database into the event store. Run again, it goes on where it was cut off. */
export const run = (options: Options = {}): Effect.Effect<Report, ReadError, EventStore | SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const { dryRun = false, onProgress = () => Effect.void, snapshotsTable = "agent_context_snapshots" } = options
    const events = yield* Tables.checkName("eventsTable", options.eventsTable ?? "agent_context_events")
    const snapshots = snapshotsTable === false ? undefined : yield* Tables.checkName("snapshotsTable", snapshotsTable)
    const concurrency = yield* checkConcurrency(options.concurrency ?? 1)
    const tables = Tables.make(yield* OpenTables.client, events, snapshots)
    const bring = makeBring(yield* EventStore, dryRun)
    const limits = yield* Limits.Limits
    const tally = new Tally()
    const count = (agentId: string | null, outcome: Effect.Effect<Outcome, ReadError>, isSnapshot: boolean) =>
      Effect.flatMap(outcome, (outcome) => {
        tally.add(String(agentId), outcome, isSnapshot)
        return onProgress(tally.progress)
      })
    const eachAgent = Stream.mapEffect(
      tables.agents,
      (listed) => {
        const { agentId, total } = listed
        const translation = new Translation(String(agentId), listed, limits)
        const rows = Stream.suspend(() => tables.events(String(agentId)))
        return count(
          agentId,
          bring(
            agentId,
            total,
            chunksOf(rows, (row) => translation.event(row), translation)
          ),
          false
        )
      },
      { concurrency, unordered: true }
    )
    yield* Stream.runDrain(eachAgent)
    yield* Stream.runForEach(tables.loneSnapshots, (row) => {
      const { agentId } = row
      const translation = new Translation(String(agentId), { total: 1, live: 1 }, limits)
      const chunks = chunksOf(Stream.succeed(row), (row) => translation.snapshot(row), translation)
      return count(agentId, bring(agentId, 1, chunks), true)
    })
    return tally.report
  })

/** What became of one agent. */
type Outcome =
  | { readonly _tag: "Imported"; readonly events: number }
  | { readonly _tag: "Present" }
  | { readonly _tag: "Refused"; readonly refusal: Omit<Refusal, "agentId"> }

/** Ends the chunks of an agent that is refused. */
class Refused {
  readonly refusal: Omit<Refusal, "agentId">

  constructor(refusal: Omit<Refusal, "agentId">) {
    this.refusal = refusal
  }
}

type Chunks = Stream.Stream<ImportChunk, Refused | Unavailable>

const makeBring =
  (store: EventStore["Service"], dryRun: boolean) =>
  (agentId: string | null, count: number, chunks: Chunks): Effect.Effect<Outcome, ReadError> =>
    Effect.gen(function* (): Effect.fn.Return<Outcome, ReadError | Refused> {
      const valid = ReservedAgents.validate(agentId)
      if (Result.isFailure(valid)) return refused(invalidAgent(valid.failure))
      const { presence, version } = yield* store.head(valid.success)
      if (presence === "present") return { _tag: "Present" }
      if (dryRun) {
        yield* Stream.runDrain(chunks)
        return { _tag: "Imported", events: count }
      }
      const outcome = yield* store.importAgent({
        agentId: valid.success,
        expected: { presence, version },
        firstVersion: version + 1,
        version: version + count,
        eventIds: "given",
        chunks
      })
      switch (outcome._tag) {
        case "Imported":
          return { _tag: "Imported", events: count }
        case "Conflict":
          return refused(changed(`version ${version} in the store`, `version ${outcome.actual}`))
        case "IdTaken":
          return refused(taken(outcome.id))
      }
    }).pipe(
      Effect.catchIf(
        (error) => error instanceof Refused,
        ({ refusal }) => Effect.succeed(refused(refusal))
      )
    )

// Rows may be large, and a chunk should not exceed a few megabytes.
const chunkLength = 1024 * 1024
const chunkSize = 500

const chunksOf = <Row>(
  rows: Stream.Stream<Row, Unavailable>,
  translate: (row: Row) => Result.Result<EncodedEvent, Misfit>,
  translation: Translation
): Chunks => {
  const events = Stream.mapEffect(rows, (row) =>
    Effect.fromResult(Result.mapError(translate(row), (misfit) => new Refused(invalidRow(misfit))))
  )
  const end = Stream.suspend(() =>
    translation.isComplete ? Stream.empty : Stream.fail(new Refused(changed("as many events as were counted", "fewer")))
  )
  const gathered = Stream.mapAccum(
    events,
    () => new Gathering(),
    (gathering, event) => [gathering, gathering.add(event)],
    { onHalt: (gathering) => gathering.take() }
  )
  return Stream.map(Stream.concat(gathered, end), (events) => ({ events, commands: [], notes: [], snapshots: [] }))
}

/** Events on their way into a chunk. */
class Gathering {
  private events: Array<EncodedEvent> = []
  private length = 0

  /** Gives what is a chunk by now. */
  add(event: EncodedEvent): ReadonlyArray<ReadonlyArray<EncodedEvent>> {
    this.events.push(event)
    this.length += event.data.length + event.metadata.length
    return this.events.length >= chunkSize || this.length >= chunkLength ? this.take() : []
  }

  take(): ReadonlyArray<ReadonlyArray<EncodedEvent>> {
    const { events } = this
    if (events.length === 0) return []
    this.events = []
    this.length = 0
    return [events]
  }
}

/** Counts what became of the agents. */
class Tally {
  private readonly refusals: Array<Refusal> = []
  private imported = 0
  private present = 0
  private events = 0
  private fromSnapshots = 0

  add(agentId: string, outcome: Outcome, isSnapshot: boolean): void {
    switch (outcome._tag) {
      case "Imported":
        this.imported++
        this.events += outcome.events
        if (isSnapshot) this.fromSnapshots++
        break
      case "Present":
        this.present++
        break
      case "Refused":
        this.refusals.push({ agentId, ...outcome.refusal })
    }
  }

  get progress(): Progress {
    const { events, fromSnapshots, imported, present } = this
    const refused = this.refusals.length
    return { agents: imported + present + refused, imported, present, refused, events, fromSnapshots }
  }

  get report(): Report {
    return { ...this.progress, refusals: this.refusals }
  }
}

const checkConcurrency = (concurrency: number): Effect.Effect<number, InvalidInput> =>
  Number.isSafeInteger(concurrency) && concurrency >= 1
    ? Effect.succeed(concurrency)
    : Effect.fail(
        new InvalidInput({
          path: "concurrency",
          expected: "an integer from 1",
          found: String(concurrency),
          remedy: "Leave it out, or let the pool have two connections for each and one more."
        })
      )

// ---- refusals ----

const refused = (refusal: Omit<Refusal, "agentId">): Outcome => ({ _tag: "Refused", refusal })

const invalidAgent = ({ expected, found, remedy }: InvalidInput): Omit<Refusal, "agentId"> => ({
  reason: "InvalidAgent",
  rowId: undefined,
  expected,
  found,
  remedy
})

const invalidRow = ({ expected, found, rowId }: Misfit): Omit<Refusal, "agentId"> => ({
  reason: "InvalidRow",
  rowId: rowId ?? undefined,
  expected,
  found,
  remedy: "Mend the row in the old table, or raise the limits in `Limits`, and run the import again."
})

const changed = (expected: string, found: string): Omit<Refusal, "agentId"> => ({
  reason: "Changed",
  rowId: undefined,
  expected,
  found,
  remedy: "Stop whoever writes, and run the import again."
})

const taken = (id: string): Omit<Refusal, "agentId"> => ({
  reason: "IdTaken",
  rowId: id,
  expected: "the id of each event once",
  found: `${JSON.stringify(id)} once more`,
  remedy: "Give the row in the old table another id, and run the import again."
})
