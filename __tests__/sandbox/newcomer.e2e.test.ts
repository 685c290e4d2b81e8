import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ledger } from "../../sandbox/checks";
import type { Change } from "../../sandbox/configuration";
import type { Sandbox } from "../../sandbox/sandbox";
import { SearchStack } from "../../sandbox/search-stack";
import { readStack, shortTimeouts } from "../../sandbox/terraform";
import { npmRun, runProgram, type Outcome } from "../support/command";
import { copyProject } from "../support/copy";
import { describeWith } from "../support/tools";
import { putRound, startSandbox } from "./support";

/** An account of the organisation that is not in the configuration at first. */
const NEW_MEMBER = { accountId: "444444444444", name: "research", roleName: "OrganizationAccountAccessRole" };
const PLACE = ["members", 2] as const;

const AT_FIRST: readonly Change[] = [[PLACE, undefined]];
const WITH_NEW_MEMBER: readonly Change[] = [];
const LEAVING: readonly Change[] = [[[...PLACE, "state"], "leaving"]];

/** Nobody is there to answer; and the machine may have its providers from a mirror. */
const FLAGS = ["--auto-approve", "--skip-provider-lock"];

describeWith(["terraform", "java", "mvn", "python3"], "a newcomer, with the README's commands alone", () => {
  let sandbox: Sandbox;
  let end: () => Promise<void> = () => Promise.resolve();
  let folder = "";
  let env: NodeJS.ProcessEnv = {};
  let hasProvider = false;
  let standIn: SearchStack;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "newcomer-test-"));
    copyProject(folder);
    ({ sandbox, end } = await startSandbox([[PLACE, NEW_MEMBER]]));
    // A newcomer has neither a token nor a configuration yet.
    env = { ...sandbox.environment, TF_VAR_gateway_token: undefined, CLOUDTRAIL_CONFIG: undefined, CI: "1" };
    configure(AT_FIRST);
    rmSync(join(folder, "cloudtrail.yaml"));
    hasProvider = await sandbox.findSearchProvider();
    if (!hasProvider) {
      process.stderr.write(
        "\n!!! The elasticstack provider cannot be had here: every stack but `search` is deployed by the README's commands, `search` by its stand-in\n\n",
      );
    }
  });
  afterAll(async () => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  });

  test("npm ci", async () => {
    expect(await runProgram("npm", ["ci"], env, folder)).toMatchObject({ code: 0 });
  });

  test("npx cdktf synth says what is missing, then takes the example, then the newcomer's own file", async () => {
    const without = await runProgram("npx", ["cdktf", "synth"], env, folder);
    expect(without.code).toBe(1);
    expect(`${without.stdout}${without.stderr}`).toContain("Copy cloudtrail.example.yaml to cloudtrail.yaml");
    copyFileSync(join(folder, "cloudtrail.example.yaml"), join(folder, "cloudtrail.yaml"));
    ok(await runProgram("npx", ["cdktf", "synth"], env, folder));
    configure(AT_FIRST);
    ok(await runProgram("npx", ["cdktf", "synth"], env, folder));
    // The provider would wait for ten minutes before it looks at the domain; the synthesized file stays as it is.
    writeFileSync(
      join(folder, "cdktf.out", "stacks", "domain", "override.tf.json"),
      JSON.stringify(shortTimeouts(readStack(join(folder, "cdktf.out"), "domain"))),
    );
  });

  test("npm run deploy: a token is made, records arrive, and doctor finds nothing", async () => {
    await deploy((...stacks) => npmRun("deploy", [...stacks, ...FLAGS], env, folder));
    const file = statSync(join(folder, ".cloudtrail", "gateway-token"));
    expect(file.mode & 0o777).toBe(0o600);
    await expectRecords(["111111111111", "222222222222", "333333333333"]);
    const { code, stdout } = await npmRun("doctor", ["--json"], env, folder);
    expect({ code, report: JSON.parse(stdout) as unknown }).toMatchObject({ code: 0, report: { findings: [] } });
  });

  test("the token is in no synthesized file, in no output, and printed nowhere", () => {
    for (const stack of ["archive", "domain", "search", "accounts-1"]) {
      expect(JSON.stringify(readStack(join(folder, "cdktf.out"), stack))).not.toContain(token());
    }
    expect(JSON.stringify(outputs("domain"))).not.toContain(token());
    expect(printed.join("\n")).not.toContain(token());
  });

  test("an account is added, by cdktf itself: its records arrive too", async () => {
    configure(WITH_NEW_MEMBER);
    const byHand = { ...env, TF_VAR_gateway_token: token() };
    const cdktf = (...args: string[]) =>
      runProgram("npx", ["cdktf", "deploy", ...args, "--parallelism", "2", ...FLAGS], byHand, folder);
    await deploy((...stacks) =>
      cdktf(...stacks, ...(stacks[0] === "accounts-1" ? ["--ignore-missing-stack-dependencies"] : [])),
    );
    await expectRecords(["111111111111", "222222222222", "333333333333", NEW_MEMBER.accountId]);
  });

  test("it leaves in two runs, and nothing of it stays", async () => {
    configure(LEAVING);
    await deploy((...stacks) => npmRun("deploy", [...stacks, ...FLAGS], env, folder));
    const left = await sandbox.aws.leftovers();
    expect(left.filter((resource) => resource.startsWith(NEW_MEMBER.accountId))).toEqual([]);
    configure(AT_FIRST);
    await deploy((...stacks) => npmRun("deploy", [...stacks, ...FLAGS], env, folder));
    await expectRecords(["111111111111", "222222222222", "333333333333"]);
  });

  test("npm run gateway: the stack search finds all as it should be through it, until it is ended", async () => {
    configure([...AT_FIRST, [["search", "gateway"], "local"]]);
    ok(await npmRun("deploy", ["domain", ...FLAGS], env, folder));
    const gateway = spawn("npm", ["run", "--silent", "gateway"], {
      cwd: folder,
      env: { ...process.env, ...env, GATEWAY_PORT: "0" },
      stdio: ["ignore", "pipe", "ignore"],
      detached: true,
    });
    try {
      const url = await gatewayAddress(gateway);
      const plan = new SearchStack({ client: sandbox.client, token: token(), folder: join(folder, "search-stack") });
      expect(await plan.plan(join(folder, "cdktf.out"), url)).toEqual([]);
    } finally {
      const ended = once(gateway, "exit");
      process.kill(-gateway.pid!, "SIGINT");
      await ended;
    }
    // The public gateway comes back under another address, which the stack search has to learn.
    configure(AT_FIRST);
    await deploy((...stacks) => npmRun("deploy", [...stacks, ...FLAGS], env, folder));
  });

  test("npm run destroy leaves nothing in any account", async () => {
    const destroy = (...stacks: string[]) => npmRun("destroy", [...stacks, ...FLAGS], env, folder);
    if (hasProvider) {
      ok(await destroy());
    } else {
      ok(await destroy("accounts-*"));
      await standIn.destroy(join(folder, "cdktf.out"));
      ok(await destroy("domain", "archive"));
    }
    expect(await sandbox.aws.leftovers()).toEqual([]);
  });

  /** Everything, as the README says; where the provider of `search` cannot be had, its stand-in in between. */
  async function deploy(run: (...stacks: string[]) => Promise<Outcome>): Promise<void> {
    if (hasProvider) {
      ok(await run("*"));
      return;
    }
    ok(await run("archive", "domain"));
    standIn = new SearchStack({ client: sandbox.client, token: token(), folder: join(folder, "search-stack") });
    await standIn.apply(join(folder, "cdktf.out"), String(outputs("domain").gateway_url?.value));
    ok(await run("accounts-1"));
  }

  /** The newcomer's file, and what the sandbox's checks go by. */
  function configure(changes: readonly Change[]): void {
    sandbox.synthesize(changes);
    copyFileSync(sandbox.configurationFile, join(folder, "cloudtrail.yaml"));
  }

  async function expectRecords(accountIds: readonly string[]): Promise<void> {
    const since = Date.now();
    const rows = await ledger(sandbox, await putRound(sandbox, 2), since);
    expect(rows.map(({ accountId }) => accountId)).toEqual(accountIds);
    for (const row of rows) expect(row).toMatchObject({ put: 2, indexed: 2, mismatches: [] });
  }

  function token(): string {
    return readFileSync(join(folder, ".cloudtrail", "gateway-token"), "utf8").trim();
  }

  function outputs(stack: string): Record<string, { value?: unknown } | undefined> {
    const state = readFileSync(join(folder, `terraform.${stack}.tfstate`), "utf8");
    return (JSON.parse(state) as { outputs: Record<string, { value?: unknown }> }).outputs;
  }
});

const printed: string[] = [];

function ok({ code, stdout, stderr }: Outcome): void {
  printed.push(stdout, stderr);
  if (code !== 0) throw new Error(`it ended with ${String(code)}:\n${stdout}\n${stderr}`);
}

/** The address that the gateway prints once it listens. */
async function gatewayAddress({ stdout }: ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of stdout!) {
    text += String(chunk);
    const url = /TF_VAR_gateway_url=(\S+)/.exec(text)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`the gateway ended: ${text}`);
}
