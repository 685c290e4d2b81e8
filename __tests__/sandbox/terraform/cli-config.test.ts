import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { terraformEnvironment, type TerraformEnvironmentOptions } from "../../../sandbox/terraform";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cli-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("providers come", () => {
  test("as the user's own CLI configuration says, whatever else there is", async () => {
    const file = join(folder, "user.tfrc");
    writeFileSync(file, "");
    mirror("share/terraform", "hashicorp/aws");
    const { env, source } = await environment({ env: { TF_CLI_CONFIG_FILE: file } });
    expect(source).toBe(`as ${file} says`);
    expect("TF_CLI_CONFIG_FILE" in env).toBe(false);
  });

  test("from the registry where it can be reached", async () => {
    mirror("share/terraform", "hashicorp/aws");
    const { env, source } = await environment({ isRegistryReachable: () => Promise.resolve(true) });
    expect(source).toBe("registry.terraform.io");
    expect(env.TF_CLI_CONFIG_FILE).toBeUndefined();
  });

  test("from an unpacked mirror where there is no network", async () => {
    const path = mirror("share/terraform", "hashicorp/aws");
    const { env, source } = await environment();
    expect(source).toBe(path);
    const text = readFileSync(env.TF_CLI_CONFIG_FILE!, "utf8");
    expect(text).toContain(`path    = ${JSON.stringify(path)}`);
    expect(text).toContain('include = ["registry.terraform.io/hashicorp/aws"]');
    // All others as if there were no configuration.
    expect(text).toContain('direct {\n    exclude = ["registry.terraform.io/hashicorp/aws"]');
  });

  test("from several mirrors, each for what it has, also by links", async () => {
    const first = mirror("share/one", "hashicorp/aws");
    mirror("elsewhere/two", "elastic/elasticstack");
    symlinkSync(join(folder, "elsewhere", "two"), join(folder, "share", "linked"));
    const { env, source } = await environment();
    expect(source).toBe(`${join(folder, "share", "linked")}, ${first}`);
    expect(readFileSync(env.TF_CLI_CONFIG_FILE!, "utf8")).toMatch(
      /direct \{\n {4}exclude = \["[^"]*elastic\/elasticstack","[^"]*hashicorp\/aws"\]/,
    );
  });

  test("from the registry if there is neither network nor mirror: Terraform says best what it lacks", async () => {
    expect((await environment()).source).toBe("registry.terraform.io");
  });
});

test("a configuration that is named and not there is taken away: Terraform would warn of it each time", async () => {
  const { env } = await environment({ env: { TF_CLI_CONFIG_FILE: join(folder, "gone.tfrc"), HOME: folder } });
  expect("TF_CLI_CONFIG_FILE" in env && env.TF_CLI_CONFIG_FILE === undefined).toBe(true);
});

test("Terraform does not ask the network for news of itself", async () => {
  expect((await environment()).env.CHECKPOINT_DISABLE).toBe("1");
});

function environment(options: Partial<TerraformEnvironmentOptions> = {}) {
  return terraformEnvironment({
    workDir: folder,
    // Named, so that no configuration in the home folder of whoever runs the tests is found.
    env: { TF_CLI_CONFIG_FILE: join(folder, "none.tfrc") },
    bases: [join(folder, "share"), join(folder, "not-there")],
    isRegistryReachable: () => Promise.resolve(false),
    ...options,
  });
}

function mirror(path: string, provider: string): string {
  mkdirSync(join(folder, path, "registry.terraform.io", provider), { recursive: true });
  return join(folder, path);
}
