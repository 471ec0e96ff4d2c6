/**
 * Several writes to one agent in one append, each with an outcome of its own.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Appended, EventStore } from "../EventStore.ts"
import type { AppendError, ReadError } from "../StoreError.ts"
import { repeatSurely } from "../store/AppendSurely.ts"
import type { AgentCache } from "./AgentCache.ts"
import type { AgentJournal, Standing } from "./AgentJournal.ts"
import type { Operation } from "./AgentOperation.ts"
import * as AgentRepeat from "./AgentRepeat.ts"
import { AgentRound } from "./AgentRound.ts"
import * as LostRace from "./LostRace.ts"

/** What it takes to write to agents. */
export interface Surroundings {
  readonly events: EventStore["Service"]
  readonly journal: AgentJournal
  readonly cache: AgentCache
  /** Most events in one append. */
  readonly eventsPerAppend: number
  /** Called when the events of a round were stored; gives where the agent stands, a snapshot that was begun included. */
  readonly onStored: (agentId: string, round: AgentRound) => Standing
  /** Called when a lane has nothing left to do; it is used no more. */
  readonly onIdle: (agentId: string) => void
}

// One agent's writes should not fill a whole flush of the store.
const bytesPerAppend = 1024 * 1024

/** Takes the operations that are too many for one append. */
export interface Queue {
  readonly putBack: (operations: ReadonlyArray<Operation>) => void
}

/** Writes batches of operations to one agent. */
export class AgentCommit {
  private readonly agentId: string
  private readonly surroundings: Surroundings
  private readonly queue: Queue
  private standing: Standing | undefined

  constructor(agentId: string, surroundings: Surroundings, queue: Queue) {
    this.agentId = agentId
    this.surroundings = surroundings
    this.queue = queue
  }

  /** Completes when all of them are settled or put back. */
  begin(batch: ReadonlyArray<Operation>): Effect.Effect<void> {
    const { cache, journal } = this.surroundings
    const known = cache.peek(this.agentId) ?? this.standing
    if (known !== undefined) return this.attempt(batch, known, false, 0)
    return this.from(journal.recall(this.agentId), batch, 0)
  }

  /** Goes on from where the agent stands by a read. */
  private from(
    reading: Effect.Effect<Standing, ReadError>,
    batch: ReadonlyArray<Operation>,
    conflicts: number
  ): Effect.Effect<void> {
    return Effect.matchEffect(reading, {
      onSuccess: (standing) => {
        this.remember(standing)
        return this.attempt(batch, standing, true, conflicts)
      },
      onFailure: (error) =>
        Effect.sync(() => {
          for (const operation of batch) operation.settle({ _tag: "Failed", error })
        })
    })
  }

  private attempt(
    batch: ReadonlyArray<Operation>,
    base: Standing,
    isFresh: boolean,
    conflicts: number
  ): Effect.Effect<void> {
    const round = new AgentRound(base, batch)
    for (let index = 0; index < batch.length; index++) {
      const operation = batch[index] as Operation
      if (index > 0 && this.isFull(round, operation)) {
        this.queue.putBack(batch.slice(index))
        batch = batch.slice(0, index)
      } else if (!operation.isSettled) {
        round.add(operation)
      }
    }
    if (round.size === 0) return Effect.void
    if (round.prepared.length > 0) return this.append(batch, round, conflicts)
    if (isFresh) return this.answer(round)
    // A refusal must not rest on what was so a while ago.
    return this.from(this.refresh(base), batch, conflicts)
  }

  private isFull(round: AgentRound, next: Operation): boolean {
    return round.bytes > bytesPerAppend || round.prepared.length + next.count > this.surroundings.eventsPerAppend
  }

  private append(batch: ReadonlyArray<Operation>, round: AgentRound, conflicts: number): Effect.Effect<void> {
    const { base, commands, notes, prepared } = round
    const { events } = this.surroundings
    const append = { agentId: this.agentId, events: prepared, expected: base.version, commands, notes }
    const finish = {
      onSuccess: (appended: Appended) => this.afterAppend(batch, round, appended),
      onFailure: (error: AppendError) => this.afterFailure(batch, round, error, conflicts)
    }
    return Effect.matchEffect(events.append(append), {
      onSuccess: finish.onSuccess,
      onFailure: (error) =>
        error._tag === "Unknown"
          ? Effect.matchEffect(repeatSurely(events, append, error), finish)
          : finish.onFailure(error)
    })
  }

