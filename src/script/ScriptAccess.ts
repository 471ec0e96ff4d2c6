/**
 * Who may do what with scripted actors, and as whom they act.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type AccessPolicy, trusted } from "../AccessPolicy.ts"
import type { ActorStatePort } from "../ActorStatePort.ts"
import { isAllowed, needOf } from "../actor/ActorAccess.ts"
import type { Principal } from "../CurrentPrincipal.ts"
import * as Pattern from "../Pattern.ts"
import type * as Permission from "../Permission.ts"
import { ScriptActor } from "./ScriptActor.ts"

type Port = ActorStatePort["Service"]

/** The port behind its door; the engine asks for what commands need. */
export const guard = (port: Port, policy: AccessPolicy): Port => {
  if (policy === trusted) return port
  const reading = (id: string) => policy.check(readOf(id))
  return {
    ...port,
    get: (id) => Effect.andThen(reading(id), port.get(id)),
    list: (options) => Stream.filterEffect(port.list(options), ({ id }) => isAllowed(policy, readOf(id))),
    history: (id, options) => Stream.unwrap(Effect.as(reading(id), port.history(id, options))),
    watch: (id) => Stream.unwrap(Effect.as(reading(id), port.watch(id))),
    // It looks before it sends.
    tick: (id, options) =>
      Effect.andThen(policy.check(needOf("write", ScriptActor.agentId(id))), port.tick(id, options))
  }
}

const readOf = (id: string): Permission.Need => ({
  resource: "context",
  action: "read",
  agentId: ScriptActor.agentId(id)
})

/** Who a scripted actor is in its ticks: its agent, which may do everything with itself, and send to other scripted actors. */
export const principalOf = (id: string): Principal => ({
  id: ScriptActor.agentId(id),
  kind: "agent",
  permissions: [
    { resource: "*", action: "admin", agents: Pattern.exactly(ScriptActor.agentId(id)) },
    { resource: "actor", action: "write", agents: { _tag: "Around", start: ScriptActor.codec.agentIdPrefix, end: "" } }
  ]
})
