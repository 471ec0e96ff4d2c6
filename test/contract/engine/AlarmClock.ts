/**
 * An actor that sets timers in every way.
 */
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Actor from "../../../src/Actor.ts"

export class NotNow extends Schema.TaggedError<NotNow>()("NotNow", {}) {}

const timer = { name: Schema.String, milliseconds: Schema.Int, label: Schema.String }

export const AlarmClock = Actor.make("AlarmClock", {
  state: Schema.Struct({ rung: Schema.Array(Schema.String) }),
  initialState: { rung: [] },
  events: Schema.TaggedUnion({ Rung: { label: Schema.String } }),
  evolve: ({ rung }, { label }) => ({ rung: [...rung, label] }),
  commands: [
    /** Sets a timer and nothing else. */
    Rpc.make("Set", { payload: timer }),
    Rpc.make("SetAt", { payload: timer }),
    Rpc.make("SetMany", { payload: { timers: Schema.Array(Schema.Struct(timer)) } }),
    Rpc.make("Every", { payload: timer }),
    Rpc.make("Cancel", { payload: { name: Schema.String } }),
    /** Sets a timer and persists an event. */
    Rpc.make("RingAndSet", { payload: timer, success: Schema.Int }),
    /** Sets a timer and fails. */
    Rpc.make("SetAndFail", { payload: timer, error: NotNow }),
    Rpc.make("SetAndDie", { payload: timer }),
    /** Sets one for a command that fails, or dies. */
    Rpc.make("SetBad", {
      payload: { name: Schema.String, command: Schema.Literals(["Fail", "Die", "DieLater", "RingAndSet"]) }
    }),
    Rpc.make("Ring", { payload: { label: Schema.String, at: Schema.optional(Schema.Date) } }),
    Rpc.make("Fail", { error: NotNow }),
    Rpc.make("Die"),
    Rpc.make("DieLater"),
    Rpc.make("Rung", { success: Schema.Array(Schema.String) })
  ]
})

const { timers } = AlarmClock

/** Its behavior, with options. */
export const behavior = (options?: Actor.BehaviorOptions) =>
  AlarmClock.toLayer(
    {
      Set: (_, { label, milliseconds, name }) => timers.after(name, milliseconds, "Ring", { label, at: new Date(5) }),
      SetAt: (_, { label, milliseconds, name }) => timers.at(name, milliseconds, "Ring", { label }),
      SetMany: (_, payload) =>
        Effect.forEach(
          payload.timers,
          ({ label, milliseconds, name }) => timers.after(name, milliseconds, "Ring", { label }),
          { discard: true }
        ),
      Every: (_, { label, milliseconds, name }) => timers.every(name, milliseconds, "Ring", { label }),
      Cancel: (_, { name }) => timers.cancel(name),
      RingAndSet: (_, { label, milliseconds, name }) =>
        Effect.andThen(
          timers.after(name, milliseconds, "Ring", { label }),
          AlarmClock.persist({ _tag: "Rung", label: `set ${label}` }, ({ rung }) => rung.length)
        ),
      SetAndFail: (_, { label, milliseconds, name }) =>
        Effect.andThen(timers.after(name, milliseconds, "Ring", { label }), Effect.fail(new NotNow())),
      SetAndDie: (_, { label, milliseconds, name }) =>
        Effect.andThen(timers.after(name, milliseconds, "Ring", { label }), Effect.die(new Error("boom"))),
      SetBad: (_, { command, name }) =>
        command === "RingAndSet"
          ? timers.after(name, 1, command, { name, milliseconds: 1, label: "again" })
          : timers.after(name, 1, command),
      Ring: (_, { at, label }) =>
        AlarmClock.persist(
          { _tag: "Rung", label: at === undefined ? label : `${label} ${at.getTime()}` },
          () => undefined
        ),
      Fail: () => Effect.fail(new NotNow()),
      Die: () => Effect.die(new Error("boom")),
      DieLater: () => Effect.delay(Effect.die(new Error("boom")), 5),
      Rung: ({ rung }) => Effect.succeed(rung)
    },
    options
  )

export const AlarmClockBehavior = behavior()
