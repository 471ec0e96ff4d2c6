/**
 * A small model of an account: what its actor must answer. It shares no code with the library.
 */
import type { Ask } from "./orders.ts"

export class Model {
  balance = 0
  private isStopped = false
  private readonly replies = new Map<string, number>()
  private readonly faults: Array<string> = []

  stop(): void {
    this.isStopped = true
  }

  spawn(): void {
    this.isStopped = false
  }

  fail(fault: string): void {
    this.faults.push(fault)
  }

  /** The reply, or the tag of the error. */
  ask({ amount, command }: Ask, commandId: string | undefined): number | string {
    if (this.isStopped) return "ActorStopped"
    const reply = commandId === undefined ? undefined : this.replies.get(commandId)
    if (reply !== undefined) return reply
    switch (command) {
      case "Balance":
        return this.balance
      case "Die":
        return "ActorCrashed"
      case "Withdraw":
        return amount > this.balance ? "Overdrawn" : this.change(-amount, commandId)
      case "Deposit":
        return this.change(amount, commandId)
      case "DepositTwice":
        return this.change(2 * amount, commandId)
    }
  }

  private change(by: number, commandId: string | undefined): number | string {
    // An answer that got lost is asked for again.
    while (this.faults[0] === "lose the answer") this.faults.shift()
    if (this.faults.shift() === "refuse") return "Rejected"
    this.balance += by
    if (commandId !== undefined) this.replies.set(commandId, this.balance)
    return this.balance
  }
}
