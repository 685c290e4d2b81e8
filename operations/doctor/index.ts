import { Command, CommanderError, Option } from "commander";
import ora from "ora";
import { ConfigError, loadConfig, printWarnings } from "../../modules/config";
import { AccessError, AwsAccess } from "../aws";
import { examine, type Report } from "./examine";
import { FINDING_CODES, type FindingCode } from "./finding";
import { printed } from "./print";

/** Exit codes. */
const WELL = 0;
const FOUND = 1;
const COULD_NOT_LOOK = 2;

const ELASTIC = "search.target is elastic: only trails and subscriptions are looked at, not the Elastic Stack\n";

interface Flags {
  readonly json?: true;
  readonly ignore: readonly FindingCode[];
}

const program = new Command("npm run doctor --")
  .description("Looks whether everything is as the configuration says, and changes nothing.")
  .option("--json", "print the report as JSON")
  .addOption(new Option("--ignore <kinds...>", "kinds of findings to leave out").choices(FINDING_CODES).default([]))
  .addHelpText("after", "\nExit codes: 0 nothing found, 1 something found, 2 something could not be looked at.")
  .exitOverride();

main().catch((error: unknown) => {
  // What the user has to change is said by the message; of a fault of this program the place matters.
  const known = error instanceof ConfigError || error instanceof AccessError;
  const text = error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = COULD_NOT_LOOK;
});

async function main(): Promise<void> {
  const flags = readFlags();
  if (flags === undefined) return;
  const { config, warnings, file } = loadConfig();
  printWarnings(file, warnings);
  if (config.search.target === "elastic") process.stderr.write(ELASTIC);
  const progress = ora({ text: "Looking", isSilent: flags.json === true || !process.stderr.isTTY }).start();
  const report = await examine(new AwsAccess(config), config, flags.ignore).finally(() => progress.stop());
  process.stdout.write(`${flags.json === true ? JSON.stringify(report, undefined, 2) : printed(report)}\n`);
  process.exitCode = exitCode(report);
}

/** Undefined: there is nothing to do but what commander has printed. */
function readFlags(): Flags | undefined {
  try {
    return program.parse().opts<Flags>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? WELL : COULD_NOT_LOOK;
    return undefined;
  }
}

function exitCode({ findings, notLookedAt }: Report): number {
  if (notLookedAt.length > 0) return COULD_NOT_LOOK;
  return findings.length > 0 ? FOUND : WELL;
}
