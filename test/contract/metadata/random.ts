/**
 * Random operations of several principals, which must be answered as a small model answers them.
 */
import { assert, describe } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Formatter from "effect/Formatter"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Entry } from "../../../src/ContextMetadata.ts"
import type { Principal } from "../../../src/CurrentPrincipal.ts"
import { anonymous, Model, type ModelQuery, may, people, type Terms } from "./model.ts"
import { Agents, as, freshId, hour, type It, later, Metadata, newAgent, shared, user } from "./support.ts"

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

const place = {
  who: Schema.Literals([0, 0, 1, 1, 2, 3, anonymous]),
  agent: Schema.Literals([0, 0, 0, 1, 1, 2]),
  key: Schema.Literals(["a", "a", "ab", "b"])
}
const visibility = Schema.Literals(["private", "shared", "public"])
const type = Schema.Literals(["generic", "other"])
const until = Schema.Literals([0, 0, 0, 2, 4, 9])
const terms = Schema.Struct({ value: upTo(2), type, visibility, until })
const maybe = <S extends Schema.Top>(schema: S) => Schema.Union([Schema.Undefined, schema])
const expected = Schema.Literals(["any", "any", 0, 1, 2])

const Set = Schema.TaggedStruct("Set", { ...place, terms, expected })
const Update = Schema.TaggedStruct("Update", {
  ...place,
  change: Schema.Struct({
    value: maybe(upTo(2)),
    type: maybe(type),
    visibility: maybe(visibility),
    until: maybe(until)
  }),
  expected
})
const Delete = Schema.TaggedStruct("Delete", { ...place, expected })
const Look = Schema.TaggedStruct("Look", {
  ...place,
  query: Schema.Struct({
    agent: maybe(upTo(2)),
    type: maybe(type),
    visibility: maybe(visibility),
    start: Schema.Literals(["", "a", "ab"]),
    value: maybe(upTo(2))
  })
})
const Pass = Schema.TaggedStruct("Pass", { hours: upTo(1) })
const CleanUp = Schema.TaggedStruct("CleanUp", {})
const End = Schema.TaggedStruct("End", { agent: upTo(2), status: Schema.Literals(["archived", "active", "deleted"]) })

const operation = Schema.Union([Set, Set, Set, Set, Update, Update, Update, Delete, Look, Look, Pass, CleanUp, End])
type Operation = typeof operation.Type

const operations: Arbitrary.Arbitrary<ReadonlyArray<Operation>> = Arbitrary.array(Arbitrary.schema(operation), {
  minLength: 10,
  maxLength: 60
})

export const register = (it: It): void => {
  describe("random operations of several principals", () => {
    it.effect.prop(
      "are answered as a small model answers them, and show at the end what it shows",
      { operations },
      ({ operations }) => shared(run(operations)),
      { arbitrary: { runs: 60, size: 60, seed: "metadata", maxShrinks: 200 } }
    )
  })
}

