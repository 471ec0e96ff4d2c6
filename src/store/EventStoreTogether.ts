/**
 * Appends to several agents as one: checked as a whole, and stored in a write of its own, for which no batch waits but where the technology demands it.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Append, Appended, EventStore } from "../EventStore.ts"
import type { Acceptance, EncodedAppend, EventStoreDriver, TogetherOutcome } from "../EventStoreDriver.ts"
import type { Limits } from "../Limits.ts"
import { type AppendError, InvalidInput, Rejected, TogetherFailed } from "../StoreError.ts"
import { refuseInput, toFailure, toResult } from "./AppendAnswer.ts"
import { encodeAppend } from "./AppendInput.ts"
import { failureOf, type GroupCommit, type Settled } from "./GroupCommit.ts"
import type * as Uuid from "./Uuid.ts"

/** The `appendTogether` of the service. */
export const makeTogether = (
  driver: EventStoreDriver,
  commits: GroupCommit,
  limits: Limits,
  nextId: Uuid.Generator
): EventStore["Service"]["appendTogether"] => {
  const answer = (
    encoded: ReadonlyArray<EncodedAppend>,
    outcome: TogetherOutcome
  ): Result.Result<ReadonlyArray<Appended>, TogetherFailed> => {
    if (outcome._tag === "Refused") return refuse(encoded, outcome.index, outcome.outcome)
    if (outcome.outcomes.some(({ _tag }) => _tag === "Stored")) commits.tellNews()
    const answers: Array<Appended> = []
    for (const [index, append] of encoded.entries()) {
      const settled: Settled = outcome.outcomes[index] ?? missing(driver)
      const result = toResult(driver, append, settled)
      if (Result.isFailure(result)) return Result.fail(failed(encoded, index, result.failure))
      answers.push(result.success)
    }
    return Result.succeed(answers)
  }

  /** Refuses all of them for the sake of one, or of none in particular. */
  const refuse = (
    encoded: ReadonlyArray<EncodedAppend>,
    index: number | undefined,
    settled: Exclude<Settled, Acceptance>
  ) => Result.fail(failed(encoded, index, toFailure(driver, encoded[index ?? 0] as EncodedAppend, settled)))

  const store = (encoded: ReadonlyArray<EncodedAppend>): Effect.Effect<ReadonlyArray<Appended>, TogetherFailed> => {
    const { appendTogether } = driver
    const [first] = encoded
    if (first === undefined) return Effect.succeed([])
    if (commits.isClosed) return Effect.fromResult(refuse(encoded, undefined, { _tag: "Closed" }))
    if (appendTogether === undefined) return Effect.fail(failed(encoded, undefined, unsupported(driver, first)))
    const agentIds = encoded.map(({ agentId }) => agentId)
    const appending = appendTogether(encoded, (effect) => commits.exclusive(effect))
    return Effect.matchCauseEffect(commits.together(agentIds, appending), {
      onSuccess: (outcome) => Effect.fromResult(answer(encoded, outcome)),
      onFailure: (cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Effect.interrupt
          : Effect.fromResult(refuse(encoded, undefined, failureOf(cause)))
    })
  }

  return (appends) =>
    Effect.withFiber((fiber) => {
      const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
      const encoded = encodeAll(appends, limits, nextId, now)
      const appending = Result.isFailure(encoded) ? Effect.fail(encoded.failure) : store(encoded.success)
      if (fiber.cache.span === undefined) return appending
      return Effect.withSpan(appending, "EventStore.appendTogether", { attributes: { appends: appends.length } })
    })
}

const failed = (
  encoded: ReadonlyArray<EncodedAppend>,
  index: number | undefined,
  failure: AppendError
): TogetherFailed =>
  new TogetherFailed({
    ...(index === undefined ? {} : { index }),
    failure,
    eventIds: encoded.map(({ events }) => events.map(({ id }) => id))
  })

const encodeAll = (
  appends: ReadonlyArray<Append>,
  limits: Limits,
  nextId: Uuid.Generator,
  now: number
): Result.Result<ReadonlyArray<EncodedAppend>, TogetherFailed> => {
  const encoded: Array<EncodedAppend> = []
  const agents = new Set<string>()
  const ids = new Set<string>()
  let events = 0
  const refuse = (append: Append, index: number, input: InvalidInput) =>
    Result.fail(new TogetherFailed({ index, failure: refuseInput(append, input), eventIds: [] }))
  for (const [index, append] of appends.entries()) {
    const one = encodeAppend(append, limits, nextId, now)
    if (Result.isFailure(one)) return refuse(append, index, one.failure)
    const { agentId } = append
    if (agents.has(agentId)) return refuse(append, index, twice("agentId", agentId))
    agents.add(agentId)
    for (const [place, { id }] of one.success.events.entries()) {
      if (ids.has(id)) return refuse(append, index, twice(`events/${place}/id`, id))
      ids.add(id)
    }
    events += one.success.events.length
    if (events > limits.eventsPerAppend) return refuse(append, index, tooMany(limits, events))
    encoded.push(one.success)
  }
  return Result.succeed(encoded)
}

const twice = (path: string, id: string): InvalidInput =>
  new InvalidInput({
    path,
    expected: "one that no append before it has",
    found: JSON.stringify(id),
    remedy: "Put all events of an agent into one append, and give each event an id of its own."
  })

const tooMany = (limits: Limits, events: number): InvalidInput =>
  new InvalidInput({
    path: "events",
    expected: `${limits.eventsPerAppend} events of all appends together, at most`,
    found: `${events} events so far`,
    remedy: "Split what is too many into several steps."
  })

const missing = (driver: EventStoreDriver): Settled => ({
  _tag: "BatchFailure",
  certainty: "unknown",
  cause: new Error(`${driver.name} gave no outcome for an append`)
})

const unsupported = (driver: EventStoreDriver, { agentId }: EncodedAppend): Rejected =>
  new Rejected({
    agentId,
    reason: "Unsupported",
    expected: "a store whose driver has `appendTogether`",
    found: driver.name,
    remedy: "Append to the agents one by one, or use a store that can do it."
  })
