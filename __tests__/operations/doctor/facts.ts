import type { AccountAsked, AccountFacts, TrailFacts } from "../../../operations/doctor/accounts";
import type { CapacityFacts } from "../../../operations/doctor/capacity";
import type { IndexFacts, RetentionAsked } from "../../../operations/doctor/indices";
import type { DeployedPolicy } from "../../../operations/doctor/retention";

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;

/** The moment at which everything is looked at. */
export const NOW = Date.parse("2026-05-20T12:00:00Z");

export const RETENTION: RetentionAsked = { policy: "cloudtrail", days: 90 };

/** A policy that was written long ago. */
export const POLICY: DeployedPolicy = {
  seqNo: 7,
  updated: NOW - 30 * DAY_MS,
  deletesAfterMs: 90 * DAY_MS,
  states: [],
  templates: [],
  defaultState: "hot",
};

/** The index of a day, made just after its midnight and managed as it should be. */
export function indexOf(daysAgo: number, changes: Partial<IndexFacts> = {}): IndexFacts {
  const day = new Date(NOW - daysAgo * DAY_MS).toISOString().slice(0, 10);
  return {
    name: `cwl-${day.replaceAll("-", ".")}`,
    created: Date.parse(`${day}T00:00:07Z`),
    bytes: 1024 ** 3,
    documents: 1000,
    shards: 2,
    policy: { id: "cloudtrail", seqNo: 7, state: "hot" },
    ...changes,
  };
}

/** A domain of two nodes with a week of indices, in which all is well. */
export function capacityFacts(changes: Partial<CapacityFacts> = {}): CapacityFacts {
  return {
    health: { status: "green", number_of_data_nodes: 2, active_shards: 16, unassigned_shards: 0 },
    disks: ["a", "b"].map((node) => ({ node, total: 100 * 1024 ** 3, available: 90 * 1024 ** 3 })),
    indices: [0, 1, 2, 3, 4, 5, 6].map((daysAgo) => indexOf(daysAgo)),
    ...changes,
  };
}

export const ACCOUNT_ASKED: AccountAsked = {
  trail: "cloudtrail",
  bucket: "archive",
  logGroup: "CloudTrail/DefaultLogGroup",
  functionName: "shipper",
  stack: "accounts-1",
};

/** An account in which all is well. */
export function accountFacts(changes: Partial<AccountFacts> = {}, trail: Partial<TrailFacts> = {}): AccountFacts {
  return {
    accountId: "222222222222",
    name: "production",
    trail: {
      isLogging: true,
      started: NOW - 100 * DAY_MS,
      delivered: NOW - HOUR_MS / 12,
      bucket: "archive",
      logGroupArn: "arn:aws:logs:eu-west-1:222222222222:log-group:CloudTrail/DefaultLogGroup:*",
      isMultiRegion: true,
      validatesFiles: true,
      ...trail,
    },
    subscriptions: [{ destinationArn: "arn:aws:lambda:eu-west-1:222222222222:function:shipper", pattern: "" }],
    otherTrails: [],
    newest: NOW - HOUR_MS,
    ...changes,
  };
}
