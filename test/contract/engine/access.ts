/**
 * Who may do what with actors, where there is a policy; and as whom handlers run.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { AccessDenied } from "../../../src/AccessError.ts"
import { AccessPolicy } from "../../../src/AccessPolicy.ts"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { anonymous, CurrentPrincipal, may, type Principal } from "../../../src/CurrentPrincipal.ts"
import * as Permission from "../../../src/Permission.ts"
import { Unavailable } from "../../../src/StoreError.ts"
import { AlarmClock } from "./AlarmClock.ts"
import { Elder, Sleeper, within } from "./Kin.ts"
import { Ledger } from "./Ledger.ts"
import { Stage } from "./Stage.ts"
import { assertTag, Engines, eventually, fails, freshId, freshLedger, type It, journal, start } from "./support.ts"

/** Decides by the permissions of the principal. */
const byPermissions: AccessPolicy = {
  check: (need) =>
    Effect.flatMap(CurrentPrincipal, (principal) =>
      may(principal, need) ? Effect.void : Effect.fail(new AccessDenied(need))
    ),
  grounds: (need) => Effect.map(CurrentPrincipal, (principal) => (may(principal, need) ? "permission" : "none")),
  sharesChanged: () => {}
}

const away = new Unavailable({
  operation: "check access",
  reason: "Unreachable",
  expected: "shares",
  found: "none",
  remedy: "Wait."
})

/** Cannot know. */
const knowsNothing: AccessPolicy = {
  check: () => Effect.fail(away),
  grounds: () => Effect.fail(away),
  sharesChanged: () => {}
}

const user = (...permissions: ReadonlyArray<Permission.Text>): Principal => ({
  id: "ann",
  kind: "user",
  permissions: permissions.map(Permission.make)
})

const root = user("*:admin:*")

const as =
  (principal: Principal) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(effect, CurrentPrincipal, principal)

/** Runs it with an engine that has a policy. */
const under = <A, E, R>(policy: AccessPolicy, effect: Effect.Effect<A, E, R>) =>
  Engines.use((engines) => engines.fresh(effect, policy))

/** Everything that can be done with one ledger, and the action that it takes. */
const calls = (system: ActorSystem["Service"], id: string) =>
  [
    { needs: "write", call: system.ask(Ledger, id, "Deposit", { amount: 1 }) },
    { needs: "write", call: system.askUnsafe(Ledger, id, "Deposit", { amount: 1 }) },
    { needs: "write", call: system.ask(Ledger, id, "Deposit", { amount: 1 }, { timeout: "1 minute" }) },
    { needs: "write", call: system.tell(Ledger, id, "Deposit", { amount: 1 }) },
    { needs: "admin", call: system.spawn(Ledger, id) },
    { needs: "admin", call: system.pause(Ledger, id) },
    { needs: "admin", call: system.resume(Ledger, id) },
    { needs: "admin", call: system.restart(Ledger, id) },
    { needs: "read", call: system.get(Ledger, id) },
    { needs: "admin", call: system.stop(Ledger, id) },
    { needs: "read", call: system.watch(Ledger, id) }
  ] as const

/** What somebody may at most who may not do this. */
const less = { read: [], write: ["read"], admin: ["read", "write"] } as const

