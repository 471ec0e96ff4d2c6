/**
 * Clients of actors: one typed method for each command.
 */
import type * as Effect from "effect/Effect"
import type * as Actor from "../Actor.ts"
import type { ActorError } from "../ActorError.ts"
import type { ActorSystem, AskOptions } from "../ActorSystem.ts"
import type * as Command from "./Command.ts"

/** One method for each command. The reply means that the command's events are on disk. */
export type Client<Commands extends Command.Command> = {
  readonly [C in Commands as C["_tag"]]: (
    ...args: [undefined] extends [Command.Input<C>]
      ? [payload?: undefined, options?: AskOptions]
      : [payload: Command.Input<C>, options?: AskOptions]
  ) => Effect.Effect<Command.Reply<C>, Command.Failure<C> | ActorError>
}

/** Makes clients. */
export type ClientClass<Commands extends Command.Command> = new (
  system: ActorSystem["Service"],
  id: string
) => Client<Commands>

/** A class, so that a client costs one small object, however many commands there are. */
export const makeClass = <Commands extends Command.Command>(definition: Actor.Any): ClientClass<Commands> => {
  // Private, since a command may have any name.
  class ActorClient {
    readonly #system: ActorSystem["Service"]
    readonly #id: string
    constructor(system: ActorSystem["Service"], id: string) {
      this.#system = system
      this.#id = id
    }
    static ask(client: ActorClient, command: string, payload: unknown, options: AskOptions | undefined) {
      return client.#system.askUnsafe(definition, client.#id, command, payload, options)
    }
  }
  for (const command of definition.codec.commands.keys()) {
    Object.defineProperty(ActorClient.prototype, command, {
      value(this: ActorClient, payload?: unknown, options?: AskOptions) {
        return ActorClient.ask(this, command, payload, options)
      }
    })
  }
  return ActorClient as unknown as ClientClass<Commands>
}
