/**
 * What sharing should answer, told in the simplest way there is: a list of shares, looked through each time.
 */
import type { Level } from "../../../src/ContextSharing.ts"

export const parts = ["a", "b"] as const
export type Part = (typeof parts)[number]

type State = { readonly [part in Part]: number }

/** The terms of a share as the operations give them. A time is in hours from the beginning of the run; 0 is for never. */
export interface Terms {
  readonly level: Level
  readonly isPinned: boolean
  readonly part: Part | undefined
  readonly until: number
}

interface ModelShare extends Terms {
  readonly number: number
  readonly agent: number
  readonly owner: number
  readonly recipient: number
  readonly isOffer: boolean
  /** What it was made of: for a pinned one, what it shows. */
  readonly version: number
  readonly kept: State
}

interface ModelAgent {
  readonly state: State
  readonly version: number
  readonly status: "active" | "archived" | "deleted"
}

/** Who may do what with the shares of which agent, beside what is his own. */
export const mayShare = (who: number, agent: number, action: Level): boolean => {
  if (who === 0) return action !== "admin"
  return who === 1 ? agent === 0 : who === 2 && agent === 1 && action === "read"
}

const levels: ReadonlyArray<Level> = ["read", "write", "admin"]
const includes = (level: Level, asked: Level): boolean => levels.indexOf(level) >= levels.indexOf(asked)

export const beginning: State = { a: 0, b: 0 }

export class Model {
  /** The hour. */
  now = 0
  readonly agents: Array<ModelAgent> = [0, 1, 2].map(() => ({ state: beginning, version: 1, status: "active" }))
  private shares: ReadonlyArray<ModelShare> = []
  private made = 0

  share(owner: number, recipient: number, agent: number, terms: Terms, isOffer: boolean): string | number {
    if (owner === recipient) return "InvalidInput"
    if (!mayShare(owner, agent, "write")) return "AccessDenied"
    if (this.isNonsense(terms)) return "InvalidInput"
    const { state, status, version } = this.agent(agent)
    if (status === "deleted") return "AgentDeleted"
    const share = { ...terms, number: this.made, agent, owner, recipient, isOffer, version, kept: state }
    if (this.hasRival(share)) return "ShareExists"
    this.shares = [...this.shares, share]
    this.grow(agent, {})
    return this.made++
  }

  accept(who: number, number: number): string {
    const share = this.offered(who, number)
    if (share === undefined) return "ShareMissing"
    if (share.isOffer) this.put({ ...share, isOffer: false })
    return "done"
  }

  decline(who: number, number: number): string {
    const share = this.offered(who, number)
    return share === undefined ? "ShareMissing" : this.remove(share)
  }

  revoke(who: number, number: number): string {
    const share = this.find(number)
    if (share === undefined) return "ShareMissing"
    return share.owner === who || mayShare(who, share.agent, "admin") ? this.remove(share) : "ShareMissing"
  }

  /** What is pinned stays so. */
  change(who: number, number: number, { level, part, until }: Terms): string {
    const share = this.find(number)
    if (share === undefined || share.owner !== who) return "ShareMissing"
    const next = { ...share, level, part, until }
    if (this.isNonsense(next)) return "InvalidInput"
    if (this.hasRival(next)) return "ShareExists"
    this.put(next)
    return "done"
  }

  read(who: number, number: number): string | object {
    const share = this.offered(who, number)
    return share === undefined || share.isOffer ? "ShareMissing" : this.shown(share)
  }

  write(who: number, number: number, part: Part, value: number): string | object {
    const share = this.offered(who, number)
    if (share === undefined || share.isOffer || share.isPinned || share.level === "read") return "ShareMissing"
    if (share.part !== undefined && share.part !== part) return "InvalidInput"
    if (this.agent(share.agent).status === "archived") return "AgentArchived"
    this.grow(share.agent, { [part]: value })
    return this.shown(share)
  }

  get(who: number, number: number): string {
    const share = this.find(number)
    return share !== undefined && this.isSeen(who, share) ? "done" : "ShareMissing"
  }

