/**
 * Reading an export, line by line; each is checked before it is believed.
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ImportRefused } from "../LifecycleError.ts"
import type { Limits } from "../Limits.ts"
import { Sha256 } from "../store/Sha256.ts"
import * as ExportFormat from "./ExportFormat.ts"
import { ImportChunks } from "./ImportChunks.ts"
import type { Rekeying } from "./Rekeying.ts"
import { remedies } from "./Remedies.ts"
import * as RowReader from "./RowReader.ts"

const decodeEnd = Schema.decodeUnknownOption(ExportFormat.End)

const sections = ["event", "snapshot", "command", "note"] as const

/** The lines behind the first. */
export class ExportReader {
  /** What was read so far. */
  readonly counts = { events: 0, snapshots: 0, commands: 0, notes: 0 }
  /** The rows that were read. */
  readonly chunks = new ImportChunks()
  /** Whether the end was read. */
  isEnded = false
  private readonly head: ExportFormat.Head
  private readonly rekeying: Rekeying
  private readonly limits: Limits
  private readonly sha = new Sha256()
  private line = 1
  private section: (typeof sections)[number] = "event"
  /** The version of the next event. */
  private next: number
  private lastSnapshot = 0

  constructor(firstLine: string, head: ExportFormat.Head, rekeying: Rekeying, limits: Limits) {
    this.head = head
    this.rekeying = rekeying
    this.limits = limits
    this.next = head.firstVersion === 0 ? head.version + 1 : head.firstVersion
    this.sha.add(`${firstLine}\n`)
  }

