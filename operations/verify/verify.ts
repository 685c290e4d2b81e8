import { UNDATED_INDEX } from "../../modules/fields";
import { daysFrom, nextDay, readRecordFile, UnreadableFile, type Archive } from "../archive/archive";
import { expectationOf, hashOfDocument, type ContentHash, type ContentSettings } from "./content";

/** What verify asks the index. */
export interface IndexReader {
  /** Documents of one index that came through an account; none where there is no such index. */
  documents(index: string, accountId: string): AsyncIterable<readonly IndexedDocument[]>;
}

export interface IndexedDocument {
  readonly _id: string;
  readonly _source: Readonly<Record<string, unknown>>;
}

/** What one index should hold of an account's records, against what it holds. */
export interface Comparison {
  readonly accountId: string;
  readonly index: string;
  readonly archived: number;
  readonly indexed: number;
  /** Ids in the archive that are not in the index. */
  readonly missing: readonly string[];
  /** Ids whose content is another in the index. */
  readonly different: readonly string[];
  /** Ids that the archive does not have; none are told of records without a readable time, or beside files that could not be read. */
  readonly onlyInIndex: readonly string[];
}

/** A file that could not be compared. */
export interface SkippedFile {
  readonly key: string;
  readonly why: string;
}

/** What came of one account. */
export interface AccountVerification {
  readonly accountId: string;
  readonly comparisons: readonly Comparison[];
  /** Files in a storage class from which they have to be restored first. */
  readonly frozen: readonly SkippedFile[];
  readonly unreadable: readonly SkippedFile[];
  /** SHA-256 of every file that was read, by its key, for the digests. */
  readonly hashes: ReadonlyMap<string, string>;
}

/** What was found before a run was ended: days that need not be looked at again. */
export interface Checkpoint {
  /** By account and day. */
  readonly days: Record<string, DayResult>;
}

export interface DayResult {
  readonly comparison: Comparison;
  /** What of the day's files goes to the undated index. */
  readonly undated: readonly (readonly [string, ContentHash])[];
  readonly frozen: readonly SkippedFile[];
  readonly unreadable: readonly SkippedFile[];
  readonly hashes: readonly (readonly [string, string])[];
}

export interface VerifyOptions extends ContentSettings {
  readonly archive: Archive;
  readonly index: IndexReader;
  /** First and last day of eventTime, `YYYY-MM-DD`, UTC. */
  readonly from: string;
  readonly to: string;
  /** Days that a former run has done; grows. */
  readonly checkpoint: Checkpoint;
  /** Files that are read at the same time. @default 8 */
  readonly parallel?: number;
  /** Called when a day is done. */
  readonly onDay?: (accountId: string, day: string) => void;
}

type Expected = Map<string, ContentHash>;

/**
 * Compares an account's records in the archive with those in the index, day by day of eventTime. Files are delivered
 * within minutes, so a day's records are in the files of that day and of the next. Holds the ids and hashes of two days.
 */
export async function verifyAccount(accountId: string, options: VerifyOptions): Promise<AccountVerification> {
  const days = daysFrom(options.from, options.to);
  const results: DayResult[] = [];
  let ahead: { readonly day: string; readonly files: DeliveredDay } | undefined;
  for (const day of days) {
    const name = `${accountId}/${day}`;
    let result = options.checkpoint.days[name];
    if (result === undefined) {
      const own = ahead?.day === day ? ahead.files : await readDelivered(accountId, day, options);
      const next = await readDelivered(accountId, nextDay(day), options);
      ahead = { day: nextDay(day), files: next };
      result = await verifyDay(accountId, day, own, next, options);
      options.checkpoint.days[name] = result;
    }
    results.push(result);
    options.onDay?.(accountId, day);
  }
  const undated: Expected = new Map(results.flatMap((result) => result.undated));
  const extra = undated.size === 0 ? [] : [await compare(accountId, UNDATED_INDEX, undated, options, false)];
  return {
    accountId,
    comparisons: [...results.map(({ comparison }) => comparison), ...extra],
    frozen: unique(results.flatMap(({ frozen }) => frozen)),
    unreadable: unique(results.flatMap(({ unreadable }) => unreadable)),
    hashes: new Map(results.flatMap(({ hashes }) => hashes)),
  };
}

