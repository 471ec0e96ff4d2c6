/**
 * Gathers what was read of an export into pieces for the store.
 */
import type { ImportChunk } from "../AgentImport.ts"

type Mutable<A> = { -readonly [K in keyof A]: A[K] extends ReadonlyArray<infer B> ? Array<B> : A[K] }

// Enough for a driver to work with, and little enough for memory.
const mostRows = 1000
const mostCharacters = 1024 * 1024

const emptyChunk = (): Mutable<ImportChunk> => ({ events: [], commands: [], notes: [], snapshots: [] })

/** The piece that is being filled. */
export class ImportChunks {
  /** Where the next row goes. */
  current = emptyChunk()
  private characters = 0

  /** Whether the chunk should be taken. */
  get isFull(): boolean {
    const { commands, events, notes, snapshots } = this.current
    const rows = events.length + commands.length + notes.length + snapshots.length
    return rows >= mostRows || this.characters >= mostCharacters
  }

  /** A line was read, which makes the chunk longer. */
  grow(line: string): void {
    this.characters += line.length
  }

  /** What was read since the last chunk. */
  take(): ImportChunk {
    const { current } = this
    this.current = emptyChunk()
    this.characters = 0
    return current
  }
}