  /** Reads a line; gives why it is refused. */
  read(line: string): ImportRefused | undefined {
    this.line++
    if (this.isEnded) return this.refuse("TrailingData", "nothing behind the end", RowReader.excerpt(line))
    const value = RowReader.parse(line)
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return this.refuse("Malformed", "a JSON object", RowReader.excerpt(line))
    }
    const names = Object.keys(value)
    const name = names[0]
    if (names.length !== 1 || name === undefined) {
      return this.refuse("Malformed", "an object with one name", RowReader.excerpt(line))
    }
    if (name === "end") return this.readEnd(value)
    this.sha.add(`${line}\n`)
    this.chunks.grow(line)
    const section = sections.find((section) => section === name)
    if (section === undefined) {
      const expected = `one of ${sections.map((section) => JSON.stringify(section)).join(", ")}, "end"`
      return this.refuse("Malformed", expected, JSON.stringify(name))
    }
    if (this.rank(section) < this.rank(this.section)) {
      return this.refuse("Order", `no ${section} behind a ${this.section}`, `a ${section}`)
    }
    this.section = section === "snapshot" ? "event" : section
    return this.readRow(section, Reflect.get(value, name))
  }

  /** Why a text that ends here is refused. */
  close(): ImportRefused | undefined {
    if (this.isEnded) return undefined
    this.line++
    return this.refuse("Truncated", "the end of an export", "the end of the text")
  }

  /** A line that never ends. */
  get tooLong(): ImportRefused {
    this.line++
    return this.refuse("TooLarge", "a line that the limits allow", "a longer one")
  }

  // Snapshots stand among the events.
  private rank(section: (typeof sections)[number]): number {
    return section === "snapshot" ? 0 : sections.indexOf(section)
  }

  private readRow(section: (typeof sections)[number], value: unknown): ImportRefused | undefined {
    switch (section) {
      case "event":
        return this.readEvent(value)
      case "snapshot":
        return this.readSnapshot(value)
      case "command":
        return this.readCommand(value)
      case "note":
        return this.readNote(value)
    }
  }

  private readEvent(value: unknown): ImportRefused | undefined {
    const read = RowReader.event(value, this.limits)
    if (Result.isFailure(read)) return this.refuseRow(read.failure)
    const { event, version } = read.success
    if (version !== this.next || version > this.head.version) {
      const isGap = version > this.next && version <= this.head.version
      const expected = this.next > this.head.version ? "no more events" : `event ${this.next}`
      return this.refuse(isGap ? "Gap" : "Order", expected, `event ${version}`)
    }
    this.next++
    this.counts.events++
    this.chunks.current.events.push(this.rekeying.event(event))
    return undefined
  }

  private readSnapshot(value: unknown): ImportRefused | undefined {
    const read = RowReader.snapshot(value, this.limits)
    if (Result.isFailure(read)) return this.refuseRow(read.failure)
    const { eventId, version } = read.success
    const { firstVersion, isComplete } = this.head
    const isOfDeleted = !isComplete && version < (firstVersion || this.next) && this.counts.events === 0
    if (version <= this.lastSnapshot || !(isOfDeleted || version === this.next - 1)) {
      return this.refuse("Order", "the snapshot of the event before it", `one of version ${version}`)
    }
    if (this.counts.events > 0 && eventId !== this.rekeying.lastGiven) {
      const expected = `eventId ${JSON.stringify(this.rekeying.lastGiven)}, as the event has`
      return this.refuse("Malformed", expected, JSON.stringify(eventId))
    }
    if (!this.head.contents.includes("snapshots")) return this.refuseContent("snapshots")
    this.lastSnapshot = version
    this.counts.snapshots++
    const snapshot = this.rekeying.snapshot(read.success)
    if (snapshot !== undefined) this.chunks.current.snapshots.push(snapshot)
    return undefined
  }

  private readCommand(value: unknown): ImportRefused | undefined {
    const read = RowReader.command(value, this.limits)
    if (Result.isFailure(read)) return this.refuseRow(read.failure)
    if (!this.head.contents.includes("commands")) return this.refuseContent("commands")
    const { firstVersion, lastVersion } = read.success
    if (firstVersion > lastVersion || lastVersion > this.head.version) {
      const found = `${firstVersion} to ${lastVersion}`
      return this.refuse("Malformed", `versions from 1 to ${this.head.version}`, found)
    }
    this.counts.commands++
    this.chunks.current.commands.push(this.rekeying.command(read.success))
    return undefined
  }

  private readNote(value: unknown): ImportRefused | undefined {
    const read = RowReader.note(value, this.limits)
    if (Result.isFailure(read)) return this.refuseRow(read.failure)
    const { name, tag } = read.success
    const content = ExportFormat.contentOf(name)
    if (content === undefined) return this.refuse("Malformed", "a note that travels", JSON.stringify(name))
    if (tag !== undefined && !ExportFormat.mayHaveTag(name, tag)) {
      return this.refuse("Malformed", `a tag that fits ${JSON.stringify(name)}`, JSON.stringify(tag))
    }
    if (!this.head.contents.includes(content)) return this.refuseContent(content)
    const note = this.rekeying.note(read.success)
    if (Result.isFailure(note)) return this.refuseRow(note.failure)
    this.counts.notes++
    if (note.success !== undefined) this.chunks.current.notes.push(note.success)
    return undefined
  }

  private readEnd(value: object): ImportRefused | undefined {
    const end = decodeEnd(value)
    if (Option.isNone(end)) return this.refuse("Malformed", "an end with counts and a checksum", "another one")
    const { sha256, ...counts } = end.value.end
    if (this.next !== this.head.version + 1) {
      return this.refuse("Gap", `event ${this.next}`, "the end")
    }
    for (const kind of ["events", "snapshots", "commands", "notes"] as const) {
      if (counts[kind] !== this.counts[kind]) {
        return this.refuse("Counts", `${counts[kind]} ${kind}`, `${this.counts[kind]} ${kind}`)
      }
    }
    const found = this.sha.end()
    if (found !== sha256) return this.refuse("Checksum", `SHA-256 ${sha256}`, found)
    this.isEnded = true
    return undefined
  }

  private refuseContent(content: ExportFormat.Content): ImportRefused {
    return this.refuse("Malformed", `${content} only where the head names them`, content)
  }

  private refuseRow({ expected, found, reason }: RowReader.Refusal): ImportRefused {
    return this.refuse(reason, expected, found)
  }

  private refuse(reason: ImportRefused["reason"], expected: string, found: string): ImportRefused {
    return new ImportRefused({ reason, line: this.line, expected, found, remedy: remedies[reason] })
  }
}
