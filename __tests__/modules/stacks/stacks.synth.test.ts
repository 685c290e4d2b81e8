import { createHash } from "node:crypto";
import { localSettings } from "../../../lambda/gateway/local";
import { readSettings } from "../../../lambda/gateway/settings";
import { ConfigError, type Backend, type Config } from "../../../modules/config";
import { AWS_PROVIDER_VERSIONS, buildStacks, stackRanks } from "../../../modules/stacks";
import { policyProblems } from "../../../modules/stacks/quotas";
import { withElastic } from "../../support/elastic";
import { elasticstackFaults } from "../../support/elasticstack-schema";
import {
  addresses,
  configWithMembers,
  exampleConfig,
  isBeyondQuota,
  policies,
  policyOf,
  resourceOf,
  synthesizedStacks,
  testApp,
} from "../../support/stacks";

const withBackend = (backend: Backend) =>
  exampleConfig((config) => ({ ...config, terraform: { ...config.terraform, backend } }));

/** The stacks that a stack waits for, directly. */
function dependencies(config: Config): Record<string, string[]> {
  const { archive, domain, search, accounts } = buildStacks(testApp(), config);
  const stacks = [archive, ...(domain ? [domain] : []), search, ...accounts.values()];
  stacks.forEach((stack) => stack.prepareStack());
  return Object.fromEntries(
    stacks.map((stack) => [stack.node.id, stack.dependencies.map(({ node }) => node.id).sort()]),
  );
}

describe("order", () => {
  test("search comes after domain, accounts after archive, domain and search", () => {
    expect(dependencies(configWithMembers(11))).toEqual({
      archive: [],
      domain: [],
      search: ["domain"],
      "accounts-1": ["archive", "domain", "search"],
      "accounts-2": ["archive", "domain", "search"],
    });
  });

  test.each([
    ["an Amazon domain", configWithMembers(11)],
    ["an Elastic Stack", exampleConfig(withElastic())],
  ])("the ranks name every stack of %s, each after all that it waits for", (_, config) => {
    const waitsFor = dependencies(config);
    const ranks = stackRanks(config);
    expect(ranks.flat().sort()).toEqual(Object.keys(waitsFor).sort());
    ranks.forEach((rank, at) => {
      const before = ranks.slice(0, at).flat();
      for (const stack of rank) expect(before).toEqual(expect.arrayContaining(waitsFor[stack]!));
    });
  });
});

describe("providers", () => {
  const stacks = synthesizedStacks(exampleConfig());

  test.each(["archive", "domain", "accounts-1"])("%s takes aws in a range and nothing else", (name) => {
    expect(stacks[name]!.terraform.required_providers).toEqual({
      aws: { source: "aws", version: AWS_PROVIDER_VERSIONS },
    });
  });

  test("search takes exactly the elasticstack that the bindings were made from, and no aws", () => {
    expect(stacks.search!.terraform.required_providers).toEqual({
      elasticstack: { source: "elastic/elasticstack", version: "0.16.3" },
    });
    expect(Object.keys(stacks.search!.provider)).toEqual(["elasticstack"]);
  });

  test("search uses what the provider's schema has, and leaves out nothing that it demands", () => {
    expect(addresses(stacks.search!).size).toBe(3);
    expect(elasticstackFaults(stacks.search!)).toEqual([]);
  });

  test("nothing is used that only one major of the aws provider has", () => {
    for (const { resource = {}, data = {} } of Object.values(stacks)) {
      for (const [type, named] of [...Object.entries(resource), ...Object.entries(data)]) {
        if (!type.startsWith("aws_")) continue;
        for (const attributes of Object.values(named)) {
          expect(attributes).not.toHaveProperty("region");
          expect(JSON.stringify(attributes)).not.toMatch(
            /bucket_region|deletion_protection_enabled|apply_on_transformed_logs|invoked_via_function_url/,
          );
        }
      }
    }
  });
});

describe("backend", () => {
  test("local: a file for each stack, in the project's folder", () => {
    const stacks = synthesizedStacks(withBackend({ type: "local" }));
    for (const [name, { terraform }] of Object.entries(stacks)) {
      expect(terraform.backend).toEqual({ local: { path: `${process.cwd()}/terraform.${name}.tfstate` } });
    }
  });

  test("local: in a folder of the user's choice, which other stacks read from", () => {
    const stacks = synthesizedStacks(withBackend({ type: "local", folder: "/state" }));
    expect(stacks.domain!.terraform.backend).toEqual({ local: { path: "/state/terraform.domain.tfstate" } });
    expect(Object.values(stacks["accounts-1"]!.data!.terraform_remote_state!)).toEqual([
      expect.objectContaining({ backend: "local", config: { path: "/state/terraform.domain.tfstate" } }),
    ]);
  });

  test("S3: a key for each stack, encrypted, locked by a file beside it", () => {
    const stacks = synthesizedStacks(
      withBackend({ type: "s3", bucket: "states", region: "eu-west-1", keyPrefix: "cloudtrail", profile: "states" }),
    );
    expect(stacks.domain!.terraform.backend).toEqual({
      s3: {
        bucket: "states",
        key: "cloudtrail/domain.tfstate",
        region: "eu-west-1",
        encrypt: true,
        profile: "states",
        use_lockfile: true,
      },
    });
    expect(JSON.stringify(stacks.search!.data)).toContain("cloudtrail/domain.tfstate");
  });

  test("S3: locked by a DynamoDB table where one is named", () => {
    const stacks = synthesizedStacks(
      withBackend({ type: "s3", bucket: "states", region: "eu-west-1", keyPrefix: "", lockTable: "locks" }),
    );
    expect(stacks.domain!.terraform.backend!.s3).toMatchObject({ key: "domain.tfstate", dynamodb_table: "locks" });
    expect(stacks.domain!.terraform.backend!.s3).not.toHaveProperty("use_lockfile");
  });

  test("Terraform Cloud: one named workspace for each stack", () => {
    const stacks = synthesizedStacks(
      withBackend({ type: "cloud", organization: "acme", workspacePrefix: "cloudtrail-", project: "security" }),
    );
    for (const [name, { terraform }] of Object.entries(stacks)) {
      expect(terraform.cloud).toMatchObject({
        organization: "acme",
        workspaces: { name: `cloudtrail-${name}`, project: "security" },
      });
      expect(terraform.backend).toBeUndefined();
    }
    expect(Object.values(stacks.search!.data!.terraform_remote_state!)).toEqual([
      expect.objectContaining({
        backend: "remote",
        config: expect.objectContaining({ organization: "acme", workspaces: { name: "cloudtrail-domain" } }) as object,
      }),
    ]);
  });
});

