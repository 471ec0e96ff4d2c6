import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { Actor } from "../../src/index.ts"
import * as ActorKit from "../contract/ActorKit.ts"
import { Account } from "../support/account.ts"

/** A text that comes back without the spaces at its ends. */
const Trimmed = Schema.String.pipe(Schema.decode(SchemaTransformation.trim()))

interface List {
  readonly items: ReadonlyArray<string>
}

const events = Schema.TaggedUnion({ Added: { item: Schema.String } })
const state = Schema.Struct({ items: Schema.Array(Schema.String) })
const add = ({ items }: List, { item }: { readonly item: string }): List => ({ items: [...items, item] })

/** A list that is kept by this `evolve`. */
const listOf = (evolve: (state: List, event: { readonly item: string }) => List) => {
  const definition = Actor.make("List", {
    state,
    initialState: { items: [] },
    events,
    evolve,
    commands: [Rpc.make("Add", { payload: { item: Schema.String } })]
  })
  const behavior = definition.toLayer({ Add: (_, { item }) => definition.persist({ _tag: "Added", item }) })
  return { definition, kit: ActorKit.make(definition, behavior) }
}

/** What the kit has against it. */
const flawIn = <R>(effect: Effect.Effect<unknown, unknown, R>): Effect.Effect<ActorKit.Flaw, unknown, R> =>
  Effect.flatMap(Effect.flip(effect), (error) =>
    error instanceof ActorKit.Flaw ? Effect.succeed(error) : Effect.die(error)
  )

/** Both a run and the check find it. */
const finds = (
  { definition, kit }: ReturnType<typeof listOf>,
  expected: { readonly subject?: string; readonly path?: string; readonly expected?: string; readonly found?: string }
) =>
  Effect.gen(function* () {
    for (const flaw of [
      yield* flawIn(kit.given({ _tag: "Added", item: "a" }).when("Add", { item: "b" }).outcome),
      yield* flawIn(ActorKit.check(definition))
    ]) {
      for (const [part, text] of Object.entries(expected)) assert.include(Reflect.get(flaw, part), text)
    }
  })

describe("an evolve", () => {
  it.effect("that is pure and total has no flaw", () =>
    Effect.gen(function* () {
      const { definition, kit } = listOf(add)
      yield* kit
        .given({ _tag: "Added", item: "a" })
        .when("Add", { item: "b" })
        .gives({ state: { items: ["a", "b"] } })
      yield* ActorKit.check(definition)
      yield* ActorKit.check(Account)
    })
  )

  it.effect("that changes the state it is given is found out", () =>
    finds(
      listOf((list, { item }) => {
        const items = list.items as Array<string>
        items.push(item)
        return list
      }),
      { subject: "evolve of List", expected: "the state it was given to stay as it was", path: "/items/" }
    )
  )

  it.effect("that changes the event it is given is found out", () =>
    finds(
      listOf((list, event) => add(list, Object.assign(event, { item: `${event.item}!` }))),
      { subject: "evolve of List", expected: "the event it was given to stay as it was", path: "/item" }
    )
  )

  it.effect("that writes what was there already is found out", () =>
    finds(
      listOf((list, event) => add(Object.assign(list, { items: list.items }), event)),
      { subject: "evolve of List", found: "read only" }
    )
  )

  it.effect("that gives another state each time is found out", () => {
    let count = 0
    return finds(
      listOf(({ items }, { item }) => ({ items: [...items, `${item} ${count++}`] })),
      { subject: "evolve of List", expected: "the same state for the same event", path: "/items/" }
    )
  })

  it.effect("that throws is found out; in a run its command has crashed", () =>
    Effect.gen(function* () {
      const { definition, kit } = listOf((list, event) => {
        if (event.item === "") throw new Error("an empty item")
        return add(list, event)
      })
      yield* kit.when("Add", { item: "" }).crashes("an empty item")
      const given = yield* flawIn(kit.given({ _tag: "Added", item: "" }).when("Add", { item: "a" }).outcome)
      assert.include(given.found, "an empty item")
      const checked = yield* flawIn(ActorKit.check(definition))
      assert.deepInclude(checked, { subject: "evolve of List", expected: "a state for every state and event" })
      // Made as small as it gets.
      assert.include(checked.message, '{"items":[]},{"_tag":"Added","item":""}')
    })
  )

  it.effect("that gives what the schema of the state refuses is found out", () =>
    finds(
      listOf(({ items }) => ({ items: [...items, 1 as never] })),
      { subject: "state of List", expected: "a value that its schema accepts", found: "Expected string" }
    )
  )

  it.effect("that gives a field which the schema of the state drops is found out", () =>
    finds(
      listOf((list, event) => ({ ...add(list, event), last: event.item })),
      { subject: "state of List", path: "/last", found: "nothing" }
    )
  )

  it.effect("need only do for the steps that can happen, if the test says which", () =>
    Effect.gen(function* () {
      const { definition } = listOf((list, event) => {
        if (list.items.includes(event.item)) throw new Error("twice")
        return add(list, event)
      })
      yield* flawIn(ActorKit.check(definition, { runs: 2000, size: 3 }))
      const items = Arbitrary.array(Arbitrary.schema(Schema.Int))
      const steps = Arbitrary.map(
        items,
        (items) => [{ items: items.map(String) }, { _tag: "Added", item: "none of them" }] as const
      )
      yield* ActorKit.check(definition, { steps })
    })
  )
})

