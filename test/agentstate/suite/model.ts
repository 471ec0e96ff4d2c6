/**
 * What a manager must answer when one step follows another, in plain words.
 */
import type { Value } from "../../../src/index.ts"
import { expectedOf, type Step, updateOf } from "./operations.ts"
import { numberOf, plus } from "./support.ts"

interface Moment {
  readonly state: Value.Record
  readonly metadata: Value.Record
  readonly status: "active" | "archived" | "deleted"
}

class ModelAgent {
  /** The moments of this life, by version. */
  readonly moments = new Map<number, Moment>()
  /** What was stored under ids: its content, and the version it led to. */
  readonly known = new Map<string, { readonly content: string; readonly version: number }>()
  version = 0

  get now(): Moment | undefined {
    return this.moments.get(this.version)
  }
}

/** A version and what the agent is there, or the tag of a failure, or only that it worked. */
export type Answer = { readonly version: number; readonly moment: Moment } | string

/** Small enough to be believed. */
export class Model {
  private readonly agents = new Map<number, ModelAgent>()

  versionOf(agent: number): number {
    return this.agent(agent).version
  }

  answer(step: Step): Answer {
    const agent = this.agent(step.agent)
    const { now } = agent
    switch (step._tag) {
      case "Update": {
        const { metadata = {}, state } = updateOf(step)
        return this.write(agent, step, `id ${step.id}`, step.id < 4, (moment) => ({
          ...moment,
          state: { ...moment.state, ...(state as Value.Record) },
          metadata: { ...moment.metadata, ...(metadata as Value.Record) }
        }))
      }
      case "Set":
        return this.write(agent, step, "", false, (moment) => ({ ...moment, state: { set: step.value } }))
      case "Patch":
        return this.write(agent, step, "", false, (moment) =>
          moment.state["set"] === step.value
            ? { ...moment, state: { ...moment.state, set: step.next, patched: step.next } }
            : "PatchFailed"
        )
      case "Add": {
        const added = this.write(agent, step, `command ${step.command}`, step.command < 4, (moment) => ({
          ...moment,
          state: { ...moment.state, count: numberOf(moment.state, "count") + step.amount }
        }))
        return typeof added === "string" ? added : "worked"
      }
      case "Several": {
        if (step.throws === 0 && (now === undefined || now.status === "active")) return "ReducerFailed"
        for (let item = 0; item < step.count; item++) {
          const version = agent.version + 1
          const extended = this.write(agent, step, "", false, (moment) => {
            const { list } = moment.state
            return {
              ...moment,
              state: { ...moment.state, list: [...(Array.isArray(list) ? list : []), { version, item }] }
            }
          })
          if (typeof extended === "string") return extended
        }
        return "worked"
      }
      case "Modify":
        return this.write(agent, step, `command ${step.command}`, step.command < 4, (moment) => ({
          ...moment,
          state: plus(moment.state, "modified", step.amount)
        }))
      case "Refuse":
        return this.write(agent, step, "", false, () => "Refused")
      case "Revert":
      case "Fork": {
        const at = step._tag === "Fork" && step.back === 0 ? agent.version : Math.max(agent.version - step.back, 1)
        if (now === undefined) return "AgentMissing"
        if (step._tag === "Fork" && step.back === 0 && now.status === "deleted") return "AgentDeleted"
        const then = agent.moments.get(at)
        if (then === undefined) return "VersionMissing"
        if (step._tag === "Revert")
          return this.write(agent, step, "", false, (moment) => ({ ...moment, state: then.state }))
        const target = this.agent(step.to)
        if (target.now !== undefined) return target.now.status === "deleted" ? "AgentDeleted" : "Conflict"
        return this.write(target, step, "", false, (moment) => ({ ...moment, state: then.state }))
      }
      case "Archive":
        return this.become(agent, "archived", "archived")
      case "Restore":
        return this.become(agent, "active", "active")
      case "Delete":
        return now?.status === "deleted"
          ? { version: agent.version, moment: now }
          : this.become(agent, "deleted", "deleted")
      case "Purge":
        if (now === undefined) return "worked"
        agent.version++
        agent.moments.clear()
        agent.known.clear()
        return "worked"
      case "Snapshot":
      case "Look":
        if (now === undefined) return "AgentMissing"
        if (now.status === "deleted") return "AgentDeleted"
        return step._tag === "Snapshot" ? "worked" : { version: agent.version, moment: now }
    }
  }

  private write(
    agent: ModelAgent,
    step: Step,
    key: string,
    isIdentified: boolean,
    next: (moment: Moment) => Moment | string
  ): Answer {
    const { now } = agent
    const content = JSON.stringify(step._tag === "Update" ? [step.key, step.value] : "any")
    const known = isIdentified ? agent.known.get(key) : undefined
    if (known !== undefined) {
      if (known.content !== content) return "Rejected"
      const moment = agent.moments.get(known.version)
      return moment === undefined ? "forgotten" : { version: known.version, moment }
    }
    if (now?.status === "deleted") return "AgentDeleted"
    if (now?.status === "archived") return "AgentArchived"
    const expected = "expected" in step ? expectedOf(step.expected, agent.version) : "any"
    const holds = expected === "any" || (expected === "none" ? now === undefined : expected === agent.version)
    if (!holds) return "Conflict"
    const moment = next(now ?? { state: {}, metadata: {}, status: "active" })
    if (typeof moment === "string") return moment
    agent.moments.set(++agent.version, moment)
    if (isIdentified) agent.known.set(key, { content, version: agent.version })
    return { version: agent.version, moment }
  }

  private become(agent: ModelAgent, status: Moment["status"], unless: Moment["status"]): Answer {
    const { now } = agent
    if (now === undefined) return "AgentMissing"
    if (now.status === "deleted") return "AgentDeleted"
    const moment = now.status === unless ? now : { ...now, status }
    if (moment !== now) agent.moments.set(++agent.version, moment)
    return { version: agent.version, moment }
  }

  private agent(number: number): ModelAgent {
    const agent = this.agents.get(number) ?? new ModelAgent()
    this.agents.set(number, agent)
    return agent
  }
}
