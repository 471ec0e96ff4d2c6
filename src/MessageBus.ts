/**
 * Messages of scripted actors to whoever listens, such as the user.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { BusFailed } from "./ScriptError.ts"

/** A message on its way. */
export interface Envelope {
  /** The id of the action that sent it: whoever gets it twice, as may happen after a crash, can tell by it. */
  readonly id: string
  /** The scripted actor that sent it. */
  readonly from: string
  readonly to: string
  readonly content: string
  readonly priority: "low" | "normal" | "high" | "urgent"
}

/** Which messages: those to one target, or all. */
export interface Subscription {
  readonly to?: string | undefined
}

/** The bus. */
export class MessageBus extends Context.Service<
  MessageBus,
  {
    /** Hands a message to everybody who listens to its target now. What they do with it is not waited for, and no failure of theirs comes back. */
    readonly send: (envelope: Envelope) => Effect.Effect<void, BusFailed>
    /** Runs a handler for each message, one after the other, as long as the scope lives; complete once it listens. What the handler fails with is logged. */
    readonly subscribe: <E, R>(
      handler: (envelope: Envelope) => Effect.Effect<void, E, R>,
      subscription?: Subscription
    ) => Effect.Effect<void, never, R | Scope.Scope>
    /** The messages from now on. */
    readonly messages: (subscription?: Subscription) => Stream.Stream<Envelope>
  }
>()("pantheon-state/MessageBus") {}

/** A bus within this process. */
export const layerMemory: Layer.Layer<MessageBus> = Layer.effect(
  MessageBus,
  Effect.gen(function* () {
    const bus = yield* PubSub.unbounded<Envelope>()
    yield* Effect.addFinalizer(() => PubSub.shutdown(bus))
    const listen = ({ to }: Subscription = {}) =>
      Effect.map(PubSub.subscribe(bus), (subscription) =>
        Stream.fromSubscription(subscription).pipe(Stream.filter((envelope) => to === undefined || envelope.to === to))
      )
    return MessageBus.of({
      send: (envelope) => Effect.asVoid(PubSub.publish(bus, envelope)),
      subscribe: Effect.fnUntraced(function* (handler, subscription) {
        const heard = yield* listen(subscription)
        yield* Effect.forkScoped(
          Stream.runForEach(heard, (envelope) =>
            Effect.catchCause(
              Effect.suspend(() => handler(envelope)),
              (cause) => Effect.logError(`a listener to ${envelope.to} failed on message ${envelope.id}`, cause)
            )
          )
        )
      }),
      messages: (subscription) => Stream.unwrap(listen(subscription))
    })
  })
)
