import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm";
import type { TerraformProvider } from "cdktf";
import type { Construct } from "constructs";

export interface AlarmProps {
  /** The alarm's name in CloudWatch, unique in the account and region. */
  readonly alarmName: string;
  /** What it means, and the first thing to do. */
  readonly description: string;
  /** Its entry in docs/runbook.md: the name of the heading, which the description ends with. */
  readonly runbookEntry: string;
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: "Sum" | "Maximum" | "Minimum";
  readonly comparison:
    "GreaterThanThreshold" | "GreaterThanOrEqualToThreshold" | "LessThanOrEqualToThreshold" | "LessThanThreshold";
  /** In the metric's unit. */
  readonly threshold: number;
  /** Seconds of one period. */
  readonly periodSeconds: number;
  /** How many periods in a row. @default 1 */
  readonly periods?: number;
  /** Whether no data at all is the alarm. @default false: no data is fine */
  readonly silenceIsBad?: boolean;
}

export interface AlarmTarget {
  /** @default the stack's default provider */
  readonly provider?: TerraformProvider;
  /** SNS topic that is notified when the alarm goes off and when it is over. @default nobody; the alarm shows in CloudWatch */
  readonly topicArn?: string;
}

export function alarm(scope: Construct, id: string, props: AlarmProps, { provider, topicArn }: AlarmTarget): void {
  const actions = topicArn === undefined ? undefined : [topicArn];
  new CloudwatchMetricAlarm(scope, id, {
    provider,
    alarmName: props.alarmName,
    alarmDescription: `${props.description} docs/runbook.md#${props.runbookEntry}`,
    namespace: props.namespace,
    metricName: props.metricName,
    dimensions: props.dimensions,
    statistic: props.statistic,
    comparisonOperator: props.comparison,
    threshold: props.threshold,
    period: props.periodSeconds,
    evaluationPeriods: props.periods ?? 1,
    treatMissingData: props.silenceIsBad === true ? "breaching" : "notBreaching",
    alarmActions: actions,
    okActions: actions,
  });
}
