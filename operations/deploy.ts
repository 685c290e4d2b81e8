import { spawn } from "node:child_process";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { deployedEndpoint, localSettings, operatorCredentials } from "../lambda/gateway/local";
import { DEFAULT_PORT, startLocalGateway } from "../lambda/gateway/server";
import { loadConfig, orExplain, printWarnings } from "../modules/config";
import { gatewayToken, TokenError } from "./gateway-token";

type Action = "deploy" | "destroy";

/** A stack of accounts takes up to 1 GB: two at a time fit any workstation, and Terraform Cloud's smallest worker. */
const PARALLELISM = 2;

interface Flags {
  readonly parallelism: number;
  readonly autoApprove?: true;
}

const program = new Command("npm run deploy --").description(
  "cdktf with what the stacks need: the gateway's token, bounded memory, and the local gateway where it is configured.",
);
for (const action of ["deploy", "destroy"] as const) {
  program
    .command(action, { isDefault: action === "deploy" })
    .description(`cdktf ${action}, by default of every stack`)
    .argument("[stacks...]", "names of stacks, such as archive or accounts-1", ["*"])
    .option("--parallelism <number>", "stacks at the same time", wholeNumber, PARALLELISM)
    .option("--auto-approve", "without asking")
    .action((stacks: string[], flags: Flags) => run(action, stacks, flags));
}

program.parseAsync().catch((error: unknown) => {
  // What the user has to change is said by the message; of a fault of this program the place matters.
  const known = error instanceof TokenError;
  process.stderr.write(`${error instanceof Error && !known ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});

async function run(action: Action, stacks: readonly string[], flags: Flags): Promise<void> {
  const { config, warnings, file } = orExplain(() => loadConfig());
  printWarnings(file, warnings);
  if (config.search.target === "elastic") {
    // No gateway, no token: Terraform's key is TF_VAR_elastic_api_key.
    process.exitCode = await cdktf(action, stacks, flags, process.env);
    return;
  }
  const token = gatewayToken();
  const env = { ...process.env, TF_VAR_gateway_token: token };
  if (config.search.gateway !== "local") {
    process.exitCode = await cdktf(action, stacks, flags, env);
    return;
  }
  // The gateway can only listen once there is a domain behind it.
  if (action === "deploy") {
    const code = await cdktf("deploy", ["archive", "domain"], flags, { ...env, TF_VAR_gateway_url: placeholder() });
    if (code !== 0) {
      process.exitCode = code;
      return;
    }
  }
  const gateway = await startLocalGateway({
    settings: localSettings(config, process.env.SEARCH_ENDPOINT ?? deployedEndpoint(), token),
    credentials: operatorCredentials(config),
    port: Number(process.env.GATEWAY_PORT ?? DEFAULT_PORT),
  });
  try {
    process.exitCode = await cdktf(action, stacks, flags, { ...env, TF_VAR_gateway_url: gateway.url });
  } finally {
    await gateway.close();
  }
}

/** The program of the project's own cdktf-cli, with this terminal. */
function cdktf(action: Action, stacks: readonly string[], flags: Flags, env: NodeJS.ProcessEnv): Promise<number> {
  const args = [
    join(__dirname, "..", "node_modules", "cdktf-cli", "bundle", "bin", "cdktf"),
    action,
    ...stacks,
    "--parallelism",
    String(flags.parallelism),
    ...(flags.autoApprove ? ["--auto-approve"] : []),
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

/** Where the gateway is going to listen; nothing calls it before it does. */
function placeholder(): string {
  return `http://127.0.0.1:${process.env.GATEWAY_PORT ?? DEFAULT_PORT}`;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("It is a whole number from 1.");
  return number;
}
