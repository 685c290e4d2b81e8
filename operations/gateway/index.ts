import { loadConfig, orExplain, printWarnings } from "../../modules/config";
import { gatewayToken } from "./token";
import { openLocalGateway } from "./open";

/** `npm run gateway`: a local gateway for the configured domain, until it is stopped. */
async function main(): Promise<void> {
  const { config, warnings, file } = orExplain(() => loadConfig());
  printWarnings(file, warnings);
  if (config.search.target !== "aws") throw new Error("search.target is elastic: Terraform needs no gateway there.");
  const gateway = await openLocalGateway(config, gatewayToken());
  process.stdout.write(
    `The gateway listens, with the token that \`npm run deploy\` uses. In another terminal: export TF_VAR_gateway_url=${gateway.url}\n`,
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void gateway.close());
}

main().catch((error: unknown) => {
  // What is wrong is the configuration, the access, the token or the port: the message says it, a stack trace would not.
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
