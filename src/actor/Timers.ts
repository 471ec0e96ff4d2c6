/**
 * Timers of actors, as handlers set them: a command that the actor sends itself later, kept in the store.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Command from "./Command.ts"

type Named<Commands, Tag> = Extract<Commands, { readonly _tag: Tag }>

type Payload<C> = [undefined] extends [Command.Input<C>] ? [payload?: Command.Input<C>] : [payload: Command.Input<C>]

/**
 * Sets the timers of the running actor; for use in handlers of the definition, and a mistake that dies elsewhere.
 *
 * What a handler sets is stored in one write with what it decided, so a handler that fails sets nothing. A timer outlives the process. Its
 * command takes effect once, whatever crashes; when its time has passed while nobody was there to tell, that happens as soon as somebody is. A
 * timer wakes its actor, but an actor that was stopped or has failed keeps its timers until it is spawned again, and a paused one until it is
 * resumed. A command that fails or dies has used its timer up, and its outcome is told to nobody.
 *
 * A name is 1 to 249 characters, and has one timer: setting it again replaces what was set before. A name, time or payload that breaks a rule makes the
 * command `Rejected`. Where several processes are to run the actors of a definition, run them on the cluster engine: a timer goes off on the machine that owns
 * its actor. With an engine of one process in each, it would go off in all of them.
 */
export interface Timers<Commands extends Command.Command> {
  /** Sends the command once, after a while. */
  readonly after: <const Tag extends Commands["_tag"]>(
    name: string,
    duration: Duration.Input,
    command: Tag,
    ...payload: Payload<Named<Commands, Tag>>
  ) => Effect.Effect<void>
  /** Sends the command once, at a time, or at once if that has passed. */
  readonly at: <const Tag extends Commands["_tag"]>(
    name: string,
    millisecondsSinceEpoch: number,
    command: Tag,
    ...payload: Payload<Named<Commands, Tag>>
  ) => Effect.Effect<void>
  /** Sends the command again and again, the first time after one interval. Late ones do not pile up: one is sent, and the next at its usual time. */
  readonly every: <const Tag extends Commands["_tag"]>(
    name: string,
    interval: Duration.Input,
    command: Tag,
    ...payload: Payload<Named<Commands, Tag>>
  ) => Effect.Effect<void>
  /** Cancels the timer with this name, if there is one. */
  readonly cancel: (name: string) => Effect.Effect<void>
}

/** What a handler does to one timer of its actor. Nothing is checked yet. */
export type TimerChange =
  | {
      readonly _tag: "Set"
      readonly name: string
      /** Milliseconds since the epoch; not a number when the time makes no sense. */
      readonly due: number
      /** Milliseconds between two, for one that repeats. */
      readonly every: number | undefined
      readonly command: string
      readonly payload: unknown
    }
  | { readonly _tag: "Cancel"; readonly name: string }

/** Takes what the handlers of an actor set. */
export interface TimerDesk {
  /** The name of the actor's definition. */
  readonly actor: string
  /** Whether a handler was there to set it. */
  readonly set: (change: TimerChange) => boolean
}

/** Set by engines for the fibers of handlers. */
export const CurrentTimerDesk: Context.Reference<TimerDesk | undefined> = Context.Reference<TimerDesk | undefined>(
  "pantheon-state/actor/CurrentTimerDesk",
  { defaultValue: () => undefined }
)

/** The timers of a definition. */
export const make = <Commands extends Command.Command>(actor: string): Timers<Commands> => {
  const change = (make: (now: number) => TimerChange): Effect.Effect<void> =>
    Effect.withFiber((fiber) => {
      const desk = fiber.getRef(CurrentTimerDesk)
      const isSet = desk?.actor === actor && desk.set(make(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()))
      return isSet ? Effect.void : Effect.die(misplaced(actor, desk?.actor))
    })
  return {
    after: (name, duration, command, ...[payload]) =>
      change((now) => {
        const due = Math.ceil(now + millisecondsOf(duration))
        return { _tag: "Set", name, due, every: undefined, command, payload }
      }),
    at: (name, due, command, ...[payload]) =>
      change(() => ({ _tag: "Set", name, due: Math.ceil(due), every: undefined, command, payload })),
    every: (name, interval, command, ...[payload]) =>
      change((now) => {
        const every = Math.ceil(millisecondsOf(interval))
        return { _tag: "Set", name, due: now + every, every, command, payload }
      }),
    cancel: (name) => change(() => ({ _tag: "Cancel", name }))
  }
}

const millisecondsOf = (duration: Duration.Input): number =>
  Option.match(Duration.fromInput(duration), { onNone: () => Number.NaN, onSome: Duration.toMillis })

const misplaced = (actor: string, found: string | undefined): Error =>
  new Error(
    `timers of ${actor}: expected to be used in a handler of ${actor} while it runs, found ${found === undefined ? "no handler" : `one of ${found}`}`
  )
