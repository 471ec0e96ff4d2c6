/**
 * What an agent needs to go from one store to another: the listing of recorded commands, and the import.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as AgentId from "../AgentId.ts"
import type { EventStore } from "../EventStore.ts"
import type { EventStoreDriver } from "../EventStoreDriver.ts"
import type { GroupCommit } from "./GroupCommit.ts"

const pageSize = 1000

/** The part of the service that moves agents. */
export const makeImporter = (
  driver: EventStoreDriver,
  commits: GroupCommit
): Pick<EventStore["Service"], "commands" | "importAgent"> => ({
  commands: (agentId) =>
    Stream.unwrap(
      Effect.gen(function* () {
        yield* Effect.fromResult(AgentId.validate(agentId))
        yield* commits.settled(agentId)
        const first: string | undefined = undefined
        return Stream.paginate(first, (after: string | undefined) =>
          Effect.map(driver.listCommands({ agentId, after, limit: pageSize }), (commands) => {
            const isMore = commands.length === pageSize
            return [commands, isMore ? Option.some(commands.at(-1)?.id) : Option.none()] as const
          })
        )
      })
    ),
  importAgent: (agent) =>
    Effect.gen(function* () {
      yield* Effect.fromResult(AgentId.validate(agent.agentId))
      yield* commits.settled(agent.agentId)
      const outcome = yield* driver.importAgent(agent, (effect) => commits.exclusive(effect))
      if (outcome._tag === "Imported") commits.tellNews()
      return outcome
    })
})
