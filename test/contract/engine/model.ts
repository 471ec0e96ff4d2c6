/**
 * A small model of accounts: what their actors must answer. It shares no code with the library.
 */
import type { Ask, Rule } from "./orders.ts"

export class Model {
  balance = 0
  parent: Model | undefined
  private isStopped = false
  isHeld = false
  private readonly replies = new Map<string, number>()
  private readonly faults: Array<string> = []

  /** Does as the actor is told; of two accounts, one may be the child of the other. */
  rule(order: Rule["_tag"], other: Model): void {
    switch (order) {
      case "Stop":
        this.isStopped = true
        this.isHeld = false
        this.parent = undefined
        if (other.parent === this) other.rule("Stop", this)
        break
      case "Spawn":
      case "Restart":
        this.isStopped = false
        break
      case "Pause":
        this.isStopped = false
        this.isHeld = true
        break
      case "Resume":
        this.isHeld = false
        break
    }
  }

  /** The engine is another one. */
  renew(): void {
    this.isStopped = false
    this.isHeld = false
  }

  forget(): void {
    this.faults.length = 0
  }

  /** What an order meets that needs an actor which runs. */
  private get obstacle(): string | undefined {
    if (this.isStopped) return "ActorStopped"
    return this.isHeld ? "AskTimeout" : undefined
  }

  /** The reply, or the tag of the error. */
  adopt(other: Model): string {
    if (this.obstacle !== undefined) return this.obstacle
    if (this.parent === other) return "Circle"
    other.parent = this
    other.isStopped = false
    return "Adopted"
  }

  fail(fault: string): void {
    this.faults.push(fault)
  }

  /** The reply, or the tag of the error. */
  ask({ amount, command }: Ask, commandId: string | undefined): number | string {
    if (this.obstacle !== undefined) return this.obstacle
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