describe("what passes between stacks", () => {
  const stacks = synthesizedStacks(exampleConfig());

  test("outputs for people and the sandbox", () => {
    const named = (name: string) =>
      Object.keys(stacks[name]!.output ?? {}).filter((output) => !output.startsWith("cross-stack-output-"));
    expect(named("archive")).toEqual(["archive_bucket", "dead_letter_bucket"]);
    expect(named("domain")).toEqual(["domain_arn", "gateway_url", "operator_role_arn", "search_endpoint"]);
  });

  test("no output holds a secret: a remote state hands over all of them", () => {
    for (const { output } of Object.values(stacks)) expect(JSON.stringify(output ?? {})).not.toContain("token");
  });

  test("only the domain's state is read by others", () => {
    const read = Object.values(stacks).flatMap(({ data }) => Object.keys(data?.terraform_remote_state ?? {}));
    expect(new Set(read)).toEqual(new Set(["cross-stack-reference-input-domain"]));
  });
});

describe("gateway token", () => {
  const stacks = synthesizedStacks(exampleConfig());

  test("is a sensitive variable of at least 32 characters, in domain and search and nowhere else", () => {
    const holders = Object.entries(stacks).filter(([, { variable }]) => variable?.gateway_token !== undefined);
    expect(holders.map(([name]) => name)).toEqual(["domain", "search"]);
    for (const [, { variable }] of holders) {
      expect(variable!.gateway_token).toMatchObject({
        sensitive: true,
        type: "string",
        validation: [expect.objectContaining({ condition: "${length(var.gateway_token) >= 32}" })],
      });
      expect(variable!.gateway_token).not.toHaveProperty("default");
    }
  });

  test("a local gateway has the settings that the deployed function has", () => {
    const { variables } = resourceOf(stacks.domain, "aws_lambda_function").environment as {
      variables: Record<string, string>;
    };
    const config = exampleConfig();
    const token = "x".repeat(32);
    expect(localSettings(config, "search.example.com", token)).toEqual(
      readSettings({
        ...variables,
        AWS_REGION: config.region,
        // What Terraform puts in.
        SEARCH_ENDPOINT: "search.example.com",
        GATEWAY_TOKEN_SHA256: createHash("sha256").update(token).digest("hex"),
      }),
    );
  });

  test("reaches the domain's function as its SHA-256 only", () => {
    const uses = JSON.stringify(stacks.domain!.resource).match(/[^"]*var\.gateway_token[^"]*/g);
    expect(uses).toEqual(["${sha256(var.gateway_token)}"]);
  });
});

describe("policies", () => {
  test("every policy is within its quota", () => {
    const found = policies(synthesizedStacks(exampleConfig()));
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter(isBeyondQuota)).toEqual([]);
  });

  test("of 500 members are within their quotas", () => {
    expect(policyProblems(configWithMembers(500))).toEqual([]);
  });

  test("every statement has a Sid, and no two of a policy the same", () => {
    for (const { where, text } of policies(synthesizedStacks(exampleConfig()))) {
      const sids = policyOf(text).Statement.map(({ Sid }) => Sid);
      expect([where, sids.every((sid) => /^\w+$/.test(sid)), new Set(sids).size]).toEqual([where, true, sids.length]);
    }
  });

  test("beyond a quota: one error for each policy, with accounts, size, limit and remedy, and nothing is built", () => {
    const app = testApp();
    const build = () => buildStacks(app, configWithMembers(1500), "my.yaml");
    expect(build).toThrow(ConfigError);
    expect(build).toThrow(
      /my\.yaml: 2 problems\n.*members: is \d+ bytes of the archive bucket's policy \(cloudtrail-archive-111111111111-ap-northeast-1, 1501 accounts\).*at most 20480 bytes.*second installation/,
    );
    expect(app.node.children).toEqual([]);
  });

  test("too many operators: the error names the role and the remedy", () => {
    const config = exampleConfig((example) => ({
      ...example,
      operations: {
        ...example.operations,
        principals: Array.from({ length: 60 }, (_, index) => `arn:aws:iam::111111111111:user/operator-${index}`),
      },
    }));
    expect(() => buildStacks(testApp(), config)).toThrow(
      /operations\.principals: is \d+ bytes of the operator role's trust policy \(cloudtrail_operator.*at most 2048 bytes.*Name a role/,
    );
  });
});

test("resources carry the configured tags, by the providers' default tags", () => {
  const stacks = synthesizedStacks(exampleConfig());
  for (const name of ["archive", "domain", "accounts-1"]) {
    for (const provider of stacks[name]!.provider.aws!) {
      expect(provider.default_tags).toEqual([{ tags: { project: "cloudtrail" } }]);
    }
  }
});
