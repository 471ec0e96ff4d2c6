/**
 * Who sends, as the context of a fiber tells it.
 */
import * as Context from "effect/Context"
import { anonymous, CurrentPrincipal } from "../../../src/CurrentPrincipal.ts"
import { nobody, type Origin } from "./Envelope.ts"
import { CurrentWaiter, type Waiter } from "./Waiter.ts"

/** Who sends. */
export interface Sender {
  /** Where its commands come from, unless they are traced. */
  readonly origin: Origin
  /** The actor whose handler it is. */
  readonly asker: Waiter | undefined
}

/** Remembers the latest sender: whoever sends mostly sends again, and to look into a context costs much beside the way of a command. */
export class Senders {
  private context: Context.Context<never> = Context.empty()
  private latest: Sender = { origin: nobody, asker: undefined }

  of(context: Context.Context<never>): Sender {
    if (context === this.context) return this.latest
    const principal = Context.get(context, CurrentPrincipal)
    const asker = Context.get(context, CurrentWaiter)
    this.context = context
    this.latest = { origin: principal === anonymous ? nobody : { principal, span: undefined }, asker }
    return this.latest
  }
}
