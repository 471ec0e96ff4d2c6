import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { AgentContext } from "../../../src/index.ts"
import { checkAgent } from "./independent.ts"
import { type Answer, Model } from "./model.ts"
import { concurrent, perform, type Step, sequential } from "./operations.ts"
import { agents as Agents, eventsOf, freshId, type It, managed, numberOf, storedVersion } from "./support.ts"

type Context = AgentContext.AgentContext
type Told = Result.Result<Context | undefined, { readonly _tag: string }>

/** What the manager said, in the words of the model. */
const toAnswer = (told: Told): Answer => {
  if (Result.isFailure(told)) return told.failure._tag
  if (told.success === undefined) return "worked"
  const { metadata, state, status, version } = told.success
  return { version, moment: { state, metadata, status } }
}

/** Splits where the manager is to be closed. */
const lives = (operations: ReadonlyArray<Step | { readonly _tag: "Restart" }>): ReadonlyArray<ReadonlyArray<Step>> => {
  const lives: Array<Array<Step>> = [[]]
  for (const operation of operations) {
    if (operation._tag === "Restart") lives.push([])
    else lives.at(-1)?.push(operation)
  }
  return lives
}

const numbers = [0, 1, 2]

export const register = (it: It): void => {
  describe("random operations", () => {
    it.effect.prop(
      "are answered as a small model answers them, and each answer is what a plain fold gives, then and ever after",
      { operations: sequential },
      ({ operations }) =>
        Effect.gen(function* () {
          const base = freshId()
          const idOf = (agent: number) => `${base} ${agent}`
          const model = new Model()
          const returned: Array<Context> = []
          for (const steps of lives(operations)) {
            yield* managed(
              Effect.gen(function* () {
                const agents = yield* Agents
                for (const step of steps) {
                  const version = model.versionOf(step.agent)
                  const told: Told = yield* Effect.result(perform(agents, step, idOf, version))
                  const expected = model.answer(step)
                  assert.deepStrictEqual(toAnswer(told), expected, JSON.stringify(step))
                  if (Result.isSuccess(told) && told.success !== undefined) returned.push(told.success)
                }
              })
            )
          }
          yield* managed(
            Effect.forEach(numbers, (agent) => {
              const agentId = idOf(agent)
              return checkAgent(
                agentId,
                returned.filter((context) => context.agentId === agentId)
              )
            })
          )
        }),
      { arbitrary: { runs: 40, size: 40, seed: "one after the other", maxShrinks: 300 } }
    )

    it.effect.prop(
      "of several fibers, with two managers, lose no write, store none twice, and answer what a plain fold gives",
      { fibers: concurrent },
      ({ fibers }) =>
        Effect.gen(function* () {
          const base = freshId()
          const idOf = (agent: number) => `${base} ${agent}`
          const told: Array<{ readonly step: Step; readonly told: Told }> = []
          const work = (steps: ReadonlyArray<Step>) =>
            Effect.flatMap(Agents, (agents) =>
              Effect.forEach(steps, (step) =>
                Effect.gen(function* () {
                  const version = yield* storedVersion(idOf(step.agent))
                  told.push({ step, told: yield* Effect.result(perform(agents, step, idOf, version)) })
                })
              )
            )
          const half = fibers.length >>> 1
          yield* Effect.all(
            [fibers.slice(0, half), fibers.slice(half)].map((fibers) =>
              managed(Effect.forEach(fibers, work, { concurrency: "unbounded" }))
            ),
            { concurrency: "unbounded" }
          )
          const contexts = told.flatMap(({ told }) => (Result.isSuccess(told) ? (told.success ?? []) : []))
          for (const agent of numbers) {
            const agentId = idOf(agent)
            yield* managed(
              checkAgent(
                agentId,
                contexts.filter((context) => context.agentId === agentId)
              )
            )
            yield* checkSums(agentId, told, agent)
          }
        }),
      { arbitrary: { runs: 30, size: 15, seed: "at once", maxShrinks: 100 } }
    )
  })
}

/** Everything that was acknowledged is stored exactly once, and nothing else. */
const checkSums = (agentId: string, told: ReadonlyArray<{ readonly step: Step; readonly told: Told }>, agent: number) =>
  Effect.gen(function* () {
    const events = yield* eventsOf(agentId)
    const worked = told.flatMap(({ step, told }) => (Result.isSuccess(told) && step.agent === agent ? [step] : []))
    const plain = worked.filter((step) => step._tag === "Add" && step.command >= 4)
    const stored = events.filter(({ metadata, type }) => type === "counter.added" && metadata.commandId === undefined)
    const amounts = (steps: ReadonlyArray<Step>) => steps.map((step) => ("amount" in step ? step.amount : 0)).sort()
    assert.deepStrictEqual(stored.map(({ data }) => numberOf(data, "amount")).sort(), amounts(plain))
    const commands = events.flatMap(({ metadata }) => metadata.commandId ?? [])
    assert.strictEqual(new Set(commands).size, commands.length, "a command was answered twice")
    for (const step of worked) {
      if ((step._tag !== "Add" && step._tag !== "Modify") || step.command >= 4) continue
      assert.include(commands, `${agentId} commandId ${step.command}`)
    }
    const lists = worked.filter((step) => step._tag === "Several")
    const extended = events.filter(({ type }) => type === "list.extended").length
    assert.strictEqual(
      extended,
      lists.reduce((sum, step) => sum + ("count" in step ? step.count : 0), 0)
    )
  })
