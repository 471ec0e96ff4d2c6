/**
 * Commands of actors. They are `Rpc`s; nothing else of this library knows that.
 */
import type * as Rpc from "effect/rpc/Rpc"
import type * as Schema from "effect/Schema"

/** A schema that needs no services. */
export type Codec = Schema.Top & { readonly DecodingServices: never; readonly EncodingServices: never }

/** A command of an actor: an `Rpc` that does not stream and whose schemas need no services. */
// The bound says nothing of the schemas: if it did, `Rpc.make` would infer from it what was left out.
export type Command = Rpc.Any

/** What a handler gets. */
export type Payload<C> = Rpc.Payload<C>

/** What a caller hands over. */
export type Input<C> = Rpc.PayloadConstructor<C>

/** What a handler answers. */
export type Reply<C> = Rpc.Success<C>

/** The error with which a command may fail. */
export type Failure<C> = Rpc.Error<C>

/** Never, unless the commands are such as actors can serve. */
export type Refused<C extends Command> = [Rpc.Services<C>] extends [never]
  ? true extends Rpc.IsStream<C, C["_tag"]>
    ? "commands of actors do not stream"
    : never
  : "the schemas of commands must need no services"

/** The schemas of a command. */
export interface Schemas {
  readonly payloadSchema: Codec
  readonly successSchema: Codec
  readonly errorSchema: Codec
}

/** Every `Rpc` has schemas; `Refused` sees to it that they need no services. */
export const schemasOf = (command: Command): Schemas => command as Command & Schemas
