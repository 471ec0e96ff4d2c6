/**
 * Writing an export.
 */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { AgentMissing } from "../AgentError.ts"
import type { ContextEvent } from "../ContextEvent.ts"
import type { ContextSnapshot } from "../ContextSnapshot.ts"
import type { Head } from "../EventStoreDriver.ts"
import { ExportBroken } from "../LifecycleError.ts"
import * as Limits from "../Limits.ts"
import type { MetadataSight } from "../metadata/MetadataSight.ts"
import type * as Note from "../Note.ts"
import type { ReadError } from "../StoreError.ts"
import type { Stores } from "../store/Replay.ts"
import { Sha256 } from "../store/Sha256.ts"
import * as Value from "../Value.ts"
import * as ExportFormat from "./ExportFormat.ts"

/** What to export of a context. */
export interface ExportOptions {
  /** `all` by default. Of a context whose first events were deleted, the latest one goes along even for `none`, since it cannot be read without. */
  readonly snapshots?: "all" | "latest" | "none" | undefined
  /** Everything by default. */
  readonly contents?: ReadonlyArray<Exclude<ExportFormat.Content, "snapshots">> | undefined
}

/** A failure of an export. */
export type ExportError = AgentMissing | ExportBroken | ReadError

type Lines = Stream.Stream<string, ExportError>

const everything = ["commands", "metadata", "shares", "expiry"] as const

/** The lines of an export; the agent is read as it is when the first line is. */
export const make = (
  stores: Stores,
  reducer: string,
  agentId: string,
  options: ExportOptions,
  sight: MetadataSight
): Lines =>
  Stream.unwrap(
    Effect.gen(function* () {
      const head = yield* stores.events.head(agentId)
      if (head.presence === "missing") return yield* new AgentMissing({ agentId })
      const versions = yield* snapshotVersions(stores, agentId, head, options.snapshots ?? "all")
      const { firstVersion, isComplete, version } = head
      const contents = [...(versions.length === 0 ? [] : ["snapshots" as const]), ...(options.contents ?? everything)]
      const exportedAt = yield* Clock.currentTimeMillis
      const writer = new Writer()
      const first = {
        format: ExportFormat.format,
        agentId,
        firstVersion,
        version,
        isComplete,
        reducer,
        exportedAt,
        contents
      }
      return Stream.make(writer.write({ pantheon: first })).pipe(
        Stream.concat(history(stores, agentId, head, versions, writer)),
        Stream.concat(contents.includes("commands") ? commands(stores, agentId, version, writer) : Stream.empty),
        Stream.concat(notes(stores, agentId, contents, sight, writer)),
        Stream.concat(Stream.suspend(() => Stream.make(writer.end())))
      )
    })
  )

/** Which snapshots belong to this life of the agent, and are asked for; ascending. */
const snapshotVersions = (
  stores: Stores,
  agentId: string,
  { firstVersion, isComplete, version }: Head,
  wanted: "all" | "latest" | "none"
): Effect.Effect<ReadonlyArray<number>, ReadError> => {
  if (wanted === "none" && isComplete) return Effect.succeed([])
  const limit = wanted === "all" ? Number.MAX_SAFE_INTEGER : 1
  const minVersion = isComplete ? firstVersion : 1
  return Effect.map(stores.snapshots.versions(agentId, { minVersion, maxVersion: version, limit }), (versions) =>
    [...versions].reverse()
  )
}

/** Counts the lines, and takes them into the checksum. */
class Writer {
  private readonly sha = new Sha256()
  private readonly counts = { events: 0, snapshots: 0, commands: 0, notes: 0 }

  /** The line of an object; its values are encoded already. */
  write(line: object, kind?: keyof ExportFormat.Counts): string {
    return this.add(`${JSON.stringify(line)}\n`, kind)
  }

  add(line: string, kind?: keyof ExportFormat.Counts): string {
    this.sha.add(line)
    if (kind !== undefined) this.counts[kind]++
    return line
  }

  end(): string {
    return `${JSON.stringify({ end: { ...this.counts, sha256: this.sha.end() } })}\n`
  }
}

