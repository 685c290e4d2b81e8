import { manyMembers, parseWith, problemsWith, valid } from "./mistakes";

const management = { accountId: "111111111111", name: "security" };
const member = { accountId: "222222222222", name: "production", roleName: "r" };

/** What is wrong, what it is changed to, and the one problem that must follow. */
type Case = readonly [rule: string, change: Record<string, unknown>, path: string, saying: RegExp];

const CASES: readonly Case[] = [
  ["an unknown key", { regionn: "x" }, "regionn", /no such key.*Perhaps region is meant/],
  ["an unknown key in a section", { archive: { bucket: "x" } }, "archive.bucket", /there are standardIaAfterDays/],
  ["a missing region", { region: undefined }, "region", /is missing/],
  ["a missing management account", { management: undefined }, "management", /is missing/],
  ["missing networks", { kibana: {} }, "kibana.allowedCidrs", /is missing/],
  ["a missing account id", { management: { name: "x" } }, "management.accountId", /is missing/],
  ["a region that is none", { region: "tokyo" }, "region", /an AWS region/],
  [
    "an account id with eleven digits",
    { management: { ...management, accountId: "11111111111" } },
    "management.accountId",
    /twelve digits/,
  ],
  [
    "an account id without quotes",
    { management: { ...management, accountId: 111111111111 } },
    "management.accountId",
    /in quotes/,
  ],
  [
    "an account listed twice",
    { members: [member, { ...member, name: "b" }] },
    "members[1].accountId",
    /already members\[0\]/,
  ],
  [
    "a member that is the management account",
    { members: [{ ...member, accountId: "111111111111" }] },
    "members[0].accountId",
    /management account/,
  ],
  [
    "a member without profile and role",
    { members: [{ accountId: "222222222222", name: "a" }] },
    "members[0]",
    /profile or roleName is needed/,
  ],
  ["profile and role together", { members: [{ ...member, profile: "p" }] }, "members[0]", /exclude each other/],
  [
    "one profile for two accounts",
    { management: { ...management, profile: "p" }, members: [{ accountId: "222222222222", name: "a", profile: "p" }] },
    "members[0].profile",
    /leads to one account/,
  ],
  [
    "an external id without a role",
    { management: { ...management, externalId: "some-id" } },
    "management.externalId",
    /only with roleName/,
  ],
  [
    "a session name without a role",
    { management: { ...management, sessionName: "session" } },
    "management.sessionName",
    /only with roleName/,
  ],
  ["a role name that IAM refuses", { members: [{ ...member, roleName: "a role" }] }, "members[0].roleName", /1 to 64/],
  ["a state that is none", { members: [{ ...member, state: "gone" }] }, "members[0].state", /active or leaving/],
  [
    "a profile with Terraform Cloud",
    {
      members: [{ accountId: "222222222222", name: "a", profile: "p" }],
      terraform: { backend: { type: "cloud", organization: "o" } },
    },
    "members[0].profile",
    /no profiles/,
  ],
  [
    "the management profile with Terraform Cloud",
    {
      management: { ...management, profile: "p" },
      members: [],
      terraform: { backend: { type: "cloud", organization: "o" } },
    },
    "management.profile",
    /no profiles.*dynamic credentials/,
  ],
  [
    "more accounts than a stack takes",
    { members: manyMembers(23) },
    "members",
    /at most 10.*stack: 2 for members\[10\] to \[19\], stack: 3 for members\[20\] to \[22\]/,
  ],
  [
    "fewer than 30 days to STANDARD_IA",
    { archive: { standardIaAfterDays: 29 } },
    "archive.standardIaAfterDays",
    /at least 30/,
  ],
  [
    "GLACIER sooner than 30 days after STANDARD_IA",
    { archive: { standardIaAfterDays: 60, glacierAfterDays: 89 } },
    "archive.glacierAfterDays",
    /at least 90/,
  ],
  [
    "expiry before GLACIER",
    { archive: { glacierAfterDays: 400, expireAfterDays: 400 } },
    "archive.expireAfterDays",
    /more than 400/,
  ],
  [
    "days that are no whole number",
    { archive: { noncurrentExpireAfterDays: 1.5 } },
    "archive.noncurrentExpireAfterDays",
    /whole number/,
  ],
  [
    "a log retention that CloudWatch Logs does not know",
    { logs: { retentionDays: 8 } },
    "logs.retentionDays",
    /1, 3, 5, 7, 14/,
  ],
  [
    "an engine that does not exist",
    { search: { engineVersion: "Elasticsearch_7.11" } },
    "search.engineVersion",
    /one of Elasticsearch_7.10/,
  ],
  ["an engine that is too old", { search: { engineVersion: "Elasticsearch_5.1" } }, "search.engineVersion", /too old/],
  [
    "an instance type of the old name",
    { search: { instanceType: "t3.medium.elasticsearch" } },
    "search.instanceType",
    /all end with .search/,
  ],
  [
    "an instance type without gp3",
    { search: { instanceType: "t2.medium.search" } },
    "search.instanceType",
    /without gp3/,
  ],
  [
    "an instance type with disks of its own",
    { search: { instanceType: "i3.large.search" } },
    "search.instanceType",
    /disks of its own/,
  ],
  [
    "a Graviton instance type with disks of its own",
    { search: { instanceType: "r6gd.large.search" } },
    "search.instanceType",
    /disks of its own/,
  ],
  [
    "an UltraWarm instance type",
    { search: { instanceType: "ultrawarm1.medium.search" } },
    "search.instanceType",
    /data nodes/,
  ],
  [
    "an OpenSearch-optimised type with Elasticsearch",
    { search: { instanceType: "or1.large.search" } },
    "search.instanceType",
    /OpenSearch_2.11/,
  ],
  ["more T3 nodes than a domain takes", { search: { instanceCount: 12 } }, "search.instanceType", /at most 10 nodes/],
  [
    "one node with zone awareness",
    { search: { instanceCount: 1 } },
    "search.instanceCount",
    /Use 2, or zoneAwareness: false/,
  ],
  ["five nodes with zone awareness", { search: { instanceCount: 5 } }, "search.instanceCount", /Use 6/],
  [
    "a volume larger than the instance type takes",
    { search: { volumeSizeGib: 201 } },
    "search.volumeSizeGib",
    /at most 200/,
  ],
  [
    "a volume smaller than OpenSearch Service takes",
    { search: { volumeSizeGib: 9 } },
    "search.volumeSizeGib",
    /at least 10/,
  ],
  ["no network at all", { kibana: { allowedCidrs: ["office"] } }, "kibana.allowedCidrs[0]", /CIDR notation/],
  [
    "an address without prefix",
    { kibana: { allowedCidrs: ["203.0.113.10"] } },
    "kibana.allowedCidrs[0]",
    /CIDR notation/,
  ],
  [
    "a network with host bits",
    { kibana: { allowedCidrs: ["203.0.113.10/24"] } },
    "kibana.allowedCidrs[0]",
    /Perhaps 203.0.113.0\/24/,
  ],
  ["all IPv4 addresses", { kibana: { allowedCidrs: ["0.0.0.0/0"] } }, "kibana.allowedCidrs", /whole internet/],
  [
    "all IPv4 addresses in two halves",
    { kibana: { allowedCidrs: ["0.0.0.0/1", "128.0.0.0/1"] } },
    "kibana.allowedCidrs",
    /whole internet/,
  ],
  ["all IPv6 addresses", { kibana: { allowedCidrs: ["::/0"] } }, "kibana.allowedCidrs", /whole internet/],
  [
    "all IPv6 addresses that are given out",
    { kibana: { allowedCidrs: ["2000::/3"] } },
    "kibana.allowedCidrs",
    /whole internet/,
  ],
  [
    "the whole internet at the gateway",
    { search: { gatewayAllowedCidrs: ["0.0.0.0/0"] } },
    "search.gatewayAllowedCidrs",
    /whole internet/,
  ],
  ["a trail name that CloudTrail refuses", { names: { trail: "a..b" } }, "names.trail", /no two of/],
  [
    "a log group that CloudWatch Logs refuses",
    { names: { logGroup: "aws/trail" } },
    "names.logGroup",
    /not beginning with aws/,
  ],
  [
    "the shipper's own log group",
    { names: { logGroup: "/aws/lambda/LogsToElasticsearch_cloudtrail" } },
    "names.logGroup",
    /log group of a function/,
  ],
  ["a function name that Lambda refuses", { names: { memberShipper: "a b" } }, "names.memberShipper", /1 to 64/],
  ["a domain name of 29 characters", { names: { domain: "d".repeat(29) } }, "names.domain", /3 to 28/],
  ["a bucket name with capitals", { names: { archiveBucket: "Archive" } }, "names.archiveBucket", /lower-case/],
  [
    "a bucket name like an IP address",
    { names: { archiveBucket: "192.168.5.4" } },
    "names.archiveBucket",
    /IP address/,
  ],
  [
    "one bucket for two things",
    { names: { archiveBucket: "one-bucket", deadLetterBucket: "one-bucket" } },
    "names.deadLetterBucket",
    /names.archiveBucket is called so/,
  ],
  [
    "one role for two things",
    { names: { operatorRole: "same", gatewayRole: "same" } },
    "names.gatewayRole",
    /names.operatorRole is called so/,
  ],
  [
    "one function for two things",
    { names: { gatewayFunction: "LogsToElasticsearch_cloudtrail" } },
    "names.gatewayFunction",
    /names.managementShipper/,
  ],
  [
    "a principal that is no ARN",
    { operations: { principals: ["*"] } },
    "operations.principals[0]",
    /the ARN of a role/,
  ],
  [
    "a principal with a wildcard",
    { operations: { principals: ["arn:aws:iam::111111111111:role/*"] } },
    "operations.principals[0]",
    /the ARN of a role/,
  ],
  ["a topic that is no ARN", { operations: { alarmTopicArn: "alarms" } }, "operations.alarmTopicArn", /SNS topic/],
  [
    "a topic of another region",
    { operations: { alarmTopicArn: "arn:aws:sns:eu-west-1:111111111111:alarms" } },
    "operations.alarmTopicArn",
    /configuration's region/,
  ],
  [
    "a key of another region",
    { archive: { kmsKeyArn: "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000" } },
    "archive.kmsKeyArn",
    /configuration's region/,
  ],
  [
    "a backend that is none",
    { terraform: { backend: { type: "consul" } } },
    "terraform.backend.type",
    /local, s3 or cloud/,
  ],
  [
    "a backend's unknown key",
    { terraform: { backend: { type: "local", bucket: "b" } } },
    "terraform.backend.bucket",
    /there are type, folder/,
  ],
  ["a shipper with too little memory", { shipper: { memoryMb: 64 } }, "shipper.memoryMb", /at least 128/],
  ["a tag with a reserved key", { tags: { "aws:x": "y" } }, 'tags["aws:x"]', /not beginning with aws:/],
  ["a tag that is a number", { tags: { cost: 1 } }, "tags.cost", /a text/],
  ["tags that differ only in case", { tags: { cost: "a", Cost: "b" } }, "tags.Cost", /differ only in case/],
  [
    "more tags than AWS takes",
    { tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, "v"])) },
    "tags",
    /at most 50/,
  ],
];

