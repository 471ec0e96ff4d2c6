/** An actor that does everything later. */
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { Actor } from "../../src/index.ts"

const payload = { key: Schema.String, milliseconds: Schema.Int }

export const Agenda = Actor.make("Agenda", {
  state: Schema.Struct({ rung: Schema.Int }),
  initialState: { rung: 0 },
  events: Schema.TaggedUnion({ Planned: { key: Schema.String }, Rung: { key: Schema.String } }),
  evolve: ({ rung }, { _tag }) => ({ rung: _tag === "Rung" ? rung + 1 : rung }),
  commands: [
    Rpc.make("Plan", { payload }),
    /** The same, without an event. */
    Rpc.make("Remind", { payload }),
    Rpc.make("Drop", { payload: { key: Schema.String } }),
    Rpc.make("Ring", { payload: { key: Schema.String } })
  ]
})

/** What rings once more after it has rung. */
export const isFirst = (key: string): boolean => !key.endsWith(" again")
export const nextOf = (key: string): string => `${key} again`

export const AgendaBehavior = Agenda.toLayer(
  {
    Plan: (_, { key, milliseconds }) =>
      Effect.andThen(
        Agenda.timers.after(key, milliseconds, "Ring", { key }),
        Agenda.persist({ _tag: "Planned", key }, () => undefined)
      ),
    Remind: (_, { key, milliseconds }) => Agenda.timers.after(key, milliseconds, "Ring", { key }),
    Drop: (_, { key }) => Agenda.timers.cancel(key),
    Ring: Effect.fnUntraced(function* (_, { key }) {
      if (isFirst(key)) yield* Agenda.timers.after(nextOf(key), 20, "Ring", { key: nextOf(key) })
      return yield* Agenda.persist({ _tag: "Rung", key }, () => undefined)
    })
  },
  { passivateAfter: "100 millis" }
)
