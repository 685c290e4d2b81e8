import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";

/** A file in the archive. */
export interface ArchiveObject {
  readonly key: string;
  readonly bytes: number;
  /** Its storage class, where it has to be restored before it can be read. */
  readonly frozen?: string;
}

export interface StoredObject {
  readonly bytes: Buffer;
  /** What S3 keeps beside the bytes: of a digest file, its signature. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What CloudTrail delivers: records, and digests of the files with records. */
export type ArchiveKind = "CloudTrail" | "CloudTrail-Digest";

/**
 * Where CloudTrail's files are: `AWSLogs/<account id>/<kind>/<region>/YYYY/MM/DD/<file>.json.gz`.
 *
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
 */
export interface Archive {
  /** The bucket, or the folder. */
  readonly name: string;
  /** Files of all regions that were delivered on a day (`YYYY-MM-DD`). */
  list(kind: ArchiveKind, accountId: string, day: string): Promise<ArchiveObject[]>;
  read(key: string): Promise<StoredObject>;
}

export type ArchivedRecord = Readonly<Record<string, unknown>>;

/** A file of the archive as it is compared. */
export interface RecordFile {
  readonly records: readonly ArchivedRecord[];
  /** SHA-256 of the unpacked bytes, as digests have it. */
  readonly sha256: string;
}

/** A file that is none of CloudTrail's, or is damaged. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
}

/** @throws UnreadableFile */
export function readRecordFile(packed: Buffer): RecordFile {
  const bytes = unpack(packed);
  const { Records: records } = parse(bytes) as { Records?: unknown };
  if (!Array.isArray(records) || !records.every(isObject)) throw new UnreadableFile("the file has no list of Records");
  return { records, sha256: sha256(bytes) };
}

/** @throws UnreadableFile */
export function unpack(packed: Buffer): Buffer {
  try {
    return gunzipSync(packed);
  } catch (error) {
    throw new UnreadableFile((error as Error).message);
  }
}

/** @throws UnreadableFile; the parser's own message quotes the text */
export function parse(bytes: Buffer): object {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (isObject(value)) return value;
  } catch {
    // Told below.
  }
  throw new UnreadableFile("the file is no JSON object");
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const DAY_MS = 86_400_000;

/** Days from the first to the last, `YYYY-MM-DD`. */
export function daysFrom(first: string, last: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += DAY_MS)
    days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

export function nextDay(day: string): string {
  return new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
}

/** The folder of a day. */
export function dayPath(day: string): string {
  return `${day.replaceAll("-", "/")}/`;
}

function isObject(value: unknown): value is ArchivedRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