test("the configuration that the cases spoil is valid and gives no warning", () => {
  expect(problemsWith({})).toEqual([]);
  expect(parseWith({}).warnings).toEqual([]);
});

test.each(CASES)("%s is refused, with place, limit and remedy", (_rule, change, path, saying) => {
  const problems = problemsWith(change);
  expect(problems.map((problem) => problem.path)).toEqual([path]);
  const [problem] = problems;
  expect(`${problem?.message ?? ""}. ${problem?.remedy ?? ""}`).toMatch(saying);
  expect(problem?.remedy).toBeTruthy();
});

test.each([["Elasticsearch_7.10"], ["OpenSearch_1.3"], ["OpenSearch_2.19"], ["OpenSearch_3.1"]])(
  "the engine %s is taken",
  (engineVersion) => {
    expect(parseWith({ search: { engineVersion } }).config.search.engineVersion).toBe(engineVersion);
  },
);

test.each([
  ["or1.large.search with OpenSearch", { engineVersion: "OpenSearch_2.19", instanceType: "or1.large.search" }],
  ["one node without zone awareness", { instanceCount: 1, zoneAwareness: false }],
  ["three nodes in three zones", { instanceCount: 3 }],
  ["eighty large nodes", { instanceType: "r6g.large.search", instanceCount: 80, volumeSizeGib: 1024 }],
])("%s is taken", (_what, search) => {
  expect(problemsWith({ search })).toEqual([]);
});

