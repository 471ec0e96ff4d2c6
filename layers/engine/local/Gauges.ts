/**
 * What is counted of the actors of one definition.
 */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as Metrics from "../../../src/Metrics.ts"

/** Updates the metrics of one definition. */
export class Gauges {
  private readonly context: Context.Context<never>

  /** The context says where metrics are kept. Made once with the label, for it is used in every round. */
  constructor(actor: string, context: Context.Context<never>) {
    const attributes = { ...Context.get(context, Metric.CurrentMetricAttributes), actor }
    this.context = Context.add(context, Metric.CurrentMetricAttributes, attributes)
  }

  residents(count: number): void {
    Metrics.residentActors.updateUnsafe(count, this.context)
  }

  round(waiting: number): void {
    Metrics.mailboxDepth.updateUnsafe(waiting, this.context)
  }

  recovered(milliseconds: number): void {
    Metrics.recoveryTime.updateUnsafe(milliseconds, this.context)
  }

  restarted(): void {
    Metrics.restarts.updateUnsafe(1, this.context)
  }
}
