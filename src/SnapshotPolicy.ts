/**
 * When snapshots are taken, and what they make superfluous.
 */

/** Snapshots of one kind of actors or agents. They are taken off everybody's path; one that fails is logged, and the next one makes up for it. */
export interface SnapshotPolicy<Event, State> {
  /** One is taken once so many events have happened since the last; 100 by default, `Infinity` for never. */
  readonly every?: number | undefined
  /** And after an event for which this holds. It sees every event, and the state after it. Pure and total. */
  readonly when?: ((event: Event, state: State) => boolean) | undefined
  /** So many are kept; older ones are deleted. All are, by default. */
  readonly keep?: number | undefined
  /**
   * Whether events below the oldest snapshot that is kept are deleted, too; `false` by default. They are deleted for good: states can be read
   * from there on only. It needs `keep`.
   */
  readonly deleteEvents?: boolean | undefined
}

/** A policy that makes sense, with everything filled in. */
export interface Checked<Event, State> {
  readonly every: number
  readonly when: ((event: Event, state: State) => boolean) | undefined
  readonly keep: number
  readonly deleteEvents: boolean
}

/** Fills in what is left out. Throws when the policy makes no sense, since that is a mistake in the program. */
export const check = <Event, State>(owner: string, policy: SnapshotPolicy<Event, State>): Checked<Event, State> => {
  const { deleteEvents = false, every = 100, keep = Number.POSITIVE_INFINITY, when } = policy
  for (const [name, value] of Object.entries({ every, keep })) {
    if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value > 0)) continue
    throw new RangeError(`${owner}: snapshots.${name} must be an integer from 1, found ${value}`)
  }
  if (deleteEvents && keep === Number.POSITIVE_INFINITY) {
    throw new RangeError(`${owner}: snapshots.deleteEvents needs snapshots.keep, for no event is below all snapshots`)
  }
  return { every, when, keep, deleteEvents }
}
