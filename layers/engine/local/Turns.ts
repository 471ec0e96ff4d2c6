/**
 * Wakes actors and tells callers one after the other, never one inside the other: otherwise a chain of a thousand actors that ask each
 * other would need a stack as deep, and a caller could come back to an actor that is in the middle of something.
 */
import * as Effect from "effect/Effect"
import type * as Scheduler from "effect/Scheduler"

// What follows from one another may go on for ever; timers and the disk must get their turn in between.
const mostAtOnce = 1024

/** What is to be done in its turn. */
export interface Task {
  readonly run: () => void
}

/** A queue of what is to be done as soon as what runs now has come to rest. */
export class Turns {
  private tasks: Array<Task> = []
  private isScheduled = false
  private readonly dispatcher: Scheduler.SchedulerDispatcher

  constructor(dispatcher: Scheduler.SchedulerDispatcher) {
    this.dispatcher = dispatcher
  }

  add(task: Task): void {
    this.tasks.push(task)
    if (this.isScheduled) return
    this.isScheduled = true
    queueMicrotask(this.run)
  }

  call(run: () => void): void {
    this.add({ run })
  }

  /** Completes once what was added before is done. */
  readonly pass: Effect.Effect<void> = Effect.callback((resume) => this.call(() => resume(Effect.void)))

  private readonly run = (): void => {
    const { tasks } = this
    let index = 0
    try {
      while (index < tasks.length && index < mostAtOnce) tasks[index++]?.run()
    } finally {
      // A task that throws, such as an observer of the caller's, must not silence those behind it.
      this.tasks = tasks.slice(index)
      this.isScheduled = this.tasks.length > 0
      if (this.isScheduled) this.dispatcher.scheduleTask(this.run, 0)
    }
  }
}
