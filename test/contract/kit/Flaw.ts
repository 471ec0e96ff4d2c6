/**
 * What the kit finds wrong with a definition.
 */
import * as Schema from "effect/Schema"

/** A mistake in a definition or its handlers, found by running them. */
export class Flaw extends Schema.TaggedError<Flaw>("pantheon-state/testing/Flaw")("Flaw", {
  /** Whose mistake it is: `event Deposited of Account`, `evolve of Account`. */
  subject: Schema.String,
  /** JSON pointer to the offending part; empty for the whole. */
  path: Schema.String,
  expected: Schema.String,
  found: Schema.String,
  /** The smallest generated input that shows it. */
  example: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const place = this.path === "" ? this.subject : `${this.subject}, at ${this.path}`
    const example = this.example === undefined ? "" : `\nThe smallest input that shows it: ${this.example}`
    return `${place}: expected ${this.expected}, found ${this.found}.${example}`
  }
}
