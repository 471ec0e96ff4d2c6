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
import type * as ContextSharing from "../../../src/ContextSharing.ts"
import * as Permission from "../../../src/Permission.ts"
import { beginning, Model, mayShare, parts, type Terms } from "./model.ts"
import { Agents, agentWith, as, freshId, hour, type It, later, Sharing, shared, user } from "./support.ts"

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

const who = upTo(3)
const agent = upTo(2)
/** Some share, and who does something with it: mostly those whom it concerns. */
const which = upTo(99)
const role = Schema.Literals(["owner", "owner", "recipient", "recipient", 0, 1, 2, 3])
const part = Schema.Literals(parts)
const terms = Schema.Struct({
  level: Schema.Literals(["read", "read", "write", "write", "admin"]),
  isPinned: Schema.Literals([false, false, true]),
  part: Schema.Union([Schema.Undefined, Schema.Undefined, part]),
  until: Schema.Literals([0, 0, 0, 2, 4, 9])
})

const Share = Schema.TaggedStruct("Share", {
  who: Schema.Literals([0, 0, 0, 1, 1, 2]),
  recipient: who,
  agent,
  terms,
  isOffer: Schema.Literals([false, false, true])
})
const Accept = Schema.TaggedStruct("Accept", { role, which })
const Decline = Schema.TaggedStruct("Decline", { role, which })
const Revoke = Schema.TaggedStruct("Revoke", { role, which })
const Change = Schema.TaggedStruct("Change", { role, which, terms })
const Read = Schema.TaggedStruct("Read", { role, which })
const Write = Schema.TaggedStruct("Write", { role, which, part, value: upTo(9) })
const WriteAsOwner = Schema.TaggedStruct("WriteAsOwner", { agent, part, value: upTo(9) })
const Look = Schema.TaggedStruct("Look", { who, agent, other: who, level: Permission.Action })
const Pass = Schema.TaggedStruct("Pass", { hours: upTo(1) })
const CleanUp = Schema.TaggedStruct("CleanUp", {})
const End = Schema.TaggedStruct("End", { agent, status: Schema.Literals(["archived", "active", "deleted"]) })

const operation = Schema.Union([
  Share,
  Share,
  Share,
  Accept,
  Decline,
  Revoke,
  Change,
  Change,
  Read,
  Read,
  Write,
  Write,
  WriteAsOwner,
  Look,
  Look,
  Pass,
  CleanUp,
  End
])
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
      { arbitrary: { runs: 30, size: 60, seed: "shares", maxShrinks: 200 } }
    )
  })
}

