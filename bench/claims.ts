/** What must hold, and whether it does. */
import { type Row, summarize } from "./harness.ts"

/** Which row: suite, setting, name; settings and names may be cut short. */
type RowName = readonly [string, string, string]

/** A comparison of two rows that were measured in turn, or a bound for the amount of one. */
export type Claim = {
  readonly text: string
  readonly target: string
  readonly holds: (value: number) => boolean
} & (
  | {
      /** The rows whose rates are divided by each other. */
      readonly ratio: readonly [RowName, RowName]
      /** How the quotient of the rates becomes what the claim is about. */
      readonly isCost?: boolean
    }
  | { readonly amount: RowName }
)

const atLeast = (target: number) => ({ target: `at least ${target}`, holds: (ratio: number) => ratio >= target })
const atMost = (target: number) => ({
  target: `at most ${target}`,
  holds: (ratio: number) => ratio <= target,
  isCost: true
})

const append = "postgres-append"

export const claims: ReadonlyArray<Claim> = [
  {
    text: "PostgreSQL, 256 appends in flight: times Emmett",
    ...atLeast(15),
    ratio: [
      [append, "256 ", "pantheon"],
      [append, "256 ", "Emmett"]
    ]
  },
  {
    text: "PostgreSQL, 256 appends in flight: of a raw unnest insert of 1,000 rows a statement",
    ...atLeast(0.45),
    ratio: [
      [append, "256 ", "pantheon"],
      [append, "256 ", "raw unnest of 1,000"]
    ]
  },
  {
    text: "PostgreSQL, one append after the other: of the raw single-row insert",
    ...atLeast(0.9),
    ratio: [
      [append, "1 ", "pantheon"],
      [append, "1 ", "raw insert"]
    ]
  },
  {
    text: "LevelDB, 64 durable appends in flight: of raw synced batches of 64",
    ...atLeast(0.5),
    ratio: [
      ["leveldb", "64 ", "pantheon"],
      ["leveldb", "64 ", "raw synced batch of 64"]
    ]
  },
  {
    text: "PostgreSQL, one actor with 64 asks in flight: times one at a time",
    ...atLeast(8),
    ratio: [
      ["postgres-actor", "one actor", "64 asks"],
      ["postgres-actor", "one actor", "one ask"]
    ]
  },
  {
    text: "PostgreSQL, 1,000 actors, each asked one after the other: of the store's own appends",
    ...atLeast(0.5),
    ratio: [
      ["postgres-actor", "1,000", "pantheon"],
      ["postgres-actor", "1,000", "the store"]
    ]
  },
  {
    text: "PostgreSQL, a passivated actor with a snapshot wakes and answers: times a raw single-row read",
    ...atMost(4),
    ratio: [
      ["postgres-actor", "a passivated", "pantheon"],
      ["postgres-actor", "a passivated", "raw row"]
    ]
  },
  {
    text: "tell, 10,000 actors, 100 messages each, in bursts, nothing persisted: times nact",
    ...atLeast(2),
    ratio: [
      ["messages", "tell 10,000 actors 100 messages each, in bursts", "pantheon"],
      ["messages", "tell 10,000 actors 100 messages each, in bursts", "nact"]
    ]
  },
  {
    text: "tell, 10,000 actors, 100 messages each, in turns, nothing persisted: times nact",
    ...atLeast(2),
    ratio: [
      ["messages", "tell 10,000 actors 100 messages each, in turns", "pantheon"],
      ["messages", "tell 10,000 actors 100 messages each, in turns", "nact"]
    ]
  },
  {
    text: "tell, one actor, nothing persisted: times XState's send to a machine",
    ...atLeast(1),
    ratio: [
      ["messages", "tell one", "pantheon"],
      ["messages", "tell one", "XState machine"]
    ]
  },
  {
    text: "tell, one actor, nothing persisted: times XState's send to a transition",
    ...atLeast(1),
    ratio: [
      ["messages", "tell one", "pantheon"],
      ["messages", "tell one", "XState transition"]
    ]
  },
  {
    text: "ask, 64 in flight, nothing persisted: times an effect/cluster entity in TestRunner",
    ...atLeast(20),
    ratio: [
      ["messages", "64", "pantheon"],
      ["messages", "64", "effect/cluster"]
    ]
  },
  {
    text: "ms by which 99 of 100 durable timers are at most late, LevelDB",
    ...atMost(50),
    amount: ["timers", "", "99th percentile"]
  },
  {
    text: "HS256, validating a token that is shown again: times a verification by jose alone",
    ...atMost(1.5),
    ratio: [
      ["auth", "HS256", "pantheon"],
      ["auth", "HS256", "jose"]
    ]
  },
  {
    text: "ES256, validating a token that is shown again: times a verification by jose alone",
    ...atMost(1.5),
    ratio: [
      ["auth", "ES256", "pantheon"],
      ["auth", "ES256", "jose"]
    ]
  },
  { text: "bytes of an idle actor", ...atMost(3072), amount: ["footprint", "an idle", "pantheon"] },
  {
    text: "bytes of a passivated actor: none, but for noise",
    ...atMost(50),
    amount: ["footprint", "a passivated", "pantheon"]
  },
  {
    text: "MB of a process that knows a million agents and holds 10,000 actors",
    ...atMost(600),
    amount: ["footprint", "1,000,000", "pantheon"]
  },
  {
    text: "PostgreSQL, folding a history of 10,000: of the raw select of its rows",
    ...atLeast(0.5),
    ratio: [
      ["postgres-read", "a history", "pantheon"],
      ["postgres-read", "a history", "raw select"]
    ]
  },
  {
    text: "PostgreSQL, loading an agent of 100,000 events with a snapshot: times a raw single-row read",
    ...atMost(3),
    ratio: [
      ["postgres-read", "an agent", "pantheon"],
      ["postgres-read", "an agent", "raw row"]
    ]
  },
  {
    text: "PostgreSQL, growth: the median append at 1,000,000 events, times that at 10,000",
    ...atMost(1.3),
    ratio: [
      ["postgres-growth", "1 ", "the median append at 1,000,000"],
      ["postgres-growth", "1 ", "the median append at 10,000"]
    ]
  },
  {
    text: "PostgreSQL, growth: an append with 256 in flight at 1,000,000 events, times that at 10,000",
    ...atMost(1.3),
    ratio: [
      ["postgres-growth", "256 ", "all appends at 1,000,000"],
      ["postgres-growth", "256 ", "all appends at 10,000"]
    ]
  },
  {
    text: "Cluster, 256 persisted commands in flight: of bare volatile requests",
    ...atLeast(0.6),
    ratio: [
      ["cluster", "256 ", "pantheon, persisted"],
      ["cluster", "256 ", "effect/cluster, volatile"]
    ]
  },
  {
    text: "Cluster, 256 persisted commands in flight: times the cluster's own persisted requests",
    ...atLeast(20),
    ratio: [
      ["cluster", "256 ", "pantheon, persisted"],
      ["cluster", "256 ", "effect/cluster, persisted"]
    ]
  },
  {
    text: "Cluster, an ask to another machine: time of a bare request",
    ...atMost(1.3),
    ratio: [
      ["cluster", "1 ", "pantheon, ask"],
      ["cluster", "1 ", "effect/cluster, volatile"]
    ]
  },
  {
    text: "LevelDB, 256 appends in flight: what promises cost, as times the time of Effect",
    ...atMost(1.15),
    ratio: [
      ["promise", "LevelDB", "pantheon, promises"],
      ["promise", "LevelDB", "pantheon, Effect"]
    ]
  },
  {
    text: "PostgreSQL, 256 appends in flight: what promises cost, as times the time of Effect",
    ...atMost(1.15),
    ratio: [
      ["promise", "PostgreSQL", "pantheon, promises"],
      ["promise", "PostgreSQL", "pantheon, Effect"]
    ]
  }
]

