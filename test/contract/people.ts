/**
 * Who acts, and when, in the tests of what has to do with principals.
 */
import { assert, type Vitest } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AccessDenied } from "../../src/AccessError.ts"
import { AccessPolicy } from "../../src/AccessPolicy.ts"
import * as CurrentPrincipal from "../../src/CurrentPrincipal.ts"
import type { EventStore } from "../../src/EventStore.ts"
import * as Permission from "../../src/Permission.ts"
import type { SnapshotStore } from "../../src/SnapshotStore.ts"

export type Stores = EventStore | SnapshotStore

/** Registers tests that have stores. */
export type It = Vitest.MethodsNonLive<Stores>

/** An id that nobody has used. */
export const freshId = (): string => crypto.randomUUID()

/** A user with these permissions. */
export const user = (id: string, ...permissions: ReadonlyArray<Permission.Text>): CurrentPrincipal.Principal => ({
  id,
  kind: "user",
  permissions: permissions.map(Permission.make)
})

/** Somebody who may do everything. */
export const root = user("root", "*:admin:*")

/** Does something as somebody. */
export const as =
  (principal: CurrentPrincipal.Principal) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(effect, CurrentPrincipal.CurrentPrincipal, principal)

/** Decides by the permissions of the principal alone. */
export const byPermissions = Layer.succeed(AccessPolicy, {
  check: (need) =>
    Effect.flatMap(CurrentPrincipal.CurrentPrincipal, (principal) =>
      CurrentPrincipal.may(principal, need) ? Effect.void : Effect.fail(new AccessDenied(need))
    ),
  grounds: (need) =>
    Effect.map(CurrentPrincipal.CurrentPrincipal, (principal) =>
      CurrentPrincipal.may(principal, need) ? "permission" : "none"
    ),
  sharesChanged: () => {}
})

/** Lets an effect see a time that is later by so many milliseconds. */
export const later =
  (milliseconds: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Clock.Clock, (clock) =>
      Effect.provideService(
        effect,
        Clock.Clock,
        Object.assign(Object.create(clock), {
          currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + milliseconds,
          currentTimeMillis: Effect.map(clock.currentTimeMillis, (time) => time + milliseconds)
        })
      )
    )

/** A time from now. */
export const inFuture = (milliseconds: number) =>
  Effect.map(Clock.currentTimeMillis, (now) => new Date(now + milliseconds))

export const hour = 3_600_000

/** The effect must fail with this tag, and these fields. */
export const fails = <A, E extends { readonly _tag: string }, R>(
  effect: Effect.Effect<A, E, R>,
  tag: E["_tag"],
  fields: object = {}
): Effect.Effect<E, A, R> =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.strictEqual(error._tag, tag, String(error))
    assert.deepInclude<object>(error, fields)
    return error
  })
