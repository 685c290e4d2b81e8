import { spawn } from "node:child_process";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { loadConfig, orExplain, printWarnings, type Config } from "../../modules/config";
import { stackRanks } from "../../modules/stacks";
import { AccessError } from "../aws";
import { localGatewayUrl, openLocalGateway } from "../gateway/open";
import { gatewayToken, TokenError } from "../gateway/token";
import { stepsOf, UnknownStackError, type Action, type Step } from "./steps";

/** A stack of accounts takes up to 1 GB: two at a time fit any workstation, and Terraform Cloud's smallest worker. */
const PARALLELISM = 2;

interface Flags {
  readonly parallelism: number;
  readonly autoApprove?: true;
  readonly skipProviderLock?: true;
}

const program = new Command("npm run deploy --").description(
  "cdktf with what the stacks need: the gateway's token, bounded memory, and the local gateway where it is configured.",
);
for (const action of ["deploy", "destroy"] as const) {
  program
    .command(action, { isDefault: action === "deploy" })
    .description(`cdktf ${action}, by default of every stack`)
    .argument("[stacks...]", "names of stacks, such as archive or accounts-1, or patterns, such as 'accounts-*'", ["*"])
    .option("--parallelism <number>", "stacks at the same time", wholeNumber, PARALLELISM)
    .option("--auto-approve", "without asking")
    .option("--skip-provider-lock", "for a machine without the registry: Terraform has its providers from a mirror")
    .action((stacks: string[], flags: Flags) => run(action, stacks, flags));
}

program.parseAsync().catch((error: unknown) => {
  // What the user has to change is said by the message; of a fault of this program the place matters.
  const known = [TokenError, UnknownStackError, AccessError].some((kind) => error instanceof kind);
  const text = error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
});

/** One run of cdktf after the other, until one fails. */
async function run(action: Action, patterns: readonly string[], flags: Flags): Promise<void> {
  const { config, warnings, file } = orExplain(() => loadConfig());
  printWarnings(file, warnings);
  const { target, gateway } = config.search;
  const isLocal = target === "aws" && gateway === "local";
  const steps = stepsOf(action, stackRanks(config), patterns, { gatewayComesFromDomain: isLocal });
  // With an Elastic Stack there is neither gateway nor token: Terraform's key is TF_VAR_elastic_api_key.
  const token = target === "aws" ? gatewayToken() : "";
  const env = {
    ...process.env,
    ...(target === "aws" ? { TF_VAR_gateway_token: token } : {}),
    // Terraform wants a value for every stack; only `search` calls it, and then the gateway listens there.
    ...(isLocal ? { TF_VAR_gateway_url: localGatewayUrl() } : {}),
  };
  for (const [at, step] of steps.entries()) {
    const cdktf = () => runCdktf(action, step, { ...flags, skipSynth: at > 0 }, env);
    const code = isLocal && step.usesGateway ? await withLocalGateway(config, token, cdktf) : await cdktf();
    process.exitCode = code;
    if (code !== 0) return;
  }
}

async function withLocalGateway(config: Config, token: string, work: () => Promise<number>): Promise<number> {
  const gateway = await openLocalGateway(config, token);
  try {
    return await work();
  } finally {
    await gateway.close();
  }
}

/** The program of the project's own cdktf-cli, with this terminal. */
function runCdktf(
  action: Action,
  { stacks, partial }: Step,
  flags: Flags & { readonly skipSynth: boolean },
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const args = [
    join(__dirname, "..", "..", "node_modules", "cdktf-cli", "bundle", "bin", "cdktf"),
    action,
    ...stacks,
    ...["--parallelism", String(flags.parallelism)],
    ...(partial ? ["--ignore-missing-stack-dependencies"] : []),
    ...(flags.autoApprove ? ["--auto-approve"] : []),
    ...(flags.skipProviderLock ? ["--skip-provider-lock"] : []),
    ...(flags.skipSynth ? ["--skip-synth"] : []),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: "inherit" });
    // Ctrl-C reaches cdktf by itself, which ends Terraform in order; this program waits for it.
    const wait = () => undefined;
    process.on("SIGINT", wait);
    child.on("error", reject);
    child.on("close", (code) => {
      process.removeListener("SIGINT", wait);
      resolve(code ?? 1);
    });
  });
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("It is a whole number from 1.");
  return number;
}
