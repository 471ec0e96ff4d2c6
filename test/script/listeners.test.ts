import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import { MessageBus } from "../../src/index.ts"

const envelope = (id: string): MessageBus.Envelope => ({ id, from: "a", to: "user", content: id, priority: "normal" })

describe("a listener to the bus", () => {
  it.effect(
    "hears what comes after a message whose handling was interrupted, and is quiet once its scope has ended",
    () => {
      const logged: Array<unknown> = []
      return Effect.gen(function* () {
        const bus = yield* MessageBus.MessageBus
        const scope = yield* Scope.make()
        const second = yield* Deferred.make<void>()
        const handle = ({ id }: MessageBus.Envelope) =>
          id === "1" ? Effect.interrupt : Effect.andThen(Deferred.succeed(second, undefined), Effect.never)
        yield* Effect.provideService(bus.subscribe(handle), Scope.Scope, scope)
        yield* bus.send(envelope("1"))
        yield* bus.send(envelope("2"))
        yield* Deferred.await(second)
        assert.lengthOf(logged, 1)
        yield* Scope.close(scope, Exit.void)
        assert.lengthOf(logged, 1)
      }).pipe(
        Effect.provide(MessageBus.layerMemory),
        Effect.provide(Logger.layer([Logger.make(({ message }) => void logged.push(message))]))
      )
    }
  )
})