describe("an initial state", () => {
  it.effect("with a field that its schema drops is found out", () =>
    Effect.gen(function* () {
      const initialState = { items: [], forgotten: true }
      const definition = Actor.make("Born", { state, initialState, events, evolve: (state) => state, commands: [] })
      const flaw = yield* flawIn(ActorKit.check(definition))
      assert.deepInclude(flaw, { subject: "state of Born", path: "/forgotten" })
    })
  )
})

describe("a schema that loses something", () => {
  const broken = (text: Schema.Codec<string>) =>
    ({
      state: Schema.Struct({ text }),
      events: Schema.TaggedUnion({ Written: { text } }),
      payload: { text },
      success: Schema.Struct({ text }),
      error: Schema.Struct({ text })
    }) as const
  const good = broken(Schema.String)
  const bad = broken(Trimmed)

  /** A note of which one schema is bad. */
  const noteWith = (part: keyof typeof good | "none") => {
    const schemas = { ...good, ...(part === "none" ? {} : { [part]: bad[part] }) }
    const Note = Actor.make("Note", {
      state: schemas.state,
      initialState: { text: "" },
      events: schemas.events,
      evolve: (_, { text }) => ({ text }),
      commands: [
        Rpc.make("Write", { payload: schemas.payload, success: schemas.success }),
        Rpc.make("Refuse", { error: schemas.error })
      ]
    })
    const behavior = Note.toLayer({
      Write: (_, { text }) => Note.persist({ _tag: "Written", text }, (state) => state),
      Refuse: () => Effect.fail({ text: " no " })
    })
    const note = ActorKit.make(Note, behavior)
    return {
      run: part === "error" ? note.when("Refuse").outcome : note.when("Write", { text: " a b " }).outcome,
      check: ActorKit.check(Note, { runs: 1000 })
    }
  }

  it.effect("is named, with the path, by a run and by the check", () =>
    Effect.gen(function* () {
      const subjects = {
        state: "state of Note",
        events: "event Written of Note",
        payload: "payload of Note.Write",
        success: "reply of Note.Write",
        error: "error of Note.Refuse"
      }
      for (const part of Object.keys(good) as ReadonlyArray<keyof typeof good>) {
        const { check, run } = noteWith(part)
        for (const flaw of [yield* flawIn(run), yield* flawIn(check)]) {
          assert.deepInclude(flaw, { subject: subjects[part], path: "/text" })
          assert.include(flaw.expected, "to come back as it was stored")
        }
      }
      yield* noteWith("none").run
      yield* noteWith("none").check
    })
  )

  it.effect("is found for values that only tell themselves whether they are the same", () =>
    Effect.gen(function* () {
      /** To the second. */
      const Moment = Schema.Date.pipe(
        Schema.decode({
          decode: SchemaGetter.transform((date) => new Date(Math.floor(date.getTime() / 1000) * 1000)),
          encode: SchemaGetter.passthrough()
        })
      )
      const Clocked = Actor.make("Clocked", {
        state: Schema.Struct({ at: Schema.Option(Moment) }),
        initialState: { at: Option.none() },
        events: Schema.TaggedUnion({ Ticked: { at: Moment } }),
        evolve: (_, { at }) => ({ at: Option.some(at) }),
        commands: []
      })
      assert.deepInclude(yield* flawIn(ActorKit.check(Clocked)), { subject: "state of Clocked", path: "/at" })
      const Plain = Actor.make("Plain", {
        state: Schema.Struct({ at: Moment }),
        initialState: { at: new Date(0) },
        events: Schema.TaggedUnion({ Ticked: {} }),
        evolve: (state) => state,
        commands: []
      })
      assert.deepInclude(yield* flawIn(ActorKit.check(Plain)), { subject: "state of Plain", path: "/at" })
    })
  )

  it.effect("is told from values of every kind that come back as they were", () =>
    ActorKit.check(
      Actor.make("Everything", {
        state: Schema.Struct({
          date: Schema.Date,
          bytes: Schema.Uint8Array,
          big: Schema.BigInt,
          number: Schema.Number,
          perhaps: Schema.optional(Schema.String),
          missing: Schema.optionalKey(Schema.Option(Schema.Int)),
          json: Schema.Record(Schema.String, Schema.Unknown),
          map: Schema.HashMap(Schema.String, Schema.Date),
          text: Schema.String
        }),
        initialState: {
          date: new Date(0),
          bytes: Uint8Array.of(1, 2),
          big: 2n ** 70n,
          number: -0,
          perhaps: undefined,
          missing: Option.some(1),
          json: { a: [null, { b: -0 }] },
          map: HashMap.make(["a", new Date(1)]),
          text: "\ud800\0"
        },
        events: Schema.TaggedUnion({ Nothing: {} }),
        evolve: (state) => state,
        commands: []
      })
    )
  )
})

