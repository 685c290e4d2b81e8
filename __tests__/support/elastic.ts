import type { Config, Elastic } from "../../modules/config";

/** A secret with an API key. */
export const SECRET = "arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:cloudtrail-elastic-AbCdEf";
/** A parameter with one. */
export const PARAMETER = "arn:aws:ssm:ap-northeast-1:111111111111:parameter/cloudtrail/elastic";
/** The key that encrypts them. */
export const KMS_KEY = "arn:aws:kms:ap-northeast-1:111111111111:key/00000000-0000-0000-0000-000000000000";

/** Changes a configuration's target to an Elastic Stack. */
export const withElastic =
  (elastic: Partial<Elastic> = {}) =>
  (config: Config): Config => ({
    ...config,
    search: {
      ...config.search,
      target: "elastic",
      elastic: {
        elasticsearch: "https://logs.es.example:9243",
        kibana: "https://logs.kb.example",
        apiKeyArn: SECRET,
        apiKeyKmsKeyArn: KMS_KEY,
        replicas: 1,
        ...elastic,
      },
    },
  });
