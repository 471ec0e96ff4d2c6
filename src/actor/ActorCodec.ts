/**
 * The run-time side of an actor's schemas, with the types erased: between what handlers see and what the journal holds.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import type { EventCodec, Options } from "../Actor.ts"
import * as AgentId from "../AgentId.ts"
import type { NewEvent } from "../ContextEvent.ts"
import type { SnapshotPolicy } from "../SnapshotPolicy.ts"
import { InvalidInput } from "../StoreError.ts"
import * as Lineage from "../store/Lineage.ts"
import * as ReservedAgents from "../store/ReservedAgents.ts"
import type { EventStep, StateStep } from "./ActorReading.ts"
import { type Codec, type Command, type Schemas, schemasOf } from "./Command.ts"

/** The failure is that of the schema. */
export type CodecResult<A> = Result.Result<A, Schema.SchemaError>

/** One command's schemas. */
export interface CommandCodec {
  /** Fills in constructor defaults and checks the payload. */
  readonly makePayload: (payload: unknown) => Result.Result<unknown, InvalidInput>
  readonly encodePayload: (payload: unknown) => CodecResult<unknown>
  readonly decodePayload: (payload: unknown) => CodecResult<unknown>
  readonly encodeReply: (reply: unknown) => CodecResult<unknown>
  readonly decodeReply: (reply: unknown) => CodecResult<unknown>
}

/** Encodes and decodes for one definition. */
export interface ActorCodec {
  /** What the rest was compiled from. */
  readonly schemas: {
    readonly state: Codec
    readonly event: Codec
    readonly commands: ReadonlyMap<string, Schemas>
  }
  /** The agent whose stream is the journal of an actor: `name/id`. */
  readonly agentId: (id: string) => string
  readonly agentIdPrefix: string
  readonly eventTypePrefix: string
  /** Gives the agent id. */
  readonly validateId: (id: string) => Result.Result<string, InvalidInput>
  readonly initialState: unknown
  /** Folds one event; fails with whatever a fold that is not total throws. */
  readonly evolve: (state: unknown, event: unknown) => Result.Result<unknown, unknown>
  readonly encodeEvent: (event: unknown) => CodecResult<Pick<NewEvent, "type" | "schemaVersion" | "data">>
  /** Only of the current shape; see `ActorReading` for older ones. */
  readonly decodeEvent: (data: unknown) => CodecResult<unknown>
  readonly eventShapes: Lineage.Lineage<ReadonlyMap<string, EventStep>>
  readonly encodeState: (state: unknown) => CodecResult<unknown>
  readonly decodeState: (state: unknown) => CodecResult<unknown>
  /** Whether the state after an event should be kept as a snapshot; fails with whatever a predicate that is not total throws. */
  readonly wantsSnapshot: (event: unknown, state: unknown) => Result.Result<boolean, unknown>
  readonly stateShapes: Lineage.Lineage<StateStep>
  /** Names the fold, as snapshots do. */
  readonly reducer: string
  readonly commands: ReadonlyMap<string, CommandCodec>
}

/** The agent whose stream is the journal of an actor: `name/id`. */
export const agentIdOf = (actor: string, id: string): string => `${actor}/${id}`

/** No event asks for a snapshot. */
export const noWish: Result.Result<boolean, unknown> = Result.succeed(false)

const nameRule = /^[^/\p{Cc}\p{Cs}]{1,100}$/u

