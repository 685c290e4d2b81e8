import { createHash } from "node:crypto";
import type { Config } from "../../modules/config";
import { INDEX_PATTERN } from "../../modules/fields";
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
