/**
 * Random orders to accounts, through crashes, sleep, stops, lost answers and restarts of the engine, against a small model.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { ActorSystem } from "../../src/ActorSystem.ts"
import { EventStore } from "../../src/EventStore.ts"
import { Account } from "./engine/Account.ts"
import { type AgentFaults, faultsOf } from "./engine/faultsOf.ts"
import { check, type Told } from "./engine/ledgerOf.ts"
import { Model } from "./engine/model.ts"
import { adopt, rule, send, told } from "./engine/ordering.ts"
import { type Ask, concurrent, type Order, sequential } from "./engine/orders.ts"
import { Engines, freshId, type It } from "./engine/support.ts"

export const register = (it: It): void => {
  describe("random orders", () => {
    it.effect.prop(
      "are answered as a small model answers them, whatever becomes of the actors in between",
      { lives: sequential },
      ({ lives }) => runSequentially(lives),
      { arbitrary: { runs: 40, size: 20, seed: "one after the other", maxShrinks: 200 } }
    )

    it.effect.prop(
      "of several callers at once are executed once or not at all, and every answer fits the journal",
      { lives: concurrent },
      ({ lives }) => runConcurrently(lives),
      { arbitrary: { runs: 40, size: 12, seed: "at once", maxShrinks: 60 } }
    )
  })
}

/** The accounts of one run, and their names. */
const open = Effect.gen(function* () {
  const run = freshId()
  const ids = [`${run}-0`, `${run}-1`]
  const faults = yield* Effect.forEach(ids, (id) => faultsOf(Account.agentId(id)))
  const pick = <A>(pool: ReadonlyArray<A>, index: number): A => {
    const picked = pool[index]
    return picked === undefined ? assert.fail("no such account") : picked
  }
  return {
    run,
    ids,
    id: (account: number): string => pick(ids, account),
    faults: (account: number): AgentFaults => pick(faults, account)
  }
})

const commandIdOf = (run: string, { commandId }: Ask): string | undefined =>
  commandId < 4 ? `${run} ${commandId}` : undefined

// ---- one after the other ----

const runSequentially = (lives: ReadonlyArray<ReadonlyArray<Order>>) =>
  Effect.gen(function* () {
    const { faults, id, run } = yield* open
    const engines = yield* Engines
    const models = [new Model(), new Model()] as const
    let order = 0

    /** The ties are as they should be, as far as the engine knows of the account. */
    const checkParents = Effect.forEach([0, 1] as const, (account) =>
      Effect.gen(function* () {
        const system = yield* ActorSystem
        const known = Option.getOrUndefined(yield* system.get(Account, id(account)))
        const parent = models[account].parent === undefined ? undefined : { actor: Account.name, id: id(1 - account) }
        if (known !== undefined) assert.deepStrictEqual(known.parent, parent)
      })
    )

    const perform = (step: Order) =>
      Effect.gen(function* () {
        if (step._tag === "Wait") return yield* Effect.sleep(step.milliseconds)
        const [model, other] = step.account === 0 ? models : [models[1], models[0]]
        // One that is paused does not answer.
        const timeout = model.isHeld ? "2 millis" : undefined
        switch (step._tag) {
          case "Fail":
            model.fail(step.fault)
            return faults(step.account).next(step.fault)
          case "Ask": {
            const commandId = commandIdOf(run, step)
            const answer = told(yield* send(id(step.account), step, commandId, order++, timeout))
            return assert.deepStrictEqual(answer, model.ask(step, commandId), `order ${order - 1}, ${step.command}`)
          }
        }
        // Faults are for commands; ties are written, too.
        for (const account of [0, 1] as const) {
          models[account].forget()
          faults(account).forget()
        }
        if (step._tag === "Adopt") {
          const answer = told(yield* adopt(id(step.account), id(1 - step.account), timeout))
          assert.strictEqual(answer, model.adopt(other))
        } else {
          model.rule(step._tag, other)
          yield* rule(step._tag, id(step.account))
        }
        yield* checkParents
      })

    for (const life of lives) {
      for (const model of models) model.renew()
      yield* engines.fresh(Effect.forEach(life, perform, { discard: true }))
    }
    for (const [account, model] of models.entries()) {
      const { state } = yield* Account.readState(id(account))
      assert.strictEqual(state.balance, model.balance)
    }
  })

// ---- at once ----

const runConcurrently = (lives: ReadonlyArray<ReadonlyArray<ReadonlyArray<Order>>>) =>
  Effect.gen(function* () {
    const { faults, id, ids, run } = yield* open
    const engines = yield* Engines
    const answers: Array<Told> = []
    let moment = 0
    let orders = 0

    const ask = (step: Ask) =>
      Effect.gen(function* () {
        const order = orders++
        const begun = moment++
        const commandId = commandIdOf(run, step)
        const answer = yield* send(id(step.account), step, commandId, order)
        const outcome = Result.isSuccess(answer)
          ? ({ _tag: "Reply", reply: answer.success } as const)
          : ({ _tag: "Error", error: answer.failure } as const)
        answers.push({ order, ask: step, commandId, begun, ended: moment++, outcome })
      })

    const perform = (step: Order) =>
      Effect.gen(function* () {
        switch (step._tag) {
          case "Wait":
            return yield* Effect.sleep(step.milliseconds)
          case "Fail":
            return faults(step.account).next(step.fault)
          case "Ask":
            return yield* ask(step)
          case "Adopt":
            return yield* Effect.asVoid(adopt(id(step.account), id(1 - step.account)))
          default: {
            // Somebody else may stop it at the same time.
            yield* Effect.catchTag(rule(step._tag, id(step.account)), "ActorStopped", () => Effect.void)
            // Nobody but whoever has paused it will let it go on.
            if (step._tag === "Pause") yield* rule("Resume", id(step.account))
          }
        }
      })

    for (const callers of lives) {
      // The last order of each caller is left to the engine, which closes.
      const left = yield* engines.fresh(
        Effect.forEach(
          callers,
          (steps) =>
            Effect.andThen(
              Effect.forEach(steps.slice(0, -1), perform, { discard: true }),
              Effect.forkDetach(Effect.forEach(steps.slice(-1), perform), { startImmediately: true })
            ),
          { concurrency: "unbounded" }
        )
      )
      yield* Effect.forEach(left, Fiber.await)
    }

    const store = yield* EventStore
    for (const [account, accountId] of ids.entries()) {
      const events = yield* Stream.runCollect(store.read(Account.agentId(accountId)))
      const balance = check(
        events,
        answers.filter((one) => one.ask.account === account)
      )
      assert.strictEqual((yield* Account.readState(accountId)).state.balance, balance)
      const answer = yield* engines.fresh(
        ActorSystem.use((system) => system.ask(Account, accountId, "Balance", { amount: 0, manner: "at once" }))
      )
      assert.strictEqual(answer, balance)
    }
  })
