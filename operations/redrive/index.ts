import { S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { SingleBar } from "cli-progress";
import Table from "cli-table3";
import { Command, CommanderError } from "commander";
import { ConfigError, loadConfig, printWarnings, sourceAccounts, type Config } from "../../modules/config";
import { AccessError, AwsAccess } from "../aws";
import { S3LetterBox } from "./letter-box";
import { redrive, type RedriveReport } from "./redrive";

/** Exit codes. */
const ALL_DELIVERED = 0;
const SOMETHING_LEFT = 1;
const COULD_NOT_BE_DONE = 2;

interface Flags {
  readonly account?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

/** An argument that names nothing. */
class ArgumentError extends Error {
  override readonly name = "ArgumentError";
}

const program = new Command("npm run redrive --")
  .description("Tries dead letters again, and removes from the bucket what is in the index then.")
  .option("--account <id>", "only this account's letters")
  .option("--dry-run", "say what there is; write and remove nothing")
  .option("--json", "print the report as JSON")
  .addHelpText("after", "\nExit codes: 0 no letter is left, 1 some are, 2 it could not be done.")
  .exitOverride();

main().catch((error: unknown) => {
  // What the user has to change is said by the message; of a fault of this program the place matters.
  const known = [ConfigError, AccessError, ArgumentError, S3ServiceException].some((kind) => error instanceof kind);
  const text = error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = COULD_NOT_BE_DONE;
});

async function main(): Promise<void> {
  const flags = readFlags();
  if (flags === undefined) return;
  const { config, warnings, file } = loadConfig();
  printWarnings(file, warnings);
  const ownerNames = new Map(sourceAccounts(config).map(({ account: { accountId, name } }) => [accountId, name]));
  if (flags.account !== undefined && !ownerNames.has(flags.account)) {
    throw new ArgumentError(`--account ${flags.account}: ${file} has no such account`);
  }
  const report = await run(config, ownerNames, flags);
  process.stdout.write(`${flags.json === true ? JSON.stringify(report, undefined, 2) : printed(report, flags)}\n`);
  const { stopped, remaining } = report;
  if (stopped) process.stderr.write(`Ended early, ${stopped.untried} objects not tried: ${stopped.why}\n`);
  if (stopped?.cause === "refused") process.exitCode = COULD_NOT_BE_DONE;
  else process.exitCode = remaining.length === 0 ? ALL_DELIVERED : SOMETHING_LEFT;
}

async function run(config: Config, ownerNames: ReadonlyMap<string, string>, flags: Flags): Promise<RedriveReport> {
  const access = new AwsAccess(config);
  const box = new S3LetterBox(new S3Client(access.operator()), config.names.deadLetterBucket);
  const objects = await box.list(flags.account);
  const bar = new SingleBar({
    format: "Dead letters [{bar}] {value}/{total} objects {duration_formatted}",
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  if (objects.length > 0 && process.stderr.isTTY) bar.start(objects.length, 0);
  try {
    return await redrive(objects, {
      box,
      delivery: (await access.domain()).delivery,
      ownerNames,
      maxRecordAgeDays: config.archive.expireAfterDays,
      accountId: flags.account,
      dryRun: flags.dryRun === true,
      onObject: () => bar.increment(),
    });
  } finally {
    bar.stop();
  }
}

/** Undefined: there is nothing to do but what commander has printed. */
function readFlags(): Flags | undefined {
  try {
    return program.parse().opts<Flags>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? ALL_DELIVERED : COULD_NOT_BE_DONE;
    return undefined;
  }
}

function printed(report: RedriveReport, { dryRun }: Flags): string {
  const { remaining } = report;
  if (report.objects === 0) return "There are no dead letters.";
  const number = (value: number) => value.toLocaleString("en-GB");
  const table = new Table({
    head: ["objects", "records", "delivered", "there already", "as envelopes", "left", "objects removed"],
    style: { head: [], border: [] },
    colAligns: Array.from({ length: 7 }, () => "right" as const),
  });
  const { objects, records, delivered, duplicates, enveloped, left, removed } = report;
  table.push([objects, records, delivered, duplicates, enveloped, left, removed].map(number));
  const rest = remaining.map(({ key, why }) => `  ${key}: ${why}`);
  const title = dryRun === true ? "Would be tried:" : "Still in the bucket:";
  return [table.toString(), ...(rest.length === 0 ? [] : [title, ...rest])].join("\n");
}