  mayUse(who: number, agent: number, level: Level): boolean {
    return this.shares.some(
      (share) =>
        share.agent === agent &&
        share.recipient === who &&
        this.isEffective(share) &&
        !share.isPinned &&
        share.part === undefined &&
        includes(share.level, level)
    )
  }

  sharesOf(who: number, agent: number): ReadonlyArray<number> {
    return this.shares.filter((share) => share.agent === agent && this.isSeen(who, share)).map(({ number }) => number)
  }

  sharesWith(who: number, recipient: number): ReadonlyArray<number> {
    return this.shares
      .filter((share) => share.recipient === recipient && this.isSeen(who, share))
      .map(({ number }) => number)
  }

  received(who: number): ReadonlyArray<object> {
    return this.shares
      .filter((share) => share.recipient === who && this.isEffective(share))
      .map((share) => ({ number: share.number, ...this.shown(share) }))
  }

  statistics(agent: number): object {
    const shares = this.shares.filter((share) => share.agent === agent)
    const active = shares.filter((share) => this.isEffective(share)).length
    return { created: shares.length, received: 0, active, expired: shares.filter((s) => this.isExpired(s)).length }
  }

  /** How many it ends at least; others may have left some in the same store. */
  cleanUp(): number {
    const expired = this.shares.filter((share) => this.isExpired(share))
    for (const share of expired) this.remove(share)
    return expired.length
  }

  writeAsOwner(agent: number, part: Part, value: number): string {
    const { status } = this.agent(agent)
    if (status !== "active") return status === "archived" ? "AgentArchived" : "AgentDeleted"
    this.grow(agent, { [part]: value })
    return "done"
  }

  end(agent: number, status: ModelAgent["status"]): void {
    this.grow(agent, {})
    this.agents[agent] = { ...this.agent(agent), status }
    if (status === "deleted") this.shares = this.shares.filter((share) => share.agent !== agent)
  }

  agent(number: number): ModelAgent {
    return this.agents[number] ?? { state: beginning, version: 0, status: "deleted" }
  }

  /** Who owns or has got a share; somebody else when it is gone. */
  party(role: "owner" | "recipient", number: number): number {
    return this.find(number)?.[role] ?? 3
  }

  private isNonsense({ isPinned, level, part, until }: Terms): boolean {
    const isPast = until !== 0 && until <= this.now
    return isPast || (isPinned && level !== "read") || (level === "admin" && part !== undefined)
  }

  private find(number: number): ModelShare | undefined {
    return this.shares.find((share) => share.number === number)
  }

  /** A share that is somebody's to accept, decline or use. */
  private offered(who: number, number: number): ModelShare | undefined {
    const share = this.find(number)
    return share !== undefined && share.recipient === who && !this.isExpired(share) ? share : undefined
  }

  private isSeen(who: number, share: ModelShare): boolean {
    const isHis = share.owner === who || (share.recipient === who && !this.isExpired(share))
    return isHis || mayShare(who, share.agent, "read")
  }

  private isExpired({ until }: ModelShare): boolean {
    return until !== 0 && until <= this.now
  }

  private isEffective(share: ModelShare): boolean {
    return !share.isOffer && !this.isExpired(share)
  }

  private hasRival(share: ModelShare): boolean {
    const content = (of: ModelShare) =>
      JSON.stringify([of.agent, of.owner, of.recipient, of.isPinned ? of.version : "live", of.part])
    return this.shares.some(
      (other) => other.number !== share.number && content(other) === content(share) && !this.isExpired(other)
    )
  }

  private shown(share: ModelShare): object {
    const { state, version } = share.isPinned ? { state: share.kept, version: share.version } : this.agent(share.agent)
    return { version, state: share.part === undefined ? state : { [share.part]: state[share.part] } }
  }

  private put(share: ModelShare): void {
    this.shares = this.shares.map((other) => (other.number === share.number ? share : other))
    this.grow(share.agent, {})
  }

  private remove(share: ModelShare): string {
    this.shares = this.shares.filter((other) => other !== share)
    this.grow(share.agent, {})
    return "done"
  }

  private grow(agent: number, change: Partial<State>): void {
    const { state, status, version } = this.agent(agent)
    this.agents[agent] = { state: { ...state, ...change }, status, version: version + 1 }
  }
}
