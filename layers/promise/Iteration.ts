/**
 * A stream as an iterator that can be ended from both sides.
 */
import type { PantheonError } from "./PantheonError.ts"

/** Where the elements come from. */
export interface Source<A> {
  /** Begins to read. */
  readonly start: () => Promise<AsyncIterator<A>>
  /** What readers are told once the session has closed. */
  readonly refusal: () => PantheonError
  /** Makes a failure of the stream into what readers are told. */
  readonly toError: (error: unknown) => unknown
  readonly onEnd: () => void
}

const done: IteratorReturnResult<undefined> = { done: true, value: undefined }

export class Iteration<A> implements AsyncIterableIterator<A> {
  private readonly source: Source<A>
  private iterator: Promise<AsyncIterator<A>> | undefined
  /** One element is pulled at a time, however many are asked for. */
  private last: Promise<unknown> = Promise.resolve()
  private state: "open" | "ended" | "closed" = "open"
  /** Those who wait for an element. */
  private readonly readers = new Set<(error: unknown) => void>()

  constructor(source: Source<A>) {
    this.source = source
  }

  next(): Promise<IteratorResult<A>> {
    return new Promise((resolve, reject) => {
      this.readers.add(reject)
      const pulled = this.last.then(() => this.pull())
      this.last = pulled.then(
        (result) => {
          this.readers.delete(reject)
          resolve(result)
        },
        (error) => {
          this.readers.delete(reject)
          reject(error)
        }
      )
    })
  }

  async return(): Promise<IteratorResult<A>> {
    await this.stop("ended")
    return done
  }

  /** Ends it, and refuses whoever goes on reading. */
  close(): Promise<void> {
    return this.stop("closed")
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop("ended")
  }

  private async pull(): Promise<IteratorResult<A>> {
    if (this.state === "closed") throw this.source.refusal()
    if (this.state === "ended") return done
    this.iterator ??= this.source.start()
    const iterator = await this.iterator.catch((error: unknown) => {
      this.finish("ended")
      throw error
    })
    const result = await iterator.next().catch((error: unknown) => {
      this.finish("ended")
      throw this.source.toError(error)
    })
    if (result.done === true) this.finish("ended")
    return result
  }

  private finish(state: "ended" | "closed"): void {
    if (this.state !== "open") return
    this.state = state
    this.source.onEnd()
  }

  private async stop(state: "ended" | "closed"): Promise<void> {
    if (this.state !== "open") return
    this.finish(state)
    // Whoever waits is told at once; what the pull brings after that is nobody's.
    if (state === "closed") for (const refuse of this.readers) refuse(this.source.refusal())
    const iterator = await this.iterator?.catch(() => undefined)
    await iterator?.return?.()
  }
}