  private afterAppend(batch: ReadonlyArray<Operation>, round: AgentRound, appended: Appended): Effect.Effect<void> {
    if (appended.outcome === "stored") return this.afterStored(round)
    if (round.size === 1) return Effect.sync(() => round.settle(AgentRepeat.outcomeOf(appended)))
    if (Option.isNone(appended.reply)) return this.afterRepeat(batch, round, appended)
    // One of the commands is recorded: in a first try of this round whose outcome was unknown, or by somebody else.
    return Effect.matchEffect(AgentRepeat.ask(this.surroundings.events, this.agentId, round.prepared, []), {
      onSuccess: (found) => this.afterRepeat(batch, round, found),
      onFailure: (error) => (isVerdict(error) ? this.halve(batch) : Effect.sync(() => round.fail(error)))
    })
  }

  private afterRepeat(batch: ReadonlyArray<Operation>, round: AgentRound, found: Appended): Effect.Effect<void> {
    // Events with ids of this round's own can only have been stored by its own first try.
    const isOwn = !round.isRepeatable && found.firstVersion === round.base.version + 1
    return isOwn ? this.afterStored(round) : this.halve(batch)
  }

  private afterStored(round: AgentRound): Effect.Effect<void> {
    this.remember(this.surroundings.onStored(this.agentId, round))
    return this.answer(round)
  }

  private afterFailure(
    batch: ReadonlyArray<Operation>,
    round: AgentRound,
    error: AppendError,
    conflicts: number
  ): Effect.Effect<void> {
    switch (error._tag) {
      case "Conflict":
        if (conflicts >= LostRace.mostTries) return Effect.sync(() => round.fail(error))
        return Effect.andThen(
          LostRace.pause(conflicts),
          this.from(this.surroundings.journal.catchUp(this.agentId, round.base, error.actual), batch, conflicts + 1)
        )
      case "Unknown":
        this.forget()
        return Effect.sync(() => round.fail(error))
      case "Rejected":
        if (isVerdict(error) && batch.length > 1) return this.halve(batch)
        return Effect.sync(() => round.fail(error))
    }
  }

  /** One of them is to blame, or to be answered by itself; the others must not suffer from it. */
  private halve(batch: ReadonlyArray<Operation>): Effect.Effect<void> {
    const half = batch.length >>> 1
    return Effect.andThen(
      this.begin(batch.slice(0, half)),
      Effect.suspend(() => this.begin(batch.slice(half)))
    )
  }

  private answer(round: AgentRound): Effect.Effect<void> {
    const inDoubt = round.answer()
    if (inDoubt.length === 0) return Effect.void
    return Effect.forEach(inDoubt, (operation) => this.ask(operation), { discard: true })
  }

  /** Whether a write that is refused now was stored before: its caller may have missed the answer. */
  private ask(operation: Operation): Effect.Effect<void> {
    const { commandId, identity = [] } = operation
    const commands = commandId === undefined ? [] : [{ id: commandId }]
    return Effect.match(AgentRepeat.ask(this.surroundings.events, this.agentId, identity, commands), {
      onSuccess: (appended) => operation.settle(AgentRepeat.outcomeOf(appended)),
      onFailure: (error) => {
        if (error._tag === "Conflict") operation.refuse()
        else operation.settle({ _tag: "Failed", error })
      }
    })
  }

  // ---- where the agent stands ----

  private refresh(base: Standing): Effect.Effect<Standing, ReadError> {
    const { events, journal } = this.surroundings
    return Effect.flatMap(events.head(this.agentId), ({ presence, version }) =>
      version === base.version && presence === "present"
        ? Effect.succeed(base)
        : journal.catchUp(this.agentId, base, version)
    )
  }

  private remember(standing: Standing): void {
    this.standing = standing
    this.surroundings.cache.offer(this.agentId, standing)
  }

  private forget(): void {
    this.standing = undefined
    this.surroundings.cache.forget(this.agentId)
  }
}

/** Whether the store has looked at the append and refuses it, which may be for one of several writes. */
const isVerdict = (error: AppendError): boolean =>
  error._tag === "Conflict" ||
  (error._tag === "Rejected" && error.reason !== "Unavailable" && error.reason !== "Closed")
