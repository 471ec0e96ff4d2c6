/**
 * What is counted of the actors of one definition.
 */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as Metrics from "../../../src/Metrics.ts"

/** Updates the metrics of one definition. */
export class Gauges {
  private readonly context: Context.Context<never>
  private readonly residentActors: Metric.Gauge<number>
  private readonly mailboxDepth: Metric.Histogram<number>
  private readonly recoveryTime: Metric.Histogram<number>
  private readonly restarts: Metric.Counter<number>

  /** The context says where metrics are kept. */
  constructor(actor: string, context: Context.Context<never>) {
    this.context = context
    this.residentActors = Metric.withAttributes(Metrics.residentActors, { actor })
    this.mailboxDepth = Metric.withAttributes(Metrics.mailboxDepth, { actor })
    this.recoveryTime = Metric.withAttributes(Metrics.recoveryTime, { actor })
    this.restarts = Metric.withAttributes(Metrics.restarts, { actor })
  }

  residents(count: number): void {
    this.residentActors.updateUnsafe(count, this.context)
  }

  round(waiting: number): void {
    this.mailboxDepth.updateUnsafe(waiting, this.context)
  }

  recovered(milliseconds: number): void {
    this.recoveryTime.updateUnsafe(milliseconds, this.context)
  }

  restarted(): void {
    this.restarts.updateUnsafe(1, this.context)
  }
}
