/** The PostgreSQL server is killed, again and again, under one layer that goes on appending. */
import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { EventStore } from "../../src/index.ts"
import { between, chance } from "../support/chance.ts"
import type { PostgresServer } from "../support/PostgresServer.ts"
import { randomAppend, Versions } from "./appends.ts"
import { type Acknowledged, audit, type Found, readContents, toFound } from "./audit.ts"
import { layer } from "./place.ts"
import type { Outcome } from "./writerKills.ts"

const writers = 32

/** Answers after each restart that show that what lives above the server has come back. */
const enough = 100

/** Waits, but not for ever; what does not come is a violation. */
export const until = (violations: Array<string>, what: string, condition: () => boolean): Effect.Effect<void> =>
  Effect.repeat(Effect.sleep("10 millis"), { until: condition }).pipe(
    Effect.timeoutOrElse({
      duration: "20 seconds",
      orElse: () => Effect.sync(() => void violations.push(`recovery: ${what} took more than 20 seconds`))
    }),
    Effect.asVoid
  )

/** Kills the server that many times and restarts it; each time, what lives above it must come back by itself. */
export const killOften = (
  server: PostgresServer,
  kills: number,
  next: () => number,
  violations: Array<string>,
  answers: () => number
): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let kill = 1; kill <= kills && violations.length === 0; kill++) {
      yield* Effect.promise(async () => {
        await sleep(between(next, 50, 500))
        await server.kill()
        await sleep(between(next, 0, 300))
        await server.restart()
      })
      const goal = answers() + enough
      yield* until(violations, `${enough} answers after kill ${kill}`, () => answers() >= goal)
    }
  })

/** What the writers of one layer have been told. */
class Load {
  readonly acknowledged: Array<Acknowledged> = []
  readonly refused = new Set<string>()
  /** How often the store did not know, or did not reach the server. */
  unknown = 0
  unavailable = 0
  isOver = false
  private readonly versions = new Versions()
  private readonly next: () => number

  constructor(next: () => number) {
    this.next = next
  }

  readonly run = Effect.suspend(() =>
    Effect.all(
      Array.from({ length: writers }, () =>
        Effect.whileLoop({ while: () => !this.isOver, body: () => this.write(), step: () => {} })
      ),
      { concurrency: "unbounded", discard: true }
    )
  )

  private write(): Effect.Effect<void, never, EventStore.EventStore> {
    const append = randomAppend(this.next, this.versions)
    const { agentId } = append
    const ids = append.events.map((event) => event.id)
    // What may have been stored, and what was not sent, is repeated as it is until its fate is known.
    const settle: Effect.Effect<void, never, EventStore.EventStore> = Effect.matchEffect(EventStore.append(append), {
      onSuccess: ({ firstVersion, version }) =>
        Effect.sync(() => {
          this.versions.tell(agentId, version)
          for (const [index, id] of ids.entries())
            this.acknowledged.push({ agentId, version: firstVersion + index, id })
        }),
      onFailure: (error) => {
        switch (error._tag) {
          case "Conflict":
            this.versions.tell(agentId, error.actual)
            for (const id of ids) this.refused.add(id)
            return Effect.void
          case "Unknown":
            this.unknown++
            return Effect.delay(settle, "20 millis")
          case "Rejected":
            if (error.reason !== "Unavailable") return Effect.die(error)
            this.unavailable++
            return Effect.delay(settle, "20 millis")
        }
      }
    })
    return settle
  }
}

/** Follows the live feed, and goes on after the last position whenever it breaks. */
const follow = (seen: Array<Found>) => {
  let after: string | undefined
  const once = Effect.suspend(() =>
    Stream.runForEach(EventStore.feed({ after, live: true }), ({ event, position }) =>
      Effect.sync(() => {
        seen.push(toFound(event))
        after = position
      })
    )
  )
  return Effect.forever(Effect.catchTag(once, "Unavailable", () => Effect.sleep("20 millis")))
}

/** Kills the server that many times under the writers of one layer. */
export const killServer = async (
  server: PostgresServer,
  kills: number
): Promise<Outcome & { readonly unknown: number; readonly unavailable: number }> => {
  const next = chance("the server under writers")
  const place = { _tag: "Postgres", url: server.url, schema: "server_kills" } as const
  const load = new Load(next)
  const seen: Array<Found> = []
  const violations: Array<string> = []

  const oneLayer = Effect.gen(function* () {
    yield* Effect.forkChild(follow(seen))
    const working = yield* Effect.forkChild(load.run)
    const killing = killOften(server, kills, next, violations, () => load.acknowledged.length)
    // A writer that dies ends the test.
    yield* Effect.raceFirst(killing, Effect.andThen(Fiber.join(working), Effect.never))
    load.isOver = true
    yield* Fiber.join(working)
    const { feed } = yield* readContents
    yield* until(violations, "the live feed", () => seen.length >= feed.length)
  })
  await Effect.runPromise(Effect.provide(oneLayer, layer(place, "the living layer")))

  const contents = await Effect.runPromise(Effect.provide(readContents, layer(place, "the look")))
  violations.push(...audit(contents, load))
  const order = (events: ReadonlyArray<Found>) => events.map((event) => event.id).join()
  if (order(seen) !== order(contents.feed)) {
    violations.push("feed: what was followed is not what is told from the start")
  }
  const { acknowledged, unavailable, unknown } = load
  return { kills, acknowledged: acknowledged.length, unknown, unavailable, violations }
}
