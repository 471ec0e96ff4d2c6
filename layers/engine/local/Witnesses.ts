/**
 * Those who want to know what becomes of one actor. Most have none, so nothing is kept for them.
 */
import * as Exit from "effect/Exit"
import type { ActorStopped, RecoveryFailed } from "../../../src/ActorError.ts"
import type { ActorEnd } from "../../../src/ActorSystem.ts"
import type { Orphan } from "./Tree.ts"

/** Told how a recovery went. */
export type Listener = (exit: Exit.Exit<Orphan, RecoveryFailed | ActorStopped>) => void

/** Told once, each. */
export class Witnesses {
  private listeners: Array<Listener> | undefined
  private watchers: Set<(end: ActorEnd) => void> | undefined

  /** Calls back after the next recovery, or when there will be none. */
  onRecovered(listener: Listener): void {
    this.listeners ??= []
    this.listeners.push(listener)
  }

  /** Calls back at the end, until it is told not to. */
  onEnd(watcher: (end: ActorEnd) => void): () => void {
    this.watchers ??= new Set()
    this.watchers.add(watcher)
    return () => this.watchers?.delete(watcher)
  }

  /** The actor has recovered. */
  tellRecovered(info: () => Orphan): void {
    for (const listener of this.take()) listener(Exit.succeed(info()))
  }

  /** There will be no recovery, and this is the end. */
  tellEnd(failure: () => RecoveryFailed | ActorStopped, end: () => ActorEnd): void {
    for (const listener of this.take()) listener(Exit.fail(failure()))
    for (const watcher of this.watchers ?? []) watcher(end())
  }

  private take(): ReadonlyArray<Listener> {
    const { listeners } = this
    this.listeners = undefined
    return listeners ?? []
  }
}