const run = (operations: ReadonlyArray<Operation>) =>
  Effect.gen(function* () {
    const sharing = yield* Sharing
    const agents = yield* Agents
    const model = new Model()
    const start = yield* Clock.currentTimeMillis
    const agentIds = yield* Effect.forEach(model.agents, () => agentWith(beginning))
    const principals = [0, 1, 2, 3].map((who) =>
      user(
        freshId(),
        ...agentIds.flatMap((agentId, agent) =>
          (["read", "write", "admin"] as const)
            .filter((action) => mayShare(who, agent, action))
            .map((action) => `share:${action}:${agentId}` as const)
        )
      )
    )
    const shares: Array<ContextSharing.Share> = []

    const agentOf = (agent: number): string => agentIds[agent] ?? ""
    const personOf = (who: number) => principals[who] ?? user("nobody")
    const pick = ({ role, which }: Pick<typeof Read.Type, "role" | "which">) => {
      const number = which % Math.max(shares.length, 1)
      return { which: number, who: typeof role === "number" ? role : model.party(role, number) }
    }
    const idOf = (which: number): string => shares[which]?.id ?? crypto.randomUUID()
    const numberOf = ({ id }: ContextSharing.Share): number => shares.findIndex((share) => share.id === id)
    const termsOf = ({ level, part, until }: Terms) => ({
      level,
      paths: part === undefined ? null : [`/${part}`],
      expiresAt: until === 0 ? null : new Date(start + until * hour)
    })

    /** What somebody is answered in the hour that it is; of a failure, its tag. */
    const ask = <A, E extends { readonly _tag: string }, R>(who: number, effect: Effect.Effect<A, E, R>) =>
      Effect.map(Effect.result(later(model.now * hour)(as(personOf(who))(effect))), (result) =>
        Result.isSuccess(result) ? result.success : result.failure._tag
      )
    const done = <E, R>(effect: Effect.Effect<unknown, E, R>) => Effect.as(effect, "done")
    const shown = <E, R>(
      effect: Effect.Effect<{ readonly version: number; readonly state: object }, E, R>
    ): Effect.Effect<object, E, R> => Effect.map(effect, ({ state, version }) => ({ version, state }))
    const numbersOf = <E, R>(effect: Effect.Effect<ReadonlyArray<ContextSharing.Share>, E, R>) =>
      Effect.map(effect, (shares) => shares.map(numberOf).sort((left, right) => left - right))

    const look = (who: number, agent: number, other: number, level: Permission.Action) =>
      Effect.gen(function* () {
        const received = Effect.map(sharing.getSharedContexts(), (contexts) =>
          contexts
            .map(({ content, share }) => {
              const { state, version } = Result.getOrThrow(content)
              return { number: numberOf(share), version, state }
            })
            .sort((left, right) => left.number - right.number)
        )
        return [
          {
            ofAgent: yield* ask(who, numbersOf(sharing.sharesOf(agentOf(agent)))),
            withOther: yield* ask(who, numbersOf(sharing.sharesWith(personOf(other).id))),
            received: yield* ask(who, received),
            mayUse: yield* ask(who, sharing.checkAccess(agentOf(agent), level)),
            statistics: yield* later(model.now * hour)(sharing.statistics(agentOf(agent)))
          },
          {
            ofAgent: model.sharesOf(who, agent),
            withOther: model.sharesWith(who, other),
            received: model.received(who),
            mayUse: model.mayUse(who, agent, level),
            statistics: model.statistics(agent)
          }
        ] as const
      })

    /** What is answered, and what the model answers. */
    const perform = (operation: Operation): Effect.Effect<readonly [unknown, unknown], unknown, never> =>
      Effect.gen(function* () {
        switch (operation._tag) {
          case "Share": {
            const { agent, isOffer, recipient, terms, who } = operation
            const { expiresAt, level, paths } = termsOf(terms)
            const { version } = model.agent(agent)
            const sharingIt = sharing.share({
              agentId: agentOf(agent),
              recipientId: personOf(recipient).id,
              level,
              content: terms.isPinned ? { version } : "live",
              paths: paths ?? undefined,
              expiresAt: expiresAt ?? undefined,
              needsAcceptance: isOffer
            })
            const answer = yield* ask(who, sharingIt)
            if (typeof answer !== "string") shares.push(answer)
            const told = typeof answer === "string" ? answer : numberOf(answer)
            return [told, model.share(who, recipient, agent, terms, isOffer)]
          }
          case "Accept": {
            const { which, who } = pick(operation)
            return [yield* ask(who, done(sharing.accept(idOf(which)))), model.accept(who, which)]
          }
          case "Decline": {
            const { which, who } = pick(operation)
            return [yield* ask(who, done(sharing.decline(idOf(which)))), model.decline(who, which)]
          }
          case "Revoke": {
            const { which, who } = pick(operation)
            return [yield* ask(who, done(sharing.revoke(idOf(which)))), model.revoke(who, which)]
          }
          case "Change": {
            const { terms } = operation
            const { which, who } = pick(operation)
            const change = sharing.change(idOf(which), termsOf(terms))
            return [yield* ask(who, done(change)), model.change(who, which, terms)]
          }
          case "Read": {
            const { which, who } = pick(operation)
            const answers = [
              yield* ask(who, shown(sharing.getSharedContext(idOf(which)))),
              yield* ask(who, done(sharing.getShare(idOf(which))))
            ]
            return [answers, [model.read(who, which), model.get(who, which)]]
          }
          case "Write": {
            const { part, value } = operation
            const { which, who } = pick(operation)
            const write = sharing.updateContext(idOf(which), { state: { [part]: value } })
            return [yield* ask(who, shown(write)), model.write(who, which, part, value)]
          }
          case "WriteAsOwner": {
            const { agent, part, value } = operation
            const write = Effect.result(agents.updateContext(agentOf(agent), { state: { [part]: value } }))
            const told = Result.match(yield* write, { onSuccess: () => "done", onFailure: ({ _tag }) => _tag })
            return [told, model.writeAsOwner(agent, part, value)]
          }
          case "Look":
            return yield* look(operation.who, operation.agent, operation.other, operation.level)
          case "Pass": {
            model.now += operation.hours
            return [0, 0]
          }
          case "CleanUp": {
            const ended = yield* later(model.now * hour)(sharing.cleanUp)
            return [ended >= model.cleanUp(), true]
          }
          case "End": {
            const { agent, status } = operation
            const before = model.agent(agent).status
            const isPossible = status === "active" ? before === "archived" : before === "active"
            if (!isPossible) return [0, 0]
            const end = { active: agents.restore, archived: agents.archive, deleted: agents.deleteContext }[status]
            yield* end(agentOf(agent))
            model.end(agent, status)
            return [0, 0]
          }
        }
      })

    const beginnings = [0, 1, 2, 3].map((index): Operation => {
      const terms = {
        level: index % 2 === 0 ? "write" : "read",
        isPinned: index === 3,
        part: undefined,
        until: 9
      } as const
      return { _tag: "Share", who: 0, recipient: 1 + (index % 3), agent: index % 3, terms, isOffer: index === 1 }
    })
    for (const [index, operation] of [...beginnings, ...operations].entries()) {
      const [found, expected] = yield* perform(operation)
      const difference = `${Formatter.format(found)} instead of ${Formatter.format(expected)}`
      assert.deepStrictEqual(found, expected, `operation ${index}, ${operation._tag}: ${difference}`)
    }
    for (const who of principals.keys()) {
      for (const agent of agentIds.keys()) {
        const [found, expected] = yield* look(who, agent, 3, "read")
        assert.deepStrictEqual<object>(found, expected)
      }
    }
  })