const run = (operations: ReadonlyArray<Operation>) =>
  Effect.gen(function* () {
    const metadata = yield* Metadata
    const agents = yield* Agents
    const model = new Model()
    const start = yield* Clock.currentTimeMillis
    const agentIds = yield* Effect.forEach(model.statuses, () => newAgent)
    const principals = Array.from({ length: people }, (_, who): Principal => {
      const permissions = agentIds.flatMap((agentId, agent) =>
        (["read", "write", "admin"] as const)
          .filter((action) => may(who, agent, action))
          .map((action) => `metadata:${action}:${agentId}` as const)
      )
      return { ...user(freshId(), ...permissions), kind: who === anonymous ? "anonymous" : "user" }
    })

    const agentOf = (agent: number): string => agentIds[agent] ?? ""
    const personOf = (who: number) => principals[who] ?? user("nobody")
    const versionOf = (expected: "any" | number) => (expected === "any" ? undefined : expected)
    const timeOf = (until: number): Date | null => (until === 0 ? null : new Date(start + until * hour))

    /** An entry as the model tells it. */
    const told = ({ agentId, expiresAt, key, owner, type, value, version, visibility }: Entry) => ({
      value,
      type,
      visibility,
      until: expiresAt === undefined ? 0 : (expiresAt.getTime() - start) / hour,
      agent: agentIds.indexOf(agentId),
      key,
      owner: principals.findIndex(({ id }) => id === owner),
      version
    })

    /** What somebody is answered in the hour that it is; of a failure, its tag. */
    const ask = <A, E extends { readonly _tag: string }, R>(who: number, effect: Effect.Effect<A, E, R>) =>
      Effect.map(Effect.result(later(model.now * hour)(as(personOf(who))(effect))), (result) =>
        Result.isSuccess(result) ? result.success : result.failure._tag
      )
    const one = <E, R>(effect: Effect.Effect<Entry, E, R>) => Effect.map(effect, told)
    const sorted = (entries: ReadonlyArray<object>) => entries.map((entry) => Formatter.format(entry)).sort()

    const look = (who: number, agent: number, key: string, query: ModelQuery) =>
      Effect.gen(function* () {
        const { agent: ofAgent, start, ...rest } = query
        const agentId = ofAgent === undefined ? undefined : agentOf(ofAgent)
        const asked = metadata.query({ ...rest, agentId, keyPattern: `${start}*`, limit: 1_000_000 })
        const mine = Effect.map(asked, (entries) => entries.filter(({ agentId }) => agentIds.includes(agentId)))
        const found = yield* ask(
          who,
          Effect.map(mine, (entries) => sorted(entries.map(told)))
        )
        return [
          [yield* ask(who, one(metadata.get(agentOf(agent), key))), found],
          [model.get(who, agent, key), sorted(model.query(who, query).map(inOrder))]
        ] as const
      })

    /** What is answered, and what the model answers. */
    const perform = (operation: Operation): Effect.Effect<readonly [unknown, unknown], unknown> =>
      Effect.gen(function* () {
        switch (operation._tag) {
          case "Set": {
            const { agent, key, terms, who } = operation
            const expectedVersion = versionOf(operation.expected)
            const { until, value, ...rest } = terms
            const options = { ...rest, expiresAt: timeOf(until) ?? undefined, expectedVersion }
            const answer = yield* ask(who, one(metadata.set(agentOf(agent), key, value, options)))
            return [answer, model.set(who, agent, key, terms, expectedVersion)]
          }
          case "Update": {
            const { agent, change, key, who } = operation
            const expectedVersion = versionOf(operation.expected)
            const { until, ...rest } = change
            const changes = { ...rest, expiresAt: until === undefined ? undefined : timeOf(until) }
            const answer = yield* ask(who, one(metadata.update(agentOf(agent), key, changes, { expectedVersion })))
            return [answer, model.update(who, agent, key, saidOf(change), expectedVersion)]
          }
          case "Delete": {
            const { agent, key, who } = operation
            const expectedVersion = versionOf(operation.expected)
            const answer = yield* ask(who, Effect.as(metadata.delete(agentOf(agent), key, { expectedVersion }), "done"))
            return [answer, model.delete(who, agent, key, expectedVersion)]
          }
          case "Look":
            return yield* look(operation.who, operation.agent, operation.key, operation.query)
          case "Pass": {
            model.now += operation.hours
            return [0, 0]
          }
          case "CleanUp": {
            const ended = yield* later(model.now * hour)(metadata.cleanUp)
            return [ended >= model.cleanUp(), true]
          }
          case "End": {
            const { agent, status } = operation
            const before = model.statuses[agent]
            const isPossible = status === "active" ? before === "archived" : before === "active"
            if (!isPossible) return [0, 0]
            yield* { active: agents.restore, archived: agents.archive, deleted: agents.deleteContext }[status](
              agentOf(agent)
            )
            model.end(agent, status)
            return [0, 0]
          }
        }
      })

    for (const [index, operation] of operations.entries()) {
      const [found, expected] = yield* perform(operation)
      const difference = `${Formatter.format(found)} instead of ${Formatter.format(expected)}`
      assert.deepStrictEqual(found, expected, `operation ${index}, ${operation._tag}: ${difference}`)
    }
    const all: ModelQuery = { agent: undefined, type: undefined, visibility: undefined, start: "", value: undefined }
    for (const who of principals.keys()) {
      const [found, expected] = yield* look(who, 0, "a", all)
      assert.deepStrictEqual<unknown>(found, expected)
    }
  })

/** What a change says, without what it leaves out. */
const saidOf = (change: { readonly [name in keyof Terms]: Terms[name] | undefined }): Partial<Terms> => {
  const { type, until, value, visibility } = change
  return {
    ...(type === undefined ? {} : { type }),
    ...(until === undefined ? {} : { until }),
    ...(value === undefined ? {} : { value }),
    ...(visibility === undefined ? {} : { visibility })
  }
}

/** The same entry with its fields in the order in which those of the store are told. */
const inOrder = ({
  agent,
  key,
  owner,
  type,
  until,
  value,
  version,
  visibility
}: ReturnType<Model["query"]>[number]) => ({
  value,
  type,
  visibility,
  until,
  agent,
  key,
  owner,
  version
})
