/**
 * What the objects of this entry have in common: a session, and an end.
 */
import type { Session } from "./Session.ts"

export abstract class Shell<R> {
  /** @internal */
  readonly session: Session<R>
  readonly #release: () => Promise<void>

  /** @internal */
  constructor(session: Session<R>, release: () => Promise<void> = () => Promise.resolve()) {
    this.session = session
    this.#release = release
  }

  /** Waits for the calls that are under way, and releases everything that nobody else uses. Later calls are rejected with `CLOSED`. */
  async close(): Promise<void> {
    if (this.session.isClosed) return await this.session.close()
    await this.session.close()
    await this.#release()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
