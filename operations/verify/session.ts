import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { SingleBar } from "cli-progress";
import { CommanderError, type Command } from "commander";
import {
  ConfigError,
  loadConfig,
  printWarnings,
  sourceAccounts,
  type Account,
  type Config,
} from "../../modules/config";
import type { Archive } from "../archive/archive";
import { daysFrom } from "../archive/archive";
import { FolderArchive } from "../archive/folder";
import { S3Archive } from "../archive/s3";
import { AccessError, AwsAccess } from "../aws";
import { RefusedError } from "../backfill/restore";
import { DomainError, type DomainClient } from "../domain-client";
import { DomainIndex } from "./index-reader";
import { verifyAccount, type AccountVerification, type Checkpoint, type VerifyOptions } from "./verify";

/** Exit codes of verify and backfill. */
export const COMPLETE = 0;
export const INCOMPLETE = 1;
export const COULD_NOT_BE_DONE = 2;

/** Flags that both commands have. */
export interface RangeFlags {
  readonly from: string;
  readonly to: string;
  readonly account?: string;
  readonly archive?: string;
  readonly json?: true;
}

/** Arguments that say nothing sensible: every problem, one a line. */
export class ArgumentError extends Error {
  override readonly name = "ArgumentError";

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
  }
}

/** What a command works on. */
export interface Session {
  readonly config: Config;
  readonly access: AwsAccess;
  readonly accounts: readonly Account[];
  readonly archive: Archive;
  readonly domain: DomainClient;
  readonly index: DomainIndex;
  /** The range and how documents are made. */
  readonly options: Omit<VerifyOptions, "checkpoint" | "onDay">;
}

/** The flags of both commands. */
export function withRange(command: Command): Command {
  return command
    .requiredOption("--from <day>", "first day of eventTime, YYYY-MM-DD, UTC")
    .requiredOption("--to <day>", "last day of eventTime, YYYY-MM-DD, UTC")
    .option("--account <id>", "only this account")
    .option("--archive <folder>", "a copy of the archive, as `aws s3 sync` makes it, instead of the bucket")
    .option("--json", "print the report as JSON")
    .exitOverride();
}

/**
 * Reads the configuration and opens archive and index.
 *
 * @throws ArgumentError, ConfigError, AccessError
 */
export async function open(flags: RangeFlags): Promise<Session> {
  const { config, warnings, file } = loadConfig();
  printWarnings(file, warnings);
  const all = sourceAccounts(config).map(({ account }) => account);
  const accounts = all.filter(({ accountId }) => flags.account === undefined || accountId === flags.account);
  const problems = [
    ...rangeProblems(flags),
    ...(accounts.length === 0 ? [`--account ${flags.account ?? ""}: ${file} has no such account`] : []),
    ...(flags.archive !== undefined && !isFolder(flags.archive) ? [`--archive ${flags.archive}: is no folder`] : []),
  ];
  if (problems.length > 0) throw new ArgumentError(problems);
  const access = new AwsAccess(config);
  const archive =
    flags.archive === undefined
      ? new S3Archive(new S3Client(access.operator()), config.names.archiveBucket)
      : new FolderArchive(flags.archive);
  const domain = await access.domain();
  const index = new DomainIndex(domain);
  const options = {
    archive,
    index,
    from: flags.from,
    to: flags.to,
    ownerNames: new Map(all.map(({ accountId, name }) => [accountId, name])),
    maxRecordAgeDays: config.archive.expireAfterDays,
    logGroup: config.names.logGroup,
    now: Date.now(),
  };
  return { config, access, accounts, archive, domain, index, options };
}

/** Verifies each account, with a bar over accounts and days; what a run that was ended has done is not done again. */
export async function verifyAll(session: Session): Promise<AccountVerification[]> {
  const { accounts, options } = session;
  const { checkpoint, save, remove } = checkpointOf(session);
  const bar = new SingleBar({
    format: "Comparing [{bar}] {value}/{total} days {duration_formatted}",
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  if (process.stderr.isTTY) bar.start(accounts.length * daysFrom(options.from, options.to).length, 0);
  const found: AccountVerification[] = [];
  try {
    for (const { accountId } of accounts) {
      const onDay = () => {
        save();
        bar.increment();
      };
      found.push(await verifyAccount(accountId, { ...options, checkpoint, onDay }));
    }
  } finally {
    bar.stop();
  }
  remove();
  return found;
}

/** Runs a command: errors that say what to change are shown as they are; of all others the place matters. */
export function main(program: Command, work: () => Promise<number>): void {
  const parsed = (): boolean => {
    try {
      program.parse();
      return true;
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      process.exitCode = error.exitCode === 0 ? COMPLETE : COULD_NOT_BE_DONE;
      return false;
    }
  };
  if (!parsed()) return;
  work().then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      const known = KNOWN.some((kind) => error instanceof kind) || isOfAwsOrNetwork(error);
      const text = error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
      process.stderr.write(`${text}\n`);
      process.exitCode = COULD_NOT_BE_DONE;
    },
  );
}

const KNOWN = [ConfigError, AccessError, ArgumentError, RefusedError, DomainError];

/** What services answer, and connections that do not come about. */
function isOfAwsOrNetwork(error: unknown): boolean {
  return error instanceof Error && ("$metadata" in error || ("code" in error && typeof error.code === "string"));
}

function rangeProblems({ from, to }: RangeFlags): string[] {
  const today = new Date().toISOString().slice(0, 10);
  const problems = Object.entries({ "--from": from, "--to": to }).flatMap(([flag, day]) =>
    isDay(day) ? (day > today ? [`${flag} ${day}: is in the future`] : []) : [`${flag} ${day}: no day as 2026-01-31`],
  );
  if (problems.length === 0 && from > to) problems.push(`--from ${from} is after --to ${to}`);
  return problems;
}

function isDay(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** Where a run that is ended goes on: one file for each question asked. */
function checkpointOf({ archive, accounts, options }: Session) {
  const question = JSON.stringify([archive.name, options.from, options.to, accounts.map(({ accountId }) => accountId)]);
  const name = createHash("sha256").update(question).digest("hex").slice(0, 16);
  const file = join(".cloudtrail", `verify-${name}.json`);
  const checkpoint: Checkpoint = isYoung(file, options.now) ? readCheckpoint(file) : { days: {} };
  const done = Object.keys(checkpoint.days).length;
  if (done > 0) process.stderr.write(`Going on with a run that was ended: ${done} days are done (${file})\n`);
  const save = () => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // Whole or not at all, whenever the run ends.
    writeFileSync(`${file}.new`, JSON.stringify(checkpoint), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  return { checkpoint, save, remove: () => rmSync(file, { force: true }) };
}

/** What was found long ago is no longer so. */
function isYoung(file: string, now: number): boolean {
  return existsSync(file) && now - statSync(file).mtimeMs < CHECKPOINT_HOURS * 3_600_000;
}
const CHECKPOINT_HOURS = 12;

/** What cannot be read is begun anew. */
function readCheckpoint(file: string): Checkpoint {
  try {
    const read = JSON.parse(readFileSync(file, "utf8")) as Partial<Checkpoint>;
    return { days: read.days ?? {} };
  } catch {
    return { days: {} };
  }
}
