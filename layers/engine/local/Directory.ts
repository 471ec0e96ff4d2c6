/**
 * What is known of actors, in memory or not.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as Actor from "../../../src/Actor.ts"
import type { Unregistered } from "../../../src/ActorError.ts"
import type { ActorInfo, ListOptions } from "../../../src/ActorSystem.ts"
import type { ActorAddress } from "../../../src/CurrentActor.ts"
import type { ReadError } from "../../../src/StoreError.ts"
import type { LocalEngine } from "./LocalEngine.ts"
import type { Registration } from "./Registration.ts"
import type { EngineSurroundings } from "./Surroundings.ts"
import { agentIdOf, type Orphan } from "./Tree.ts"

/** Looks actors up. */
export class Directory {
  private readonly engine: LocalEngine
  private readonly events: EngineSurroundings["stores"]["events"]

  constructor(engine: LocalEngine, { stores }: EngineSurroundings) {
    this.engine = engine
    this.events = stores.events
  }

  get(definition: Actor.Any, id: string): Effect.Effect<Option.Option<ActorInfo>, ReadError | Unregistered> {
    return Effect.gen({ self: this }, function* () {
      const registration = yield* Effect.fromResult(this.engine.registration(definition, id))
      yield* Effect.fromResult(registration.behavior.definition.codec.validateId(id))
      const known = yield* this.find(registration, id)
      const [info] = known === undefined ? [] : yield* this.engine.tree.withParents([known])
      return Option.fromUndefinedOr(info)
    })
  }

  list(definition: Actor.Any, options: ListOptions = {}): Stream.Stream<ActorInfo, ReadError | Unregistered> {
    const { parent } = options
    const listed = Effect.map(Effect.fromResult(this.engine.registration(definition)), (registration) =>
      parent === undefined ? this.all(registration) : this.childrenOf(registration, parent)
    )
    return Stream.unwrap(listed)
  }

  private find(registration: Registration, id: string): Effect.Effect<Orphan | undefined, ReadError> {
    const resident = registration.resident(id)
    if (resident !== undefined) return Effect.succeed(resident.info)
    // It may have been brought back meanwhile.
    return Effect.map(
      this.events.head(registration.addressOf(id).agentId),
      ({ presence, version }) =>
        registration.resident(id)?.info ??
        (presence === "missing" && !registration.isGone(id) ? undefined : registration.absent(id, version))
    )
  }

  /** Those in memory first, then those in the journal, then those that were stopped before they were ever written. */
  private all(registration: Registration): Stream.Stream<ActorInfo, ReadError> {
    return Stream.suspend(() => {
      const { agentIdPrefix } = registration.behavior.definition.codec
      const residents = registration.residents()
      const seen = new Set(residents.map((info) => info.id))
      const gone = new Set(registration.goneIds())
      // Some may have been brought back since the listing began.
      const here = (id: string, version: number) => registration.resident(id)?.info ?? registration.absent(id, version)
      const journal = this.events.agents({ prefix: agentIdPrefix }).pipe(
        Stream.map(({ agentId, version }) => ({ id: agentId.slice(agentIdPrefix.length), version })),
        Stream.filter(({ id }) => !seen.has(id)),
        Stream.map(({ id, version }) => {
          gone.delete(id)
          return here(id, version)
        })
      )
      const unwritten = Stream.suspend(() =>
        Stream.fromIterable([...gone].filter((id) => !seen.has(id)).map((id) => here(id, 0)))
      )
      const orphans = Stream.fromIterable(residents).pipe(Stream.concat(journal), Stream.concat(unwritten))
      return Stream.flattenIterable(
        Stream.mapEffect(Stream.chunks(orphans), (page) => this.engine.tree.withParents(page))
      )
    })
  }

  /** Those that were never written and are not in memory are known to nobody but their parent. */
  private childrenOf(registration: Registration, { actor, id }: ActorAddress): Stream.Stream<ActorInfo, ReadError> {
    const { name } = registration.behavior.definition
    const parent = { actor, id }
    return this.engine.tree.children(agentIdOf(parent)).pipe(
      Stream.filter((child) => child.actor === name),
      Stream.mapEffect(
        ({ id }) =>
          Effect.map(this.find(registration, id), (known) => ({ ...(known ?? registration.absent(id, 0)), parent })),
        { concurrency: 16 }
      )
    )
  }
}
