/**
 * What a promise of this library is rejected with: an `Error` with a code that does not change, and the typed error as its cause.
 *
 * ```ts
 * await agents.getContext("agent-1").catch((error) => {
 *   if (isPantheonError(error) && error.code === "AGENT_NOT_FOUND") return undefined
 *   throw error
 * })
 * ```
 */
import type * as AccessError from "../../src/AccessError.ts"
import type * as ActorError from "../../src/ActorError.ts"
import type * as AgentError from "../../src/AgentError.ts"
import type * as AuthError from "../../src/AuthError.ts"
import type * as LifecycleError from "../../src/LifecycleError.ts"
import type * as MetadataError from "../../src/MetadataError.ts"
import type * as ScriptError from "../../src/ScriptError.ts"
import type * as ShareError from "../../src/ShareError.ts"
import type * as StoreError from "../../src/StoreError.ts"

type ErrorsOf<Module> = {
  [Name in keyof Module]: Module[Name] extends abstract new (
    ...args: never
  ) => infer Instance
    ? Instance extends Error & { readonly _tag: string }
      ? Instance
      : never
    : never
}[keyof Module]

/** The typed errors of the library; each has a `_tag`. */
export type Failure =
  | ErrorsOf<typeof AccessError>
  | ErrorsOf<typeof ActorError>
  | ErrorsOf<typeof AgentError>
  | ErrorsOf<typeof AuthError>
  | ErrorsOf<typeof LifecycleError>
  | ErrorsOf<typeof MetadataError>
  | ErrorsOf<typeof ScriptError>
  | ErrorsOf<typeof ShareError>
  | ErrorsOf<typeof StoreError>

type Told = StoreError.Rejected | StoreError.Unavailable | StoreError.TogetherFailed

// The types see to it that no error is left out.
const codes = {
  AccessDenied: "ACCESS_DENIED",
  ActorAlreadyRegistered: "ACTOR_ALREADY_REGISTERED",
  ActorCrashed: "ACTOR_CRASHED",
  ActorDeadlock: "ACTOR_DEADLOCK",
  ActorExists: "ACTOR_EXISTS",
  ActorHeld: "ACTOR_HELD",
  ActorMismatch: "ACTOR_MISMATCH",
  ActorMissing: "ACTOR_NOT_FOUND",
  ActorNotRegistered: "ACTOR_NOT_REGISTERED",
  ActorStopped: "ACTOR_STOPPED",
  ActorUnreachable: "ACTOR_UNREACHABLE",
  AgentArchived: "AGENT_ARCHIVED",
  AgentDeleted: "AGENT_DELETED",
  AgentMissing: "AGENT_NOT_FOUND",
  AskTimeout: "ASK_TIMEOUT",
  BehaviorsMissing: "BEHAVIORS_NOT_FOUND",
  BusFailed: "BUS_FAILED",
  ChildFailed: "CHILD_FAILED",
  ChildRefused: "CHILD_REFUSED",
  Conflict: "CONFLICT",
  ContextExists: "CONTEXT_EXISTS",
  ContextFailed: "CONTEXT_FAILED",
  Corrupted: "CORRUPTED",
  ExportBroken: "EXPORT_BROKEN",
  HandlerTimeout: "HANDLER_TIMEOUT",
  ImportRefused: "IMPORT_REFUSED",
  InvalidCredential: "INVALID_CREDENTIAL",
  InvalidInput: "INVALID_INPUT",
  MailFull: "MAIL_FULL",
  MailboxFull: "MAILBOX_FULL",
  MetadataChanged: "METADATA_CHANGED",
  MetadataMissing: "METADATA_NOT_FOUND",
  PatchFailed: "PATCH_FAILED",
  RecoveryFailed: "RECOVERY_FAILED",
  ReducerFailed: "REDUCER_FAILED",
  ShareChanged: "SHARE_CHANGED",
  ShareExists: "SHARE_EXISTS",
  ShareMissing: "SHARE_NOT_FOUND",
  SnapshotMissing: "SNAPSHOT_NOT_FOUND",
  SpawnRefused: "SPAWN_REFUSED",
  TimedOut: "TIMED_OUT",
  TooManyAttempts: "TOO_MANY_ATTEMPTS",
  ToolFailed: "TOOL_FAILED",
  ToolMissing: "TOOL_NOT_FOUND",
  ToolMisused: "TOOL_MISUSED",
  ToolNotAllowed: "TOOL_NOT_ALLOWED",
  Unknown: "OUTCOME_UNKNOWN",
  VersionMissing: "VERSION_NOT_FOUND"
} as const satisfies { readonly [tag in Exclude<Failure, Told>["_tag"]]: string }

