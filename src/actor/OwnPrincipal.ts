/**
 * Who acts when an actor does something by itself, as when its timer has gone off.
 */
import * as Context from "effect/Context"
import { anonymous, CurrentPrincipal, type Principal } from "../CurrentPrincipal.ts"
import * as Pattern from "../Pattern.ts"

/** The principal whom the layer of its behavior was given; without one the agent itself, which may do everything with itself, and elsewhere what is shared with it. */
export const of = (agentId: string, services: Context.Context<never>): Principal => {
  const given = Context.get(services, CurrentPrincipal)
  return given === anonymous ? agent(agentId) : given
}

const agent = (agentId: string): Principal => ({
  id: agentId,
  kind: "agent",
  permissions: [{ resource: "*", action: "admin", agents: Pattern.exactly(agentId) }]
})
