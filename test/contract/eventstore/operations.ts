/**
 * Random operations. Ids come from small pools, so that repetitions and clashes are frequent.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import type { Model, ModelAppend } from "./model.ts"

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

const agent = upTo(2)

/** An append before its names are filled in. */
const append = Schema.Struct({
  agent,
  /** Relative to the version that the agent has: `behind` and `ahead` are wrong by one. */
  expected: Schema.Literals(["any", "none", "current", "behind", "ahead"]),
  /** An id below 5 is one of a pool, any other a new one. */
  events: Schema.Array(Schema.Struct({ id: upTo(12), body: upTo(1) })).check(Schema.isMaxLength(3)),
  commands: Schema.Array(upTo(5)).check(Schema.isMaxLength(2)),
  /** A body of 2 removes the note, a time of 3 is none, and so is a tag of 2. */
  notes: Schema.Array(Schema.Struct({ name: upTo(2), body: upTo(2), due: upTo(3), tag: upTo(2) })).check(
    Schema.isMaxLength(2)
  )
})
export type AppendDraft = typeof append.Type

const Append = Schema.TaggedStruct("Append", { append })
const AppendAll = Schema.TaggedStruct("AppendAll", { appends: Schema.Array(append).check(Schema.isMaxLength(8)) })
/** Hands over one append at most for each agent, all or none; or, below 40, an earlier such step once more. */
const Together = Schema.TaggedStruct("Together", {
  appends: Schema.Array(append).check(Schema.isMaxLength(6)),
  which: upTo(99)
})
/** Hands an earlier append over once more, exactly as it was. */
const Repeat = Schema.TaggedStruct("Repeat", { which: upTo(99) })
const Read = Schema.TaggedStruct("Read", {
  agent,
  from: upTo(6),
  to: upTo(12),
  limit: upTo(6),
  isBackward: Schema.Boolean
})
const Look = Schema.TaggedStruct("Look", { agent, event: upTo(5), command: upTo(6) })
const DeleteEvents = Schema.TaggedStruct("DeleteEvents", { agent, behind: upTo(3) })
const Purge = Schema.TaggedStruct("Purge", { agent })
const List = Schema.TaggedStruct("List", { limit: upTo(4) })
const Due = Schema.TaggedStruct("Due", { until: upTo(2) })
const Tagged = Schema.TaggedStruct("Tagged", { tag: upTo(1) })
const Feed = Schema.TaggedStruct("Feed", {})
/** Starts an append and goes away. */
const Abandon = Schema.TaggedStruct("Abandon", { append, patience: upTo(4) })

export type Sequential =
  | typeof Append.Type
  | typeof AppendAll.Type
  | typeof Together.Type
  | typeof Repeat.Type
  | typeof Read.Type
  | typeof Look.Type
  | typeof DeleteEvents.Type
  | typeof Purge.Type
  | typeof List.Type
  | typeof Due.Type
  | typeof Tagged.Type
  | typeof Feed.Type

const alone = [
  Append,
  Append,
  Append,
  AppendAll,
  AppendAll,
  Repeat,
  Read,
  Look,
  DeleteEvents,
  Purge,
  List,
  Due,
  Tagged,
  Feed
] as const

const oneAfterTheOther = (operation: Arbitrary.Arbitrary<Sequential>) =>
  Arbitrary.array(operation, { minLength: 1, maxLength: 40 })

/** Operations one after the other. Appends are the most frequent. */
export const sequential: Arbitrary.Arbitrary<ReadonlyArray<Sequential>> = oneAfterTheOther(
  Arbitrary.schema(Schema.Union(alone))
)

/** The same with appends to several agents together between. */
export const together: Arbitrary.Arbitrary<ReadonlyArray<Sequential>> = oneAfterTheOther(
  Arbitrary.schema(Schema.Union([Together, Together, Together, Together, ...alone]))
)

export type Concurrent =
  | typeof Append.Type
  | typeof AppendAll.Type
  | typeof Repeat.Type
  | typeof Abandon.Type
  | typeof Look.Type
  | typeof DeleteEvents.Type
  | typeof Purge.Type

const several = (operation: Arbitrary.Arbitrary<Concurrent>) =>
  Arbitrary.array(Arbitrary.array(operation, { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 5 })

/** What several fibers do at once: writing and reading only. */
export const writing: Arbitrary.Arbitrary<ReadonlyArray<ReadonlyArray<Concurrent>>> = several(
  Arbitrary.schema(Schema.Union([Append, Append, Append, AppendAll, Repeat, Abandon, Look]))
)

/** The same with deletions and purges between. */
export const removing: Arbitrary.Arbitrary<ReadonlyArray<ReadonlyArray<Concurrent>>> = several(
  Arbitrary.schema(Schema.Union([Append, Append, Append, AppendAll, Repeat, Abandon, Look, DeleteEvents, Purge]))
)

/** The names of one run, which no other run has used. */
export class Names {
  private readonly base: string
  private events = 0

  constructor(base: string) {
    this.base = base
  }

  get prefix(): string {
    return `${this.base}/`
  }

  agent(number: number): string {
    return `${this.prefix}${number}`
  }

  event(number: number): string {
    return number < 5 ? `${this.base} event ${number}` : `${this.base} fresh ${++this.events}`
  }

  /** Other runs use other tags. */
  tag(number: number): string {
    return `${this.base} tag ${number}`
  }

  command(number: number): string {
    return `command ${number}`
  }

  /** Fills in the names, and the expectation relative to a version. */
  append({ agent, commands, events, expected, notes }: AppendDraft, version: number): ModelAppend {
    const distance = expected === "behind" ? -1 : expected === "ahead" ? 1 : 0
    return {
      agentId: this.agent(agent),
      expected: expected === "any" || expected === "none" ? expected : Math.max(version + distance, 0),
      events: events.map(({ body, id }) => ({ id: this.event(id), body })),
      commandIds: commands.map((command) => this.command(command)),
      notes: notes.map(({ body, due, name, tag }) => ({
        name: `note ${name}`,
        body: body === 2 ? undefined : body,
        due: due === 3 ? undefined : due,
        tag: tag === 2 ? undefined : this.tag(tag)
      }))
    }
  }
}

/** The version of an agent as a model has it. */
export const versionIn = (model: Model, names: Names, { agent }: AppendDraft): number =>
  model.agent(names.agent(agent)).version
