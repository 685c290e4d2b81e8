import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { stackNames } from "../sandbox/terraform";
import { foreignAliases, parseSynthesized, isBeyondQuota, policies, type Synthesized } from "./support/stacks";
import { runCommand, type Outcome } from "./support/command";

const folder = mkdtempSync(join(tmpdir(), "synthesis-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Whoever asks the network waits for nobody. */
const OFFLINE = { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9", CHECKPOINT_DISABLE: "1" };

/** Runs `cdktf synth` on a configuration. */
function synth(name: string, config: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return runCommand("cdktf", ["synth", "--output", join(folder, name)], {
    ...OFFLINE,
    CLOUDTRAIL_CONFIG: config,
    ...env,
  });
}

function readStacks(name: string): Record<string, Synthesized> {
  return Object.fromEntries(
    stackNames(join(folder, name)).map((stack) => [
      stack,
      parseSynthesized(readFileSync(join(folder, name, "stacks", stack, "cdk.tf.json"), "utf8")),
    ]),
  );
}

/** Time is told, not asserted: it is the machine's as well. */
function tell(what: string, seconds: number, bar: number): void {
  process.stderr.write(`${what}: ${seconds.toFixed(1)} s (on a quiet machine: less than ${bar} s)\n`);
}

test("the example is synthesized without network", async () => {
  const { code, seconds } = await synth("example", "cloudtrail.example.yaml");
  expect(code).toBe(0);
  expect(stackNames(join(folder, "example")).sort()).toEqual(["accounts-1", "archive", "domain", "search"]);
  tell("cdktf synth of the example", seconds, 10);
});

describe("200 members in stacks of ten", () => {
  const members = Array.from({ length: 200 }, (_, index) => ({
    accountId: String(200_000_000_000 + index),
    name: `member ${index}`,
    roleName: "OrganizationAccountAccessRole",
    stack: Math.floor(index / 10) + 1,
  }));
  const memory = join(folder, "memory");
  let outcome: Outcome;
  let stacks: Record<string, Synthesized>;

  beforeAll(async () => {
    const config = join(folder, "200.yaml");
    writeFileSync(
      config,
      stringify({
        region: "eu-central-1",
        management: { accountId: "111111111111", name: "security" },
        members,
        kibana: { allowedCidrs: ["203.0.113.10/32"] },
      }),
    );
    const reporter = join(folder, "memory.cjs");
    writeFileSync(
      reporter,
      `process.on("exit", () => require("node:fs").appendFileSync(${JSON.stringify(memory)}, process.resourceUsage().maxRSS + "\\n"));`,
    );
    outcome = await synth("organisation", config, { NODE_OPTIONS: `--require ${JSON.stringify(reporter)}` });
    stacks = readStacks("organisation");
  });

  test("are synthesized", () => {
    expect(outcome.code).toBe(0);
    tell("cdktf synth of 200 members", outcome.seconds, 40);
  });

  test("take less than 1 GB of memory, in the largest process", () => {
    const kilobytes = readFileSync(memory, "utf8").trim().split("\n").map(Number);
    expect(kilobytes.length).toBeGreaterThan(1);
    expect(Math.max(...kilobytes)).toBeLessThan(1_000_000);
  });

  test("have every policy within its quota", () => {
    const found = policies(stacks);
    // A trail's role and a shipper's role in each account, besides what is shared.
    expect(found.length).toBeGreaterThan(4 * members.length);
    expect(found.filter(isBeyondQuota)).toEqual([]);
  });

  test("each have their own alias in every resource and data source of every accounts stack", () => {
    const accountStacks = Object.entries(stacks).filter(([name]) => name.startsWith("accounts-"));
    expect(accountStacks).toHaveLength(20);
    for (const [name, stack] of accountStacks) {
      const ids = members.filter((member) => `accounts-${member.stack}` === name).map(({ accountId }) => accountId);
      const own = name === "accounts-1" ? ["111111111111", ...ids] : ids;
      expect(stack.provider.aws!.map(({ alias }) => alias)).toEqual(own.map((id) => `account_${id}`));
      expect(foreignAliases(stack)).toEqual([]);
    }
  });
});

describe("a configuration that cannot be used", () => {
  const MISTAKES: readonly (readonly [place: string, message: RegExp])[] = [
    ["region", /"nowhere"; must be an AWS region/],
    ["members[0].accountId", /"22222222222"; must be twelve digits/],
    ["members[1].accountId", /management account is a source account by itself.*Remove this entry/],
    ["members[2].state", /"left"; must be active or leaving/],
    ["archive.glacierAfterDays", /40; must be at least 60 days/],
    ["logs.retentionDays", /8; must be one of the days that CloudWatch Logs knows/],
    ["search.engineVersion", /"Elasticsearch_8.0"; must be one of Elasticsearch_7.10, /],
    ["search.volumeSizeGb", /no such key. Perhaps volumeSizeGib is meant/],
    ["kibana.allowedCidrs", /0.0.0.0\/0; this adds up to the whole internet/],
    ["operations.principals[0]", /"security-admin"; must be the ARN of a role, a user or an account root/],
  ];
  const SPOILT = {
    region: "nowhere",
    management: { accountId: "111111111111", name: "security", profile: "security-admin" },
    members: [
      { accountId: "22222222222", name: "a digit short", profile: "a" },
      { accountId: "111111111111", name: "the management account again", profile: "b" },
      { accountId: "333333333333", name: "gone", profile: "c", state: "left" },
    ],
    archive: { standardIaAfterDays: 30, glacierAfterDays: 40, expireAfterDays: 1095 },
    logs: { retentionDays: 8 },
    search: { engineVersion: "Elasticsearch_8.0", volumeSizeGb: 100 },
    kibana: { allowedCidrs: ["0.0.0.0/0"] },
    operations: { principals: ["security-admin"] },
  };
  let outcome: Outcome;

  beforeAll(async () => {
    const config = join(folder, "spoilt.yaml");
    writeFileSync(config, stringify(SPOILT));
    outcome = await runCommand("tsx", ["main.ts"], { CLOUDTRAIL_CONFIG: config, CDKTF_OUTDIR: join(folder, "spoilt") });
  });

  test("gets a message for each of ten mistakes", () => {
    const [title, ...lines] = outcome.stderr.trim().split("\n");
    expect(title).toMatch(/spoilt\.yaml: 10 problems$/);
    expect(lines).toHaveLength(MISTAKES.length);
    for (const [place, message] of MISTAKES) {
      expect(lines.find((line) => line.startsWith(`  - ${place} `))).toMatch(message);
    }
  });

  test("ends with exit code 1, without a stack trace, and writes nothing", () => {
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).not.toMatch(/^\s+at /m);
    expect(outcome.stdout).toBe("");
    expect(readdirSync(folder)).not.toContain("spoilt");
  });

  test("is told of by `cdktf synth` too", async () => {
    const { code, stdout, stderr } = await synth("spoilt", join(folder, "spoilt.yaml"));
    expect(code).toBe(1);
    expect(stdout + stderr).toContain("10 problems");
    expect(stdout + stderr).not.toMatch(/^\s+at /m);
  });

  test("is named in one message and exit code 1 where there is none", async () => {
    const { code, stdout, stderr } = await runCommand("tsx", ["main.ts"], {
      CLOUDTRAIL_CONFIG: join(folder, "none.yaml"),
      CDKTF_OUTDIR: join(folder, "none"),
    });
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/none\.yaml: 1 problem$/),
      expect.stringMatching(/CLOUDTRAIL_CONFIG: there is no such file\. Copy cloudtrail\.example\.yaml/),
    ]);
    expect(readdirSync(folder)).not.toContain("none");
  });
});
