import { SingleBar } from "cli-progress";
import { Command } from "commander";
import { UNDATED_INDEX } from "../../modules/fields";
import { daysFrom, nextDay } from "../archive/archive";
import {
  ArgumentError,
  COMPLETE,
  INCOMPLETE,
  main,
  open,
  verifyAll,
  withRange,
  type RangeFlags,
  type Session,
} from "../verify/session";
import { indexOfDay, type Comparison } from "../verify/verify";
import { estimate, estimateText } from "./estimate";
import { restore } from "./restore";

interface Flags extends RangeFlags {
  readonly dryRun?: true;
  readonly beyondRetention?: true;
}

const program = withRange(
  new Command("npm run backfill --").description("Puts records that are in the archive only into the index."),
)
  .option("--dry-run", "say what is missing and what it would take; write nothing")
  .option("--beyond-retention", "also days whose indices the retention has removed, or is about to")
  .addHelpText("after", "\nExit codes: 0 nothing is missing any more, 1 something is, 2 it could not be done.");

main(program, async () => {
  const flags = program.opts<Flags>();
  const session = await open(flags);
  refuseDaysBeyondRetention(session, flags);
  const found = await verifyAll(session);
  const all = found.flatMap(({ comparisons }) => comparisons);
  const gaps = all.filter(({ missing }) => missing.length > 0);
  const size = await estimate(session.archive, all);
  process.stderr.write(`${estimateText(size)}\n`);
  const done =
    flags.dryRun === true ? { delivered: 0, duplicates: 0, failed: [] } : await fill(session, gaps, size.records);
  const left = size.records - done.delivered - done.duplicates;
  const unread = found.flatMap(({ frozen, unreadable }) => [...frozen, ...unreadable]);
  const report = { ...size, dryRun: flags.dryRun === true, ...done, left, unread };
  process.stdout.write(`${flags.json === true ? JSON.stringify(report, undefined, 2) : text(report)}\n`);
  return left + unread.length === 0 ? COMPLETE : INCOMPLETE;
});

interface Filled {
  delivered: number;
  duplicates: number;
  readonly failed: { readonly id: string; readonly why: string }[];
}

async function fill({ options, domain }: Session, gaps: readonly Comparison[], total: number): Promise<Filled> {
  const filled: Filled = { delivered: 0, duplicates: 0, failed: [] };
  const bar = new SingleBar({
    format: "Filling [{bar}] {value}/{total} records {duration_formatted}",
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  if (process.stderr.isTTY && total > 0) bar.start(total, 0);
  try {
    for (const { accountId, index, missing } of gaps) {
      const own = daysFrom(options.from, options.to);
      const days = index === UNDATED_INDEX ? own : own.filter((day) => indexOfDay(day) === index);
      const { delivered, duplicates, failed } = await restore(
        accountId,
        [...days, nextDay(days.at(-1)!)],
        new Set(missing),
        { ...options, delivery: domain.delivery, onRecords: (count) => bar.increment(count) },
      );
      filled.delivered += delivered;
      filled.duplicates += duplicates;
      filled.failed.push(...failed);
    }
  } finally {
    bar.stop();
  }
  return filled;
}

/** An index of such a day would go at once, or fill the volume with what nobody asked to keep. */
function refuseDaysBeyondRetention({ config, options }: Session, flags: Flags): void {
  const { retentionDays } = config.search;
  const first = new Date(options.now - retentionDays * 86_400_000).toISOString().slice(0, 10);
  if (flags.beyondRetention === true || flags.from >= first) return;
  throw new ArgumentError([
    `--from ${flags.from}: search.retentionDays is ${retentionDays}, so the index begins on ${first}; ` +
      "begin there, or say --beyond-retention",
  ]);
}

function text(
  report: { dryRun: boolean; left: number; unread: readonly { key: string; why: string }[] } & Filled,
): string {
  const number = (value: number) => value.toLocaleString("en-GB");
  const { dryRun, delivered, duplicates, failed, left, unread } = report;
  return [
    ...(dryRun ? [] : [`Delivered: ${number(delivered)}; there already: ${number(duplicates)}`]),
    ...failed.map(({ id, why }) => `  ${id}: ${why}`),
    ...unread.map(({ key, why }) => `  not read: ${key}: ${why}`),
    left === 0 ? "Nothing is missing." : `Missing: ${number(left)}`,
  ].join("\n");
}
