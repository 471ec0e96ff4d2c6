/**
 * The calls of `ContextLifecycle`: each asks whether it may, and hands on to whoever does it.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AccessDenied } from "../AccessError.ts"
import { AccessPolicy, trusted } from "../AccessPolicy.ts"
import { AgentStateManager } from "../AgentStateManager.ts"
import { AuthService } from "../AuthService.ts"
import { AgentInterior } from "../agent/AgentInterior.ts"
import type { ContextLifecycle } from "../ContextLifecycle.ts"
import * as ContextMetadata from "../ContextMetadata.ts"
import * as ContextSharing from "../ContextSharing.ts"
import type { EventStore } from "../EventStore.ts"
import * as Limits from "../Limits.ts"
import * as MetadataSight from "../metadata/MetadataSight.ts"
import type * as Permission from "../Permission.ts"
import type { SnapshotStore } from "../SnapshotStore.ts"
import type { InvalidInput, Unavailable } from "../StoreError.ts"
import * as Replay from "../store/Replay.ts"
import * as ReservedAgents from "../store/ReservedAgents.ts"
import * as Uuid from "../store/Uuid.ts"
import * as CleanUp from "./CleanUp.ts"
import * as ContextExport from "./ContextExport.ts"
import * as ContextImport from "./ContextImport.ts"
import * as Integrity from "./Integrity.ts"
import * as Kinds from "./Kinds.ts"
import * as Lives from "./Lives.ts"
import * as Statistics from "./Statistics.ts"

type Refusal = InvalidInput | AccessDenied | Unavailable

const mostFindings = 100

/** The service over a manager and its stores. */
export const make: Effect.Effect<
  ContextLifecycle["Service"],
  never,
  AgentStateManager | AgentInterior | EventStore | SnapshotStore | Scope.Scope
> = Effect.gen(function* () {
  const stores = yield* Replay.stores
  const interior = yield* AgentInterior
  const manager = yield* AgentStateManager
  const policy = yield* AccessPolicy
  const limits = yield* Limits.Limits
  const nextId = yield* Uuid.makeGenerator
  const auth = yield* Effect.serviceOption(AuthService)
  const parts = { stores, interior, policy }
  // Whoever may clean up everywhere may do so there; as they are asked by nobody else, they are built apart.
  const unasked = Layer.succeed(AccessPolicy, { ...trusted, sharesChanged: policy.sharesChanged })
  const beside = yield* Layer.build(
    Layer.fresh(Layer.provide(Layer.merge(ContextMetadata.layer, ContextSharing.layer), unasked))
  )
  const metadata = Context.get(beside, ContextMetadata.ContextMetadata)
  const sharing = Context.get(beside, ContextSharing.ContextSharing)

  /** Lets the caller do this to an agent of an application, before anything is looked up. */
  const admit = (
    agentId: string,
    action: Permission.Action,
    resource: Permission.Resource = "lifecycle"
  ): Effect.Effect<void, Refusal> =>
    Effect.flatMap(Effect.fromResult(ReservedAgents.validate(agentId)), () =>
      policy === trusted ? Effect.void : policy.check({ resource, action, agentId })
    )

  /** The same for what is about all agents. */
  const admitEverywhere = (action: Permission.Action): Effect.Effect<void, AccessDenied | Unavailable> =>
    policy === trusted
      ? Effect.void
      : policy.check({ resource: "lifecycle", action, agentId: ReservedAgents.everywhere })

  const findings = (agentId: string) =>
    Stream.unwrap(Effect.as(admit(agentId, "read"), Integrity.check(stores, interior, agentId)))

  return {
    createContext: (agentId, initialState = {}, options = {}) =>
      Effect.andThen(admit(agentId, "write"), Lives.create(parts, agentId, initialState, options)),
    setExpiry: (agentId, expiresAt) =>
      Effect.andThen(admit(agentId, "write"), Lives.setExpiry(parts, agentId, expiresAt)),
    archiveContext: manager.archive,
    restoreContext: manager.restore,
    deleteContext: (agentId) => Effect.andThen(admit(agentId, "admin"), Lives.removeNow(parts, agentId)),
    purgeContext: manager.purge,
    getContextStatistics: (agentId) =>
      Effect.andThen(admit(agentId, "read"), Statistics.ofContext(stores, interior.reader, agentId)),
    getSystemStatistics: Effect.andThen(
      Effect.suspend(() => admitEverywhere("read")),
      Statistics.ofSystem(stores, interior.reader, Kinds.isContext(stores))
    ),
    exportContext: (agentId, options = {}) =>
      Stream.unwrap(
        Effect.gen(function* () {
          yield* admit(agentId, "read")
          const sight = yield* MetadataSight.make(policy)
          return ContextExport.make(stores, interior.reducer.fingerprint, agentId, options, sight)
        })
      ),
    importContext: (agentId, text, options = {}) =>
      Effect.gen(function* () {
        yield* admit(agentId, options.existing === "replace" ? "admin" : "write")
        const importing: ContextImport.Importing = {
          stores,
          limits,
          nextId,
          admit: (head) =>
            Effect.gen(function* () {
              if (head.contents.includes("metadata")) yield* admit(agentId, "write", "metadata")
              const hasShares = head.contents.includes("shares") && head.agentId === agentId
              if (hasShares) yield* admit(agentId, "write", "share")
            })
        }
        const counts = yield* Effect.ensuring(
          ContextImport.run(importing, agentId, text, options),
          Effect.sync(() => policy.sharesChanged(agentId))
        )
        const { context } = yield* interior.reader.look(agentId)
        if (context === undefined) return yield* Effect.die(new Error("what was imported was purged at once"))
        return { context, counts }
      }),
    findings,
    validateContextIntegrity: (agentId) =>
      Effect.map(Stream.runCollect(Stream.take(findings(agentId), mostFindings)), (findings) => ({
        isValid: findings.length === 0,
        findings
      })),
    cleanUp: ({ contexts = "delete" } = {}) =>
      Effect.gen(function* () {
        yield* admitEverywhere("admin")
        yield* CleanUp.check(contexts)
        const now = yield* Clock.currentTimeMillis
        let count = 0
        yield* Stream.runForEach(CleanUp.expired(stores, now), (agentId) =>
          Effect.map(CleanUp.end(parts, agentId, contexts), (isEnded) => {
            if (isEnded) count++
          })
        )
        const { apiKeys, tokens } = Option.isSome(auth) ? yield* auth.value.cleanUp : { apiKeys: 0, tokens: 0 }
        const ended = { metadata: yield* metadata.cleanUp, shares: yield* sharing.cleanUp }
        return { contexts: count, ...ended, tokens, apiKeys }
      })
  }
})
