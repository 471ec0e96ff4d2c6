/**
 * The second fold of a context, beside that of the manager.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { AgentInterior } from "../agent/AgentInterior.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { ContextSnapshot } from "../ContextSnapshot.ts"
import type { Head } from "../EventStoreDriver.ts"
import type { ReadError } from "../StoreError.ts"
import type { Stores } from "../store/Replay.ts"
import { differenceOf, Finding } from "./Finding.ts"
import { type Recounted, recount } from "./Recount.ts"

// Each event is looked up by its id.
const concurrency = 16

/** A row that cannot be read. */
interface Unreadable {
  readonly version: number
  readonly finding: Finding
}

/** Goes through the events of a context, page by page, and notes what it finds. */
export class Inspection {
  private readonly stores: Stores
  private readonly interior: AgentInterior["Service"]
  private readonly agentId: string
  private readonly head: Head
  /** The context at `version`; not known behind what could not be read or folded, until a snapshot tells it. */
  private context: Recounted
  private version: number
  private isKnown: boolean
  private wasKnown = false
  /** Versions of snapshots, ascending, and how many of them lie behind. */
  private snapshots: ReadonlyArray<number> = []
  private inspected = 0
  private findings: Array<Finding> = []

  constructor(stores: Stores, interior: AgentInterior["Service"], agentId: string, head: Head) {
    this.stores = stores
    this.interior = interior
    this.agentId = agentId
    this.head = head
    this.version = head.firstVersion === 0 ? head.version : head.firstVersion - 1
    this.isKnown = head.isComplete
  }

  /** What was found since the last time. */
  take(): ReadonlyArray<Finding> {
    const { findings } = this
    this.findings = []
    return findings
  }

  /** Of a context whose first events are gone, a snapshot is what there is to begin with. */
  readonly begin: Effect.Effect<void, ReadError> = Effect.gen({ self: this }, function* () {
    const { isComplete, version } = this.head
    const minVersion = isComplete ? this.version + 1 : this.version
    const options = { minVersion, maxVersion: version, limit: Number.MAX_SAFE_INTEGER }
    this.snapshots = [...(yield* this.stores.snapshots.versions(this.agentId, options))].reverse()
    yield* this.inspectSnapshot(undefined)
  })

  page(from: number, to: number): Effect.Effect<void, ReadError> {
    return Effect.gen({ self: this }, function* () {
      const rows = yield* this.read(from, to)
      const events = rows.filter((row) => "id" in row)
      const isFound = yield* Effect.forEach(events, (event) => this.isFoundById(event), { concurrency })
      for (const [index, { id, version }] of events.entries()) {
        if (isFound[index] === false) this.findings.push(Finding.make({ _tag: "IdMismatch", version, id }))
      }
      for (const row of rows) {
        this.skipTo(row.version)
        if ("id" in row) this.fold(row)
        else this.lose(row.finding)
        this.version = row.version
        yield* this.inspectSnapshot("id" in row ? row : undefined)
      }
      this.skipTo(to + 1)
    })
  }

  readonly end: Effect.Effect<void, ReadError> = Effect.gen({ self: this }, function* () {
    const { firstVersion, isComplete, version } = this.head
    if (!isComplete && !this.wasKnown) this.findings.push(Finding.make({ _tag: "NoBeginning", firstVersion }))
    if (!this.isKnown) return
    const told = yield* Effect.result(this.interior.reader.atVersion(this.agentId, version))
    const found = Result.isFailure(told) ? told.failure.message : differenceOf(this.context, told.success)
    if (found !== undefined) this.findings.push(Finding.make({ _tag: "ContextDiffers", version, found }))
  })

  /** The rows of some versions; when not all can be read, halves are, down to the one that is to blame. */
  private read(from: number, to: number): Effect.Effect<ReadonlyArray<ContextEvent | Unreadable>, ReadError> {
    return Stream.runCollect(this.stores.events.read(this.agentId, { from, to })).pipe(
      Effect.catchTag("Corrupted", ({ found, subject }) => {
        if (from === to) {
          const finding = Finding.make({ _tag: "Unreadable", subject, found })
          return Effect.succeed([{ version: from, finding }])
        }
        const middle = (from + to) >>> 1
        return Effect.zipWith(this.read(from, middle), this.read(middle + 1, to), (lower, upper) => [
          ...lower,
          ...upper
        ])
      })
    )
  }

  private isFoundById({ agentId, id, version }: ContextEvent): Effect.Effect<boolean, ReadError> {
    return this.stores.events.getEvent(id).pipe(
      Effect.map((found) => Option.isSome(found) && found.value.agentId === agentId && found.value.version === version),
      // That it cannot be read is another finding.
      Effect.catchTag("Corrupted", () => Effect.succeed(true))
    )
  }

  private skipTo(version: number): void {
    if (version === this.version + 1) return
    this.lose(Finding.make({ _tag: "Gap", from: this.version + 1, to: version - 1 }))
    this.version = version - 1
  }

  private lose(finding: Finding): void {
    this.findings.push(finding)
    this.isKnown = false
  }

  private fold(event: ContextEvent): void {
    if (!this.isKnown) return
    const folded = recount(this.context, event, this.interior.reducer)
    if (Result.isSuccess(folded)) {
      this.context = folded.success
      this.wasKnown = true
    } else this.lose(Finding.make({ _tag: "Unfoldable", version: event.version, found: folded.failure }))
  }

  /** Compares the snapshot of this version, if there is one, or begins anew with it. */
  private inspectSnapshot(event: ContextEvent | undefined): Effect.Effect<void, ReadError> {
    return Effect.gen({ self: this }, function* () {
      const { version } = this
      while ((this.snapshots[this.inspected] ?? version) < version) this.inspected++
      if (this.snapshots[this.inspected] !== version) return
      const bounds = { minVersion: version, maxVersion: version }
      const read = yield* Effect.result(this.stores.snapshots.latest(this.agentId, bounds))
      if (Result.isFailure(read)) {
        if (read.failure._tag !== "Corrupted") return yield* Effect.fail(read.failure)
        const { found, subject } = read.failure
        this.findings.push(Finding.make({ _tag: "Unreadable", subject, found }))
      } else if (Option.isSome(read.success)) this.compare(read.success.value, event)
    })
  }

  private compare(snapshot: ContextSnapshot, event: ContextEvent | undefined): void {
    const { version } = snapshot
    const differs = (found: string) => this.findings.push(Finding.make({ _tag: "SnapshotDiffers", version, found }))
    if (event !== undefined && snapshot.eventId !== event.id) differs(`event ${JSON.stringify(snapshot.eventId)}`)
    const opened = this.interior.reducer.open(snapshot)
    if (Result.isFailure(opened)) {
      // What another fold has made says nothing about this one, and no reader uses it.
      if (opened.failure.reason === "damaged") differs(opened.failure.found)
      return
    }
    if (this.isKnown) {
      const difference = differenceOf(this.context, opened.success)
      if (difference !== undefined) differs(difference)
      return
    }
    this.context = opened.success
    this.isKnown = true
    this.wasKnown = true
  }
}
