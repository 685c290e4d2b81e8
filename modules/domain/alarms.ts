import type { Construct } from "constructs";
import { alarm, type AlarmProps, type AlarmTarget } from "../aws";

export interface DomainAlarmsProps {
  readonly domainName: string;
  readonly accountId: string;
  readonly volumeSizeGib: number;
}

const MIB_PER_GIB = 1024;

/**
 * What threatens the domain, with AWS's recommended thresholds.
 * https://docs.aws.amazon.com/opensearch-service/latest/developerguide/cloudwatch-alarms.html
 */
export function domainAlarms(scope: Construct, props: DomainAlarmsProps, target: AlarmTarget): void {
  const domain = {
    namespace: "AWS/ES",
    dimensions: { DomainName: props.domainName, ClientId: props.accountId },
    statistic: "Maximum",
    comparison: "GreaterThanOrEqualToThreshold",
    periodSeconds: 60,
  } as const;
  const alarms: Record<string, Omit<AlarmProps, "alarmName" | "runbookEntry">> = {
    red: {
      ...domain,
      metricName: "ClusterStatus.red",
      threshold: 1,
      description: "A primary shard is not allocated: some records can be neither searched nor written.",
    },
    "free-storage": {
      ...domain,
      metricName: "FreeStorageSpace",
      statistic: "Minimum",
      comparison: "LessThanOrEqualToThreshold",
      threshold: (props.volumeSizeGib * MIB_PER_GIB) / 4,
      description: "A node has less than a quarter of its volume left: enlarge it or lower search.retentionDays.",
    },
    "writes-blocked": {
      ...domain,
      metricName: "ClusterIndexWritesBlocked",
      threshold: 1,
      periodSeconds: 300,
      description: "The domain takes no records: its storage is full or its memory is short.",
    },
    "jvm-pressure": {
      ...domain,
      metricName: "JVMMemoryPressure",
      threshold: 95,
      periods: 3,
      description: "The engine's memory is nearly full: it may refuse records or restart. Use a larger instance type.",
    },
  };
  for (const [name, props_] of Object.entries(alarms)) {
    const runbookEntry = `domain-${name}`;
    const alarmName = `${props.domainName}-${runbookEntry}`;
    alarm(scope, `alarm-${name}`, { ...props_, alarmName, runbookEntry }, target);
  }
}
