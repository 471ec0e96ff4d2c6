/**
 * From what a caller hands over to what travels, and from what comes back to what the caller is told.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Actor from "../../../src/Actor.ts"
import type { AskOptions } from "../../../src/ActorSystem.ts"
import type * as Limits from "../../../src/Limits.ts"
import { InvalidInput } from "../../../src/StoreError.ts"
import { encodeRecord } from "../../../src/store/AppendInput.ts"
import { refuseTimeout } from "../local/Messenger.ts"
import type { Command, CommandFailed } from "./Protocol.ts"
import * as Sender from "./Sender.ts"
import { type CommandWire, wireOf } from "./Wire.ts"

/** A command that is ready to travel. */
export interface Dispatch {
  readonly wire: CommandWire
  readonly command: Omit<Command, "attempt">
  /** Tries before this one: a command whose id its sender has chosen may have been sent before. */
  readonly attempts: number
  /** Milliseconds. */
  readonly timeout: number | undefined
}

/** What it takes to make commands ready. */
export interface Desk {
  readonly limits: Limits.Limits
  /** Makes ids for commands that have none; nothing if they are sent once only. */
  readonly nextId: (() => string) | undefined
}

/** Checks and encodes a command. */
export const prepare = (
  definition: Actor.Any,
  name: string,
  payload: unknown,
  options: AskOptions | undefined,
  fiber: Fiber.Fiber<unknown, unknown>,
  { limits, nextId }: Desk
): Result.Result<Dispatch, InvalidInput> => {
  const codec = definition.codec.commands.get(name)
  const wire = wireOf(definition).get(name)
  if (codec === undefined || wire === undefined) return Result.fail(unknownCommand(definition, name))
  const text = Result.flatMap(codec.makePayload(payload), (made) =>
    Result.mapError(wire.payload.encode(made), unsendable(name))
  )
  if (Result.isFailure(text)) return Result.fail(text.failure)
  const metadata = options?.metadata === undefined ? undefined : encodeRecord(options.metadata, "metadata", limits)
  if (metadata !== undefined && Result.isFailure(metadata)) return Result.fail(metadata.failure)
  const timeout =
    options?.timeout === undefined ? undefined : Option.getOrUndefined(Duration.fromInput(options.timeout))
  if (options?.timeout !== undefined && timeout === undefined) return Result.fail(refuseTimeout(options.timeout))
  const commandId = options?.commandId ?? nextId?.()
  const traceparent = Sender.traceparentOf(fiber)
  const command: Omit<Command, "attempt"> = {
    ...Sender.orderOf(fiber),
    command: name,
    payload: text.success,
    ...(commandId === undefined ? {} : { commandId }),
    ...(metadata === undefined ? {} : { metadata: metadata.success }),
    ...(traceparent === undefined ? {} : { traceparent })
  }
  return Result.succeed({
    wire,
    command,
    attempts: options?.commandId === undefined ? 0 : 1,
    timeout: timeout === undefined ? undefined : Duration.toMillis(timeout)
  })
}

/** The error of the command itself. */
export const errorOf = ({ wire }: Dispatch, { error }: CommandFailed): Effect.Effect<never, unknown> =>
  Effect.flatMap(Effect.orDie(Effect.fromResult(wire.error.decode(error))), Effect.fail)

/** The reply. */
export const replyOf = ({ wire }: Dispatch, text: string): Effect.Effect<unknown> =>
  Effect.orDie(Effect.fromResult(wire.reply.decode(text)))

const unsendable = (command: string) => (cause: { readonly message: string }) =>
  new InvalidInput({
    path: `payload of ${command}`,
    expected: "what the command's payload schema can encode",
    found: cause.message,
    remedy: "Send a payload that fits the definition."
  })

const unknownCommand = ({ codec, name }: Actor.Any, command: unknown): InvalidInput =>
  new InvalidInput({
    path: "command",
    expected: [...codec.commands.keys()].join(", "),
    found: typeof command === "string" ? JSON.stringify(command) : `a value of type ${typeof command}`,
    remedy: `Send a command that ${name} defines.`
  })
