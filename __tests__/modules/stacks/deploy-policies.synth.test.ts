import { readFileSync } from "node:fs";
import { join } from "node:path";
import { policyJson } from "../../../modules/aws";
import { managementDeployStatements, memberDeployStatements } from "../../../modules/stacks";
import { PROJECT } from "../../support/command";
import { withElastic } from "../../support/elastic";
import { configWithMembers, exampleConfig, resourcesOf, synthesizedStacks } from "../../support/stacks";

const config = exampleConfig();
const member = config.members[0]!;
const management = managementDeployStatements(config);
const ofMember = memberDeployStatements(config, member);

/** Characters that count against the quota of a role's inline policies. */
const INLINE_QUOTA = 10_240;

test("docs/deploy-policies.md shows the example's policies (npm run deploy-policies)", () => {
  const page = readFileSync(join(PROJECT, "docs", "deploy-policies.md"), "utf8");
  const shown = [...page.matchAll(/```json\n([^]*?)\n```/g)].map(([, json]) => JSON.parse(json!) as unknown);
  expect(shown).toEqual([management, ofMember].map((statements) => JSON.parse(policyJson(statements)) as unknown));
});

test.each([
  ["management", management],
  ["member", ofMember],
])("%s: no action is a pattern, and only what cannot be limited is for every resource", (_, statements) => {
  for (const { Sid, Action, Resource } of statements) {
    for (const action of [Action].flat()) expect(action).toMatch(/^[a-z0-9]+:[A-Za-z]+$/);
    if (Resource === "*") expect(["Look", "DomainWritesItsLog", "GatewayAccessLog"]).toContain(Sid);
    for (const resource of [Resource].flat()) expect(resource).not.toMatch(/^arn:aws:(iam|s3|lambda):.*\*$/);
  }
});

test("a member's role reaches its own account's resources only, and assumes no role", () => {
  const arns = ofMember.flatMap(({ Resource }) => [Resource ?? []].flat()).filter((arn) => arn !== "*");
  expect(arns.filter((arn) => arn.split(":")[4] !== member.accountId)).toEqual([]);
  expect(JSON.stringify(ofMember)).not.toMatch(/sts:|es:|apigateway:|s3:/);
});

test("the management account's role assumes exactly the roles that the configuration names", () => {
  const assume = management.find(({ Sid }) => Sid === "WorkInMembers");
  expect(assume).toMatchObject({
    Action: "sts:AssumeRole",
    Resource: ["arn:aws:iam::222222222222:role/OrganizationAccountAccessRole"],
  });
});

test("every role that the stacks make may be passed, to Lambda and CloudTrail only", () => {
  const stacks = synthesizedStacks(config);
  const made = Object.values(stacks).flatMap((stack) => resourcesOf(stack, "aws_iam_role").map(({ name }) => name));
  const statements = [management, ofMember].map((policy) => policy.find(({ Sid }) => Sid === "PassRoles")!);
  const passed = statements.flatMap(({ Resource }) => [Resource!].flat()).map((arn) => arn.split("/")[1]);
  expect(new Set(passed)).toEqual(new Set(made));
  for (const { Condition } of statements) {
    expect(Condition).toEqual({
      StringEquals: { "iam:PassedToService": ["cloudtrail.amazonaws.com", "lambda.amazonaws.com"] },
    });
  }
});

test("both fit into a role, also with 500 members", () => {
  const many = configWithMembers(500);
  for (const statements of [management, ofMember, managementDeployStatements(many)]) {
    expect(policyJson(statements).length).toBeLessThanOrEqual(INLINE_QUOTA);
  }
  const assume = managementDeployStatements(many).find(({ Sid }) => Sid === "WorkInMembers");
  expect(assume?.Resource).toEqual(["arn:aws:iam::*:role/OrganizationAccountAccessRole"]);
});

test("names of the configuration are those of the policies", () => {
  const renamed = exampleConfig((example) => ({
    ...example,
    names: { ...example.names, trail: "audit", shipperRole: "audit_shipper", domain: "audit" },
  }));
  const text = policyJson(managementDeployStatements(renamed));
  for (const name of ["trail/audit", "role/audit_shipper", "domain/audit"]) expect(text).toContain(name);
  expect(text).not.toContain("lambda_elasticsearch_execution");
});

test.each([
  ["an Elastic Stack as target", withElastic()(config), /"(es|apigateway):|domain\//],
  [
    "a local gateway",
    { ...config, search: { ...config.search, gateway: "local" as const } },
    /apigateway:|cloudtrail-gateway/,
  ],
])("%s needs fewer rights", (_, given, unneeded) => {
  expect(policyJson(managementDeployStatements(given))).not.toMatch(unneeded);
});
