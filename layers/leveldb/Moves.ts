/**
 * The agent whose rows are being moved to their places, after its import was decided on. It is half there, so whoever asks for it waits.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { DriverError } from "../../src/EventStoreDriver.ts"

/** At most one agent at a time. */
export class Moves {
  private moving: { readonly agentId: string; readonly end: Deferred.Deferred<void, DriverError> } | undefined

  get isIdle(): boolean {
    return this.moving === undefined
  }

  /** Keeps others from the agent from now on. */
  begin(agentId: string): void {
    this.moving = { agentId, end: Deferred.makeUnsafe() }
  }

  /** Lets them go on; after a failure the agent stays half there until the directory is opened again, so they are told. */
  end(exit: Exit.Exit<void, DriverError>): void {
    const { moving } = this
    if (moving === undefined) return
    if (Exit.isSuccess(exit)) this.moving = undefined
    Deferred.doneUnsafe(moving.end, exit)
  }

  /** Does something once none of the agents is moved. */
  before<A, E>(agentIds: ReadonlyArray<string>, effect: Effect.Effect<A, E>): Effect.Effect<A, E | DriverError> {
    return Effect.suspend((): Effect.Effect<A, E | DriverError> => {
      const { moving } = this
      return moving !== undefined && agentIds.includes(moving.agentId)
        ? Effect.andThen(Deferred.await(moving.end), effect)
        : effect
    })
  }

  /** Looks for something of an agent that is not known before, and once more if that is being moved. */
  find<A extends { readonly agentId: string }, E>(
    look: Effect.Effect<A | undefined, E>
  ): Effect.Effect<A | undefined, E | DriverError> {
    return Effect.flatMap(look, (found) =>
      found === undefined || found.agentId !== this.moving?.agentId
        ? Effect.succeed(found)
        : this.before([found.agentId], look)
    )
  }

  /** Completes once nothing is moved. */
  readonly idle: Effect.Effect<void, DriverError> = Effect.suspend(() =>
    this.moving === undefined ? Effect.void : Deferred.await(this.moving.end)
  )
}
