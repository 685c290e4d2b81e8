import { join } from "node:path";
import Table from "cli-table3";
import { DASHBOARD_ID } from "../modules/dashboards";
import type { Finding } from "../operations/doctor/finding";
import {
  askPanels,
  closedDoors,
  deadLetterDrill,
  doctorProblems,
  ledger,
  operatorReads,
  runDoctor,
  type AccountLedger,
  type Answers,
} from "./checks";
import type { Cleanup } from "./cleanup";
import type { EngineKind } from "./engine";
import { renderPage, renderPicture } from "./page";
import type { Progress } from "./progress";
import { assign, day, readRecords, STORY, type LoggedRecord } from "./records";
import { Sandbox } from "./sandbox";
import type { StackEvent } from "./terraform";
import { putRecords } from "./traffic";

/** What doctor finds where records come long after their days. */
const OF_OLD_RECORDS: readonly string[] = ["index-late", "account-silent"];

export interface DemoOptions {
  readonly engine: EngineKind;
  readonly searchUrl?: string;
  /** Files and folders with CloudTrail records. @default a day that the sandbox makes up */
  readonly records?: readonly string[];
  readonly progress: Progress;
  readonly cleanup: Cleanup;
  readonly signal: AbortSignal;
  /** Gets the page with the dashboards. */
  readonly onPage: (html: string) => void;
  /** Gets the article's dashboard as a picture. */
  readonly onPicture?: (svg: string) => void;
  /** Called with every address before anything is destroyed; then nothing is. */
  readonly onKeep?: (addresses: Readonly<Record<string, string>>) => Promise<void>;
  /** For results. */
  readonly print: (text: string) => void;
}

/**
 * The whole way once: deploys, ships, looks, plans again, destroys. Everything that is not as it should be is printed.
 *
 * @returns whether all was as it should be
 */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const { progress, print } = options;
  // First, so that a file that cannot be read ends the run before anything is started.
  const given = await readGiven(options);
  const sandbox = await Sandbox.start(options);
  const records = await shareOut(given, sandbox, progress);
  const gatewayUrl = await deploy(sandbox, progress);
  await ship(sandbox, records, progress);
  const problems = await look(sandbox, records, gatewayUrl, options);
  if (options.onKeep) {
    print(verdict(problems));
    await options.onKeep(await addresses(sandbox, gatewayUrl));
    return problems.length === 0;
  }
  problems.push(...(await planAndDestroy(sandbox, progress)));
  print(verdict(problems));
  return problems.length === 0;
}

/** The user's own records; undefined where there are none. */
function readGiven({ records, progress }: DemoOptions): Promise<LoggedRecord[] | undefined> {
  if (records === undefined) return Promise.resolve(undefined);
  return progress.step("Records", async (detail) => {
    const read: LoggedRecord[] = [];
    for await (const { record, message } of readRecords(records, (file, count) => detail(`${file}: ${count}`))) {
      read.push({ record, message });
    }
    return read;
  });
}

/** Records by account. */
async function shareOut(
  given: LoggedRecord[] | undefined,
  sandbox: Sandbox,
  progress: Progress,
): Promise<Map<string, LoggedRecord[]>> {
  const accounts = sandbox.accounts.map(({ account }) => account);
  const ids = accounts.map(({ accountId }) => accountId);
  if (given) return assign(given, ids);
  return progress.step("Records: a day in the life of a small organisation", () =>
    Promise.resolve(assign(day({ accounts, region: sandbox.config.region }), ids)),
  );
}

async function deploy(sandbox: Sandbox, progress: Progress): Promise<string> {
  await progress.step("Synthesis", () => Promise.resolve(sandbox.synthesize()));
  progress.note(`  providers: ${sandbox.providerSource}`);
  const results = await progress.step("Deployment", (detail) => sandbox.deploy(watch(progress, detail)));
  if (!sandbox.usesRealProvider) {
    progress.note(
      "  The elasticstack provider cannot be had here: a stand-in sent its requests through the deployed gateway.",
    );
  }
  return String(results.find(({ stack }) => stack === "domain")?.outputs.gateway_url);
}

async function ship(
  sandbox: Sandbox,
  records: ReadonlyMap<string, readonly LoggedRecord[]>,
  progress: Progress,
): Promise<void> {
  const total = [...records.values()].reduce((sum, { length }) => sum + length, 0);
  await progress.bar("Records into the log groups", total, async (advance) => {
    for (const [accountId, own] of records) {
      const destination = {
        logGroup: sandbox.config.names.logGroup,
        logStream: `${accountId}_CloudTrail_${sandbox.config.region}`,
      };
      await putRecords(sandbox.clients(accountId).logs, destination, own, advance);
    }
  });
  await progress.step("Subscriptions carry them into the index", () => sandbox.settle());
}

async function look(
  sandbox: Sandbox,
  records: ReadonlyMap<string, readonly LoggedRecord[]>,
  gatewayUrl: string,
  options: DemoOptions,
): Promise<string[]> {
  const { progress, print } = options;
  const rows = await progress.step("Index against what was put", () => ledger(sandbox, records));
  const problems = rows.flatMap(({ name, mismatches }) => mismatches.map((mismatch) => `${name}: ${mismatch}`));
  const answers = await progress.step("Dashboards", () => askPanels(sandbox));
  problems.push(...(await draw(sandbox, answers, options)));
  problems.push(...(await progress.step("Dead-letter drill", () => deadLetterDrill(sandbox))));
  problems.push(...(await progress.step("What operators read", () => operatorReads(sandbox))));
  problems.push(...(await progress.step("Closed doors", () => closedDoors(sandbox, gatewayUrl))));
  problems.push(...(await examine(sandbox, options)));
  print(table(rows));
  if (options.records === undefined) {
    print(`\nA story worth finding:\n${STORY.map(({ query, tells }) => `  ${tells}\n    ${query}`).join("\n")}\n`);
  }
  return problems;
}

