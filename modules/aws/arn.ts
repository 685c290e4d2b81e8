/** Where in AWS an account's resources are. */
export interface Place {
  readonly region: string;
  readonly accountId: string;
}

/** The partition that a region belongs to: the second part of every ARN there. */
export function partitionOf(region: string): "aws" | "aws-cn" | "aws-us-gov" {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** ARNs of what this project makes, as texts: policies are measured against their quotas before anything is deployed. */
export const arns = {
  accountRoot: (at: Place) => iam(at, "root"),
  role: (at: Place, name: string) => iam(at, `role/${name}`),
  /** The role of that name in any account, for ArnLike. */
  roleInAnyAccount: (region: string, name: string) => iam({ region, accountId: "*" }, `role/${name}`),
  bucket: (region: string, name: string) => `arn:${partitionOf(region)}:s3:::${name}`,
  /** A log group, as policies and CloudTrail want it: with `:*` for its streams. */
  logGroup: (at: Place, name: string) => regional(at, "logs", `log-group:${name}:*`),
  logStream: (at: Place, group: string, stream: string) =>
    regional(at, "logs", `log-group:${group}:log-stream:${stream}`),
  domain: (at: Place, name: string) => regional(at, "es", `domain/${name}`),
  /** The trail of that name in any account, for ArnLike. */
  trailInAnyAccount: (region: string, name: string) =>
    regional({ region, accountId: "*" }, "cloudtrail", `trail/${name}`),
};

function iam({ region, accountId }: Place, resource: string): string {
  return `arn:${partitionOf(region)}:iam::${accountId}:${resource}`;
}

function regional({ region, accountId }: Place, service: string, resource: string): string {
  return `arn:${partitionOf(region)}:${service}:${region}:${accountId}:${resource}`;
}
