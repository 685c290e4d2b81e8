import type { Problem } from "./problems";

/** AWS's limits that a configuration can run into, with the page that names them. */
export const QUOTAS = {
  /** Bytes of a bucket policy. https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html */
  bucketPolicyBytes: 20_480,
  /** Bytes of a domain's access policy. https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html */
  domainAccessPolicyBytes: 102_400,
  /** Characters of all inline policies of a role, white space not counted. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
  roleInlinePolicyBytes: 10_240,
  /** Characters of a role's trust policy (the default; IAM raises it to 4,096 on request). */
  roleTrustPolicyBytes: 2_048,
  /** Bytes of a function's resource policy. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
  functionPolicyBytes: 20_480,
} as const;

/**
 * Holds a policy against its quota.
 *
 * @param path the configuration value that makes the policy grow
 * @returns the problem, or undefined where the policy fits
 */
export function quotaProblem(
  path: string,
  policy: { readonly name: string; readonly json: string },
  limit: number,
  remedy: string,
): Problem | undefined {
  const bytes = Buffer.byteLength(policy.json);
  return bytes <= limit
    ? undefined
    : { path, value: `${bytes} bytes of ${policy.name}`, message: `at most ${limit} bytes (an AWS quota)`, remedy };
}