/** What `npm run doctor` finds. Records of the user's own may be old: that their days are is no fault. */
async function examine(sandbox: Sandbox, { progress, records }: DemoOptions): Promise<string[]> {
  const { report } = await progress.step("Doctor", () => runDoctor(sandbox));
  const isOfOldRecords = ({ code }: Finding) => records !== undefined && OF_OLD_RECORDS.includes(code);
  const [remarks, findings] = partition(report.findings, isOfOldRecords);
  remarks.forEach(({ message }) => progress.note(`  ${message}`));
  return doctorProblems({ ...report, findings });
}

/** Draws page and picture; of the article's dashboard, and with the made-up day of both, no panel may be empty. */
async function draw(
  sandbox: Sandbox,
  { dashboards, range, records }: Answers,
  options: DemoOptions,
): Promise<string[]> {
  const count = records.toLocaleString("en-GB");
  const [from, to] = [range.from, range.to].map((time) => `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`);
  const facts = {
    Records: count,
    From: from!,
    To: to!,
    Accounts: sandbox.accounts.map(({ account }) => account.name).join(", "),
    Engine: sandbox.engine.engineVersion.replace("_", " "),
  };
  const { html } = await renderPage({ title: "CloudTrail", facts, dashboards });
  options.onPage(html);
  const article = dashboards.find(({ id }) => id === DASHBOARD_ID)!;
  if (options.onPicture) {
    const line = `${count} records, ${from!} to ${to!}`;
    options.onPicture(await renderPicture({ title: article.title, facts: line, panels: article.panels }));
  }
  const emptyOnes = await Promise.all(
    dashboards.map(async (dashboard) => {
      const { empty } = await renderPage({ title: dashboard.title, facts: {}, dashboards: [dashboard] });
      return empty.map((panel) => ({ dashboard, text: `${dashboard.title}: the panel ${panel} is empty` }));
    }),
  );
  const [problems, remarks] = partition(
    emptyOnes.flat(),
    ({ dashboard }) => options.records === undefined || dashboard.id === DASHBOARD_ID,
  );
  remarks.forEach(({ text }) => options.progress.note(`  ${text} with these records`));
  return problems.map(({ text }) => text);
}

async function planAndDestroy(sandbox: Sandbox, progress: Progress): Promise<string[]> {
  const changes = await progress.step("Second plan", () => sandbox.plan());
  await progress.step("Destruction", (detail) => sandbox.destroy(watch(progress, detail)));
  const leftovers = await sandbox.aws.leftovers();
  return [
    ...changes.map(({ stack, address, action }) => `a second plan would ${action} ${address} in ${stack}`),
    ...leftovers.map((resource) => `destroy left ${resource}`),
  ];
}

/** Shows how far Terraform is. */
function watch(progress: Progress, detail: (text: string) => void): (event: StackEvent) => void {
  const counts = new Map<string, { begun: number; done: number }>();
  return (event) => {
    const count = counts.get(event.stack) ?? { begun: 0, done: 0 };
    counts.set(event.stack, count);
    if (event.type === "resource") count[event.done ? "done" : "begun"] += 1;
    if (event.type === "done") progress.note(`  ${event.stack}: ${count.done} resources`);
    if (event.type === "warning") progress.note(`  ${event.stack}: warning: ${event.message}`);
    detail([...counts].map(([stack, { begun, done }]) => `${stack} ${done}/${begun}`).join(", "));
  };
}

function table(rows: readonly AccountLedger[]): string {
  const out = new Table({
    head: ["account", "name", "put", "indexed", "duplicates", "dead letters", ""],
    colAligns: ["left", "left", "right", "right", "right", "right", "left"],
    style: { head: [], border: [] },
  });
  const number = (value: number) => value.toLocaleString("en-GB");
  for (const { accountId, name, put, indexed, duplicates, deadLettered, mismatches } of rows) {
    const state = mismatches.length === 0 ? "complete" : "MISMATCH";
    out.push([accountId, name, number(put), number(indexed), number(duplicates), number(deadLettered), state]);
  }
  return out.toString();
}

function verdict(problems: readonly string[]): string {
  return problems.length === 0
    ? "Everything is as it should be."
    : `Not as it should be:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`;
}

async function addresses(sandbox: Sandbox, gatewayUrl: string): Promise<Record<string, string>> {
  return {
    "search engine": sandbox.engine.url,
    "search domain": `https://${sandbox.domain.endpoint}`,
    "the same, seen from an allowed network": `https://${await sandbox.peoplesDoor()}`,
    gateway: gatewayUrl,
    AWS: sandbox.aws.url,
    "AWS profiles": join(sandbox.folder, "aws", "credentials"),
    "certificate authority": sandbox.certificates.caFile,
    "synthesized stacks": sandbox.synthesized,
  };
}

function partition<T>(values: readonly T[], belongs: (value: T) => boolean): [T[], T[]] {
  return [values.filter(belongs), values.filter((value) => !belongs(value))];
}