/** Compiles the schemas of a definition once. Throws what is wrong with the definition. */
export const make = <State extends Codec, Event extends EventCodec>(
  name: string,
  options: Options<State, Event, ReadonlyArray<Command>>
): ActorCodec => {
  if (!nameRule.test(name)) {
    throw new TypeError(`An actor's name is 1 to 100 characters without "/" or controls, found ${JSON.stringify(name)}`)
  }
  if (name === ReservedAgents.owner) {
    throw new TypeError(`No actor may have the name ${JSON.stringify(name)}, which is the library's own`)
  }
  const owner = `Actor ${JSON.stringify(name)}`
  const { schemaVersion = 1, stateVersion = 1, upcast = {}, upcastState } = options
  const steps = Object.entries(upcast).map(([version, steps]) => [version, new Map(Object.entries(steps))] as const)
  const eventShapes = Lineage.make(owner, "schemaVersion", schemaVersion, "upcast", Object.fromEntries(steps))
  const events = Schema.toCodecJson(options.events)
  const state = Schema.toCodecJson(options.state)
  const encodeEvent = Schema.encodeUnknownResult(events)
  const agentIdPrefix = agentIdOf(name, "")
  // The engine hands over only what these very schemas decoded or the handlers of this definition made.
  const evolve = options.evolve as (state: unknown, event: unknown) => unknown
  const encodeState = Schema.encodeUnknownResult(state)
  const initial = encodeState(options.initialState)
  if (Result.isFailure(initial)) {
    throw new TypeError(`${owner}: initialState does not fit its schema: ${initial.failure.message}`)
  }
  const commands = new Map(options.commands.map((command) => [command._tag, makeCommand(command)]))
  if (commands.size < options.commands.length) {
    throw new TypeError(`${owner}: two commands have the same name`)
  }
  return {
    schemas: {
      state: options.state,
      event: options.events,
      commands: new Map(options.commands.map((command) => [command._tag, schemasOf(command)]))
    },
    agentId: (id) => agentIdPrefix + id,
    agentIdPrefix,
    eventTypePrefix: `${name}.`,
    validateId: (id) => validateId(agentIdPrefix, id),
    initialState: options.initialState,
    evolve: (state, event) => Result.try(() => evolve(state, event)),
    encodeEvent: (event) =>
      Result.map(encodeEvent(event), (data) => ({
        type: `${name}.${tagOf(event)}`,
        schemaVersion,
        data: data as object
      })),
    decodeEvent: Schema.decodeUnknownResult(events),
    eventShapes,
    encodeState,
    decodeState: Schema.decodeUnknownResult(state),
    wantsSnapshot: wishOf(options.snapshots?.when),
    stateShapes: Lineage.make(owner, "stateVersion", stateVersion, "upcastState", upcastState),
    reducer: `actor:${name}`,
    commands
  }
}

const validateId = (prefix: string, id: string): Result.Result<string, InvalidInput> =>
  Result.flatMap(AgentId.validate(id, "id"), () => {
    const agentId = prefix + id
    if (agentId.length <= AgentId.maximumLength) return Result.succeed(agentId)
    return Result.fail(
      new InvalidInput({
        path: "id",
        expected: `at most ${AgentId.maximumLength - prefix.length} characters, so that ${JSON.stringify(prefix)} and the id are an agent id`,
        found: `${id.length} characters`,
        remedy: "Choose a shorter id."
      })
    )
  })

const wishOf = <Event, State>(when: SnapshotPolicy<Event, State>["when"]): ActorCodec["wantsSnapshot"] => {
  if (when === undefined) return () => noWish
  // The engine hands over events and states of this very definition.
  const holds = when as (event: unknown, state: unknown) => boolean
  return (event, state) => {
    const wish = Result.try(() => holds(event, state))
    return Result.isSuccess(wish) && !wish.success ? noWish : wish
  }
}

const tagOf = (event: unknown): string =>
  typeof event === "object" && event !== null && "_tag" in event ? String(event._tag) : ""

const makeCommand = (command: Command): CommandCodec => {
  const { payloadSchema, successSchema } = schemasOf(command)
  const payload = Schema.toCodecJson(payloadSchema)
  const reply = Schema.toCodecJson(successSchema)
  const makePayload = SchemaParser.makeEffect(payloadSchema)
  return {
    makePayload: (payload) => {
      const made = makePayload(payload)
      // Payload schemas need no services, so the effect is done at once; mostly it is an exit already.
      const exit = Exit.isExit(made) ? made : Effect.runSyncExit(made)
      return Exit.isSuccess(exit) ? Result.succeed(exit.value) : Result.fail(refusePayload(command._tag, exit.cause))
    },
    encodePayload: Schema.encodeUnknownResult(payload),
    decodePayload: Schema.decodeUnknownResult(payload),
    encodeReply: Schema.encodeUnknownResult(reply),
    decodeReply: Schema.decodeUnknownResult(reply)
  }
}

const refusePayload = (command: string, cause: Cause.Cause<unknown>): InvalidInput => {
  const issue = Cause.squash(cause)
  return new InvalidInput({
    path: `payload of ${command}`,
    expected: "what the command's payload schema accepts",
    found: SchemaIssue.isIssue(issue) ? new Schema.SchemaError(issue).message : String(issue),
    remedy: "Send a payload that fits the definition."
  })
}
