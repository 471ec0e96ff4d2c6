/**
 * Tells of changes of status, without ever holding more than one for each actor and reader.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Orphan } from "./Tree.ts"

/** What one reader has not read yet. */
class Reader {
  private readonly latest = new Map<string, Orphan>()
  private wake: (() => void) | undefined
  private isClosed = false

  add(orphan: Orphan): void {
    // The newest stands behind what happened to others before it.
    this.latest.delete(orphan.agentId)
    this.latest.set(orphan.agentId, orphan)
    this.ring()
  }

  close(): void {
    this.isClosed = true
    this.ring()
  }

  /** All there is; the end, once the engine is closed. */
  readonly take: Effect.Effect<ReadonlyArray<Orphan>, Cause.Done> = Effect.callback((resume) => {
    const give = () => {
      const orphans = [...this.latest.values()]
      this.latest.clear()
      resume(orphans.length === 0 ? Cause.done() : Effect.succeed(orphans))
    }
    if (this.latest.size > 0 || this.isClosed) give()
    else this.wake = give
  })

  private ring(): void {
    const { wake } = this
    this.wake = undefined
    wake?.()
  }
}

/** Whoever wants to know of changes of status. */
export class Changes {
  private readonly readers = new Set<Reader>()
  private isClosed = false

  /** Whether anybody wants to know. */
  get isWatched(): boolean {
    return this.readers.size > 0
  }

  tell(orphan: Orphan): void {
    for (const reader of this.readers) reader.add(orphan)
  }

  /** Ends the streams, once they have given what there was. */
  close(): void {
    this.isClosed = true
    for (const reader of this.readers) reader.close()
  }

  /** Pages of changes from now on. */
  readonly stream: Stream.Stream<ReadonlyArray<Orphan>> = this.streamWith(() => Effect.void)

  /** The same, with what is heard meanwhile from elsewhere. */
  streamWith(hear: (tell: (orphan: Orphan) => void) => Effect.Effect<void>): Stream.Stream<ReadonlyArray<Orphan>> {
    return Stream.unwrap(
      Effect.gen({ self: this }, function* () {
        const reader = yield* Effect.acquireRelease(
          Effect.sync(() => this.enter()),
          (reader) => Effect.sync(() => this.readers.delete(reader))
        )
        yield* Effect.forkScoped(hear((orphan) => reader.add(orphan)))
        return Stream.fromEffectRepeat(reader.take)
      })
    )
  }

  private enter(): Reader {
    const reader = new Reader()
    this.readers.add(reader)
    if (this.isClosed) reader.close()
    return reader
  }
}
