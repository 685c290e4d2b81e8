import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { policyJson } from "../../modules/aws";
import { managementDeployStatements, memberDeployStatements } from "../../modules/stacks";
import { PROJECT } from "../support/command";
import { exampleConfig } from "../support/stacks";

const config = exampleConfig();

function printed(...account: string[]) {
  return spawnSync("npm", ["run", "--silent", "deploy-policies", "--", ...account], {
    cwd: PROJECT,
    encoding: "utf8",
    env: { ...process.env, CLOUDTRAIL_CONFIG: join(PROJECT, "cloudtrail.example.yaml") },
  });
}

test.each([
  ["the management account", [], managementDeployStatements(config)],
  ["the management account by its id", [config.management.accountId], managementDeployStatements(config)],
  ["a member", [config.members[1]!.accountId], memberDeployStatements(config, config.members[1]!)],
])("npm run deploy-policies prints the policy of %s", (_, account, statements) => {
  const { status, stdout } = printed(...account);
  expect([status, JSON.parse(stdout)]).toEqual([0, JSON.parse(policyJson(statements))]);
});

test("an account that is not in the configuration is an error, and nothing is printed", () => {
  expect(printed("999999999999")).toMatchObject({
    status: 2,
    stdout: "",
    stderr: expect.stringContaining("999999999999 is no account of the configuration") as string,
  });
});