/** Events and snapshots, by version. */
const history = (
  stores: Stores,
  agentId: string,
  { firstVersion, version }: Head,
  versions: ReadonlyArray<number>,
  writer: Writer
): Lines => {
  const below = versions.filter((snapshot) => firstVersion === 0 || snapshot < firstVersion)
  const above = versions.slice(below.length)
  const before = Stream.flatMap(Stream.fromIterable(below), (at) => snapshotLine(stores, agentId, at, writer))
  if (firstVersion === 0) return before
  const parts = [...above, version].map((to, index) => ({
    from: (above[index - 1] ?? firstVersion - 1) + 1,
    to,
    hasSnapshot: index < above.length
  }))
  return Stream.concat(
    before,
    Stream.flatMap(Stream.fromIterable(parts), ({ from, hasSnapshot, to }) => {
      const events = from > to ? Stream.empty : eventLines(stores, agentId, from, to, writer)
      return hasSnapshot ? Stream.concat(events, snapshotLine(stores, agentId, to, writer)) : events
    })
  )
}

const eventLines = (stores: Stores, agentId: string, from: number, to: number, writer: Writer): Lines => {
  let next = from
  const broken = (found: string) => new ExportBroken({ agentId, expected: `event ${next}`, found })
  const lines = Stream.mapArrayEffect(stores.events.read(agentId, { from, to }), (page) => {
    for (const event of page) {
      if (event.version !== next) return Effect.fail(broken(`event ${event.version}`))
      next++
    }
    return Effect.succeed(Arr.map(page, (event) => writer.add(eventLine(event), "events")))
  })
  const end = Stream.suspend(() => (next > to ? Stream.empty : Stream.fail(broken("none any more"))))
  return Stream.concat(lines, end)
}

const snapshotLine = (stores: Stores, agentId: string, version: number, writer: Writer): Lines =>
  Stream.unwrap(
    Effect.map(stores.snapshots.latest(agentId, { minVersion: version, maxVersion: version }), (found) =>
      // One that is gone by now was superfluous.
      Option.isNone(found) ? Stream.empty : Stream.make(writer.add(lineOfSnapshot(found.value), "snapshots"))
    )
  )

const commands = (stores: Stores, agentId: string, version: number, writer: Writer): Lines =>
  stores.events.commands(agentId).pipe(
    Stream.filter((command) => command.lastVersion <= version),
    Stream.map(({ firstVersion, id, lastVersion, reply }) => {
      const fields = JSON.stringify({ id, firstVersion, lastVersion })
      return writer.add(`{"command":${fields.slice(0, -1)},"reply":${reply}}}\n`, "commands")
    })
  )

const notes = (
  stores: Stores,
  agentId: string,
  contents: ReadonlyArray<ExportFormat.Content>,
  sight: MetadataSight,
  writer: Writer
): Lines =>
  Stream.flatMap(
    Stream.fromIterable(ExportFormat.notePrefixes.filter(([, content]) => contents.includes(content))),
    ([prefix, content]) =>
      stores.events.notes(agentId, { prefix }).pipe(
        Stream.filter(({ name }) => ExportFormat.contentOf(name) === content),
        Stream.filterEffect((note) => (content === "metadata" ? sight.seesNote(note) : Effect.succeed(true))),
        Stream.map((note) => writer.add(noteLine(note), "notes"))
      )
  )

// ---- lines ----

/** What is stored was encoded once, so it can be again, whatever the limits are by now. */
export const unlimited: Limits.Limits = { ...Limits.defaults, depth: 1000, eventBytes: Number.MAX_SAFE_INTEGER }

const textOf = (value: unknown): string => Result.getOrThrow(Value.encode(value, "value", unlimited))

const eventLine = ({ data, id, metadata, schemaVersion, timestamp, type, version }: ContextEvent): string => {
  const fields = JSON.stringify({ version, id, type, schemaVersion, timestamp: timestamp.getTime() })
  return `{"event":${fields.slice(0, -1)},"data":${textOf(data)},"metadata":${textOf(metadata)}}}\n`
}

const lineOfSnapshot = (snapshot: ContextSnapshot): string => {
  const { eventId, id, metadata, reducer, schemaVersion, state, timestamp, version } = snapshot
  const fields = JSON.stringify({ version, id, eventId, schemaVersion, timestamp: timestamp.getTime(), reducer })
  return `{"snapshot":${fields.slice(0, -1)},"metadata":${textOf(metadata)},"state":${textOf(state)}}}\n`
}

const noteLine = ({ body, due, name, tag }: Note.Note): string => {
  const fields = JSON.stringify({ name, due, tag })
  return `{"note":${fields.slice(0, -1)},"body":${textOf(body)}}}\n`
}