/** What was found of a claim. */
export interface Finding {
  readonly claim: Claim
  readonly median: number
  readonly least: number
  readonly most: number
  readonly verdict: "holds" | "FAILS" | "not complete"
}

/** Judges the claims whose rows were measured, by the middle of the rounds. */
export const judge = (rows: ReadonlyArray<Row>): ReadonlyArray<Finding> =>
  claims.flatMap((claim) => {
    const found = ("amount" in claim ? [claim.amount] : claim.ratio).map(([suite, setting, name]) =>
      rows.find((row) => row.suite === suite && row.setting.startsWith(setting) && row.name.startsWith(name))
    )
    const [one, other] = found
    if (one === undefined || found.includes(undefined)) return []
    const values = other === undefined ? one.values : ratios(claim, one, other)
    const summary = summarize(values)
    const isComplete = one.failure === undefined && other?.failure === undefined && values.length > 0
    const verdict = !isComplete ? "not complete" : claim.holds(summary.median) ? "holds" : "FAILS"
    return [{ claim, ...summary, verdict }]
  })

const ratios = (claim: Claim, one: Row, other: Row): ReadonlyArray<number> =>
  one.values.map((value, round) => {
    const base = other.values[round] ?? Number.NaN
    return "isCost" in claim && claim.isCost === true ? base / value : value / base
  })
