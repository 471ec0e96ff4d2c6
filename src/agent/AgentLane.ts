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
  private waiting: Array<Operation>

  constructor(agentId: string, surroundings: Surroundings, first: Operation) {
    this.agentId = agentId
    this.surroundings = surroundings
    this.waiting = [first]
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
    const batch = this.waiting
    this.waiting = []
    return Effect.catchCause(this.commit.begin(batch), (cause) =>
      Effect.sync(() => {
        for (const operation of batch) operation.settle({ _tag: "Died", cause })
      })
    )
  }
}
