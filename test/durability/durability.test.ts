import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { seed } from "../support/chance.ts"
import { PostgresServer } from "../support/PostgresServer.ts"
import { killActors } from "./actorKills.ts"
import { killCounters } from "./counterKills.ts"
import { killImports } from "./importKills.ts"
import { killMixed } from "./mixedKills.ts"
import { killMovers } from "./moverKills.ts"
import type { Place } from "./place.ts"
import { killServer } from "./serverKills.ts"
import { killServerUnderActors } from "./serverKillsUnderActors.ts"
import { killTimers } from "./timerKills.ts"
import { travel } from "./travel.ts"
import { killWriters, type Outcome } from "./writerKills.ts"

const home = mkdtempSync(join(tmpdir(), "pantheon-durability-"))
// A server of its own, since others may not survive what happens to this one.
let server: PostgresServer

beforeAll(async () => {
  server = await PostgresServer.start()
})

afterAll(async () => {
  await server.stop()
  rmSync(home, { recursive: true, force: true })
})

const levelDb = (name: string): Place => ({ _tag: "LevelDb", directory: join(home, name) })
const postgres = (schema: string): Place => ({ _tag: "Postgres", url: server.url, schema })

const expectAllKept = ({ acknowledged, violations }: Outcome) => {
  assert.deepStrictEqual(violations, [])
  assert.isAbove(acknowledged, 0)
}

// `npm run chaos` does the same with more kills.
describe(`durability under kills (PANTHEON_SEED=${seed})`, () => {
  it("a killed writer loses and doubles nothing that LevelDB acknowledged", async () => {
    expectAllKept(await killWriters(levelDb("writers"), 3))
  })

  it("a killed writer loses and doubles nothing that PostgreSQL acknowledged", async () => {
    expectAllKept(await killWriters(postgres("writers"), 3))
  })

  it("a killed server loses and doubles nothing, and the living layer above goes on by itself", async () => {
    const outcome = await killServer(server, 1)
    expectAllKept(outcome)
    assert.isAbove(outcome.unknown + outcome.unavailable, 0)
  })

  it("a killed server loses and doubles no answer of the actors above, which go on by themselves", async () => {
    expectAllKept(await killServerUnderActors(server, 1))
  })

  it("actors on LevelDB have each answered command in their state exactly once after kills", async () => {
    expectAllKept(await killActors(levelDb("actors"), 2))
  })

  it("actors on PostgreSQL have each answered command in their state exactly once after kills", async () => {
    expectAllKept(await killActors(postgres("actors"), 2))
  })

  it("timers on LevelDB go off once each after kills", async () => {
    expectAllKept(await killTimers(levelDb("timers"), 3))
  })

  it("timers on PostgreSQL go off once each after kills", async () => {
    expectAllKept(await killTimers(postgres("timers"), 3))
  })

  it("actors on LevelDB that delete what lies below their snapshots are whole after kills", async () => {
    expectAllKept(await killCounters(levelDb("counters"), 2))
  })

  it("actors on PostgreSQL that delete what lies below their snapshots are whole after kills", async () => {
    expectAllKept(await killCounters(postgres("counters"), 2))
  })

  it("imports into LevelDB have happened altogether or not at all after kills", async () => {
    expectAllKept(await killImports(levelDb("imports"), 3))
  })

  it("imports into PostgreSQL have happened altogether or not at all after kills", async () => {
    expectAllKept(await killImports(postgres("imports"), 3))
  })

  it("appends together on LevelDB are in all of their agents or in none after kills", async () => {
    expectAllKept(await killMovers(levelDb("movers"), 2))
  })

  it("appends together on PostgreSQL are in all of their agents or in none after kills", async () => {
    expectAllKept(await killMovers(postgres("movers"), 2))
  })

  it("many events travel from LevelDB into a file and back, in little memory", async () => {
    expectAllKept(await travel(levelDb("travel"), 20_000, home))
  })

  it("many events travel from PostgreSQL into a file and back, in little memory", async () => {
    expectAllKept(await travel(postgres("travel"), 20_000, home))
  })

  it("everything at once on LevelDB keeps what it was told, rings once, and leaves nothing running", async () => {
    expectAllKept(await killMixed(levelDb("mixed"), 5000))
  })

  it("everything at once on PostgreSQL keeps what it was told, rings once, and leaves nothing running", async () => {
    expectAllKept(await killMixed(postgres("mixed"), 5000, server))
  })
})
