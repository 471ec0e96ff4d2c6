/**
 * Brings what is wanted of an actor to the machine that owns it, and tries again while ownership moves or the database is away.
 */
import * as Cause from "effect/Cause"
import * as ClusterError from "effect/cluster/ClusterError"
import type { Sharding } from "effect/cluster/Sharding"
import * as Effect from "effect/Effect"
import { ActorNotRegistered, ActorStopped, ActorUnreachable } from "../../../src/ActorError.ts"
import type { ActorAddress } from "../../../src/CurrentActor.ts"
import type { Unavailable } from "../../../src/StoreError.ts"
import { CommandReturned } from "./Bundle.ts"
import { type ActorEntity, entityOf, type Failure } from "./Protocol.ts"

/** What the cluster itself may answer. */
type ClusterTrouble =
  | ClusterError.MailboxFull
  | ClusterError.AlreadyProcessingMessage
  | ClusterError.PersistenceError
  | ClusterError.EntityNotAssignedToRunner
  | CommandReturned

/** Sends to one actor. */
export type Client = ReturnType<Effect.Success<ActorEntity["client"]>>

/** What a caller is told instead of the cluster's own troubles. */
type Told<E> = Exclude<E, ClusterTrouble> | ActorStopped | ActorNotRegistered | ActorUnreachable

const firstDelay = 20
const longestDelay = 500

const delayAfter = (attempt: number): number => Math.min(firstDelay * 2 ** (attempt - 1), longestDelay)

/** Sends to actors, wherever they are. */
export class Router {
  private readonly sharding: Sharding["Service"]
  /** For how many milliseconds what fails in passing is tried again. */
  readonly patience: number
  private readonly now: () => number
  /** They have the caches of their clients in the cluster, by identity. */
  private readonly entities = new Map<string, ActorEntity>()
  private readonly clients = new Map<string, (id: string) => Client>()

  /** `now` gives milliseconds since the epoch. */
  constructor(sharding: Sharding["Service"], patience: number, now: () => number) {
    this.sharding = sharding
    this.patience = patience
    this.now = now
  }

  entity(actor: string): ActorEntity {
    const entity = this.entities.get(actor) ?? entityOf(actor)
    this.entities.set(actor, entity)
    return entity
  }

  /** Sends to an actor until that was answered for good, or the time is over. What is sent is told how often it was sent, from 1. */
  call<A, E>(
    address: ActorAddress,
    send: (client: Client, attempt: number) => Effect.Effect<A, E>
  ): Effect.Effect<A, Told<E>> {
    const client = this.clients.get(address.actor)
    if (client !== undefined) return this.persevere(address, (attempt) => send(client(address.id), attempt))
    return Effect.flatMap(this.sharding.makeClient(this.entity(address.actor)), (made) => {
      this.clients.set(address.actor, made)
      return this.call(address, send)
    })
  }

  /** Sends anything, in the same way. */
  persevere<A, E>(address: ActorAddress, send: (attempt: number) => Effect.Effect<A, E>): Effect.Effect<A, Told<E>> {
    return Effect.suspend(() => this.attempt(address, send, 1, this.now()))
  }

  private attempt<A, E>(
    address: ActorAddress,
    send: (attempt: number) => Effect.Effect<A, E>,
    attempt: number,
    begun: number
  ): Effect.Effect<A, Told<E>> {
    return Effect.catchCause(send(attempt), (cause): Effect.Effect<A, Told<E>> => {
      const trouble = troubleIn(address, cause)
      // What is no trouble of the cluster's is the answer.
      if (trouble === undefined) return Effect.failCause(cause as Cause.Cause<Told<E>>)
      return Effect.flatMap(this.sharding.isShutdown, (isShutdown): Effect.Effect<A, Told<E>> => {
        if (isShutdown) return Effect.fail(new ActorStopped({ ...addressOf(address), reason: "shutdown" }))
        const tried = this.now() - begun
        if (!trouble.passes || tried >= this.patience) return Effect.fail(trouble.failure(tried))
        return Effect.delay(this.attempt(address, send, attempt + 1, begun), delayAfter(attempt))
      })
    })
  }
}

/** What a call met that is no answer yet. */
interface Trouble<E> {
  readonly passes: boolean
  /** What the caller is told if it does not pass. */
  readonly failure: (tried: number) => Told<E>
}

const addressOf = ({ actor, id }: ActorAddress): ActorAddress => ({ actor, id })

/** Nothing, when the cause is the answer. */
const troubleIn = <E>(address: ActorAddress, cause: Cause.Cause<E>): Trouble<E> | undefined => {
  const unreachable = (found: string): Trouble<E> => ({
    passes: true,
    failure: (tried) => new ActorUnreachable({ ...addressOf(address), tried, found })
  })
  for (const reason of cause.reasons) {
    if (Cause.isFailReason(reason)) {
      const { error } = reason
      if (isClusterTrouble(error)) return unreachable(error._tag)
      return passes(error) ? { passes: true, failure: () => error as Told<E> } : undefined
    }
    if (Cause.isDieReason(reason)) {
      if (!isUnregistered(reason.defect)) return undefined
      return { passes: false, failure: () => new ActorNotRegistered({ actor: address.actor, registered: [] }) }
    }
  }
  // A machine that shuts down interrupts what it has not finished; whoever is interrupted himself does not come here.
  return unreachable("the machine that ran it shut down")
}

const isClusterTrouble = (error: unknown): error is ClusterTrouble =>
  error instanceof ClusterError.MailboxFull ||
  error instanceof ClusterError.AlreadyProcessingMessage ||
  error instanceof ClusterError.PersistenceError ||
  error instanceof ClusterError.EntityNotAssignedToRunner ||
  error instanceof CommandReturned

/** The cluster has no other name for it. */
const isUnregistered = (defect: unknown): boolean =>
  defect instanceof Error && /^Entity type '.*' not registered$/su.test(defect.message)

/** Whether a failure says that the next try may find the actor elsewhere, or the database back. */
export const passes = (error: unknown): boolean => {
  const failure = error as Failure | Unavailable
  switch (failure._tag) {
    case "ActorStopped":
      return failure.reason === "moved" || failure.reason === "shutdown" || failure.reason === "conflict"
    case "Conflict":
    case "Unknown":
      return true
    case "Rejected":
      return failure.reason === "Unavailable" || failure.reason === "Closed"
    case "RecoveryFailed":
      return failure.cause._tag === "Unavailable"
    case "Unavailable":
      return failure.reason === "Unreachable" || failure.reason === "Closed" || failure.reason === "Failed"
    default:
      return false
  }
}
