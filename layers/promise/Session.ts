/**
 * Runs Effects for callers without Effect: services that are opened at the first call, promises, and an end.
 *
 * 1. A session opens at its first call. When that fails, the calls that wait for it are rejected, and the next one tries again.
 * 2. Sessions share what their layers share (see `Shared`), such as a connection; it is released with the last of them.
 * 3. `close` refuses later calls, ends iterations, waits for the calls that are under way, and then releases everything. It may be called twice.
 * 4. Rejections are `PantheonError`s, but for what the caller's own functions threw.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { CallerError } from "./CallerError.ts"
import { Iteration } from "./Iteration.ts"
import { closed, type Failure, fromDefect, fromFailure, isFailure, PantheonError } from "./PantheonError.ts"
import { shared } from "./Shared.ts"

type Run<R> = <A, E>(effect: Effect.Effect<A, E, R>, onExit: (exit: Exit.Exit<A, E>) => void) => void

interface Open<R> {
  readonly context: Context.Context<R>
  readonly scope: Scope.Closeable
  readonly run: Run<R>
}

export class Session<R> {
  /** What the session runs on, for other sessions over the same services. */
  readonly layer: Layer.Layer<R, Failure>
  private readonly owner: string
  private opened: Open<R> | undefined
  private isOpening = false
  private waiting: Array<{ readonly begin: (open: Open<R>) => void; readonly refuse: (error: unknown) => void }> = []
  private underWay = 0
  private whenIdle: (() => void) | undefined
  private closing: Promise<void> | undefined
  private readonly iterations = new Set<Iteration<unknown>>()

  /** `owner` is the name that callers know, for error messages. */
  constructor(owner: string, layer: Layer.Layer<R, Failure>) {
    this.owner = owner
    this.layer = shared(layer)
  }

  get isClosed(): boolean {
    return this.closing !== undefined
  }

  /** Runs an Effect on the services of the session. */
  run<A>(effect: Effect.Effect<A, Failure | CallerError, R>): Promise<A> {
    if (this.isClosed) return Promise.reject(closed(this.owner))
    return new Promise((resolve, reject) => {
      this.underWay++
      const finish = (exit: Exit.Exit<A, Failure | CallerError>) => {
        if (Exit.isSuccess(exit)) resolve(exit.value)
        else reject(toError(exit.cause))
        this.leave()
      }
      this.withOpen(
        (open) => open.run(effect, finish),
        (error) => {
          reject(error)
          this.leave()
        }
      )
    })
  }

  /** The elements of a stream, which runs while they are asked for. */
  iterate<A>(stream: Stream.Stream<A, Failure, R>): AsyncIterableIterator<A> {
    const iteration: Iteration<A> = new Iteration({
      start: async () => {
        const context = await this.run(Effect.context<R>())
        return Stream.toAsyncIterableWith(stream, context)[Symbol.asyncIterator]()
      },
      refusal: () => closed(this.owner),
      toError: (error) => (isFailure(error) ? fromFailure(error) : fromDefect(error)),
      onEnd: () => this.iterations.delete(iteration)
    })
    if (!this.isClosed) this.iterations.add(iteration)
    return iteration
  }

  /** Ends the session; see the head of this module. */
  close(): Promise<void> {
    this.closing ??= this.end()
    return this.closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private withOpen(begin: (open: Open<R>) => void, refuse: (error: unknown) => void): void {
    if (this.opened === undefined) {
      this.waiting.push({ begin, refuse })
      if (!this.isOpening) this.open()
    } else begin(this.opened)
  }

  private open(): void {
    this.isOpening = true
    const scope = Scope.makeUnsafe()
    const settle = (exit: Exit.Exit<Context.Context<R>, Failure>) => {
      this.isOpening = false
      const waiting = this.waiting.splice(0)
      if (Exit.isSuccess(exit)) {
        const opened = { context: exit.value, scope, run: runWith(exit.value) }
        this.opened = opened
        for (const { begin } of waiting) begin(opened)
        return
      }
      const error = toError(exit.cause)
      for (const { refuse } of waiting) refuse(error)
    }
    // What was built of a layer that failed must be gone before the next try.
    const building = Effect.onExit(Layer.buildWithScope(this.layer, scope), (exit) =>
      Exit.isSuccess(exit) ? Effect.void : Scope.close(scope, exit)
    )
    Effect.runFork(building).addObserver(settle)
  }

  private leave(): void {
    this.underWay--
    if (this.underWay === 0) this.whenIdle?.()
  }

  private async end(): Promise<void> {
    await Promise.all([...this.iterations].map((iteration) => iteration.close()))
    if (this.underWay > 0) await new Promise<void>((resolve) => (this.whenIdle = resolve))
    const { opened } = this
    this.opened = undefined
    if (opened !== undefined) await Effect.runPromise(Scope.close(opened.scope, Exit.void))
  }
}

const runWith = <R>(context: Context.Context<R>): Run<R> => {
  const fork = Effect.runForkWith(context)
  return (effect, onExit) => {
    fork(effect).addObserver(onExit)
  }
}

const toError = (cause: Cause.Cause<Failure | CallerError>): unknown => {
  const failed = cause.reasons.find(Cause.isFailReason)
  if (failed !== undefined) {
    return failed.error instanceof CallerError ? failed.error.thrown : fromFailure(failed.error)
  }
  const died = cause.reasons.find(Cause.isDieReason)
  return died === undefined ? new PantheonError("INTERRUPTED", "the work was interrupted") : fromDefect(died.defect)
}
