import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor, Supervision } from "../../src/index.ts"
import { runtime } from "./local/support.ts"

const base = {
  state: Schema.Struct({ count: Schema.Int }),
  initialState: { count: 0 },
  events: Schema.TaggedUnion({ Counted: {} }),
  evolve: ({ count }: { readonly count: number }) => ({ count: count + 1 }),
  commands: [Rpc.make("Count", { success: Schema.Int })]
} as const

describe("a definition", () => {
  it("has a name without slashes and controls", () => {
    for (const name of ["", "a/b", "a\n", "\ud800", "a".repeat(101)])
      assert.throws(() => Actor.make(name, base), /name/)
    for (const name of ["a", "A.b-c d", "ünïcödé", "__proto__", "a".repeat(100)]) {
      assert.strictEqual(Actor.make(name, base).agentId("x/y"), `${name}/x/y`)
    }
  })

  it("must make sense in its numbers, its initial state and its commands", () => {
    const broken: ReadonlyArray<readonly [RegExp, Partial<Actor.Options<typeof base.state, typeof base.events, []>>]> =
      [
        [/stateVersion/, { stateVersion: 0 }],
        [/stateVersion/, { stateVersion: 1.5 }],
        [/schemaVersion/, { schemaVersion: 0 }],
        [/upcast must lead/, { schemaVersion: 3, upcast: { 1: {} } }],
        [/upcastState must lead/, { upcastState: { 1: (state) => state } }],
        [/snapshots.every/, { snapshots: { every: 0 } }],
        [/snapshots.every/, { snapshots: { every: Number.NaN } }],
        [/snapshots.keep/, { snapshots: { keep: 0 } }],
        [/snapshots.deleteEvents needs/, { snapshots: { deleteEvents: true } }],
        [/mailbox.capacity/, { mailbox: { capacity: 0 } }],
        [/mailbox.capacity/, { mailbox: { capacity: 2.5 } }],
        [/mailbox.whenFull must be .* found drop/, { mailbox: { whenFull: "drop" as never } }],
        [/initialState/, { initialState: { count: 0.5 } }]
      ]
    for (const [expected, options] of broken) {
      assert.throws(() => Actor.make("Broken", { ...base, commands: [], ...options }), expected)
    }
    const twice = [Rpc.make("Count"), Rpc.make("Count")] as const
    assert.throws(() => Actor.make("Broken", { ...base, commands: twice }), /same name/)
    assert.strictEqual(
      Actor.make("Fine", { ...base, snapshots: { every: Number.POSITIVE_INFINITY } }).mailbox.whenFull,
      "fail"
    )
  })

  it.effect("may have commands of any name", () => {
    const Odd = Actor.make("Odd", {
      ...base,
      commands: ["id", "system", "constructor", "toString", "ask", "then"].map((name) =>
        Rpc.make(name, { success: Schema.String })
      )
    })
    const names = [...Odd.codec.commands.keys()]
    const behavior = Odd.toLayer(Object.fromEntries(names.map((name) => [name, () => Effect.succeed(name)])))
    return Effect.gen(function* () {
      const odd = (yield* Odd.client)("a")
      for (const name of names) assert.strictEqual(yield* odd[name]?.() ?? Effect.succeed(""), name)
    }).pipe(Effect.provide(runtime(behavior), { local: true }))
  })
})

describe("a behavior", () => {
  const Counter = Actor.make("Counter", base)
  const dies = (layer: ReturnType<typeof Counter.toLayer>, expected: RegExp) =>
    Effect.map(Effect.exit(Effect.scoped(Effect.provide(Effect.void, runtime(layer), { local: true }))), (exit) => {
      assert.isTrue(exit._tag === "Failure")
      assert.match(String(exit), expected)
    })

  it.effect("without a handler for a command is a mistake in the program", () =>
    dies(Counter.toLayer({} as never), /no handler for Count/)
  )

  it.effect("that would sleep at once, or never wake, is a mistake in the program", () =>
    dies(Counter.toLayer({ Count: () => Effect.succeed(1) }, { passivateAfter: 0 }), /passivateAfter/)
  )

  it.effect("with a time that is none is a mistake in the program, and told which", () =>
    Effect.gen(function* () {
      const soon = "soon" as never
      const count = { Count: () => Effect.succeed(1) }
      yield* dies(Counter.toLayer(count, { passivateAfter: soon }), /passivateAfter must be a duration .* found soon/)
      yield* dies(
        Counter.toLayer(count, { handlerTimeout: Number.NaN }),
        /handlerTimeout must be a duration .* found NaN/
      )
      assert.throws(() => Supervision.restart({ within: soon }), /within must be a duration .* found soon/)
      assert.throws(() => Supervision.restart({ whenSpent: soon }), /whenSpent must be .* found soon/)
    })
  )

  it.effect("that sleeps after an infinite time never sleeps", () =>
    Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      assert.strictEqual(yield* counter.Count(), 1)
    }).pipe(
      Effect.provide(
        runtime(Counter.toLayer({ Count: () => Effect.succeed(1) }, { passivateAfter: Number.POSITIVE_INFINITY })),
        { local: true }
      )
    )
  )
})
