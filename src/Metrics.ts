/**
 * What engines and stores count. Nothing exports by itself; labels are names of definitions, never ids.
 */
import * as Metric from "effect/Metric"

/** Actors in memory. Label: `actor`, the name of the definition. */
export const residentActors = Metric.gauge("pantheon_resident_actors", { description: "Actors in memory" })

/** Commands that wait for one actor as it begins a round. Label: `actor`. */
export const mailboxDepth = Metric.histogram("pantheon_mailbox_depth", {
  description: "Commands that wait for one actor when it begins a round",
  boundaries: Metric.exponentialBoundaries({ start: 1, factor: 4, count: 8 })
})

/** Restarts after crashes and on request. Label: `actor`. */
export const restarts = Metric.counter("pantheon_actor_restarts_total", {
  description: "Restarts of actors",
  incremental: true
})

/** Milliseconds from the beginning of a recovery until the actor stands where its journal ends. Label: `actor`. */
export const recoveryTime = Metric.histogram("pantheon_recovery_milliseconds", {
  description: "Time that actors took to recover from their journals",
  boundaries: Metric.exponentialBoundaries({ start: 0.25, factor: 4, count: 9 })
})

/** Commands that were taken and will be run by nobody. Label: `actor`. */
export const deadLetters = Metric.counter("pantheon_dead_letters_total", {
  description: "Commands that were taken and never run",
  incremental: true
})

/** Appends that went to the disk together. */
export const appendBatchSize = Metric.histogram("pantheon_append_batch_size", {
  description: "Appends in one batch of the group commit",
  boundaries: Metric.exponentialBoundaries({ start: 1, factor: 2, count: 12 })
})

/** Credentials that were refused. Labels: `credential` and `reason`, as in `AuthService.Refusal`. */
export const refusedCredentials = Metric.counter("pantheon_refused_credentials_total", {
  description: "Tokens and API keys that were refused",
  incremental: true
})
