/**
 * What is to be done now and then on one machine of the cluster, whichever that is.
 */

import type * as Cron from "effect/Cron"
import * as ClusterCron from "effect/cluster/ClusterCron"
import type { Sharding } from "effect/cluster/Sharding"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/** What is done, and when. */
export interface Options<E, R> {
  /** Names it in the cluster; `clean-up` unless said. */
  readonly name?: string | undefined
  readonly cron: Cron.Cron
  /** Such as the clean-ups of services, one after the other. A failure is logged, and the next time it is tried again. */
  readonly run: Effect.Effect<unknown, E, R>
}

/** Does it for as long as a machine lives. */
export const layer = <E, R>({
  cron,
  name = "clean-up",
  run
}: Options<E, R>): Layer.Layer<
  never,
  never,
  Sharding | Exclude<Exclude<R, ClusterCron.CurrentScheduledTime>, Scope.Scope>
> =>
  ClusterCron.make({
    name: `pantheon-${name}`,
    cron,
    execute: Effect.catchCause(Effect.asVoid(run), (cause) => Effect.logError(`${name} has failed`, cause))
  })
