/**
 * What metadata should answer, told in the simplest way there is: a list of entries, looked through each time.
 */
import type { Visibility } from "../../../src/ContextMetadata.ts"

type Level = "none" | "read" | "write" | "admin"

/** What of an entry the operations say. A time is in hours from the beginning of the run; 0 is for never. */
export interface Terms {
  readonly value: number
  readonly type: string
  readonly visibility: Visibility
  readonly until: number
}

/** An entry as it is told. */
export interface ModelEntry extends Terms {
  readonly agent: number
  readonly key: string
  readonly owner: number
  readonly version: number
}

/** Which entries; all that is left out fits. */
export interface ModelQuery {
  readonly agent: number | undefined
  readonly type: string | undefined
  readonly visibility: Visibility | undefined
  readonly start: string
  readonly value: number | undefined
}

const levels: ReadonlyArray<Level> = ["none", "read", "write", "admin"]

/** What each of five may do with each of three agents; the last is anonymous. */
const rights: ReadonlyArray<ReadonlyArray<Level>> = [
  ["write", "write", "none"],
  ["write", "read", "write"],
  ["admin", "none", "admin"],
  ["none", "read", "none"],
  ["none", "write", "read"]
]

export const people = rights.length
export const anonymous = people - 1

export const may = (who: number, agent: number, level: Level): boolean =>
  levels.indexOf(rights[who]?.[agent] ?? "none") >= levels.indexOf(level)

export class Model {
  /** The hour. */
  now = 0
  readonly statuses: Array<"active" | "archived" | "deleted"> = ["active", "active", "active"]
  private entries: ReadonlyArray<ModelEntry> = []

  set(who: number, agent: number, key: string, terms: Terms, expected: number | undefined): string | ModelEntry {
    if (!may(who, agent, "write")) return "AccessDenied"
    if (this.isPast(terms.until)) return "InvalidInput"
    const entry = this.find(agent, key)
    const isOthers = entry !== undefined && !this.rules(who, entry)
    if (isOthers && entry.visibility === "private") return "AccessDenied"
    const version = entry?.version ?? 0
    if (expected !== undefined && expected !== version) return "MetadataChanged"
    if (isOthers && entry.visibility !== terms.visibility) return "AccessDenied"
    return this.put({ ...terms, agent, key, owner: entry?.owner ?? who, version: version + 1 })
  }

  update(
    who: number,
    agent: number,
    key: string,
    change: Partial<Terms>,
    expected: number | undefined
  ): string | ModelEntry {
    if (!may(who, agent, "write")) return "AccessDenied"
    if (this.isPast(change.until ?? 0)) return "InvalidInput"
    const entry = this.find(agent, key)
    if (entry === undefined || !this.sees(who, entry)) return "MetadataMissing"
    if (expected !== undefined && expected !== entry.version) return "MetadataChanged"
    const next = { ...entry, ...change, version: entry.version + 1 }
    if (next.visibility !== entry.visibility && !this.rules(who, entry)) return "AccessDenied"
    return this.put(next)
  }

  delete(who: number, agent: number, key: string, expected: number | undefined): string {
    if (!may(who, agent, "write")) return "AccessDenied"
    const entry = this.find(agent, key)
    if (entry === undefined || !this.sees(who, entry)) return "MetadataMissing"
    if (expected !== undefined && expected !== entry.version) return "MetadataChanged"
    if (this.statuses[agent] === "archived") return "AgentArchived"
    this.entries = this.entries.filter((other) => other !== entry)
    return "done"
  }

  get(who: number, agent: number, key: string): string | ModelEntry {
    const entry = this.find(agent, key)
    return entry !== undefined && this.sees(who, entry) ? entry : "MetadataMissing"
  }

  query(who: number, { agent, start, type, value, visibility }: ModelQuery): ReadonlyArray<ModelEntry> {
    return this.entries.filter(
      (entry) =>
        this.isStanding(entry) &&
        this.sees(who, entry) &&
        (agent === undefined || entry.agent === agent) &&
        (type === undefined || entry.type === type) &&
        (visibility === undefined || entry.visibility === visibility) &&
        (value === undefined || entry.value === value) &&
        entry.key.startsWith(start)
    )
  }

  /** How many it ends at least; others may have left some in the same store. */
  cleanUp(): number {
    const over = this.entries.filter(({ until }) => this.isPast(until))
    this.entries = this.entries.filter((entry) => !over.includes(entry))
    return over.length
  }

  end(agent: number, status: "active" | "archived" | "deleted"): void {
    this.statuses[agent] = status
    if (status === "deleted") this.entries = this.entries.filter((entry) => entry.agent !== agent)
  }

  private put(entry: ModelEntry): string | ModelEntry {
    const status = this.statuses[entry.agent]
    if (status !== "active") return status === "archived" ? "AgentArchived" : "AgentDeleted"
    this.entries = [...this.entries.filter(({ agent, key }) => agent !== entry.agent || key !== entry.key), entry]
    return entry
  }

  private find(agent: number, key: string): ModelEntry | undefined {
    return this.entries.find((entry) => entry.agent === agent && entry.key === key && this.isStanding(entry))
  }

  private sees(who: number, entry: ModelEntry): boolean {
    const { agent, owner, visibility } = entry
    if (visibility === "public" && who !== anonymous) return true
    const isOwn = owner === who && who !== anonymous
    return may(who, agent, visibility === "private" && !isOwn ? "admin" : "read")
  }

  private rules(who: number, { agent, owner }: ModelEntry): boolean {
    return (owner === who && who !== anonymous) || may(who, agent, "admin")
  }

  private isStanding({ until }: ModelEntry): boolean {
    return !this.isPast(until)
  }

  private isPast(until: number): boolean {
    return until !== 0 && until <= this.now
  }
}
