import type { Delivery } from "./deliver";
import type { Action } from "./document";

/** What became of an invocation's records: received = delivered + duplicates + deadLettered + undelivered. */
export class Summary {
  received = 0;
  delivered = 0;
  duplicates = 0;
  retried = 0;
  enveloped = 0;
  deadLettered = 0;
  undelivered = 0;
  requests = 0;
  bytes = 0;
  /** Seconds from the newest record's eventTime to now; undefined where no record has one. */
  lagSeconds: number | undefined;
  /** Why letters are dead, shortened; no record's content. */
  readonly details = new Set<string>();
  private newestMs = 0;

  /** @param account the function's own account: an undecodable payload does not tell it, and a metric needs it */
  constructor(readonly account: string) {}

  /**
   * Counts a record that has been read.
   *
   * @param now later eventTimes tell no lag: one of the year 9999 would hide that of all others
   */
  receive({ eventTimeMs }: Action, now: number): void {
    this.received += 1;
    if (eventTimeMs !== undefined && eventTimeMs <= now && eventTimeMs > this.newestMs) this.newestMs = eventTimeMs;
  }

  /** @param now when delivery has ended */
  take(delivery: Delivery, now: number): void {
    this.delivered = delivery.delivered;
    this.duplicates = delivery.duplicates;
    this.retried = delivery.retried;
    this.enveloped = delivery.enveloped;
    this.requests = delivery.requests;
    this.bytes = delivery.bytes;
    if (this.newestMs > 0) this.lagSeconds = Math.round((now - this.newestMs) / 1000);
  }
}

const NAMESPACE = "CloudTrailShipper";

/**
 * The invocation's one log line: counts for people, and CloudWatch metrics by the embedded metric format.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function logLine(summary: Summary, requestId: string, now: number): string {
  const metrics = {
    RecordsReceived: summary.received,
    RecordsDelivered: summary.delivered,
    RecordsDuplicate: summary.duplicates,
    RecordsRetried: summary.retried,
    RecordsEnveloped: summary.enveloped,
    RecordsDeadLettered: summary.deadLettered,
    RecordsUndelivered: summary.undelivered,
    ...(summary.lagSeconds === undefined ? {} : { DeliveryLagSeconds: summary.lagSeconds }),
  };
  const units = (name: string) => (name.endsWith("Seconds") ? "Seconds" : "Count");
  return JSON.stringify({
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [["Account"]],
          Metrics: Object.keys(metrics).map((Name) => ({ Name, Unit: units(Name) })),
        },
      ],
    },
    Account: summary.account,
    requestId,
    ...metrics,
    requests: summary.requests,
    bytes: summary.bytes,
    ...(summary.details.size > 0 ? { details: [...summary.details] } : {}),
  });
}
