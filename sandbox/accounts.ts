import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../modules/config";
import type { Aws, AwsOptions, Credentials, SimulatedAccount } from "./aws";

/** The accounts that a configuration names, as an organisation would have them before anything is deployed. */
export function simulatedAccounts(
  config: Config,
): Pick<AwsOptions, "managementAccountId" | "managementRoles" | "accounts"> {
  return {
    managementAccountId: config.management.accountId,
    managementRoles: operatorRoles(config).map((name) => ({ name })),
    accounts: config.members.map(simulatedAccount),
  };
}

/** A member account, with the role that the configuration assumes in it. */
export function simulatedAccount({ accountId, roleName, externalId }: Config["members"][number]): SimulatedAccount {
  return { accountId, ...(roleName === undefined ? {} : { roles: [{ name: roleName, externalId }] }) };
}

/**
 * The user's own AWS configuration, with the profiles that the configuration names, in files of the sandbox. A profile
 * of the management account works as the first of the operators' roles, as somebody does who signed in to it.
 *
 * @param assume makes keys of a session of a role
 * @returns the standard variables that name the files
 */
export async function writeProfiles(
  config: Config,
  aws: Aws,
  folder: string,
  assume: (credentials: Credentials, roleArn: string) => Promise<Credentials>,
): Promise<Record<string, string>> {
  const sections: string[] = [];
  for (const { profile, accountId } of [config.management, ...config.members]) {
    if (profile === undefined) continue;
    const keys = aws.credentialsFor(accountId);
    const role = accountId === config.management.accountId ? operatorRoles(config)[0] : undefined;
    const roleArn = `arn:aws:iam::${accountId}:role/${role ?? ""}`;
    sections.push(section(profile, role === undefined ? keys : await assume(keys, roleArn)));
  }
  mkdirSync(folder, { recursive: true });
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    AWS_CONFIG_FILE: file("config", ""),
    AWS_SHARED_CREDENTIALS_FILE: file("credentials", sections.join("\n")),
  };
}

/** Names of the management account's roles that may become operators. */
function operatorRoles({ management, operations }: Config): string[] {
  return operations.principals.flatMap((arn) => {
    const [, account, name] = /^arn:[^:]+:iam::(\d+):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
    return account === management.accountId && name !== undefined ? [name] : [];
  });
}

function section(profile: string, { accessKeyId, secretAccessKey, sessionToken }: Credentials): string {
  const token = sessionToken === undefined ? "" : `aws_session_token = ${sessionToken}\n`;
  return `[${profile}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n${token}`;
}
