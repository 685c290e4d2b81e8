import fc from "fast-check";
import { stringify } from "yaml";
import { ConfigError, parseConfig } from "../../../modules/config";
import { manyMembers, parseWith, problemsOf, problemsWith, valid } from "./mistakes";

const TEN_MISTAKES = `
region: tokyo
management:
  accountId: "11111"
  name: security
members:
  - { accountId: "222222222222", name: production, roleName: Admin }
  - { accountId: "222222222222", name: staging, roleName: Admin, profile: staging }
archive:
  standardIaAfterDays: 40
  glacierAfterDays: 60
logs:
  retentionDays: 8
search:
  engineVersion: Elasticsearch_7.11
  instanceCount: 5
kibana:
  allowedCidrs: [0.0.0.0/1, 128.0.0.0/1]
  excludedUser: [monitoring]
`;

describe("ten different mistakes in one file", () => {
  const problems = problemsOf(TEN_MISTAKES);

  test("give ten problems, in the order of the file", () => {
    expect(problems.map(({ path, line }) => [path, line])).toEqual([
      ["region", 2],
      ["management.accountId", 4],
      ["members[1].accountId", 8],
      ["members[1]", 8],
      ["archive.glacierAfterDays", 11],
      ["logs.retentionDays", 13],
      ["search.engineVersion", 15],
      ["search.instanceCount", 16],
      ["kibana.allowedCidrs", 18],
      ["kibana.excludedUser", 19],
    ]);
  });

  test("give one message with a line for each", () => {
    const message = new ConfigError("cloudtrail.yaml", problems).message;
    expect(message.split("\n")).toHaveLength(11);
    expect(message).toContain("cloudtrail.yaml: 10 problems");
    expect(message).toContain(
      "  - logs.retentionDays (line 13): is 8; must be one of the days that CloudWatch Logs knows: 1, 3, 5, 7,",
    );
    expect(message).toContain("remove the key for the default, 7.");
  });
});

describe("a value that is wrong by itself hides no other problem, and proves none", () => {
  test("mistakes of single values do not hide those between values", () => {
    const paths = problemsWith({
      region: undefined,
      members: [null, { accountId: "222222222222" }, { accountId: "222222222222", name: "b", roleName: "r" }],
      terraform: { backend: { type: "s3", bucket: "B" } },
      archive: { standardIaAfterDays: 400, glacierAfterDays: 365, forceDestroy: "no" },
    }).map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "region",
        "members[0]",
        "members[1].name",
        "members[1]",
        "members[2].accountId",
        "terraform.backend.bucket",
        "terraform.backend.region",
        "archive.forceDestroy",
        "archive.glacierAfterDays",
      ]),
    );
    expect(paths).toHaveLength(9);
  });

  test("several wrong entries of a list are told apart", () => {
    const paths = problemsWith({ kibana: { allowedCidrs: ["a", "0.0.0.0/1", "b", "128.0.0.0/1"] } }).map(
      ({ path }) => path,
    );
    expect(paths).toEqual(["kibana.allowedCidrs[0]", "kibana.allowedCidrs", "kibana.allowedCidrs[2]"]);
  });

  test("a wrong role is not also a missing one", () => {
    const member = { accountId: "222222222222", name: "a", roleName: "not a role" };
    expect(problemsWith({ members: [member] }).map(({ path }) => path)).toEqual(["members[0].roleName"]);
  });

  test("a wrong number of days is not held against the others", () => {
    const archive = { glacierAfterDays: "a year", expireAfterDays: 100 };
    expect(problemsWith({ archive }).map(({ path }) => path)).toEqual(["archive.glacierAfterDays"]);
  });

  test("wrong stacks of many members do not crowd another stack", () => {
    const members = manyMembers(30, (index) => (index < 10 ? 1 : 0));
    expect(problemsWith({ members }).every(({ path }) => path.endsWith(".stack"))).toBe(true);
  });

  test("an unknown key does not excuse its neighbours", () => {
    const paths = problemsWith({ search: { instanceCount: 5, foo: 1 } }).map(({ path }) => path);
    expect(paths.sort()).toEqual(["search.foo", "search.instanceCount"]);
  });
});

describe("YAML that cannot be read is one of the messages", () => {
  test.each([
    ["an unclosed list", "kibana:\n  allowedCidrs: [", 2],
    ["a tab as indentation", "management:\n\taccountId: x", 2],
    ["two documents", "region: eu-west-1\n---\nregion: eu-west-1\n", 2],
    ["an unknown tag", "region: !secret x", 1],
  ])("%s", (_what, yaml, line) => {
    const problems = problemsOf(yaml);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every(({ path, remedy }) => path === "YAML" && remedy !== undefined)).toBe(true);
    expect(problems.some((problem) => problem.line === line)).toBe(true);
  });

  test("a key that is there twice does not hide other problems", () => {
    const yaml = `${stringify({ ...valid(), logs: { retentionDays: 8 } })}region: eu-west-1\n`;
    expect(problemsOf(yaml).map(({ path }) => path)).toEqual(["logs.retentionDays", "YAML"]);
  });

  test("an alias without an anchor, and a nest of aliases", () => {
    expect(problemsOf("region: *nowhere")).toHaveLength(1);
    const nest = Array.from({ length: 9 }, (_, i) => `x${i + 1}: &x${i + 1} [${Array(9).fill(`*x${i}`).join(", ")}]`);
    expect(problemsOf(["x0: &x0 [a]", ...nest].join("\n"))).toHaveLength(1);
  });

  test("anchors and merge keys spare repetition", () => {
    const yaml = `
region: ap-northeast-1
management: { accountId: "111111111111", name: security }
members:
  - &member { accountId: "222222222222", name: production, roleName: Admin }
  - { <<: *member, accountId: "333333333333", name: staging }
kibana: { allowedCidrs: [9.9.9.0/24] }
`;
    expect(parseConfig(yaml).config.members[1]).toMatchObject({ accountId: "333333333333", roleName: "Admin" });
  });

  test("an empty file says what must be there", () => {
    expect(problemsOf("").map(({ path }) => path)).toEqual(["region", "management", "kibana"]);
  });
});

