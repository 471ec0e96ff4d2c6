/**
 * The refusal of a principal who may not do what he asks for.
 */
import * as Schema from "effect/Schema"
import * as Permission from "./Permission.ts"

/** The current principal may not do this. Nothing was looked up, so it is the same whether the agent exists or not. */
export class AccessDenied extends Schema.TaggedError<AccessDenied>("pantheon-state/AccessDenied")("AccessDenied", {
  resource: Permission.Resource,
  action: Permission.Action,
  agentId: Schema.String
}) {
  override get message(): string {
    const { action, agentId, resource } = this
    return `agent ${JSON.stringify(agentId)}: expected the permission ${resource}:${action}, found none that covers it. Sign in as somebody who has it, or ask for it.`
  }
}
