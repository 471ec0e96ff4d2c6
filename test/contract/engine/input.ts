/**
 * Ids of every kind, and input that breaks the rules.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Actor from "../../../src/Actor.ts"
import { ActorSystem } from "../../../src/ActorSystem.ts"
import { Ledger, LedgerBehavior } from "./Ledger.ts"
import { deposits, fails, freshId, freshLedger, type It, integers, journal } from "./support.ts"

const Stranger = Actor.make("Stranger", {
  state: Schema.Struct({}),
  initialState: {},
  events: Schema.TaggedUnion({ Met: {} }),
  evolve: (state) => state,
  commands: [Rpc.make("Meet")]
})

/** As an older or newer client might have it. */
const OtherLedger = Actor.make("Ledger", {
  state: Schema.Struct({}),
  initialState: {},
  events: Schema.TaggedUnion({ Met: {} }),
  evolve: (state) => state,
  commands: [Rpc.make("Meet"), Rpc.make("Balance", { success: Schema.Int })]
})

export const register = (it: It): void => {
  describe("an id", () => {
    it.effect("of any kind names an actor of its own", () =>
      Effect.gen(function* () {
        const client = yield* Ledger.client
        const base = freshId()
        const ids = [
          "",
          "/",
          "-1",
          "a",
          "a/",
          "a/b",
          " ",
          "__proto__",
          "constructor",
          "ünïcödé",
          "🦊",
          "%",
          "_",
          "\\",
          "'",
          '"'
        ]
        const all = [...ids.map((id) => `${base}${id}`), ...["__proto__/", "constructor/"].map((id) => `${id}${base}`)]
        all.push(base + "x".repeat(255 - "Ledger/".length - base.length))
        for (const [index, id] of all.entries()) yield* client(id).Deposit({ amount: index + 1 })
        for (const [index, id] of all.entries()) {
          assert.strictEqual(yield* client(id).Balance(), index + 1, id)
          assert.deepStrictEqual(yield* deposits(Ledger.agentId(id)), [index + 1])
          assert.strictEqual((yield* Ledger.readState(id)).state.balance, index + 1)
        }
      })
    )

    it.effect("that is __proto__ or constructor does no harm", () =>
      Effect.gen(function* () {
        const client = yield* Ledger.client
        for (const id of ["__proto__", "constructor", "hasOwnProperty"]) {
          const before = yield* client(id).Balance()
          assert.strictEqual(yield* client(id).Deposit({ amount: 1 }), before + 1)
        }
      })
    )

    it.effect("that breaks the grammar is refused wherever it is handed over", () =>
      Effect.gen(function* () {
        const client = yield* Ledger.client
        const system = yield* ActorSystem
        for (const id of ["", "a\0b", "a\nb", "\ud800", "x".repeat(249), "x".repeat(10_000)]) {
          for (const call of [
            client(id).Balance(),
            system.tell(Ledger, id, "Balance", undefined),
            system.spawn(Ledger, id),
            system.stop(Ledger, id),
            system.get(Ledger, id),
            Ledger.readState(id)
          ] as ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }, never>>) {
            assert.deepInclude(yield* fails(call, "InvalidInput"), { path: "id" })
          }
        }
        const error = yield* fails(client("x".repeat(249)).Balance(), "InvalidInput")
        assert.include(error.message, "248")
      })
    )

    it.effect("may be one of thousands", () =>
      Effect.gen(function* () {
        const client = yield* Ledger.client
        const base = freshId()
        const ids = integers(2000).map((number) => `${base}-${number}`)
        yield* Effect.forEach(ids, (id, index) => client(id).Deposit({ amount: index }), {
          concurrency: 256,
          discard: true
        })
        const balances = yield* Effect.forEach(ids, (id) => client(id).Balance(), { concurrency: 256 })
        assert.deepStrictEqual(balances, integers(2000, 0))
        const system = yield* ActorSystem
        const listed = yield* Stream.runCollect(system.list(Ledger))
        assert.lengthOf(
          listed.filter(({ id }) => id.startsWith(base)),
          2000
        )
      })
    )
  })

  describe("a command", () => {
    it.effect("whose payload does not fit its schema is refused and says why", () =>
      Effect.gen(function* () {
        const { agentId, id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        const payloads: ReadonlyArray<unknown> = [{ amount: 0.5 }, { amount: "1" }, {}, undefined, null, "text"]
        for (const payload of payloads as ReadonlyArray<never>) {
          const error = yield* fails(ledger.Deposit(payload), "InvalidInput")
          assert.strictEqual(error.path, "payload of Deposit")
          assert.notInclude(error.found, "[object")
          yield* fails(system.tell(Ledger, id, "Deposit", payload), "InvalidInput")
        }
        assert.include((yield* fails(ledger.Deposit({ amount: 0.5 }), "InvalidInput")).found, "amount")
        assert.lengthOf(yield* journal(agentId), 0)
      })
    )

    it.effect("that the behavior does not have is refused, also when another copy of the definition has it", () =>
      Effect.gen(function* () {
        const { id, ledger } = yield* freshLedger
        const system = yield* ActorSystem
        yield* ledger.Deposit({ amount: 3 })
        const error = yield* fails(system.ask(Ledger, id, "Nonsense" as never, {} as never), "InvalidInput")
        assert.deepInclude(error, { path: "command", found: '"Nonsense"' })
        assert.include(error.expected, "Deposit")
        const other = (yield* OtherLedger.client)(id)
        assert.deepInclude(yield* fails(other.Meet(), "InvalidInput"), { path: "command" })
        assert.strictEqual(yield* other.Balance(), 3)
        for (const name of ["__proto__", "constructor", "toString"]) {
          yield* fails(system.ask(Ledger, id, name as never, {} as never), "InvalidInput")
        }
      })
    )

    it.effect("to an actor without behavior is refused and says what is registered", () =>
      Effect.gen(function* () {
        const system = yield* ActorSystem
        const stranger = (yield* Stranger.client)("a")
        for (const call of [
          stranger.Meet(),
          system.tell(Stranger, "a", "Meet", undefined),
          system.spawn(Stranger, "a"),
          system.stop(Stranger, "a"),
          system.get(Stranger, "a"),
          Stream.runCollect(system.list(Stranger))
        ] as ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }, never>>) {
          const error = yield* fails(call, "ActorNotRegistered")
          assert.deepInclude(error, { actor: "Stranger" })
          assert.include(String(error), "Ledger")
        }
        assert.deepStrictEqual(yield* Stranger.readState("a"), { state: {}, version: 0 })
      })
    )
  })

  describe("a behavior", () => {
    it.effect("whose name is taken is refused, and the first one goes on", () =>
      Effect.gen(function* () {
        const { ledger } = yield* freshLedger
        const again = Effect.scoped(Effect.provide(Effect.void, Layer.fresh(LedgerBehavior), { local: true }))
        const error = yield* Effect.flip(again)
        assert.deepInclude(error, { _tag: "ActorAlreadyRegistered", actor: "Ledger" })
        assert.strictEqual(yield* ledger.Deposit({ amount: 1 }), 1)
      })
    )

    it.effect("may come and go while the engine runs", () =>
      Effect.gen(function* () {
        const stranger = (yield* Stranger.client)(freshId())
        const met: Array<string> = []
        const behavior = Stranger.toLayer({ Meet: () => Effect.sync(() => void met.push("met")) })
        for (const _ of integers(3)) {
          yield* Effect.provide(stranger.Meet(), Layer.fresh(behavior), { local: true })
          yield* fails(stranger.Meet(), "ActorNotRegistered")
        }
        assert.lengthOf(met, 3)
      })
    )
  })
}
