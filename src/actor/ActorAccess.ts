/**
 * What every call of `ActorSystem` needs, and that it is asked before anything is looked up or woken.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { AccessDenied } from "../AccessError.ts"
import { type AccessPolicy, trusted } from "../AccessPolicy.ts"
import type * as Actor from "../Actor.ts"
import type { ActorSystem } from "../ActorSystem.ts"
import type * as Permission from "../Permission.ts"
import type { Unavailable } from "../StoreError.ts"
import { agentIdOf } from "./ActorCodec.ts"

/** What callers are refused with, before anything else. */
type Refusal = AccessDenied | Unavailable

type System = ActorSystem["Service"]

/** The engine behind its door. Where everybody is trusted, there is none. `again` says that it is asked again where the actor runs. */
export const guard = (system: System, policy: AccessPolicy, again = false): System => {
  if (policy === trusted) return system
  const ahead: AccessPolicy["check"] = again ? (need) => checkAhead(policy, need) : policy.check

  /** Does it if the current principal may. */
  const behind =
    (action: Permission.Action, check = ahead) =>
    <A, E, R>({ name }: Actor.Any, id: string, call: () => Effect.Effect<A, E, R>): Effect.Effect<A, E | Refusal, R> =>
      Effect.flatMap(check(needOf(action, agentIdOf(name, id))), call)

  const reading = behind("read")
  const writing = behind("write")
  const ruling = behind("admin")
  /** What is kept until it can be run is not asked again. */
  const keeping = behind("write", policy.check)

  const mayRead = (agentId: string) => isAllowed(policy, needOf("read", agentId))

  return {
    ...system,
    ask: (actor, id, command, payload, options) =>
      writing(actor, id, () => system.ask(actor, id, command, payload, options)),
    askUnsafe: (actor, id, command, payload, options) =>
      writing(actor, id, () => system.askUnsafe(actor, id, command, payload, options)),
    tell: (actor, id, command, payload, options) =>
      (options?.delivery === "durable" ? keeping : writing)(actor, id, () =>
        system.tell(actor, id, command, payload, options)
      ),
    spawn: (actor, id) => ruling(actor, id, () => system.spawn(actor, id)),
    spawnChild: (actor, id) => writing(actor, id, () => system.spawnChild(actor, id)),
    stop: (actor, id) => ruling(actor, id, () => system.stop(actor, id)),
    pause: (actor, id) => ruling(actor, id, () => system.pause(actor, id)),
    resume: (actor, id) => ruling(actor, id, () => system.resume(actor, id)),
    restart: (actor, id) => ruling(actor, id, () => system.restart(actor, id)),
    watch: (actor, id) => reading(actor, id, () => system.watch(actor, id)),
    get: (actor, id) => reading(actor, id, () => system.get(actor, id)),
    list: (actor, options) => Stream.filterEffect(system.list(actor, options), ({ agentId }) => mayRead(agentId)),
    changes: Stream.filterEffect(system.changes, ({ agentId }) => mayRead(agentId)),
    deadLetters: Stream.filterEffect(system.deadLetters, ({ actor, id }) => onceKnown(mayRead(agentIdOf(actor, id))))
  }
}

/**
 * The answer, as soon as there is one. Commands are lost when the store is away, and that is when nobody can know who may see them; who waits is told
 * of them once it is back.
 */
const onceKnown = (answer: Effect.Effect<boolean, Unavailable>): Effect.Effect<boolean> =>
  Effect.catch(answer, () => Effect.flatMap(Effect.sleep("1 second"), () => onceKnown(answer)))

/** A refusal is on record; what is allowed will be when it is asked again. */
const checkAhead = (policy: AccessPolicy, need: Permission.Need): Effect.Effect<void, Refusal> =>
  Effect.flatMap(isAllowed(policy, need), (allowed) => (allowed ? Effect.void : policy.check(need)))

/** What it takes to do something with the actor of an agent. */
export const needOf = (action: Permission.Action, agentId: string): Permission.Need => ({
  resource: "actor",
  action,
  agentId
})

/** Whether the current principal may do this, without a word in the record. */
export const isAllowed = (policy: AccessPolicy, need: Permission.Need): Effect.Effect<boolean, Unavailable> =>
  Effect.map(policy.grounds(need), (grounds) => grounds !== "none")
