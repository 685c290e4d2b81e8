import { withoutContent } from "../../lambda/shipper/bulk";
import { deliver, type Delivery } from "../../lambda/shipper/deliver";
import { toAction } from "../../lambda/shipper/document";
import { deliveryContext, type DeliveryOptions } from "../delivery";
import { readLetters } from "./letters";
import type { LetterBox, LetterObject } from "./letter-box";

/** An object's letters are delivered together. */
export interface RedriveOptions extends DeliveryOptions {
  readonly box: LetterBox;
  /** Only letters of this account's records. @default all accounts' */
  readonly accountId?: string;
  /** Reads and counts, but writes and removes nothing. */
  readonly dryRun: boolean;
  /** Called after each object. */
  readonly onObject?: () => void;
}

/** What became of the letters. Each record is counted in exactly one of delivered, duplicates, left. */
export interface RedriveReport {
  objects: number;
  records: number;
  delivered: number;
  /** There already: a former run, or Lambda's own retry, had delivered them. */
  duplicates: number;
  /** Of the delivered: as envelopes, because the engine refused the record as it is. */
  enveloped: number;
  /** Not delivered; still in the bucket. In a dry run: all. */
  left: number;
  /** Objects that were removed, because all that is in them is in the index. */
  removed: number;
  /** Objects that stay, and why. */
  readonly remaining: { readonly key: string; readonly why: string }[];
  /** Why the run ended before all objects were tried; absent where they were. */
  stopped?: Stop;
}

/** The domain does not let the operator write, or takes nothing for as long as one object may be tried. */
export interface Stop {
  readonly cause: "refused" | "unavailable";
  readonly why: string;
  /** Objects that were not tried. */
  readonly untried: number;
}

/**
 * Tries dead letters again, through the code that the functions run. Safe to repeat: a record's id is its own, so what is
 * there already stays as it is. An object goes only when everything in it is in the index; with one letter left it stays
 * whole. What S3 does not give or does not remove stays, and is said, and the others are tried all the same.
 */
export async function redrive(objects: readonly LetterObject[], options: RedriveOptions): Promise<RedriveReport> {
  const report: RedriveReport = {
    objects: 0,
    records: 0,
    delivered: 0,
    duplicates: 0,
    enveloped: 0,
    left: 0,
    removed: 0,
    remaining: [],
  };
  for (const [at, object] of objects.entries()) {
    const stop = await redriveObject(object, report, options);
    options.onObject?.();
    if (stop) return { ...report, stopped: { ...stop, untried: objects.length - at - 1 } };
  }
  return report;
}

/** @returns why it is of no use to go on, if it is of none */
async function redriveObject(
  { key }: LetterObject,
  report: RedriveReport,
  options: RedriveOptions,
): Promise<Omit<Stop, "untried"> | undefined> {
  const { box, accountId, dryRun } = options;
  const found = await orProblem(box.read(key));
  if ("problem" in found) {
    report.objects += 1;
    report.remaining.push({ key, why: `not read: ${found.problem}` });
    return undefined;
  }
  // Another run has been faster.
  if (found.value === undefined) return undefined;
  const { logEvents, unreadable } = readLetters(key, found.value);
  // Of Lambda's own records only the content says whose they are.
  if (accountId !== undefined && logEvents.some(([, { owner }]) => owner !== accountId)) return undefined;
  report.objects += 1;
  report.records += logEvents.length;
  if (dryRun) {
    report.left += logEvents.length;
    report.remaining.push({ key, why: [`${logEvents.length} records to be tried`, ...unreadable].join("; ") });
    return undefined;
  }
  // Whether a record is too old is told by when it came, as the shipper does: so it gets the index that it got then.
  const actions = logEvents.map(([logEvent, source]) => toAction(logEvent, source, options, logEvent.timestamp));
  const delivery = await deliver(actions, deliveryContext(options));
  const failed = [...delivery.rejected, ...delivery.undelivered];
  report.delivered += delivery.delivered;
  report.duplicates += delivery.duplicates;
  report.enveloped += delivery.enveloped;
  report.left += failed.length;
  const why = [...new Set([...unreadable, ...failed.map(({ detail }) => withoutContent(detail))])];
  if (why.length === 0) {
    const removal = await orProblem(box.remove(key));
    if ("problem" in removal) report.remaining.push({ key, why: `delivered, but not removed: ${removal.problem}` });
    else report.removed += 1;
  } else {
    report.remaining.push({ key, why: why.join("; ") });
  }
  return stopAfter(delivery);
}

/** A domain that refuses the operator, or takes nothing at all for so long, does not want the next object either. */
function stopAfter(delivery: Delivery): Omit<Stop, "untried"> | undefined {
  const { delivered, duplicates, rejected, undelivered, refused } = delivery;
  if (refused !== undefined) return { cause: "refused", why: `the domain refuses the operator: ${refused}` };
  if (undelivered.length === 0 || delivered + duplicates + rejected.length > 0) return undefined;
  return { cause: "unavailable", why: `the domain takes nothing: ${withoutContent(undelivered[0]!.detail)}` };
}

/** S3's word for what went wrong; it holds no letter's content. */
async function orProblem<T>(work: Promise<T>): Promise<{ readonly value: T } | { readonly problem: string }> {
  try {
    return { value: await work };
  } catch (error) {
    const { name, message } = error as Error;
    return { problem: `${name}: ${message}` };
  }
}
