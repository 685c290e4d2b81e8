import type { ArchiveProps } from "../archive";
import type { Place, SecretProps } from "../aws";
import { sourceAccounts, type Config, type Elastic } from "../config";
import { operatorPaths, type AccessPolicyProps, type OperatorProps } from "../domain";
import { gatewayPaths } from "../gateway";

/**
 * What the configuration means for the modules whose policies have quotas: the stacks build from it, and the quotas
 * are checked on it.
 */

export function managementPlace({ region, management }: Config): Place {
  return { region, accountId: management.accountId };
}

/** The Elastic Stack that is the target; undefined where the target is a domain of this project's. */
export function elasticTarget({ search }: Config): Elastic | undefined {
  return search.target === "elastic" ? search.elastic : undefined;
}

/** The secret with the API key that shippers show to it. */
export function elasticApiKey(config: Config): SecretProps | undefined {
  const elastic = elasticTarget(config);
  return elastic && { arn: elastic.apiKeyArn, kmsKeyArn: elastic.apiKeyKmsKeyArn };
}

/** The secret with the API key that operators show to it. */
function operatorApiKey(config: Config): SecretProps | undefined {
  const shippers = elasticApiKey(config);
  return shippers && { ...shippers, arn: elasticTarget(config)?.operatorApiKeyArn ?? shippers.arn };
}

export function archiveProps(config: Config): ArchiveProps {
  const { region, names, archive, deadLetters } = config;
  return {
    region,
    bucketName: names.archiveBucket,
    deadLetterBucketName: names.deadLetterBucket,
    trailName: names.trail,
    shipperRole: names.shipperRole,
    sourceAccountIds: sourceAccountIds(config),
    archive,
    deadLetters,
  };
}

export function accessPolicyProps(config: Config): AccessPolicyProps {
  const { names, search, kibana } = config;
  const paths = {
    engineVersion: search.engineVersion,
    indexTemplate: names.indexTemplate,
    retentionPolicy: names.retentionPolicy,
  };
  return {
    at: managementPlace(config),
    domainName: names.domain,
    sourceAccountIds: sourceAccountIds(config),
    shipperRole: names.shipperRole,
    principalArnCondition: search.principalArnCondition,
    // A local gateway signs as the operator role.
    gateway: {
      roleName: search.gateway === "local" ? names.operatorRole : names.gatewayRole,
      paths: gatewayPaths(paths),
    },
    operator: { roleName: names.operatorRole, ...operatorPaths(paths) },
    allowedCidrs: kibana.allowedCidrs,
  };
}

export function operatorProps(config: Config): OperatorProps {
  const { names, operations, archive, deadLetters } = config;
  return {
    at: managementPlace(config),
    roleName: names.operatorRole,
    principals: operations.principals,
    archiveBucket: names.archiveBucket,
    deadLetterBucket: names.deadLetterBucket,
    kmsKeyArns: [archive.kmsKeyArn, deadLetters.kmsKeyArn].filter((arn) => arn !== undefined),
    apiKey: operatorApiKey(config),
  };
}

/** Leaving accounts keep their place in every policy: their last records still arrive. */
function sourceAccountIds(config: Config): string[] {
  return sourceAccounts(config).map(({ account }) => account.accountId);
}
