/**
 * Who works for which scripted actor: one fiber for each that has something to do, so its ticks never overlap; and none for the others.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { ActorError } from "../ActorError.ts"
import { CurrentPrincipal } from "../CurrentPrincipal.ts"
import { principalOf } from "./ScriptAccess.ts"
import * as ScriptProgress from "./ScriptProgress.ts"
import type { ScriptState } from "./ScriptState.ts"

/** How the work is done. */
export interface Workers {
  readonly look: (id: string) => Effect.Effect<ScriptState | null, ActorError>
  /** Does one piece of work, and gives the state after it. */
  readonly work: (state: ScriptState, work: ScriptProgress.Work) => Effect.Effect<ScriptState | null, ActorError>
}

/** Somebody is at work for an actor. */
interface Drive {
  fiber: Fiber.Fiber<void> | undefined
  /** The actor has decided something since the last look. */
  isStale: boolean
}

/** The drivers of one process. */
export class ScriptDrivers {
  private readonly drives = new Map<string, Drive>()
  private readonly workers: Workers
  private readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>

  constructor(workers: Workers, fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>) {
    this.workers = workers
    this.fork = fork
  }

  /** Sees to it that somebody looks what there is to do for an actor, and that whoever is at work looks again first. */
  readonly drive = (id: string): void => {
    const drive = this.drives.get(id)
    if (drive === undefined) this.start(id)
    else drive.isStale = true
  }

  /** Interrupts whoever is at work for an actor. */
  readonly drop = (id: string): void => {
    const drive = this.drives.get(id)
    this.drives.delete(id)
    drive?.fiber?.interruptUnsafe()
  }

  private start(id: string): void {
    const drive: Drive = { fiber: undefined, isStale: false }
    this.drives.set(id, drive)
    drive.fiber = this.fork(
      Effect.catchCause(Effect.provideService(this.run(id, drive), CurrentPrincipal, principalOf(id)), (cause) => {
        this.forget(id, drive)
        // What is left to do has a durable timer, which will find somebody again.
        return Effect.logDebug(`nobody drives scripted actor ${JSON.stringify(id)} any more`, cause)
      })
    )
  }

  private readonly run = Effect.fnUntraced({ self: this }, function* (this: ScriptDrivers, id: string, drive: Drive) {
    const { look, work } = this.workers
    do {
      drive.isStale = false
      let state = yield* look(id)
      let next = ScriptProgress.workOf(state)
      // What was decided meanwhile, such as a pause, must be seen before anything is begun.
      while (state !== null && next !== undefined && !drive.isStale) {
        state = yield* work(state, next)
        next = ScriptProgress.workOf(state)
      }
    } while (drive.isStale)
    this.forget(id, drive)
  })

  private forget(id: string, drive: Drive): void {
    if (this.drives.get(id) === drive) this.drives.delete(id)
  }
}
