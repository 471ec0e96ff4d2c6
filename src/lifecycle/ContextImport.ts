/**
 * Reading an export into the store.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AccessDenied } from "../AccessError.ts"
import type { ImportChunk } from "../AgentImport.ts"
import type { Head } from "../EventStoreDriver.ts"
import { ContextExists, ImportRefused } from "../LifecycleError.ts"
import type { Limits } from "../Limits.ts"
import { Conflict, type ReadError } from "../StoreError.ts"
import { noteOfId } from "../sharing/ShareBook.ts"
import type { Stores } from "../store/Replay.ts"
import type * as Uuid from "../store/Uuid.ts"
import type * as ExportFormat from "./ExportFormat.ts"
import { readHead } from "./ExportHead.ts"
import { ExportReader } from "./ExportReader.ts"
import { LineCutter } from "./LineCutter.ts"
import { Rekeying } from "./Rekeying.ts"
import { remedies } from "./Remedies.ts"

/** How to import. */
export interface ImportOptions {
  /** Whether an agent that is there is replaced by what is imported, in the same write; it is refused by default. */
  readonly existing?: "refuse" | "replace" | undefined
  /** Told of what was read so far, every thousand lines or so; nothing is visible yet. */
  readonly onProgress?: ((counts: ExportFormat.Counts) => Effect.Effect<void>) | undefined
}

/** A failure of an import; nothing was stored, but see `Unavailable`. */
export type ImportError = ContextExists | ImportRefused | AccessDenied | Conflict | ReadError

/** What an import works with. */
export interface Importing {
  readonly stores: Stores
  readonly limits: Limits
  readonly nextId: Uuid.Generator
  /** Lets the caller bring what the export says it holds, or not. */
  readonly admit: (head: ExportFormat.Head) => Effect.Effect<void, ImportError>
}

/** Imports a text as an agent; gives what it held. */
export const run = <E, R>(
  { admit, limits, nextId, stores }: Importing,
  agentId: string,
  text: Stream.Stream<string, E, R>,
  { existing = "refuse", onProgress = () => Effect.void }: ImportOptions
): Effect.Effect<ExportFormat.Counts, E | ImportError, R> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const source = yield* openSource(text, limits)
    const firstLine = yield* readFirst(source)
    const head = yield* Effect.fromResult(readHead(firstLine))
    yield* admit(head)
    const found = yield* stores.events.head(agentId)
    if (found.presence === "present" && existing === "refuse") {
      return yield* new ContextExists({ agentId, version: found.version })
    }
    const rekeying = new Rekeying(agentId, head, found, () => nextId(now))
    const reader = new ExportReader(firstLine ?? "", head, rekeying, limits)
    const { eventIds, firstVersion, version } = rekeying
    const outcome = yield* stores.events.importAgent({
      agentId,
      expected: { version: found.version, presence: found.presence },
      firstVersion,
      version,
      eventIds,
      chunks: chunksOf(source, reader, refuseTakenShares(stores, agentId, rekeying), onProgress)
    })
    if (outcome._tag === "Imported") return { ...reader.counts }
    return yield* outcome._tag === "Conflict" ? changed(agentId, found, outcome.actual) : taken(outcome)
  }).pipe(Effect.scoped)

const changed = (agentId: string, { version }: Head, actual: number): Effect.Effect<never, Conflict> =>
  Effect.fail(new Conflict({ agentId, expected: version, actual }))

const taken = ({ id, of }: { readonly of: string; readonly id: string }): Effect.Effect<never, ImportRefused> =>
  Effect.fail(
    new ImportRefused({
      reason: "IdTaken",
      line: 0,
      expected: `the id of each ${of} once in the store`,
      found: `${JSON.stringify(id)} once more`,
      remedy: remedies.IdTaken
    })
  )

/** Refuses a share that another agent has: whoever looks for it by its id would find either of them. */
const refuseTakenShares = (
  { events }: Stores,
  agentId: string,
  rekeying: Rekeying
): Effect.Effect<void, ImportRefused | ReadError> =>
  Effect.gen(function* () {
    for (const id of rekeying.takeShareIds()) {
      const others = Stream.filter(events.tagged(noteOfId(id)), (note) => note.agentId !== agentId)
      if (Option.isSome(yield* Stream.runHead(others))) yield* taken({ of: "share", id })
    }
  })

/** A text that is being read. */
interface Source<E> {
  readonly cutter: LineCutter
  /** Reads on; whether there was more. */
  readonly more: Effect.Effect<boolean, E>
}

const openSource = <E, R>(
  text: Stream.Stream<string, E, R>,
  limits: Limits
): Effect.Effect<Source<E>, never, Scope.Scope | R> =>
  Effect.map(Stream.toPull(text), (pull) => {
    // A unit takes six in escapes; one line holds data and metadata, or a state and metadata.
    const cutter = new LineCutter(6 * (limits.snapshotBytes + limits.eventBytes))
    const more = Pull.matchEffect(pull, {
      onSuccess: (pieces) => {
        cutter.add(pieces.join(""))
        return Effect.succeed(true)
      },
      onFailure: (cause) => Effect.failCause(cause),
      onDone: () => Effect.succeed(false)
    })
    return { cutter, more }
  })

/** The first line, whole or not. */
const readFirst = <E>({ cutter, more }: Source<E>): Effect.Effect<string | undefined, E> =>
  Effect.gen(function* () {
    while (true) {
      const line = cutter.next()
      if (line !== undefined) return line
      if (cutter.isTooLong || !(yield* more)) return cutter.last()
    }
  })

const chunksOf = <E>(
  { cutter, more }: Source<E>,
  reader: ExportReader,
  review: Effect.Effect<void, ImportRefused | ReadError>,
  onProgress: (counts: ExportFormat.Counts) => Effect.Effect<void>
): Stream.Stream<ImportChunk, E | ImportRefused | ReadError> => {
  const read = (line: string | undefined): Effect.Effect<void, ImportRefused> => {
    const refusal = line === undefined ? undefined : reader.read(line)
    return refusal === undefined ? Effect.void : Effect.fail(refusal)
  }
  const fill = Effect.gen(function* () {
    while (!reader.chunks.isFull) {
      const line = cutter.next()
      if (line !== undefined) {
        const refusal = reader.read(line)
        if (refusal !== undefined) return yield* refusal
      } else if (cutter.isTooLong) {
        return yield* reader.tooLong
      } else if (!(yield* more)) {
        yield* read(cutter.last())
        const refusal = reader.close()
        return refusal === undefined ? false : yield* refusal
      }
    }
    return true
  })
  return Stream.unfold(true, (isMore) =>
    Effect.gen(function* () {
      if (!isMore) return undefined
      const isMoreLeft = yield* fill
      yield* review
      yield* onProgress({ ...reader.counts })
      return [reader.chunks.take(), isMoreLeft] as const
    })
  )
}
