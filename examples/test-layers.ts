/** One program, with its layers swapped: on disk as in production, and in memory with a clock of its own as in a test. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Clock, Console, Context, Effect, Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { TestClock } from "effect/testing"
import * as LocalEngine from "../layers/engine/local.ts"
import * as LevelDb from "../layers/leveldb/index.ts"
import * as Memory from "../layers/memory/index.ts"
import { Actor } from "../src/index.ts"

class Mail extends Context.Service<Mail, { readonly send: (text: string) => Effect.Effect<void> }>()("Mail") {}

const Reminder = Actor.make("Reminder", {
  state: Schema.Struct({ sentAt: Schema.Array(Schema.Int) }),
  initialState: { sentAt: [] },
  events: Schema.TaggedUnion({ Sent: { at: Schema.Int } }),
  evolve: ({ sentAt }, { at }) => ({ sentAt: [...sentAt, at] }),
  commands: [Rpc.make("Remind", { payload: { text: Schema.String }, success: Schema.Int })]
})

const aDay = 24 * 60 * 60 * 1000

const ReminderBehavior = Reminder.toLayer({
  // At most once a day.
  Remind: Effect.fnUntraced(function* ({ sentAt }, { text }) {
    const now = yield* Clock.currentTimeMillis
    const last = sentAt.at(-1)
    if (last !== undefined && now - last < aDay) return sentAt.length
    yield* Mail.use((mail) => mail.send(text))
    return yield* Reminder.persist({ _tag: "Sent", at: now }, (state) => state.sentAt.length)
  })
})

/** The program: it knows neither the store, nor the mail, nor the clock. */
const program = Effect.gen(function* () {
  const reminder = (yield* Reminder.client)("r-1")
  yield* reminder.Remind({ text: "water the plants" })
  return yield* reminder.Remind({ text: "water the plants, please" })
})

const Runtime = ReminderBehavior.pipe(Layer.provideMerge(LocalEngine.layer))

/** As in production. */
const directory = mkdtempSync(join(tmpdir(), "reminders-"))
const Production = Runtime.pipe(
  Layer.provide(LevelDb.layer({ directory })),
  Layer.provide(Layer.succeed(Mail, { send: (text) => Console.log(`sent: ${text}`) }))
)

/** As in a test: nothing on disk, no mail, and time passes when the test says so. */
const outbox: Array<string> = []
const Test = Runtime.pipe(
  Layer.provide(Memory.layer),
  Layer.provide(Layer.succeed(Mail, { send: (text) => Effect.sync(() => outbox.push(text)) })),
  Layer.provideMerge(TestClock.layer())
)

const test = Effect.gen(function* () {
  const first = yield* program
  yield* TestClock.adjust("1 day")
  return [first, yield* program]
})

await Effect.runPromise(
  Effect.gen(function* () {
    for (let run = 1; run <= 2; run++) {
      yield* Console.log(`production, run ${run}: ${yield* Effect.provide(program, Production)} sent`)
    }
    yield* Console.log(
      `test: ${(yield* Effect.provide(test, Test)).join(", then ")} sent, ${outbox.length} in the outbox`
    )
  }).pipe(Effect.ensuring(Effect.sync(() => rmSync(directory, { recursive: true }))))
)