test("accounts may fill several stacks", () => {
  expect(problemsWith({ members: manyMembers(200, (index) => Math.floor(index / 10) + 1) })).toEqual([]);
});

test("what the validator proposes for too many accounts is taken", () => {
  const members = manyMembers(35, (index) => (index % 2 === 0 ? 1 : 3)) as { stack: number }[];
  const remedy = problemsWith({ members })[0]?.remedy ?? "";
  for (const [, stack, first = "", last = first] of remedy.matchAll(
    /stack: (\d+) for members\[(\d+)\](?: to \[(\d+)\])?/g,
  )) {
    for (let index = Number(first); index <= Number(last); index++) members[index]!.stack = Number(stack);
  }
  expect(problemsWith({ members })).toEqual([]);
});

test("a stack with more accounts than terraform.accountsPerStack allows is taken once the number is raised", () => {
  expect(problemsWith({ members: manyMembers(23), terraform: { accountsPerStack: 25 } })).toEqual([]);
});

test.each([
  ["fewer than 90 searchable days", { search: { retentionDays: 89 } }, /fewer than 90 searchable days/],
  [
    "fewer than 365 archived days",
    { archive: { glacierAfterDays: 100, expireAfterDays: 364 } },
    /fewer than 365 archived days/,
  ],
  ["a private network", { kibana: { allowedCidrs: ["10.0.0.0/8"] } }, /10.0.0.0\/8 can never match/],
  ["a private network at the gateway", { search: { gatewayAllowedCidrs: ["fd00::/8"] } }, /fd00::\/8 can never match/],
  ["an example's network", { kibana: { allowedCidrs: ["203.0.113.10/32"] } }, /only an example's/],
  ["nobody in Kibana", { kibana: { allowedCidrs: [] } }, /nobody reaches Kibana/],
  [
    "two accounts of one name",
    { management: { accountId: "111111111111", name: "staging" } },
    /more than one account is called staging/,
  ],
  [
    "a local gateway with Terraform Cloud",
    {
      members: [],
      search: { gateway: "local" },
      operations: { principals: ["arn:aws:iam::111111111111:role/security"] },
      terraform: { backend: { type: "cloud", organization: "o" } },
    },
    /workers do not reach it/,
  ],
  ["a local gateway that nobody may start", { search: { gateway: "local" } }, /nobody may become the operator role/],
])("%s is warned about and taken", (_what, change, warning) => {
  expect(parseWith(change).warnings).toEqual([expect.stringMatching(warning)]);
});

test("everything has a default but account ids and names, region and Kibana's networks", () => {
  const { management: onlyManagement, region } = valid();
  expect(problemsWith({ management: onlyManagement, region, members: undefined })).toEqual([]);
});

test.each(["archive", "deadLetters"])(
  "%s: a KMS key is named by its id, because no policy can name an alias",
  (section) => {
    const arn = (name: string) => `arn:aws:kms:ap-northeast-1:111111111111:${name}`;
    expect(problemsWith({ [section]: { kmsKeyArn: arn("alias/archive") } })).toEqual([
      expect.objectContaining({ path: `${section}.kmsKeyArn` }) as object,
    ]);
    expect(problemsWith({ [section]: { kmsKeyArn: arn("key/mrk-00000000000000000000000000000000") } })).toEqual([]);
  },
);
