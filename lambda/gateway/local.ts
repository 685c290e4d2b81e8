import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fromNodeProviderChain, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import type { Config } from "../../modules/config";
import { INDEX_PATTERN } from "../../modules/fields";
import type { Credentials } from "./domain";
import { readSettings, type Settings } from "./settings";

/** The settings that the deployed function would have, from the configuration. */
export function localSettings(config: Config, searchEndpoint: string, token: string): Settings {
  return readSettings({
    SEARCH_ENDPOINT: searchEndpoint,
    AWS_REGION: config.region,
    ENGINE_VERSION: config.search.engineVersion,
    GATEWAY_TOKEN_SHA256: createHash("sha256").update(token).digest("hex"),
    INDEX_TEMPLATE: config.names.indexTemplate,
    INDEX_PATTERN,
    RETENTION_POLICY: config.names.retentionPolicy,
  });
}

/** The operator role of the management account, assumed with that account's credentials. */
export function operatorCredentials({ management, names, region }: Config): () => Promise<Credentials> {
  const partition = region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  return fromTemporaryCredentials({
    masterCredentials: fromNodeProviderChain({ profile: management.profile }),
    params: {
      RoleArn: `arn:${partition}:iam::${management.accountId}:role/${names.operatorRole}`,
      RoleSessionName: "cloudtrail-gateway",
    },
    clientConfig: { region },
  });
}

/** The domain stack's output, which Terraform knows once the stack is deployed. */
export function deployedEndpoint(): string {
  const folder = join("cdktf.out", "stacks", "domain");
  try {
    return execFileSync("terraform", [`-chdir=${folder}`, "output", "-raw", "search_endpoint"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  } catch {
    throw new Error(
      `The domain's address is not known: deploy the stack \`domain\` first (${folder} has no output search_endpoint), or set SEARCH_ENDPOINT`,
    );
  }
}
