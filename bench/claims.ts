/** What must hold, and whether it does. */
import { type Row, summarize } from "./harness.ts"

/** A comparison of two rows that were measured in turn. */
export interface Claim {
  readonly text: string
  readonly target: string
  readonly holds: (ratio: number) => boolean
  /** The rows whose rates are divided by each other: suite, setting, name; settings and names may be cut short. */
  readonly ratio: readonly [readonly [string, string, string], readonly [string, string, string]]
  /** How the quotient of the rates becomes what the claim is about. */
  readonly isCost?: boolean
}

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
      ["postgres-actor", "", "64 asks"],
      ["postgres-actor", "", "one ask"]
    ]
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

/** Judges the claims whose rows were measured, by the middle of the rounds' ratios. */
export const judge = (rows: ReadonlyArray<Row>): ReadonlyArray<Finding> =>
  claims.flatMap((claim) => {
    const [one, other] = claim.ratio.map(([suite, setting, name]) =>
      rows.find((row) => row.suite === suite && row.setting.startsWith(setting) && row.name.startsWith(name))
    )
    if (one === undefined || other === undefined) return []
    const ratios = one.rates.map((rate, round) => {
      const base = other.rates[round] ?? Number.NaN
      return claim.isCost === true ? base / rate : rate / base
    })
    const summary = summarize(ratios)
    const isComplete = one.failure === undefined && other.failure === undefined && ratios.length > 0
    const verdict = !isComplete ? "not complete" : claim.holds(summary.median) ? "holds" : "FAILS"
    return [{ claim, ...summary, verdict }]
  })
