import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, Option } from "commander";
import { Cleanup } from "./cleanup";
import { runDemo, type DemoOptions } from "./demonstration";
import type { EngineKind } from "./engine";
import { EngineInUse } from "./engine/running";
import { checkPrerequisites, MissingPrograms } from "./prerequisites";
import { TerminalProgress } from "./progress";
import { RecordsError } from "./records";
import { StackError } from "./terraform";

interface Flags {
  readonly records?: string[];
  readonly engine: EngineKind;
  readonly keep?: true;
  readonly output: string;
  readonly picture?: string;
}

const flags = new Command("npm run demo --")
  .description("Runs the whole system on this machine: deploys, ships records, shows them, destroys.")
  .option("--records <path...>", "CloudTrail files or folders, as S3 holds them or JSON lines; also gzipped")
  .addOption(new Option("--engine <kind>", "search engine").choices(["es7", "os2"]).default("es7"))
  .option("--keep", "leave all running, and print the addresses, until Ctrl-C")
  .option("--output <file>", "page with the dashboards", join("demo", "dashboard.html"))
  .option("--picture <file>", "also draw the article's dashboard as an SVG picture")
  .addHelpText("after", "\nSEARCH_URL=http://host:port uses an engine that already runs, with no cwl-* index in it.")
  .parse()
  .opts<Flags>();

const INTERRUPTED = 130;
/** Milliseconds that something which is just being started has to come up, so that it can be ended. */
const LAST_START = 30_000;
const progress = new TerminalProgress();
const cleanup = new Cleanup();
const interruption = new AbortController();

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (interruption.signal.aborted) return;
    progress.note("\nInterrupted: ending what runs");
    interruption.abort(new Error("interrupted"));
    void endAfterAll().then(() => process.exit(INTERRUPTED));
  });
}

const finished = main();

async function main(): Promise<void> {
  try {
    process.exitCode = (await demo()) ? 0 : 1;
  } catch (error) {
    // What was under way when the user interrupted it fails; that is not worth a word.
    if (interruption.signal.aborted) return;
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  } finally {
    if (!interruption.signal.aborted) await end();
  }
}

async function demo(): Promise<boolean> {
  const searchUrl = process.env.SEARCH_URL === "" ? undefined : process.env.SEARCH_URL;
  checkPrerequisites(searchUrl === undefined);
  const options: DemoOptions = {
    engine: flags.engine,
    searchUrl,
    records: flags.records,
    progress,
    cleanup,
    signal: interruption.signal,
    onPage: (html) => save(flags.output, html),
    onPicture: flags.picture === undefined ? undefined : (svg) => save(flags.picture!, svg),
    onKeep: flags.keep ? waitForInterruption : undefined,
    print: (text) => process.stdout.write(`${text}\n`),
  };
  return runDemo(options);
}

function save(file: string, content: string): void {
  const path = resolve(file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  progress.note(`  written: ${relative(process.cwd(), path)}`);
}

async function waitForInterruption(addresses: Readonly<Record<string, string>>): Promise<void> {
  const width = Math.max(...Object.keys(addresses).map((name) => name.length));
  const lines = Object.entries(addresses).map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  process.stdout.write(`\nAll is left running, until Ctrl-C:\n${lines.join("\n")}\n`);
  await new Promise((resolve) => interruption.signal.addEventListener("abort", resolve, { once: true }));
}

/** Ends what runs, then what was still starting. */
async function endAfterAll(): Promise<void> {
  await end();
  await Promise.race([finished, sleep(LAST_START, undefined, { ref: false })]);
  await end();
}

function end(): Promise<void> {
  return cleanup.run((what, error) => progress.note(`✖ could not end ${what}: ${String(error)}`));
}

/** Errors that say what to do are shown as they are; of all others the place in the code matters. */
function explain(error: unknown): string {
  const known = [MissingPrograms, RecordsError, EngineInUse, StackError].some((kind) => error instanceof kind);
  return error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
}
