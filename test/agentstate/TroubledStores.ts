/**
 * Stores in memory that count what they are asked, and make the trouble that a test asks for.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import type * as MemoryData from "../../layers/memory/MemoryData.ts"
import * as MemoryEventStore from "../../layers/memory/MemoryEventStore.ts"
import * as MemorySnapshotStore from "../../layers/memory/MemorySnapshotStore.ts"
import {
  EventStore,
  type EventStoreDriver,
  SnapshotStore,
  type SnapshotStoreDriver,
  StoreError
} from "../../src/index.ts"

type AppendBatch = EventStoreDriver.EventStoreDriver["appendBatch"]
type Batch = Parameters<AppendBatch>[0]

/** What becomes of a batch. */
export type Fate = (batch: Batch, store: AppendBatch) => ReturnType<AppendBatch>

const failure = (
  certainty: EventStoreDriver.BatchFailure["certainty"]
): Effect.Effect<never, EventStoreDriver.BatchFailure> =>
  Effect.fail({ _tag: "BatchFailure", certainty, cause: new Error("trouble") })

/** Stores the batch, and does not say so. */
export const storeSilently: Fate = (batch, store) => Effect.andThen(store(batch), failure("unknown"))

/** Stores nothing, and does not say so. */
export const loseSilently: Fate = () => failure("unknown")

/** Stores what is new and does not say so; what is there already it tells. */
export const storeSilentlyOnce = (): Fate => {
  const seen = new Set<string>()
  return (batch, store) => {
    const ids = batch.flatMap(({ events }) => events.map(({ id }) => id))
    const isNew = ids.some((id) => !seen.has(id))
    for (const id of ids) seen.add(id)
    return isNew ? storeSilently(batch, store) : store(batch)
  }
}

/** Another writer appends this first; then the batch cannot be stored. */
export const beAwayAfter =
  (...appends: Batch): Fate =>
  (_, store) =>
    Effect.andThen(store(appends), failure("unavailable"))

/** Cannot be reached. */
export const beAway: Fate = () => failure("unavailable")

/** Refuses batches with an event that says so. */
export const refuseText =
  (text: string): Fate =>
  (batch, store) =>
    batch.some(({ events }) => events.some(({ data }) => data.includes(text))) ? failure("refused") : store(batch)

/** The stores of one test. */
export class TroubledStores {
  /** How often each operation was asked for. */
  readonly asked = new Map<string, number>()
  /** The fates of the next batches; after them, everything is stored. */
  readonly fates: Array<Fate> = []
  /** What becomes of every batch that has no fate of its own. */
  fate: Fate = (batch, store) => store(batch)
  /** The sizes of the appends that came so far. */
  readonly appends: Array<number> = []
  /** While it is closed, batches wait. */
  readonly flushing = Latch.makeUnsafe(true)
  /** While it is closed, snapshots wait. */
  readonly saving = Latch.makeUnsafe(true)
  snapshotsFail = false
  /** Runs after each page of the feed was read. */
  afterFeed: Effect.Effect<unknown> = Effect.void
  readonly layer: Layer.Layer<EventStore.EventStore | SnapshotStore.SnapshotStore>

  constructor() {
    const data: MemoryData.MemoryData["Service"] = { snapshots: new Map(), snapshotsById: new Map() }
    const events = this.counted(MemoryEventStore.make(data))
    const snapshots = this.counted(MemorySnapshotStore.make(data))
    this.layer = Layer.mergeAll(
      Layer.effect(
        EventStore.EventStore,
        EventStore.make({
          ...events,
          appendBatch: (batch) => this.append(batch, events.appendBatch),
          readFeed: (page) => Effect.tap(events.readFeed(page), () => this.afterFeed)
        })
      ),
      Layer.effect(
        SnapshotStore.SnapshotStore,
        SnapshotStore.make({ ...snapshots, save: (snapshot) => this.save(snapshots.save(snapshot)) })
      )
    )
  }

  /** Forgets what was asked. */
  reset(): void {
    this.asked.clear()
    this.appends.length = 0
  }

  private append(batch: Batch, store: AppendBatch): ReturnType<AppendBatch> {
    return this.flushing.whenOpen(
      Effect.suspend(() => {
        this.appends.push(...batch.map(({ events }) => events.length))
        return (this.fates.shift() ?? this.fate)(batch, store)
      })
    )
  }

  private save(saving: ReturnType<SnapshotStoreDriver.SnapshotStoreDriver["save"]>): typeof saving {
    return this.saving.whenOpen(
      Effect.suspend(() => {
        if (!this.snapshotsFail) return saving
        return Effect.fail(
          new StoreError.Unavailable({
            operation: "save snapshot",
            reason: "Failed",
            expected: "room",
            found: "none",
            remedy: "Make some."
          })
        )
      })
    )
  }

  private counted<Driver extends object>(driver: Driver): Driver {
    return new Proxy(driver, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== "function") return member
        return (...args: ReadonlyArray<unknown>) => {
          this.asked.set(String(name), (this.asked.get(String(name)) ?? 0) + 1)
          return Reflect.apply(member, target, args)
        }
      },
      ownKeys: (target) => Reflect.ownKeys(target)
    })
  }
}
