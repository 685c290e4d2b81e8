import { Command } from "commander";
import { UNDATED_INDEX } from "../../modules/fields";
import { restore } from "../backfill/restore";
import { daysFrom, nextDay } from "../archive/archive";
import { validateChains } from "./chains";
import { printed, reportOf } from "./report";
import { COMPLETE, INCOMPLETE, main, open, verifyAll, withRange, type RangeFlags, type Session } from "./session";
import { indexOfDay, type AccountVerification } from "./verify";

interface Flags extends RangeFlags {
  readonly digests: boolean;
  readonly publicKeys?: string;
  readonly repair?: true;
}

const program = withRange(
  new Command("npm run verify --").description(
    "Holds the index against the archive: every record, by id and content, and the archive against its digest files.",
  ),
)
  .option("--no-digests", "do not validate digest files")
  .option("--public-keys <file>", "what `aws cloudtrail list-public-keys` printed, instead of asking CloudTrail")
  .option("--repair", "put the archive's content in the place of what is different in the index")
  .addHelpText("after", "\nExit codes: 0 complete, 1 not complete, 2 it could not be looked at.");

main(program, async () => {
  const flags = program.opts<Flags>();
  const session = await open(flags);
  const found = await verifyAll(session);
  const digests = flags.digests
    ? await validateChains(session, found, flags.publicKeys)
    : { validated: null, problems: [], frozen: [] };
  const question = { archive: session.archive.name, from: flags.from, to: flags.to };
  const report = reportOf(question, found, digests);
  process.stdout.write(`${flags.json === true ? JSON.stringify(report, undefined, 2) : printed(report)}\n`);
  if (flags.repair === true) await repair(session, found);
  return report.complete ? COMPLETE : INCOMPLETE;
});

/** What is different becomes as the archive has it. The exit code tells what was found, not what was repaired. */
async function repair(session: Session, found: readonly AccountVerification[]): Promise<void> {
  const { options, domain, index } = session;
  let repaired = 0;
  for (const { accountId, comparisons } of found) {
    for (const { index: name, different } of comparisons) {
      if (different.length === 0) continue;
      const own = daysFrom(options.from, options.to);
      const days = name === UNDATED_INDEX ? own : own.filter((day) => indexOfDay(day) === name);
      const { delivered, failed } = await restore(accountId, [...days, nextDay(days.at(-1)!)], new Set(different), {
        ...options,
        delivery: domain.delivery,
        remove: (from, ids) => index.remove(from, ids),
      });
      repaired += delivered;
      failed.forEach(({ id, why }) => process.stderr.write(`${id} could not be repaired: ${why}\n`));
    }
  }
  process.stderr.write(`Repaired: ${repaired}\n`);
}
