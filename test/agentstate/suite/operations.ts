/**
 * Random writes. Keys, values and ids come from small pools, so that clashes and repetitions are frequent.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { AgentContext, AgentStateManager, EventStoreDriver } from "../../../src/index.ts"
import { plus } from "./support.ts"

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

const agent = upTo(2)
/** Relative to the version that the agent has: `behind` and `ahead` are wrong by one. */
const expected = Schema.Literals(["any", "any", "any", "none", "current", "behind", "ahead"])

const Update = Schema.TaggedStruct("Update", { agent, key: upTo(3), value: upTo(1), expected, id: upTo(9) })
const Set = Schema.TaggedStruct("Set", { agent, value: upTo(9), expected })
/** Fails unless the number is what it says. */
const Patch = Schema.TaggedStruct("Patch", { agent, value: upTo(2), next: upTo(2) })
const Add = Schema.TaggedStruct("Add", { agent, amount: upTo(9), expected, command: upTo(9) })
const Several = Schema.TaggedStruct("Several", { agent, count: Schema.Literals([1, 2, 3]), throws: upTo(3) })
const Modify = Schema.TaggedStruct("Modify", { agent, amount: upTo(9), waits: Schema.Boolean, command: upTo(9) })
const Refuse = Schema.TaggedStruct("Refuse", { agent, waits: Schema.Boolean })
const Revert = Schema.TaggedStruct("Revert", { agent, back: upTo(4) })
const Fork = Schema.TaggedStruct("Fork", { agent, to: agent, back: upTo(3) })
const Archive = Schema.TaggedStruct("Archive", { agent })
const Restore = Schema.TaggedStruct("Restore", { agent })
const Delete = Schema.TaggedStruct("Delete", { agent })
const Purge = Schema.TaggedStruct("Purge", { agent })
const Snapshot = Schema.TaggedStruct("Snapshot", { agent })
const Look = Schema.TaggedStruct("Look", { agent })
/** The manager closes, and another one goes on. */
const Restart = Schema.TaggedStruct("Restart", {})

const writes = [Update, Update, Set, Patch, Add, Add, Several, Modify, Modify, Refuse, Revert, Fork, Look, Snapshot]
const lives = [Archive, Restore, Delete, Purge]

/** A write, or what else may happen to an agent. */
export type Step = Exclude<(typeof operation)["Type"], typeof Restart.Type>

const operation = Schema.Union([...writes, ...writes, ...lives, Restart])

/** Operations one after the other. */
export const sequential: Arbitrary.Arbitrary<ReadonlyArray<typeof operation.Type>> = Arbitrary.array(
  Arbitrary.schema(operation),
  { minLength: 1, maxLength: 40 }
)

/** What several fibers do at once. */
export const concurrent: Arbitrary.Arbitrary<ReadonlyArray<ReadonlyArray<Step>>> = Arbitrary.array(
  Arbitrary.array(Arbitrary.schema(Schema.Union([...writes, ...writes, Archive, Restore, Restore, Delete])), {
    minLength: 1,
    maxLength: 12
  }),
  { minLength: 2, maxLength: 6 }
)

/** The version that a step expects, of an agent at a version. */
export const expectedOf = (expected: (typeof Update.Type)["expected"], version: number): EventStoreDriver.Expected => {
  if (expected === "any" || expected === "none") return expected
  return Math.max(version + (expected === "behind" ? -1 : expected === "ahead" ? 1 : 0), 0)
}

/** An id below 4 is one of a pool, any other none. */
const chosen = (agentId: string, kind: string, number: number) =>
  number < 4 ? { [kind]: `${agentId} ${kind} ${number}` } : {}

export const updateOf = ({ key, value }: typeof Update.Type) => ({
  state: { [`key${key}`]: value === 0 ? new Date(0) : [1n, { deep: true }] },
  ...(key === 0 ? { metadata: { [`note${value}`]: value } } : {})
})

/** Does a step with the manager; gives the context if the step has one. */
export const perform = (
  agents: AgentStateManager.AgentStateManager["Service"],
  step: Step,
  idOf: (agent: number) => string,
  version: number
): Effect.Effect<AgentContext.AgentContext | undefined, { readonly _tag: string }> => {
  const agentId = idOf(step.agent)
  switch (step._tag) {
    case "Update":
      return agents.updateContext(agentId, updateOf(step), {
        expected: expectedOf(step.expected, version),
        ...chosen(agentId, "id", step.id)
      })
    case "Set":
      return agents.setState(agentId, { set: step.value }, { expected: expectedOf(step.expected, version) })
    case "Patch":
      return agents.patchState(agentId, [
        { op: "test", path: "/set", value: step.value },
        { op: "add", path: "/set", value: step.next },
        { op: "add", path: "/patched", value: step.next }
      ])
    case "Add": {
      const event = { type: "counter.added", data: { amount: step.amount } }
      const options = {
        expected: expectedOf(step.expected, version),
        ...chosen(agentId, "commandId", step.command)
      }
      return Effect.as(agents.appendEvent(agentId, event, options), undefined)
    }
    case "Several": {
      const events = Array.from({ length: step.count }, (_, index) => ({
        type: index === step.count - 1 && step.throws === 0 ? "reducer.throws" : "list.extended",
        data: { item: index }
      }))
      return Effect.as(agents.appendEvents(agentId, events), undefined)
    }
    case "Modify":
      return agents.modify(
        agentId,
        (state) => Effect.as(step.waits ? Effect.yieldNow : Effect.void, plus(state, "modified", step.amount)),
        chosen(agentId, "commandId", step.command)
      )
    case "Refuse":
      return agents.modify(agentId, () =>
        Effect.andThen(step.waits ? Effect.yieldNow : Effect.void, Effect.fail({ _tag: "Refused" } as const))
      )
    case "Revert":
      return agents.revertTo(agentId, Math.max(version - step.back, 1))
    case "Fork":
      return agents.fork(agentId, idOf(step.to), step.back === 0 ? {} : { at: Math.max(version - step.back, 1) })
    case "Archive":
      return agents.archive(agentId)
    case "Restore":
      return agents.restore(agentId)
    case "Delete":
      return agents.deleteContext(agentId)
    case "Purge":
      return Effect.as(agents.purge(agentId), undefined)
    case "Snapshot":
      return Effect.as(agents.createSnapshot(agentId), undefined)
    case "Look":
      return agents.getContext(agentId)
  }
}
