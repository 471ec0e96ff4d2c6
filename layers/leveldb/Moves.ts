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

  /** Does something once none of the agents is moved, or none at all if they are left out. */
  before<A, E>(
    agentIds: ReadonlyArray<string> | undefined,
    effect: Effect.Effect<A, E>
  ): Effect.Effect<A, E | DriverError> {
    return Effect.suspend((): Effect.Effect<A, E | DriverError> => {
      const { moving } = this
      if (moving === undefined || agentIds?.includes(moving.agentId) === false) return effect
      return Effect.andThen(Deferred.await(moving.end), effect)
    })
  }
}