const rejections = {
  InvalidInput: "INVALID_INPUT",
  EventIdTaken: "EVENT_ID_TAKEN",
  CommandIdTaken: "COMMAND_ID_TAKEN",
  Refused: "REFUSED",
  Unsupported: "UNSUPPORTED",
  Unavailable: "UNAVAILABLE",
  Closed: "CLOSED"
} as const satisfies { readonly [reason in StoreError.Rejected["reason"]]: string }

/** What went wrong, in a word that does not change from one release to the next. */
export type Code =
  | (typeof codes)[keyof typeof codes]
  | (typeof rejections)[keyof typeof rejections]
  /** Another process holds the directory of a LevelDB. */
  | "LOCKED"
  /** An option of a constructor or a factory makes no sense. */
  | "INVALID_OPTIONS"
  /** The work was interrupted from within. */
  | "INTERRUPTED"
  /** A mistake in a program: in a reducer or a store of the caller's, or in this library. */
  | "DEFECT"

/** An error with a code; its `cause` is the typed error, or whatever else was at the bottom of it. */
export class PantheonError extends Error {
  override readonly name = "PantheonError"
  readonly code: Code

  constructor(code: Code, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** Whether a rejection comes from this library. */
export const isPantheonError = (error: unknown): error is PantheonError => error instanceof PantheonError

/** Whether it is a typed error of the library. */
export const isFailure = (error: unknown): error is Failure =>
  error instanceof Error &&
  "_tag" in error &&
  typeof error._tag === "string" &&
  (Object.hasOwn(codes, error._tag) || ["Rejected", "Unavailable", "TogetherFailed"].includes(error._tag))

/** The error for callers without Effect. */
export const fromFailure = (failure: Failure): PantheonError => {
  const code = codeOf(failure)
  const message = code.endsWith("_NOT_FOUND") ? `not found: ${failure.message}` : failure.message
  return new PantheonError(code, message, { cause: failure })
}

const codeOf = (failure: Failure): Code => {
  switch (failure._tag) {
    case "Rejected":
      return rejections[failure.reason]
    case "Unavailable":
      return failure.reason === "Closed" ? "CLOSED" : failure.reason === "Locked" ? "LOCKED" : "UNAVAILABLE"
    case "TogetherFailed":
      return codeOf(failure.failure)
    default:
      return codes[failure._tag]
  }
}

/** The error for what is no typed error of the library. */
export const fromDefect = (defect: unknown): PantheonError => {
  const message = defect instanceof Error ? defect.message : String(defect)
  return new PantheonError("DEFECT", `a mistake in a program: ${message}`, { cause: defect })
}

/** Says that an option makes no sense. */
export const invalidOptions = (owner: string, option: string, expected: string, found: unknown): PantheonError =>
  new PantheonError("INVALID_OPTIONS", `${owner}: ${option} must be ${expected}, found ${describe(found)}`)

/** Says that something was used after it had been closed. */
export const closed = (owner: string): PantheonError =>
  new PantheonError("CLOSED", `${owner} is closed. Make a new one, or close it later.`)

// What was handed over may be a secret, so it is not shown.
const describe = (found: unknown): string =>
  found === null || found === undefined || typeof found === "number" || typeof found === "boolean"
    ? String(found)
    : `a value of type ${Array.isArray(found) ? "array" : typeof found}`
