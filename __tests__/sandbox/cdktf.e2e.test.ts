import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ledger } from "../../sandbox/checks";
import type { Sandbox } from "../../sandbox/sandbox";
import { readStack, shortTimeouts } from "../../sandbox/terraform";
import { putRecords } from "../../sandbox/traffic";
import { runCommand } from "../support/command";
import { describeWith } from "../support/tools";
import { aRecord, startSandbox } from "./support";

/** The stack `search` is not among those that cdktf works on. */
const WITHOUT_SEARCH = "--ignore-missing-stack-dependencies";

describeWith(["terraform", "java", "mvn", "python3"], "cdktf itself deploys and destroys", () => {
  let sandbox: Sandbox;
  let end: () => Promise<void> = () => Promise.resolve();
  let folder = "";
  let hasProvider = false;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "cdktf-test-"));
    ({ sandbox, end } = await startSandbox([[["terraform", "backend"], { type: "local", folder }]]));
    sandbox.synthesize();
    hasProvider = await sandbox.findSearchProvider();
    if (!hasProvider) {
      process.stderr.write(
        "\n!!! The elasticstack provider cannot be had here: cdktf deploys all stacks but `search`, which its stand-in applies\n\n",
      );
    }
  });
  afterAll(async () => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  });

  test("cdktf synth, then cdktf deploy: records arrive", async () => {
    await cdktf("synth");
    // The provider would wait for ten minutes before it looks at the domain; the synthesized file stays as it is.
    const domain = join(folder, "cdktf.out", "stacks", "domain");
    writeFileSync(
      join(domain, "override.tf.json"),
      JSON.stringify(shortTimeouts(readStack(join(folder, "cdktf.out"), "domain"))),
    );
    if (hasProvider) {
      await cdktf("deploy", "*");
    } else {
      await cdktf("deploy", "archive", "domain");
      await sandbox.applySearch(output("domain", "gateway_url"));
      await cdktf("deploy", "accounts-1", WITHOUT_SEARCH);
    }
    const put = new Map(sandbox.accounts.map(({ account }) => [account.accountId, [aRecord(account.accountId)]]));
    for (const [accountId, records] of put) {
      const destination = { logGroup: sandbox.config.names.logGroup, logStream: `${accountId}_CloudTrail_test` };
      await putRecords(sandbox.clients(accountId).logs, destination, records, () => undefined);
    }
    await sandbox.settle();
    for (const row of await ledger(sandbox, put)) expect(row).toMatchObject({ put: 1, indexed: 1, mismatches: [] });
  });

  test("no secret is in the synthesized files, and the token in no output", () => {
    for (const stack of ["archive", "domain", "search", "accounts-1"]) {
      const text = JSON.stringify(readStack(join(folder, "cdktf.out"), stack));
      expect(text).not.toContain(sandbox.token);
    }
    expect(Object.values(outputs("domain"))).not.toContainEqual(expect.objectContaining({ value: sandbox.token }));
  });

  test("cdktf destroy leaves nothing", async () => {
    if (hasProvider) {
      await cdktf("destroy", "*");
    } else {
      await cdktf("destroy", "accounts-1");
      await sandbox.destroySearch();
      // One at a time: with this flag and several stacks, cdktf 0.21 starts `terraform destroy` of the first without end.
      await cdktf("destroy", "domain", WITHOUT_SEARCH);
      await cdktf("destroy", "archive", WITHOUT_SEARCH);
    }
    expect(await sandbox.aws.leftovers()).toEqual([]);
  });

  async function cdktf(command: "synth" | "deploy" | "destroy", ...args: string[]): Promise<void> {
    const flags = command === "synth" ? [] : ["--auto-approve", "--skip-synth", "--skip-provider-lock"];
    const outcome = await runCommand("cdktf", [command, ...args, "-o", join(folder, "cdktf.out"), ...flags], {
      ...sandbox.environment,
      CLOUDTRAIL_CONFIG: sandbox.configurationFile,
      CHECKPOINT_DISABLE: "1",
      CI: "1",
    });
    expect(outcome).toMatchObject({ code: 0 });
  }

  function output(stack: string, name: string): string {
    return String(outputs(stack)[name]?.value);
  }

  function outputs(stack: string): Record<string, { value?: unknown } | undefined> {
    const state = JSON.parse(readFileSync(join(folder, `terraform.${stack}.tfstate`), "utf8")) as {
      outputs: Record<string, { value?: unknown }>;
    };
    return state.outputs;
  }
});
