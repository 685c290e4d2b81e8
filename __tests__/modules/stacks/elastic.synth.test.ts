import { join } from "node:path";
import { readSettings } from "../../../lambda/shipper/settings";
import type { Config } from "../../../modules/config";
import { bundle } from "../../../modules/aws";
import { PROJECT } from "../../support/command";
import { KMS_KEY, PARAMETER, SECRET, withElastic } from "../../support/elastic";
import { elasticstackFaults } from "../../support/elasticstack-schema";
import {
  addresses,
  exampleConfig,
  foreignAliases,
  isBeyondQuota,
  policies,
  policyOf,
  resourceOf,
  resourcesOf,
  statement,
  synthesizedStacks,
} from "../../support/stacks";

const stacks = synthesizedStacks(exampleConfig(withElastic()));
const everything = JSON.stringify(stacks);

/** What the shippers' roles may do besides their log and their dead letters, by their statements. */
function shipperPolicies(config: Config) {
  return resourcesOf(synthesizedStacks(config)["accounts-1"], "aws_iam_role_policy")
    .filter(({ name }) => String(name).startsWith("LogsToElasticsearch"))
    .map(({ policy }) => policyOf(policy));
}

test("there is no domain, no gateway and nothing that speaks of either", () => {
  expect(Object.keys(stacks)).toEqual(["archive", "search", "accounts-1"]);
  expect(everything).not.toMatch(/aws_opensearch|apigateway|gateway_token|es:ESHttp|execute-api/);
});

test("no stack reads another's state: addresses come from the configuration", () => {
  expect(everything).not.toContain("terraform_remote_state");
});

describe("search", () => {
  const search = stacks.search!;

  test("uses what the provider's schema has, and leaves out nothing that it demands", () => {
    expect(addresses(search).size).toBe(3);
    expect(elasticstackFaults(search)).toEqual([]);
  });

  test("reaches Elasticsearch and Kibana themselves, by Terraform's own API key", () => {
    expect(search.provider).toEqual({
      elasticstack: [
        {
          elasticsearch: [{ endpoints: ["https://logs.es.example:9243"], api_key: "${var.elastic_api_key}" }],
          kibana: [{ endpoints: ["https://logs.kb.example"], api_key: "${var.elastic_api_key}" }],
        },
      ],
    });
  });

  test("the API key is a sensitive variable without a default, of this stack only and of the provider only", () => {
    expect(search.variable).toEqual({
      elastic_api_key: expect.objectContaining({ type: "string", sensitive: true, nullable: false }) as object,
    });
    expect(search.variable!.elastic_api_key).not.toHaveProperty("default");
    expect(JSON.stringify([search.resource, search.output, stacks.archive, stacks["accounts-1"]])).not.toContain(
      "elastic_api_key",
    );
  });

  test("retention is ILM's own: delete after retentionDays, attached by the index template", () => {
    const lifecycle = resourceOf(search, "elasticstack_elasticsearch_index_lifecycle");
    expect(lifecycle).toMatchObject({ name: "cloudtrail", delete: { min_age: "90d", delete: {} } });
    expect(lifecycle).not.toHaveProperty("metadata");
    const template = resourceOf(search, "elasticstack_elasticsearch_index_template");
    const { settings } = template.template as { settings: string };
    expect(JSON.parse(settings)).toMatchObject({
      index: { lifecycle: { name: "cloudtrail" }, number_of_replicas: "1" },
    });
    expect(JSON.stringify(template.depends_on)).toContain("elasticstack_elasticsearch_index_lifecycle");
  });

  test("on a domain the template names no policy: the domain's attaches itself", () => {
    const domain = resourceOf(synthesizedStacks(exampleConfig()).search, "elasticstack_elasticsearch_index_template");
    const { settings } = domain.template as { settings: string };
    expect(settings).not.toContain("lifecycle");
  });

  test.each([0, 2])("%d copies of each index", (replicas) => {
    const one = synthesizedStacks(exampleConfig(withElastic({ replicas }))).search;
    expect(JSON.stringify(resourceOf(one, "elasticstack_elasticsearch_index_template"))).toContain(
      String.raw`\"number_of_replicas\":\"${replicas}\"`,
    );
  });

  test("the dashboards are the same as on a domain", () => {
    const contents = (config: Config) =>
      resourceOf(synthesizedStacks(config).search, "elasticstack_kibana_import_saved_objects").file_contents;
    expect(contents(exampleConfig(withElastic()))).toBe(contents(exampleConfig()));
  });
});

