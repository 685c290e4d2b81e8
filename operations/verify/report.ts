import Table from "cli-table3";
import type { DigestProblem } from "../archive/digests";
import type { AccountVerification, Comparison, SkippedFile } from "./verify";

/** What verify found. */
export interface VerifyReport {
  readonly archive: string;
  readonly from: string;
  readonly to: string;
  /** Whether every archived record is in the index, unchanged, and nothing else is, and the archive itself is whole. */
  readonly complete: boolean;
  readonly comparisons: readonly Comparison[];
  /** Files that have to be restored before they can be compared. */
  readonly frozen: readonly SkippedFile[];
  readonly unreadable: readonly SkippedFile[];
  readonly digests: {
    /** How many digest files were validated; null where they were not looked at. */
    readonly validated: number | null;
    readonly problems: readonly DigestProblem[];
  };
}

export function reportOf(
  question: Pick<VerifyReport, "archive" | "from" | "to">,
  accounts: readonly AccountVerification[],
  { frozen: frozenDigests, ...digests }: VerifyReport["digests"] & { readonly frozen: readonly SkippedFile[] },
): VerifyReport {
  const comparisons = accounts.flatMap((account) => account.comparisons);
  const frozen = [...accounts.flatMap((account) => account.frozen), ...frozenDigests];
  const unreadable = accounts.flatMap((account) => account.unreadable);
  const complete = comparisons.every(isComplete) && frozen.length + unreadable.length + digests.problems.length === 0;
  return { ...question, complete, comparisons, frozen, unreadable, digests };
}

export function isComplete({ missing, different, onlyInIndex }: Comparison): boolean {
  return missing.length + different.length + onlyInIndex.length === 0;
}

/** Ids that are shown of each kind; all are in the JSON. */
const SHOWN = 5;

/** The report for people. */
export function printed(report: VerifyReport): string {
  const { comparisons, frozen, unreadable, digests } = report;
  const files = (title: string, skipped: readonly SkippedFile[]) =>
    skipped.length === 0 ? [] : [title, ...skipped.map(({ key, why }) => `  ${key}: ${why}`)];
  return [
    table(comparisons),
    ...comparisons.flatMap(idLines),
    ...files("Not compared, because they have to be restored first:", frozen),
    ...files("Not compared, because they cannot be read:", unreadable),
    ...digestLines(digests),
    report.complete ? "Complete: every archived record is in the index, unchanged." : "Not complete.",
  ].join("\n");
}

function table(comparisons: readonly Comparison[]): string {
  const rows = new Table({
    head: ["account", "index", "archived", "indexed", "missing", "different", "only in the index"],
    style: { head: [], border: [] },
    colAligns: ["left", "left", "right", "right", "right", "right", "right"],
  });
  for (const { accountId, index, archived, indexed, missing, different, onlyInIndex } of comparisons) {
    const counts = [archived, indexed, missing.length, different.length, onlyInIndex.length];
    rows.push([accountId, index, ...counts.map((count) => count.toLocaleString("en-GB"))]);
  }
  return rows.toString();
}

function idLines({ accountId, index, missing, different, onlyInIndex }: Comparison): string[] {
  return Object.entries({ missing, different, "only in the index": onlyInIndex }).flatMap(([kind, ids]) => {
    if (ids.length === 0) return [];
    const more = ids.length > SHOWN ? `, and ${ids.length - SHOWN} more (--json names all)` : "";
    return [`${accountId} ${index}, ${kind}: ${ids.slice(0, SHOWN).join(", ")}${more}`];
  });
}

function digestLines({ validated, problems }: VerifyReport["digests"]): string[] {
  if (validated === null) return ["Digest files were not looked at."];
  return [
    `Digest files: ${validated} validated, ${problems.length === 0 ? "all is well" : "not all is well:"}`,
    ...problems.map(({ kind, bucket, key, hour, detail }) => `  ${kind}: ${bucket}/${key} (${hour}): ${detail}`),
  ];
}