/** What was delivered on a day, by index. */
interface DeliveredDay {
  readonly expected: ReadonlyMap<string, Expected>;
  readonly frozen: readonly SkippedFile[];
  readonly unreadable: readonly SkippedFile[];
  readonly hashes: readonly (readonly [string, string])[];
}

async function verifyDay(
  accountId: string,
  day: string,
  own: DeliveredDay,
  next: DeliveredDay,
  options: VerifyOptions,
): Promise<DayResult> {
  const name = indexOfDay(day);
  const expected: Expected = new Map([...(own.expected.get(name) ?? []), ...(next.expected.get(name) ?? [])]);
  // What is in the index only may be in the files that could not be read.
  const isAllRead = [own, next].every(({ frozen, unreadable }) => frozen.length + unreadable.length === 0);
  return {
    comparison: await compare(accountId, name, expected, options, isAllRead),
    undated: [...(own.expected.get(UNDATED_INDEX) ?? [])],
    frozen: [...own.frozen, ...next.frozen],
    unreadable: [...own.unreadable, ...next.unreadable],
    hashes: own.hashes,
  };
}

async function readDelivered(accountId: string, day: string, options: VerifyOptions): Promise<DeliveredDay> {
  const expected = new Map<string, Expected>();
  const frozen: SkippedFile[] = [];
  const unreadable: SkippedFile[] = [];
  const hashes: [string, string][] = [];
  const wanted = new Set([...daysFrom(options.from, options.to).map(indexOfDay), UNDATED_INDEX]);
  const files = await options.archive.list("CloudTrail", accountId, day);
  const queue = files.values();
  const worker = async () => {
    for (const { key, frozen: storageClass } of queue) {
      if (storageClass !== undefined) {
        frozen.push({ key, why: `in ${storageClass}: restore it first (aws s3api restore-object)` });
        continue;
      }
      try {
        const { records, sha256 } = readRecordFile((await options.archive.read(key)).bytes);
        hashes.push([key, sha256]);
        for (const record of records) {
          const { id, index, hash } = expectationOf(record, accountId, options);
          if (!wanted.has(index)) continue;
          const known = expected.get(index) ?? new Map<string, ContentHash>();
          expected.set(index, known.set(id, hash));
        }
      } catch (error) {
        if (!(error instanceof UnreadableFile)) throw error;
        unreadable.push({ key, why: error.message });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.parallel ?? 8, files.length) }, worker));
  return { expected, frozen, unreadable, hashes };
}

async function compare(
  accountId: string,
  index: string,
  expected: Expected,
  settings: VerifyOptions,
  namesOthers: boolean,
): Promise<Comparison> {
  const archived = expected.size;
  const different: string[] = [];
  const onlyInIndex: string[] = [];
  let indexed = 0;
  for await (const page of settings.index.documents(index, accountId)) {
    for (const { _id, _source } of page) {
      indexed += 1;
      const hash = expected.get(_id);
      if (hash === undefined) {
        if (namesOthers) onlyInIndex.push(_id);
        continue;
      }
      if (hash !== hashOfDocument(_source, settings)) different.push(_id);
      expected.delete(_id);
    }
  }
  return {
    accountId,
    index,
    archived,
    indexed,
    missing: [...expected.keys()].sort(),
    different: different.sort(),
    onlyInIndex: onlyInIndex.sort(),
  };
}

/** `cwl-YYYY.MM.DD` of `YYYY-MM-DD`. */
export function indexOfDay(day: string): string {
  return `cwl-${day.replaceAll("-", ".")}`;
}

function unique(files: readonly SkippedFile[]): SkippedFile[] {
  return [...new Map(files.map((file) => [file.key, file])).values()];
}