describe("secrets are never echoed", () => {
  const secret = "hunter2-Correct-Horse";
  test.each([
    [
      "an external id",
      { management: { accountId: "111111111111", name: "x", roleName: "r", externalId: `${secret} !` } },
    ],
    ["an unknown key", { gatewayToken: secret }],
    ["a token in the wrong place", { search: { gateway: { token: secret } } }],
    ["an access key", { region: "AKIAIOSFODNN7EXAMPLE" }],
    ["a secret key", { region: "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY123" }],
  ])("%s", (_what, change) => {
    const problems = problemsWith(change);
    expect(problems.length).toBeGreaterThan(0);
    const message = new ConfigError("cloudtrail.yaml", problems).message;
    expect(message).not.toContain(secret);
    expect(message).not.toMatch(/AKIAIOS|wJalr/);
  });

  test("in YAML that cannot be read", () => {
    for (const yaml of [
      `a: [${secret}`,
      `a: *${secret}`,
      `a: !${secret} b`,
      `a: b: ${secret}`,
      `"a" ${secret}`,
      `%${secret}`,
    ]) {
      const problems = problemsOf(yaml);
      expect(problems.length).toBeGreaterThan(0);
      expect(new ConfigError("cloudtrail.yaml", problems).message).not.toContain(secret);
    }
  });
});

describe("whatever the text is", () => {
  const onlyConfigError = (yaml: string) => {
    try {
      parseConfig(yaml);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      const { problems } = error as ConfigError;
      expect(problems.length).toBeGreaterThan(0);
      for (const { path, remedy } of problems) expect([typeof path, typeof remedy]).toEqual(["string", "string"]);
    }
  };

  test("any text is a configuration or a ConfigError", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), yamlLike), onlyConfigError), {
      numRuns: 300,
    });
  });

  test("any YAML is a configuration or a ConfigError", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => onlyConfigError(stringify(value))),
      { numRuns: 200 },
    );
  });

  test("any spoilt configuration is a configuration or a ConfigError", () => {
    fc.assert(
      fc.property(spoilt, (config) => onlyConfigError(stringify(config))),
      { numRuns: 300 },
    );
  });
});

test("a valid configuration comes with every default filled in", () => {
  const { config, file } = parseWith({});
  expect(file).toBe("cloudtrail.yaml");
  expect(config.names).toMatchObject({
    memberShipper: "LogsToElasticsearchEx_cloudtrail_111111111111",
    archiveBucket: "cloudtrail-archive-111111111111-ap-northeast-1",
    deadLetterBucket: "cloudtrail-dead-letters-111111111111-ap-northeast-1",
  });
  expect(config.archive).toMatchObject({ standardIaAfterDays: 30, glacierAfterDays: 365, expireAfterDays: 1095 });
  expect(config.logs.retentionDays).toBe(7);
  expect(config.members[0]).toMatchObject({ stack: 1, state: "active" });
  expect(config.terraform).toEqual({ backend: { type: "local" }, accountsPerStack: 10 });
});

const yamlLike = fc
  .array(
    fc.constantFrom(
      "region",
      ":",
      " ",
      "\n",
      "  ",
      "- ",
      "[",
      "]",
      "{",
      "}",
      "*a",
      "&a",
      "!!binary",
      "'",
      '"',
      "|",
      "<<",
      "? ",
      "---",
      "%",
      "#",
      "0x1",
      ".nan",
      "~",
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

/** The valid configuration with arbitrary values in some places. */
const spoilt = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        ["region"],
        ["management"],
        ["management", "accountId"],
        ["management", "name"],
        ["members"],
        ["members", 0],
        ["members", 0, "accountId"],
        ["members", 1, "profile"],
        ["members", 0, "stack"],
        ["names"],
        ["names", "logGroup"],
        ["archive"],
        ["archive", "glacierAfterDays"],
        ["kibana"],
        ["kibana", "allowedCidrs"],
        ["kibana", "allowedCidrs", 0],
        ["search"],
        ["search", "instanceType"],
        ["terraform"],
        ["terraform", "backend"],
        ["tags"],
        ["operations", "principals"],
      ),
      fc.oneof(
        fc.jsonValue(),
        fc.constantFrom("0.0.0.0/0", "::/0", 0, -1, "111111111111", "aws", [null], { type: "s3" }, { type: "cloud" }, [
          [[]],
        ]),
      ),
    ),
    { maxLength: 5 },
  )
  .map((changes) => {
    const config = valid();
    for (const [path, value] of changes) spoil(config, path, value);
    return config;
  });

function spoil(config: Record<string | number, unknown>, path: readonly (string | number)[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) config[key] = value;
  else {
    if (typeof config[key] !== "object" || config[key] === null) config[key] = {};
    spoil(config[key] as Record<string | number, unknown>, rest, value);
  }
}