export const register = (it: It): void => {
  describe("an engine with a policy", () => {
    it.effect("refuses each call to whoever may not make it, wakes nobody for it and leaves no trace", () =>
      Effect.gen(function* () {
        const { agentId, id } = yield* freshLedger
        yield* under(
          byPermissions,
          Effect.gen(function* () {
            const system = yield* ActorSystem
            for (const { call, needs } of calls(system, id)) {
              const others = user(`*:admin:Ledger/another`, `context:admin:${agentId}`)
              const lesser = less[needs].map((action) => user(`actor:${action}:${agentId}`))
              for (const principal of [anonymous, others, ...lesser]) {
                const error: unknown = yield* as(principal)(Effect.flip(call))
                assert.deepStrictEqual(error, new AccessDenied({ resource: "actor", action: needs, agentId }))
              }
            }
            assert.isTrue(Option.isNone(yield* as(root)(system.get(Ledger, id))))
          })
        )
        assert.deepStrictEqual(yield* journal(agentId), [])
      })
    )

    it.effect("lets those do it who may", () =>
      Effect.gen(function* () {
        const { agentId, id } = yield* freshLedger
        yield* under(
          byPermissions,
          Effect.gen(function* () {
            for (const { call, needs } of calls(yield* ActorSystem, id)) {
              yield* as(user(`actor:${needs}:${agentId}`))(Effect.asVoid(call as Effect.Effect<unknown, unknown>))
            }
          })
        )
        assert.lengthOf(yield* journal(agentId), 4)
      })
    )

    it.effect("lets nobody in when it cannot be known who may", () =>
      Effect.gen(function* () {
        const { agentId, id } = yield* freshLedger
        yield* under(
          knowsNothing,
          Effect.gen(function* () {
            const system = yield* ActorSystem
            for (const { call } of calls(system, id)) {
              const error: unknown = yield* as(root)(Effect.flip(call))
              assert.deepStrictEqual(error, away)
            }
          })
        )
        assert.deepStrictEqual(yield* journal(agentId), [])
      })
    )

    it.effect("says the same of what does not exist, and of ids that none can have", () =>
      Effect.gen(function* () {
        yield* under(
          byPermissions,
          Effect.gen(function* () {
            const system = yield* ActorSystem
            for (const id of ["", "a\u0000b", freshId()]) {
              yield* fails(system.ask(Ledger, id, "Deposit", { amount: 1 }), "AccessDenied")
              yield* fails(system.get(Ledger, id), "AccessDenied")
              const error = yield* Effect.flip(system.askUnsafe(Ledger, id, "NoSuchCommand", {}))
              assert.instanceOf(error, AccessDenied)
            }
          })
        )
      })
    )

    it.effect("lists those only that may be read", () =>
      Effect.gen(function* () {
        const prefix = freshId()
        const ids = ["a", "b", "c"].map((name) => `${prefix}-${name}`)
        const seen = yield* under(
          byPermissions,
          Effect.gen(function* () {
            const system = yield* ActorSystem
            const parent = { actor: "Elder", id: prefix }
            yield* as(root)(
              within(
                Elder,
                prefix,
                Effect.forEach(ids, (id) => system.spawnChild(Sleeper, id))
              )
            )
            const idsOf = (principal: Principal, options?: { readonly parent: typeof parent }) =>
              system.list(Sleeper, options).pipe(
                Stream.filter(({ id }) => id.startsWith(prefix)),
                Stream.map(({ id }) => id),
                Stream.runCollect,
                as(principal)
              )
            const some = user(`actor:read:Sleeper/${prefix}-a`, `actor:write:Sleeper/${prefix}-c`)
            return [
              yield* idsOf(anonymous),
              (yield* idsOf(some, { parent })).toSorted(),
              (yield* idsOf(root, { parent })).toSorted()
            ]
          })
        )
        assert.deepStrictEqual(seen, [[], [`${prefix}-a`, `${prefix}-c`], ids])
      })
    )

    it.effect("lets those only read a state who may read the context, where the policy is in force", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        yield* ledger.Deposit({ amount: 3 })
        const read = Effect.provideService(Ledger.readState(id), AccessPolicy, byPermissions)
        const refused = yield* as(user(`actor:admin:${agentId}`))(Effect.flip(read))
        assert.deepStrictEqual(refused, new AccessDenied({ resource: "context", action: "read", agentId }))
        assert.strictEqual((yield* as(user(`context:read:${agentId}`))(read)).state.balance, 3)
      })
    )

    it.effect("tells of changes to those only who may read the actor", () =>
      Effect.gen(function* () {
        const [mine, other] = [freshId(), freshId()]
        const told = yield* under(
          byPermissions,
          Effect.gen(function* () {
            const system = yield* ActorSystem
            const first = yield* start(
              system.changes.pipe(Stream.take(1), Stream.runCollect, as(user(`actor:read:Ledger/${mine}`)))
            )
            yield* Effect.forEach([other, mine], (id) => as(root)(system.spawn(Ledger, id)))
            return yield* Fiber.join(first)
          })
        )
        assert.deepStrictEqual(
          told.map(({ id }) => id),
          [mine]
        )
      })
    )
  })

  describe("a principal", () => {
    it.effect("is on record with the events of his commands, and nobody where nobody is known", () =>
      Effect.gen(function* () {
        const { agentId, ledger } = yield* freshLedger
        const metadata = { principal: "somebody else", more: 1 }
        yield* ledger.Deposit({ amount: 1 })
        yield* as(user())(ledger.Deposit({ amount: 1 }))
        yield* as(user())(ledger.Deposit({ amount: 1 }, { commandId: "c-1", metadata }))
        yield* as(user())(ActorSystem.use((system) => system.tell(Ledger, agentId.slice(7), "Deposit", { amount: 1 })))
        yield* ledger.Deposit({ amount: 1 })
        const noted = (yield* journal(agentId)).map(({ metadata }) => metadata["principal"])
        assert.deepStrictEqual(noted, [undefined, "ann", "ann", "ann", undefined])
        assert.deepInclude((yield* journal(agentId))[2]?.metadata, { commandId: "c-1", more: 1 })
      })
    )

    it.effect("is the one whom the handler runs for, and asks for", () =>
      Effect.gen(function* () {
        const [id, other] = [freshId(), freshId()]
        const ledger = yield* Ledger.client
        assert.deepStrictEqual(yield* as(root)(within(Elder, id, CurrentPrincipal)), root)
        assert.deepStrictEqual(yield* within(Elder, id, CurrentPrincipal), anonymous)
        yield* as(user())(ledger(id).DepositTwice({ other, amount: 1 }))
        for (const written of [id, other]) {
          assert.deepInclude((yield* journal(Ledger.agentId(written)))[0]?.metadata, { principal: "ann" })
        }
      })
    )

    it.effect("may do no more through a handler than he may himself", () =>
      Effect.gen(function* () {
        const [id, other] = [freshId(), freshId()]
        const writer = user(`actor:write:Elder/${id}`)
        yield* under(
          byPermissions,
          Effect.gen(function* () {
            const system = yield* ActorSystem
            const ask = system.ask(Ledger, other, "Deposit", { amount: 1 })
            const spawn = system.spawnChild(Sleeper, other)
            yield* fails(as(writer)(within(Elder, id, ask)), "AccessDenied")
            yield* fails(as(writer)(within(Elder, id, spawn)), "AccessDenied")
            const more = {
              ...writer,
              permissions: [...writer.permissions, ...user(`actor:write:*/${other}`).permissions]
            }
            for (const _ of [1, 2]) {
              assert.strictEqual((yield* as(more)(within(Elder, id, spawn))).parent?.id, id)
            }
            assert.strictEqual(yield* as(more)(within(Elder, id, ask)), 1)
            yield* fails(as(more)(within(Elder, id, system.stop(Sleeper, other))), "AccessDenied")
          })
        )
      })
    )
  })

  describe("what an actor does by itself", () => {
    it.effect("when its timer goes off it does as its agent, which may do everything with itself only", () =>
      Effect.gen(function* () {
        const stage = yield* Stage
        const [id, other, script] = [freshId(), freshId(), freshId()]
        const seen: Array<unknown> = []
        yield* under(
          byPermissions,
          Effect.gen(function* () {
            const system = yield* ActorSystem
            const look = (name: string) => Effect.result(system.get(Elder, name))
            const note = Effect.gen(function* () {
              const { id: principal, kind } = yield* CurrentPrincipal
              seen.push(kind, principal, (yield* look(id))._tag, (yield* look(other))._tag)
            })
            stage.write(script, note)
            yield* as(root)(system.ask(Elder, id, "RunLater", { script }))
            yield* eventually(Effect.sync(() => seen.length > 0))
          })
        )
        assert.deepStrictEqual(seen, ["agent", `Elder/${id}`, "Success", "Failure"])
      })
    )

    it.effect("is not asked again: a timer goes off for whoever might set it, and nobody is on record for it", () =>
      Effect.gen(function* () {
        const id = freshId()
        const agentId = AlarmClock.agentId(id)
        yield* under(
          byPermissions,
          Effect.gen(function* () {
            const clock = (yield* AlarmClock.client)(id)
            yield* as(user(`actor:write:${agentId}`))(clock.Set({ name: "soon", milliseconds: 1, label: "rung" }))
            yield* eventually(Effect.map(journal(agentId), (events) => events.length === 1))
            const denied = yield* Effect.flip(clock.Rung())
            assertTag(denied, "AccessDenied")
          })
        )
        assert.deepStrictEqual((yield* journal(agentId))[0]?.metadata, {})
      })
    )
  })
}