describe("a handler", () => {
  const { definition } = listOf(add)

  it.effect("that changes the state it is given is found out", () =>
    Effect.gen(function* () {
      const kit = ActorKit.make(
        definition,
        definition.toLayer({
          Add: ({ items }, { item }) => {
            const mine = items as Array<string>
            mine.push(item)
            return Effect.void
          }
        })
      )
      const flaw = yield* flawIn(kit.when("Add", { item: "a" }).outcome)
      assert.deepInclude(flaw, { subject: "the handler of List.Add", path: "/items/0" })
    })
  )

  it.effect("that persists what the schema of the events refuses is found out", () =>
    Effect.gen(function* () {
      const kit = ActorKit.make(
        definition,
        definition.toLayer({ Add: () => definition.persist({ _tag: "Added", item: 1 as never }) })
      )
      const flaw = yield* flawIn(kit.when("Add", { item: "a" }).outcome)
      assert.deepInclude(flaw, { subject: "event Added of List", expected: "a value that its schema accepts" })
      assert.include(flaw.found, '["item"]')
    })
  )

  it.effect("that throws or interrupts itself, or whose reply throws, has crashed", () =>
    Effect.gen(function* () {
      const crashing = (handler: () => Effect.Effect<void>) =>
        ActorKit.make(definition, definition.toLayer({ Add: handler }))
          .when("Add", { item: "a" })
          .crashes()
      yield* crashing(() => {
        throw new Error("thrown")
      })
      yield* crashing(() => Effect.interrupt)
      const late = definition.toLayer({
        Add: (_, { item }) =>
          definition.persist({ _tag: "Added", item }, () => {
            throw new Error("no reply")
          })
      })
      yield* ActorKit.make(definition, late).when("Add", { item: "a" }).crashes("no reply")
    })
  )
})
