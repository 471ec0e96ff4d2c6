/**
 * Stores that fail, stall and lose answers when a test says so, over those of any backend.
 *
 * ```ts
 * const Stores = FaultyStore.layer.pipe(Layer.provide(Memory.layer))
 *
 * const faults = yield* FaultyStore.FaultyStore
 * yield* faults.fail({ times: 3 }) // the next three appends
 * yield* faults.delay("5 seconds", { on: "reads" })
 * yield* faults.loseAnswer({ agentId: Account.agentId("a-1") })
 * ```
 *
 * Troubles wait for operations that fit, each for as many as it was asked for, and of two that fit, the older one comes first.
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventStore } from "../../src/EventStore.ts"
import { SnapshotStore } from "../../src/SnapshotStore.ts"
import * as Uuid from "../../src/store/Uuid.ts"
import { Book, type Which } from "./faulty/Book.ts"
import { makeEvents, makeSnapshots } from "./faulty/stores.ts"

export type { Kind, Operation, Which } from "./faulty/Book.ts"

/** The next operations of some kind. */
export interface Next extends Which {
  /** How many; `Infinity` for all until `heal`. */
  readonly times?: number | undefined
}

/** The next appends. */
export type NextAppends = Omit<Next, "on">

/** Operations that are held back. */
export interface Held {
  /** Waits until one has come. */
  readonly arrival: Effect.Effect<void>
  /** Lets all of them go on, and holds back no more. */
  readonly release: Effect.Effect<void>
}

/** What a test may ask of the stores. */
export class FaultyStore extends Context.Service<
  FaultyStore,
  {
    /** The next operation fails and does nothing: an append with `Rejected`, for `Unavailable`; everything else with `Unavailable`. */
    readonly fail: (next?: Next) => Effect.Effect<void>
    /** The next operation waits, by the `Clock`, before it reaches the store. */
    readonly delay: (duration: Duration.Input, next?: Next) => Effect.Effect<void>
    /** The next append is stored, but its answer is lost: `Unknown`. */
    readonly loseAnswer: (next?: NextAppends) => Effect.Effect<void>
    /** The next append is lost before it is stored: `Unknown`. */
    readonly loseRequest: (next?: NextAppends) => Effect.Effect<void>
    /** Operations, all that fit by default, wait until they are released. What else is asked for them becomes of them then. */
    readonly hold: (next?: Next) => Effect.Effect<Held>
    /** Asks for nothing any more, and releases what is held. */
    readonly heal: Effect.Effect<void>
    /** How many operations have come so far. */
    readonly asked: (which?: Which) => Effect.Effect<number>
    /** How many of them have reached the store below. */
    readonly passed: (which?: Which) => Effect.Effect<number>
  }
>()("pantheon-state/testing/FaultyStore") {}

/** The faulty stores over the real ones, and what scripts them. */
export const layer: Layer.Layer<FaultyStore | EventStore | SnapshotStore, never, EventStore | SnapshotStore> =
  Layer.effectContext(
    Effect.gen(function* () {
      const book = new Book()
      const events = makeEvents(book, yield* EventStore, yield* Uuid.makeGenerator)
      const snapshots = makeSnapshots(book, yield* SnapshotStore)
      return Context.make(FaultyStore, control(book)).pipe(
        Context.add(EventStore, events),
        Context.add(SnapshotStore, snapshots)
      )
    })
  )

const control = (book: Book): FaultyStore["Service"] => {
  const held = new Set<Effect.Effect<void>>()
  const ask = ({ times = 1, ...which }: Next, trouble: Parameters<Book["add"]>[2]) =>
    Effect.sync(() => {
      book.add(which, times, trouble)
    })
  return {
    fail: (next = {}) => ask(next, { end: "fail" }),
    delay: (duration, next = {}) => ask(next, { wait: Effect.sleep(duration) }),
    loseAnswer: (next = {}) => ask(next, { end: "lose the answer" }),
    loseRequest: (next = {}) => ask(next, { end: "lose the request" }),
    hold: ({ times = Number.POSITIVE_INFINITY, ...which } = {}) =>
      Effect.sync(() => {
        const arrived = Deferred.makeUnsafe<void>()
        const opened = Deferred.makeUnsafe<void>()
        const wait = Effect.andThen(Deferred.succeed(arrived, undefined), Deferred.await(opened))
        const remove = book.add(which, times, { wait })
        const release = Effect.suspend(() => {
          remove()
          held.delete(release)
          return Effect.asVoid(Deferred.succeed(opened, undefined))
        })
        held.add(release)
        return { arrival: Deferred.await(arrived), release }
      }),
    heal: Effect.suspend(() => {
      book.clear()
      return Effect.all([...held], { discard: true })
    }),
    asked: (which = {}) => Effect.sync(() => book.count(which).asked),
    passed: (which = {}) => Effect.sync(() => book.count(which).passed)
  }
}
