import { arns, policyJson, type Statement } from "../aws";
import { QUOTAS } from "../config";

/** Who may deliver, and where: what both bucket policies are made of. */
export interface BucketPolicyProps {
  readonly bucketName: string;
  readonly region: string;
  /** Every source account, those that are leaving among them: their last records still arrive. */
  readonly sourceAccountIds: readonly string[];
}

/**
 * The archive's policy: the article's two statements, with the confused deputy closed (only this project's trails of
 * the listed accounts), and TLS demanded.
 *
 * Written as in the article, one `AWSLogs/<account id>/*` for each account, while that stays within the quota; beyond
 * it as `AWSLogs/*`. The conditions are the same in both.
 */
export function archiveBucketPolicy(props: BucketPolicyProps & { readonly trailName: string }): string {
  const bucket = arns.bucket(props.region, props.bucketName);
  const accounts = sorted(props.sourceAccountIds);
  const listed = archivePolicy(
    props,
    accounts.map((accountId) => `${bucket}/AWSLogs/${accountId}/*`),
  );
  return fits(listed) ? listed : archivePolicy(props, [`${bucket}/AWSLogs/*`]);
}

function archivePolicy(
  props: BucketPolicyProps & { readonly trailName: string },
  resources: readonly string[],
): string {
  const bucket = arns.bucket(props.region, props.bucketName);
  // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
  const cloudTrail = { Principal: { Service: "cloudtrail.amazonaws.com" } };
  const onlyOurTrails = {
    StringEquals: { "aws:SourceAccount": sorted(props.sourceAccountIds) },
    ArnLike: { "aws:SourceArn": arns.trailInAnyAccount(props.region, props.trailName) },
  };
  return policyJson([
    {
      Sid: "AWSCloudTrailAclCheck20150319",
      ...cloudTrail,
      Action: "s3:GetBucketAcl",
      Resource: bucket,
      Condition: onlyOurTrails,
    },
    {
      Sid: "AWSCloudTrailWrite20150319",
      ...cloudTrail,
      Action: "s3:PutObject",
      Resource: resources,
      Condition: {
        ...onlyOurTrails,
        StringEquals: { ...onlyOurTrails.StringEquals, "s3:x-amz-acl": "bucket-owner-full-control" },
      },
    },
    denyInsecureTransport(bucket),
  ]);
}

/**
 * The dead-letter bucket's policy. Every source account's shipper writes under its own account id, and Lambda, in the
 * shipper's name, under a prefix of Lambda's choice. No one reads.
 *
 * Beyond the quota both statements become one, so that the accounts are listed once only.
 */
export function deadLetterBucketPolicy(props: BucketPolicyProps & { readonly shipperRole: string }): string {
  const bucket = arns.bucket(props.region, props.bucketName);
  const shippers = {
    Principal: { AWS: sorted(props.sourceAccountIds).map((accountId) => arns.accountRoot({ ...props, accountId })) },
    Condition: { ArnLike: { "aws:PrincipalArn": arns.roleInAnyAccount(props.region, props.shipperRole) } },
  };
  const objects = [
    `${bucket}/\${aws:PrincipalAccount}/*`,
    // https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    `${bucket}/aws/lambda/async/*`,
  ];
  const separate = policyJson([
    { Sid: "ShippersWrite", ...shippers, Action: "s3:PutObject", Resource: objects },
    // Lambda demands it of a destination.
    { Sid: "ShippersList", ...shippers, Action: "s3:ListBucket", Resource: bucket },
    denyInsecureTransport(bucket),
  ]);
  if (fits(separate)) return separate;
  return policyJson([
    {
      Sid: "ShippersWriteAndList",
      ...shippers,
      Action: ["s3:PutObject", "s3:ListBucket"],
      Resource: [bucket, ...objects],
    },
    denyInsecureTransport(bucket),
  ]);
}

function denyInsecureTransport(bucket: string): Statement {
  return {
    Sid: "DenyInsecureTransport",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:*",
    Resource: [bucket, `${bucket}/*`],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
}

function fits(policy: string): boolean {
  return Buffer.byteLength(policy) <= QUOTAS.bucketPolicyBytes;
}

/** In an order of their own, so that another order in the configuration changes nothing. */
function sorted(accountIds: readonly string[]): string[] {
  return [...accountIds].sort();
}
