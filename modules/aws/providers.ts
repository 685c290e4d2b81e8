import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import type { Construct } from "constructs";
import type { Account, Config } from "../config";
import { arns } from "./arn";

/** What the default session name is, where a role is assumed: how this project's work shows in CloudTrail. */
const SESSION_NAME = "cloudtrail-kibana";

/** The management account as the stack's default aws provider: for stacks that hold nothing of another account. */
export function managementProvider(scope: Construct, config: Config): AwsProvider {
  return new AwsProvider(scope, "aws", providerConfig(config, config.management));
}

/**
 * An account as an aliased aws provider. Stacks with several accounts have no default one: a resource whose `provider`
 * was forgotten would silently land in it.
 */
export function accountProvider(scope: Construct, config: Config, account: Account): AwsProvider {
  return new AwsProvider(scope, `aws-${account.accountId}`, {
    ...providerConfig(config, account),
    alias: accountAlias(account),
  });
}

/** The alias of an account's provider, the same wherever it is used. */
export function accountAlias({ accountId }: Account): string {
  return `account_${accountId}`;
}

function providerConfig(config: Config, account: Account) {
  const { management, region, tags } = config;
  const roles = [management, account].filter(
    (one, index, both) => one.roleName !== undefined && both.indexOf(one) === index,
  );
  return {
    region,
    // A wrong profile or role fails instead of deploying into the wrong account.
    allowedAccountIds: [account.accountId],
    // A member's role is assumed with the management account's credentials; its own profile needs nobody else's.
    profile: account.profile ?? (account.roleName === undefined ? undefined : management.profile),
    assumeRole:
      account.profile === undefined && roles.length > 0 ? roles.map((one) => assumeRole(region, one)) : undefined,
    defaultTags: Object.keys(tags).length > 0 ? [{ tags }] : undefined,
  };
}

function assumeRole(region: string, { accountId, roleName, externalId, sessionName }: Account) {
  return {
    roleArn: arns.role({ region, accountId }, roleName!),
    sessionName: sessionName ?? SESSION_NAME,
    externalId,
  };
}
