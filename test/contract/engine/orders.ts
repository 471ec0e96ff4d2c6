/**
 * Random orders to a few accounts. Command ids come from a small pool, so that repetitions are frequent.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import { Manner } from "./Account.ts"

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

const account = upTo(1)

const Ask = Schema.TaggedStruct("Ask", {
  account,
  command: Schema.Literals(["Deposit", "Deposit", "DepositTwice", "Withdraw", "Withdraw", "Balance", "Die"]),
  amount: upTo(9),
  manner: Manner,
  /** Below 4 one of the pool, otherwise none. */
  commandId: upTo(9)
})
export type Ask = typeof Ask.Type

/** Long enough, sometimes, for the actor to go to sleep. */
const Wait = Schema.TaggedStruct("Wait", { milliseconds: upTo(8) })
const Stop = Schema.TaggedStruct("Stop", { account })
const Spawn = Schema.TaggedStruct("Spawn", { account })
const Pause = Schema.TaggedStruct("Pause", { account })
const Resume = Schema.TaggedStruct("Resume", { account })
const Restart = Schema.TaggedStruct("Restart", { account })
/** The account makes the other one its child. */
const Adopt = Schema.TaggedStruct("Adopt", { account })
/** The next append of the account is refused, or its answer gets lost. */
const Fail = Schema.TaggedStruct("Fail", { account, fault: Schema.Literals(["refuse", "refuse", "lose the answer"]) })

const asks = [Ask, Ask, Ask, Ask, Ask, Ask, Ask, Ask] as const
const schema = Schema.Union([...asks, Wait, Stop, Spawn, Spawn, Pause, Resume, Resume, Restart, Adopt, Fail])

export type Order = typeof schema.Type

/** Rules the life of an account. */
export type Rule = typeof Stop.Type | typeof Spawn.Type | typeof Pause.Type | typeof Resume.Type | typeof Restart.Type

const script = (maxLength: number): Arbitrary.Arbitrary<ReadonlyArray<Order>> =>
  Arbitrary.array(Arbitrary.schema(schema), { minLength: 1, maxLength })

/** What one caller does in the life of one engine after the other. */
export const sequential = Arbitrary.array(script(15), { minLength: 1, maxLength: 3 })

/** What several callers do at once, in the life of one engine after the other. */
export const concurrent = Arbitrary.array(Arbitrary.array(script(12), { minLength: 2, maxLength: 4 }), {
  minLength: 1,
  maxLength: 3
})
