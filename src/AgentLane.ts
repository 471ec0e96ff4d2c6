/**
 * The writes to one agent, one append after the other: while one is under way, others queue; then all of them are folded in order and go
 * in one.
 */
import * as Effect from "effect/Effect"
import { AgentCommit, type Surroundings } from "./AgentCommit.ts"
import type { Operation } from "./AgentOperation.ts"

/** Lives for as long as there is something to write. */
export class AgentLane {
  private queue: Array<Operation> = []
  private readonly commit: AgentCommit
  private readonly onIdle: () => void

  /** `onIdle` is called when nothing is left to do; the lane is used no more. */
  constructor(agentId: string, surroundings: Surroundings, onIdle: () => void) {
    this.onIdle = onIdle
    this.commit = new AgentCommit(agentId, surroundings, (operations) => {
      this.queue = [...operations, ...this.queue]
    })
  }

  push(operation: Operation): void {
    this.queue.push(operation)
  }

  /** Writes what is queued, and what is queued meanwhile. */
  readonly run: Effect.Effect<void> = Effect.suspend(() =>
    Effect.whileLoop({ while: () => this.queue.length > 0 || this.leave(), body: () => this.turn(), step: () => {} })
  )

  /** At once, so that nothing can be queued between the look into the queue and the end. */
  private leave(): false {
    this.onIdle()
    return false
  }

  private turn(): Effect.Effect<void> {
    const batch = this.take()
    return Effect.catchCause(this.commit.begin(batch), (cause) =>
      Effect.sync(() => {
        for (const operation of batch) operation.settle({ _tag: "Died", cause })
      })
    )
  }

  /** All that waits, up to the first that repeats an id: that one is answered from what is stored by then. */
  private take(): ReadonlyArray<Operation> {
    const ids = new Set<string>()
    let count = 0
    for (const { chosenIds, commandId } of this.queue) {
      if (chosenIds.some((id) => ids.has(id)) || (commandId !== undefined && ids.has(`command ${commandId}`))) break
      for (const id of chosenIds) ids.add(id)
      if (commandId !== undefined) ids.add(`command ${commandId}`)
      count++
    }
    return this.queue.splice(0, count)
  }
}
