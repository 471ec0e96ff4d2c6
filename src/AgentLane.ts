/**
 * The writes to one agent, one append after the other: while one is under way, others queue; then all of them are folded in order and go
 * in one.
 */
import * as Effect from "effect/Effect"
import { AgentCommit, type Queue, type Surroundings } from "./AgentCommit.ts"
import type { Operation } from "./AgentOperation.ts"

/** Lives for as long as there is something to write. */
export class AgentLane implements Queue {
  private readonly agentId: string
  private readonly surroundings: Surroundings
  private readonly commit: AgentCommit
  private waiting: Array<Operation> = []

  constructor(agentId: string, surroundings: Surroundings) {
    this.agentId = agentId
    this.surroundings = surroundings
    this.commit = new AgentCommit(agentId, surroundings, this)
  }

  push(operation: Operation): void {
    this.waiting.push(operation)
  }

  putBack(operations: ReadonlyArray<Operation>): void {
    this.waiting = [...operations, ...this.waiting]
  }

  /** Writes what is queued, and what is queued meanwhile. */
  run(): Effect.Effect<void> {
    return Effect.whileLoop({
      while: () => this.waiting.length > 0 || this.leave(),
      body: () => this.turn(),
      step: () => {}
    })
  }

  /** At once, so that nothing can be queued between the look into the queue and the end. */
  private leave(): false {
    this.surroundings.onIdle(this.agentId)
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
    if (this.waiting.length === 1) return this.waiting.splice(0)
    const ids = new Set<string>()
    let count = 0
    for (const { chosenIds, commandId } of this.waiting) {
      if (chosenIds.some((id) => ids.has(id)) || (commandId !== undefined && ids.has(`command ${commandId}`))) break
      for (const id of chosenIds) ids.add(id)
      if (commandId !== undefined) ids.add(`command ${commandId}`)
      count++
    }
    return this.waiting.splice(0, count)
  }
}
