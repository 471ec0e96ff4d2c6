/**
 * Agents that belong to the services of this library, such as the record of who did what: their ids begin with `pantheon/`. Applications meet
 * them in the event store only; whatever stands above it neither shows them nor lets anybody write to them.
 */
import * as Result from "effect/Result"
import * as AgentId from "../AgentId.ts"
import { InvalidInput } from "../StoreError.ts"

/** The name that no definition of actors may have, since its actors would be reserved agents. */
export const owner = "pantheon"

/** What begins the ids of reserved agents. */
export const prefix = `${owner}/`

/** What is about all agents is asked of this one: none of an application has its id, so no share of one allows it. */
export const everywhere = `${prefix}lifecycle`

/** Whether an agent belongs to a service of this library. */
export const isReserved = (agentId: unknown): boolean => typeof agentId === "string" && agentId.startsWith(prefix)

/** Checks the id of an agent that an application names. `subject` names it in the error. */
export const validate = (id: unknown, subject = "agentId"): Result.Result<string, InvalidInput> =>
  Result.flatMap(AgentId.validate(id, subject), (agentId) =>
    isReserved(agentId)
      ? Result.fail(
          new InvalidInput({
            path: subject,
            expected: `an id that does not begin with ${prefix}`,
            found: JSON.stringify(agentId),
            remedy: "Choose another id; these belong to the library."
          })
        )
      : Result.succeed(agentId)
  )
