import { readdirSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const REGISTRY = "registry.terraform.io";

/** The file system standard's directories for add-on software and shared data. */
const BASES = ["/opt", "/usr/local/share", "/usr/local/lib", "/usr/share", "/usr/lib", "/srv", "/var/opt", "/var/lib"];

export interface TerraformEnvironmentOptions {
  /** A folder of the sandbox's own, for the CLI configuration that may have to be written. */
  readonly workDir: string;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Where an unpacked mirror may lie two levels below. @default the file system standard's directories */
  readonly bases?: readonly string[];
  /** @default asks the registry */
  readonly isRegistryReachable?: () => Promise<boolean>;
}

/** What Terraform is to be run with. */
export interface TerraformEnvironment {
  /** On top of the process's own environment; undefined takes a variable away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where providers come from, for people. */
  readonly source: string;
}

/**
 * Finds out where Terraform gets its providers: as the user's CLI configuration says, or from the registry, or, without
 * network, from an unpacked mirror that somebody put on this machine. Only for the last one a CLI configuration of our
 * own is written.
 */
export async function terraformEnvironment(options: TerraformEnvironmentOptions): Promise<TerraformEnvironment> {
  const { workDir, env = process.env, bases = BASES, isRegistryReachable = askRegistry } = options;
  const named = env.TF_CLI_CONFIG_FILE ?? "";
  const users = [named, named === "" ? defaultCliConfig(env) : ""].find(isFile);
  if (users !== undefined) return { env: QUIET, source: `as ${users} says` };
  const mirrors = findMirrors(bases);
  if (mirrors.length === 0 || (await isRegistryReachable())) {
    // Terraform only warns of a file that is not there, with every command.
    return { env: { ...QUIET, TF_CLI_CONFIG_FILE: undefined }, source: REGISTRY };
  }
  const file = join(workDir, "sandbox.tfrc");
  writeFileSync(file, cliConfig(mirrors));
  return { env: { ...QUIET, TF_CLI_CONFIG_FILE: file }, source: mirrors.map(({ path }) => path).join(", ") };
}

/** Neither Terraform nor cdktf asks the network for news of itself. */
const QUIET = { CHECKPOINT_DISABLE: "1" };

/** A folder in the layout of `terraform providers mirror`, packed or unpacked. */
interface Mirror {
  readonly path: string;
  /** Namespace and type: `hashicorp/aws`. */
  readonly providers: readonly string[];
}

function findMirrors(bases: readonly string[]): Mirror[] {
  return bases
    .flatMap((base) => folders(base).map((name) => join(base, name)))
    .map((path) => ({
      path,
      providers: folders(join(path, REGISTRY)).flatMap((namespace) =>
        folders(join(path, REGISTRY, namespace)).map((type) => `${namespace}/${type}`),
      ),
    }))
    .filter(({ providers }) => providers.length > 0);
}

/** Providers of a mirror come from there and from nowhere else; all others as if there were no configuration. */
function cliConfig(mirrors: readonly Mirror[]): string {
  const quoted = (providers: readonly string[]) =>
    JSON.stringify(providers.map((provider) => `${REGISTRY}/${provider}`));
  const blocks = mirrors.map(
    ({ path, providers }) =>
      `  filesystem_mirror {\n    path    = ${JSON.stringify(path)}\n    include = ${quoted(providers)}\n  }\n`,
  );
  const all = [...new Set(mirrors.flatMap(({ providers }) => providers))];
  return `provider_installation {\n${blocks.join("")}  direct {\n    exclude = ${quoted(all)}\n  }\n}\n`;
}

/** Where Terraform looks for a CLI configuration that nobody named. */
function defaultCliConfig(env: NodeJS.ProcessEnv): string {
  return process.platform === "win32" ? join(env.APPDATA ?? "", "terraform.rc") : join(homedir(), ".terraformrc");
}

async function askRegistry(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(3_000);
    return (await fetch(`https://${REGISTRY}/.well-known/terraform.json`, { signal })).ok;
  } catch {
    return false;
  }
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(path, entry.name))))
      .map(({ name }) => name)
      .sort();
  } catch {
    // Not there, or not for us.
    return [];
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isFile(path: string): boolean {
  return path !== "" && (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
}
