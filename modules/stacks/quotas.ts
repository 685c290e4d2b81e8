import { archiveBucketPolicy, deadLetterBucketPolicy } from "../archive";
import { QUOTAS, quotaProblem, type Config, type Problem } from "../config";
import { domainAccessPolicy, operatorTrustPolicy } from "../domain";
import { accessPolicyProps, archiveProps, elasticTarget, operatorProps } from "./props";

/** Every policy that grows with the configuration, held against AWS's quota for it. */
export function policyProblems(config: Config): Problem[] {
  const archive = archiveProps(config);
  const count = config.members.length + 1;
  const fewerAccounts = `Set up a second installation, with a configuration of its own, for some of the ${count} accounts`;
  return [
    quotaProblem(
      "members",
      {
        name: `the archive bucket's policy (${archive.bucketName}, ${count} accounts)`,
        json: archiveBucketPolicy(archive),
      },
      QUOTAS.bucketPolicyBytes,
      fewerAccounts,
    ),
    quotaProblem(
      "members",
      {
        name: `the dead-letter bucket's policy (${archive.deadLetterBucketName}, ${count} accounts)`,
        json: deadLetterBucketPolicy({ ...archive, bucketName: archive.deadLetterBucketName }),
      },
      QUOTAS.bucketPolicyBytes,
      fewerAccounts,
    ),
    elasticTarget(config) === undefined
      ? quotaProblem(
          "members",
          {
            name: `the domain's access policy (${config.names.domain}, ${count} accounts)`,
            json: domainAccessPolicy(accessPolicyProps(config)),
          },
          QUOTAS.domainAccessPolicyBytes,
          `${fewerAccounts}, or shorten kibana.allowedCidrs`,
        )
      : undefined,
    quotaProblem(
      "operations.principals",
      {
        name: `the operator role's trust policy (${config.names.operatorRole} in ${config.management.accountId})`,
        json: operatorTrustPolicy(operatorProps(config)),
      },
      QUOTAS.roleTrustPolicyBytes,
      "Name a role that the operators share instead of each of them",
    ),
  ].filter((problem) => problem !== undefined);
}
