import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../modules/config";
import { simulatedAccounts, writeProfiles } from "../../sandbox/accounts";
import type { Aws } from "../../sandbox/aws";
import { sandboxConfiguration } from "../../sandbox/configuration";

const OPERATOR = "arn:aws:iam::111111111111:role/team/operators";
const { config } = parseConfig(
  sandboxConfiguration("Elasticsearch_7.10", [
    [
      ["operations", "principals"],
      [OPERATOR, "arn:aws:iam::222222222222:role/elsewhere"],
    ],
    [["members", 0, "externalId"], "an-external-id"],
  ]),
);

test("the simulated organisation has the roles that the configuration assumes, and no others", () => {
  expect(simulatedAccounts(config)).toEqual({
    managementAccountId: "111111111111",
    managementRoles: [{ name: "operators" }],
    accounts: [
      { accountId: "222222222222", roles: [{ name: "OrganizationAccountAccessRole", externalId: "an-external-id" }] },
      { accountId: "333333333333" },
    ],
  });
});

test("each profile has its own account's keys; the management account's works as an operator", async () => {
  const folder = mkdtempSync(join(tmpdir(), "profiles-"));
  try {
    const aws = { credentialsFor: (id: string) => ({ accessKeyId: `AKIA${id}`, secretAccessKey: `secret ${id}` }) };
    const assumed: string[] = [];
    const env = await writeProfiles(config, aws as unknown as Aws, join(folder, "aws"), (keys, roleArn) => {
      assumed.push(roleArn);
      return Promise.resolve({ ...keys, accessKeyId: "ASIA1", sessionToken: "token" });
    });
    const text = readFileSync(env.AWS_SHARED_CREDENTIALS_FILE!, "utf8");
    expect(text).toContain("[security-admin]\naws_access_key_id = ASIA1\n");
    expect(text).toContain("aws_session_token = token");
    expect(text).toContain("[staging-admin]\naws_access_key_id = AKIA333333333333\n");
    expect(text).not.toContain("222222222222");
    expect(assumed).toEqual(["arn:aws:iam::111111111111:role/operators"]);
    // Nothing of the user's own configuration is read.
    expect(readFileSync(env.AWS_CONFIG_FILE!, "utf8")).toBe("");
    expect(statSync(env.AWS_SHARED_CREDENTIALS_FILE!).mode & 0o077).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
