import type { Construct } from "constructs";
import { alarm, type AlarmProps, type AlarmTarget } from "../aws";

export interface SourceAccountAlarmsProps {
  readonly accountId: string;
  readonly logGroup: string;
  readonly functionName: string;
  readonly filterName: string;
}

const HOUR_S = 3_600;

/**
 * Every way in which records of an account can be late or missing: from CloudWatch Logs to the function, in the
 * function, behind it, and none at all.
 */
export function sourceAccountAlarms(scope: Construct, props: SourceAccountAlarmsProps, target: AlarmTarget): void {
  const { functionName } = props;
  const any = {
    statistic: "Sum",
    comparison: "GreaterThanThreshold",
    threshold: 0,
    periodSeconds: 300,
  } as const;
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
  const subscription = {
    ...any,
    namespace: "AWS/Logs",
    dimensions: { LogGroupName: props.logGroup, DestinationType: "Lambda", FilterName: props.filterName },
  };
  // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
  const lambda = { ...any, namespace: "AWS/Lambda", dimensions: { FunctionName: functionName } };
  const shipper = { ...any, namespace: "CloudTrailShipper", dimensions: { Account: props.accountId } };
  const alarms: Record<string, Omit<AlarmProps, "alarmName" | "runbookEntry">> = {
    "delivery-errors": {
      ...subscription,
      metricName: "DeliveryErrors",
      description: "CloudWatch Logs could not hand records to the shipper. They are in the archive: backfill them.",
    },
    "delivery-throttling": {
      ...subscription,
      metricName: "DeliveryThrottling",
      description: "CloudWatch Logs hands records over late: the shipper's concurrency is used up.",
    },
    errors: {
      ...lambda,
      metricName: "Errors",
      description: "The shipper failed. Lambda tries twice more and then keeps the records as dead letters.",
    },
    throttles: {
      ...lambda,
      metricName: "Throttles",
      description: "The shipper's concurrency is used up; Lambda tries again for six hours.",
    },
    "events-dropped": {
      ...lambda,
      metricName: "AsyncEventsDropped",
      description: "Lambda gave records up; they are dead letters, or in the archive: redrive, then verify.",
    },
    "event-age": {
      ...lambda,
      metricName: "AsyncEventAge",
      statistic: "Maximum",
      threshold: HOUR_S * 1000,
      description: "Records wait for more than an hour; after six Lambda gives them up.",
    },
    "dead-letter-failures": {
      ...lambda,
      metricName: "DestinationDeliveryFailures",
      description: "Lambda could not keep failed records as dead letters. They are in the archive: backfill them.",
    },
    "dead-letters": {
      ...shipper,
      metricName: "RecordsDeadLettered",
      description: "Records or payloads were put into the dead letters: look at the reason, then redrive.",
    },
    undelivered: {
      ...shipper,
      metricName: "RecordsUndelivered",
      description: "Records went neither into the index nor to the dead letters. Lambda tries again, then keeps them.",
    },
    "delivery-lag": {
      ...shipper,
      metricName: "DeliveryLagSeconds",
      // The smallest: a single payload that is tried again hours later is no lag of all.
      statistic: "Minimum",
      threshold: HOUR_S,
      periodSeconds: 900,
      periods: 2,
      description: "The newest records that arrive are more than an hour old: the trail or its log group is behind.",
    },
    silent: {
      ...shipper,
      metricName: "RecordsReceived",
      comparison: "LessThanThreshold",
      threshold: 1,
      periodSeconds: 6 * HOUR_S,
      periods: 2,
      silenceIsBad: true,
      description: "No record for twelve hours: is the trail logging, does the subscription still stand?",
    },
  };
  for (const [name, props_] of Object.entries(alarms)) {
    const alarmName = `${functionName}-${name}`;
    alarm(scope, `alarm-${name}`, { ...props_, alarmName, runbookEntry: name }, target);
  }
}
