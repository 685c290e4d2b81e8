import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { ConfigError, loadConfig, orExplain, sourceAccounts } from "../../../modules/config";
import { parseWith, valid } from "./mistakes";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("cloudtrail.yaml of the working directory is read", () => {
  writeFileSync(join(folder, "cloudtrail.yaml"), stringify(valid()));
  expect(loadConfig({}, folder)).toMatchObject({
    file: join(folder, "cloudtrail.yaml"),
    config: { region: "ap-northeast-1" },
  });
});

test("CLOUDTRAIL_CONFIG names another file", () => {
  writeFileSync(join(folder, "other.yaml"), stringify({ ...valid(), region: "eu-west-1" }));
  expect(loadConfig({ CLOUDTRAIL_CONFIG: "other.yaml" }, folder).config.region).toBe("eu-west-1");
});

test.each([
  [
    "no file",
    {},
    /cloudtrail.yaml: 1 problem\n {2}- cloudtrail.yaml: there is no such file. Copy cloudtrail.example.yaml/,
  ],
  [
    "no named file",
    { CLOUDTRAIL_CONFIG: "nowhere.yaml" },
    /nowhere.yaml: 1 problem\n {2}- CLOUDTRAIL_CONFIG: there is no such file/,
  ],
  ["a folder", { CLOUDTRAIL_CONFIG: "." }, /a folder, not a file/],
])("%s is one message", (_what, env, message) => {
  expect(() => loadConfig(env, folder)).toThrow(message);
});

test("a program that gets no configuration ends with exit code 1 and the message alone", () => {
  const program = `require("./modules/config").orExplain(() => require("./modules/config").loadConfig({}, ${JSON.stringify(folder)}))`;
  const { status, stderr, stdout } = spawnSync(process.execPath, ["--import", "tsx", "-e", program], {
    encoding: "utf8",
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^\/.*cloudtrail.yaml: 1 problem\n {2}- cloudtrail.yaml: there is no such file\..*\n$/);
});

test("orExplain leaves other errors and results alone", () => {
  expect(orExplain(() => 7)).toBe(7);
  expect(() =>
    orExplain(() => {
      throw new TypeError("a fault of the program");
    }),
  ).toThrow(TypeError);
  expect(ConfigError.prototype).toBeInstanceOf(Error);
});

test("the management account is the first source account; a leaving member is one still", () => {
  const members = [
    { accountId: "222222222222", name: "a", roleName: "r", stack: 2 },
    { accountId: "333333333333", name: "b", roleName: "r", state: "leaving" },
  ];
  expect(
    sourceAccounts(parseWith({ members }).config).map(({ account, ...rest }) => [account.accountId, rest]),
  ).toEqual([
    ["111111111111", { isManagement: true, stack: 1, leaving: false }],
    ["222222222222", { isManagement: false, stack: 2, leaving: false }],
    ["333333333333", { isManagement: false, stack: 1, leaving: true }],
  ]);
});
