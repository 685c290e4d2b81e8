import type { Construct } from "constructs";
import { accountProvider } from "../aws";
import type { Config, SourceAccountEntry } from "../config";
import { SourceAccount } from "../source-account";
import type { ArchiveStack } from "./archive";
import { BaseStack } from "./base";
import type { DomainStack } from "./domain";
import { elasticApiKey, elasticTarget } from "./props";
import type { SearchStack } from "./search";

/** @param number from 1, as `stack` in the configuration */
export function accountsStackName(number: number): string {
  return `accounts-${number}`;
}

/**
 * Several source accounts, each by an aliased provider. There is no default provider.
 *
 * An account that is leaving keeps its alias, by which Terraform destroys what it had; without it Terraform could not
 * ("Provider configuration not present").
 */
export class AccountsStack extends BaseStack {
  constructor(
    scope: Construct,
    config: Config,
    number: number,
    entries: readonly SourceAccountEntry[],
    others: {
      readonly archive: ArchiveStack;
      /** Absent where the target is an Elastic Stack. */
      readonly domain: DomainStack | undefined;
      readonly search: SearchStack;
    },
  ) {
    super(scope, accountsStackName(number), config.terraform.backend);
    this.useAwsProviderRange();
    // A trail is refused where the archive does not let it in; and without the index template the first record would
    // make an index with the engine's guessed mapping.
    this.addDependency(others.archive);
    this.addDependency(others.search);
    for (const entry of entries) {
      const provider = accountProvider(this, config, entry.account);
      if (!entry.leaving) {
        new SourceAccount(this, `account-${entry.account.accountId}`, {
          ...sourceAccountProps(config, entry),
          provider,
          ...searchTarget(config, others.domain),
        });
      }
    }
  }
}

/** Where the accounts' shippers put records. */
function searchTarget(config: Config, domain: DomainStack | undefined) {
  const elastic = elasticTarget(config);
  const apiKey = elasticApiKey(config);
  if (elastic !== undefined && apiKey !== undefined) {
    return { searchEndpoint: new URL(elastic.elasticsearch).host, target: { kind: "elastic", apiKey } as const };
  }
  const { domain: domainName } = config.names;
  return { searchEndpoint: domain!.searchEndpoint, target: { kind: "domain", domainName } as const };
}

function sourceAccountProps(config: Config, { account, isManagement }: SourceAccountEntry) {
  const { region, management, names, logs, shipper, archive, deadLetters, operations } = config;
  return {
    at: { region, accountId: account.accountId },
    accountName: account.name,
    managementAccountId: management.accountId,
    trailName: names.trail,
    trailRole: names.trailRole,
    logGroup: names.logGroup,
    logRetentionDays: logs.retentionDays,
    functionLogRetentionDays: logs.functionRetentionDays,
    archiveBucket: names.archiveBucket,
    deadLetterBucket: names.deadLetterBucket,
    deadLetterKmsKeyArn: deadLetters.kmsKeyArn,
    functionName: isManagement ? names.managementShipper : names.memberShipper,
    shipperRole: names.shipperRole,
    shipper,
    maxRecordAgeDays: archive.expireAfterDays,
    alarmTopicArn: operations.alarmTopicArn,
  };
}