describe("shippers", () => {
  const functions = resourcesOf(stacks["accounts-1"], "aws_lambda_function");
  const variables = functions.map(
    ({ environment }) => (environment as { variables: Record<string, string> }).variables,
  );

  test("know Elasticsearch's address and where the API key is", () => {
    expect(variables).toHaveLength(3);
    for (const one of variables) {
      expect(one).toMatchObject({ SEARCH_ENDPOINT: "logs.es.example:9243", SEARCH_API_KEY_ARN: SECRET });
    }
  });

  test("have settings that the function reads", () => {
    for (const one of variables) {
      expect(readSettings({ ...one, OWNER_NAMES: "{}" }).apiKey).toEqual({ arn: SECRET, endpoint: undefined });
    }
  });

  test("have no API key in their environment, nor has any stack one", () => {
    for (const one of variables) {
      expect(Object.keys(one).filter((name) => /key|secret|password|token/i.test(name))).toEqual([
        "SEARCH_API_KEY_ARN",
      ]);
    }
    // A data source or a resource would put the key into the state.
    expect(everything).not.toContain("aws_secretsmanager_secret");
    expect(everything).not.toContain("aws_ssm_parameter");
  });

  test("may read exactly this secret, and decrypt by exactly its key, through the service only", () => {
    const found = shipperPolicies(exampleConfig(withElastic()));
    expect(found).toHaveLength(3);
    for (const policy of found) {
      expect(statement(policy, "ReadApiKey")).toMatchObject({
        Effect: "Allow",
        Action: "secretsmanager:GetSecretValue",
        Resource: SECRET,
      });
      expect(statement(policy, "DecryptApiKey")).toMatchObject({
        Action: "kms:Decrypt",
        Resource: KMS_KEY,
        Condition: { StringEquals: { "kms:ViaService": "secretsmanager.ap-northeast-1.amazonaws.com" } },
      });
      expect(policy.Statement.map(({ Sid }) => Sid)).toEqual([
        "WriteOwnLog",
        "ReadApiKey",
        "DecryptApiKey",
        "WriteDeadLetters",
        "ListDeadLetters",
      ]);
    }
  });

  test("may read exactly this parameter, where the key is one of SSM", () => {
    for (const policy of shipperPolicies(exampleConfig(withElastic({ apiKeyArn: PARAMETER })))) {
      expect(statement(policy, "ReadApiKey")).toMatchObject({ Action: "ssm:GetParameter", Resource: PARAMETER });
      expect(JSON.stringify(statement(policy, "DecryptApiKey"))).toContain("ssm.ap-northeast-1.amazonaws.com");
    }
  });

  test("have no right to a key where AWS's own encrypts the secret", () => {
    for (const policy of shipperPolicies(exampleConfig(withElastic({ apiKeyKmsKeyArn: undefined })))) {
      expect(policy.Statement.map(({ Sid }) => Sid)).not.toContain("DecryptApiKey");
    }
  });

  test("are the same code as before a domain", () => {
    const { hash } = bundle(join(PROJECT, "lambda", "shipper", "handler.ts"));
    for (const one of functions) expect(one.source_code_hash).toBe(hash);
  });
});

test("operators' role is in the archive's stack and may read the key", () => {
  const role = resourceOf(stacks.archive, "aws_iam_role_policy", { name: "cloudtrail_operator" });
  expect(statement(policyOf(role.policy), "ReadApiKey")).toMatchObject({ Resource: SECRET });
  expect(stacks.archive!.output).toHaveProperty("operator_role_arn");
  const own = synthesizedStacks(exampleConfig(withElastic({ operatorApiKeyArn: PARAMETER }))).archive;
  const ownPolicy = resourceOf(own, "aws_iam_role_policy", { name: "cloudtrail_operator" }).policy;
  expect(statement(policyOf(ownPolicy), "ReadApiKey")).toMatchObject({
    Action: "ssm:GetParameter",
    Resource: PARAMETER,
  });
  const before = synthesizedStacks(exampleConfig());
  expect(JSON.stringify(before.archive)).not.toContain("cloudtrail_operator");
});

test("every resource of an account names its alias", () => {
  expect(foreignAliases(stacks["accounts-1"]!)).toEqual([]);
});

test("every policy is within its quota", () => {
  expect(policies(stacks).filter(isBeyondQuota)).toEqual([]);
});
