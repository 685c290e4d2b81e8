import { setTimeout as sleep } from "node:timers/promises";
import { withoutContent } from "../../lambda/shipper/bulk";
import { deliver, type Delivery } from "../../lambda/shipper/deliver";
import { toAction } from "../../lambda/shipper/document";
import type { Transport } from "../../lambda/shipper/transport";
import { readLetters } from "./letters";
import type { LetterBox, LetterObject } from "./letter-box";

export interface RedriveOptions {
  readonly box: LetterBox;
  /** Where records go; see DomainClient.delivery. */
  readonly delivery: { readonly transport: Transport; readonly searchEndpoint: string; readonly searchRegion: string };
  /** Names of the accounts by their ids. */
  readonly ownerNames: ReadonlyMap<string, string>;
  /** As the shippers have it: a record that is older goes to the undated index. */
  readonly maxRecordAgeDays: number;
  /** Only letters of this account's records. @default all accounts' */
  readonly accountId?: string;
  /** Reads and counts, but writes and removes nothing. */
  readonly dryRun: boolean;
  /** How long one object may be tried, in milliseconds. @default 15 minutes, as a function may take */
  readonly patienceMs?: number;
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
}

/** The domain does not let the operator write. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

const MAX_BODY_BYTES = 5 * 1024 * 1024;
const PATIENCE_MS = 15 * 60_000;

/**
 * Tries dead letters again, through the code that the functions run. Safe to repeat: a record's id is its own, so what is
 * there already stays as it is. An object goes only when everything in it is in the index; with one letter left it stays
 * whole.
 *
 * @throws RefusedError if the domain refuses the operator; nothing has been removed that is not in the index
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
  for (const object of objects) {
    await redriveObject(object, report, options);
    options.onObject?.();
  }
  return report;
}

async function redriveObject({ key }: LetterObject, report: RedriveReport, options: RedriveOptions): Promise<void> {
  const { box, accountId, dryRun, ownerNames, maxRecordAgeDays } = options;
  const { logEvents, unreadable } = readLetters(key, await box.read(key));
  // Of Lambda's own records only the content says whose they are.
  if (accountId !== undefined && logEvents.some(([, { owner }]) => owner !== accountId)) return;
  report.objects += 1;
  report.records += logEvents.length;
  if (dryRun) {
    report.left += logEvents.length;
    report.remaining.push({ key, why: [`${logEvents.length} records to be tried`, ...unreadable].join("; ") });
    return;
  }
  const settings = { ownerNames, maxRecordAgeDays };
  // Whether a record is too old was to be told when it came: so it gets the id and the index that it got then.
  const actions = logEvents.map(([logEvent, source]) => toAction(logEvent, source, settings, logEvent.timestamp));
  const delivery = await deliver(actions, context(options));
  const failed = [...delivery.rejected, ...delivery.undelivered];
  report.delivered += delivery.delivered;
  report.duplicates += delivery.duplicates;
  report.enveloped += delivery.enveloped;
  report.left += failed.length;
  const why = [...new Set([...unreadable, ...failed.map(({ detail }) => withoutContent(detail))])];
  if (why.length === 0) {
    await box.remove(key);
    report.removed += 1;
  } else {
    report.remaining.push({ key, why: why.join("; ") });
  }
  throwIfRefused(delivery);
}

function throwIfRefused({ refused }: Delivery): void {
  if (refused !== undefined) throw new RefusedError(`the domain refuses the operator: ${refused}`);
}

function context({ delivery, ownerNames, maxRecordAgeDays, patienceMs = PATIENCE_MS }: RedriveOptions) {
  const { transport, searchEndpoint, searchRegion } = delivery;
  const until = performance.now() + patienceMs;
  return {
    transport,
    settings: { ownerNames, maxRecordAgeDays, searchEndpoint, searchRegion, maxBodyBytes: MAX_BODY_BYTES },
    remainingMs: () => until - performance.now(),
    sleep: async (ms: number) => {
      await sleep(ms);
    },
    random: Math.random,
  };
}
