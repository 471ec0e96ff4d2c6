/**
 * What a handler decided: the events to persist, and the reply once they are on disk.
 */

/** Made by `persist` of a definition. */
export class Decision<out Event, out A> {
  readonly events: ReadonlyArray<Event>
  /** Makes the reply from the state after the events. */
  readonly reply: (state: never) => A

  constructor(events: ReadonlyArray<Event>, reply: (state: never) => A) {
    this.events = events
    this.reply = reply
  }
}
