import { createReadStream } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { JSONParser } from "@streamparser/json";
import split2 from "split2";
import type { CloudTrailRecord, LoggedRecord } from "./record";

/** A record and the file it came from. */
export interface ReadRecord extends LoggedRecord {
  readonly file: string;
}

/** How much was read. */
export interface ReadCounts {
  readonly files: number;
  readonly records: number;
}

/** A file that holds no CloudTrail records, or broken ones. The message names the file and, where there is one, the line. */
export class RecordsError extends Error {
  override readonly name = "RecordsError";

  constructor(
    readonly file: string,
    problem: string,
    readonly line?: number,
  ) {
    super(`${file}${line === undefined ? "" : `, line ${line}`}: ${problem}`);
  }
}

/**
 * Reads CloudTrail records, file by file and without holding a file in memory: `{"Records": [...]}` as S3 holds them
 * (.json), JSON lines (.jsonl, .ndjson, also in a .json), each also gzipped. Of a folder every such file in it and
 * below is read, in the order of the names; CloudTrail's own digest files are left out.
 *
 * @param onFile called after each file with the number of its records
 * @returns how much was read
 * @throws RecordsError
 */
export async function* readRecords(
  paths: readonly string[],
  onFile: (file: string, records: number) => void = () => undefined,
): AsyncGenerator<ReadRecord, ReadCounts> {
  let files = 0;
  let records = 0;
  for (const path of paths) {
    for (const file of await filesOf(path)) {
      let count = 0;
      for await (const { record, message } of recordsOf(file)) {
        count += 1;
        yield { record, message, file };
      }
      files += 1;
      records += count;
      onFile(file, count);
    }
  }
  return { files, records };
}

const LINES = /\.(jsonl|ndjson)(\.gz)?$/i;
const ANY = /\.(json|jsonl|ndjson)(\.gz)?$/i;
const DIGEST = /[\\/]CloudTrail-Digest[\\/]/;

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    throw new RecordsError(path, code === "ENOENT" ? "there is no such file or folder" : `cannot be read (${code})`);
  });
  if (!found.isDirectory()) {
    if (!ANY.test(path)) {
      throw new RecordsError(path, "records come in .json, .jsonl or .ndjson files, each also with .gz at the end");
    }
    return [path];
  }
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && ANY.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !DIGEST.test(file))
    .sort();
  if (files.length === 0) {
    throw new RecordsError(path, "no .json, .jsonl or .ndjson file (also with .gz) is in this folder or below");
  }
  return files;
}

async function* recordsOf(file: string): AsyncGenerator<LoggedRecord> {
  try {
    yield* (await isLines(file)) ? recordsOfLines(file) : recordsOfDocument(file);
  } catch (error) {
    if (error instanceof RecordsError) throw error;
    throw new RecordsError(file, (error as Error).message);
  }
}

/** Whether a file holds a record on each line. Some tools write them into a .json, too. */
async function isLines(file: string): Promise<boolean> {
  if (LINES.test(file)) return true;
  try {
    for await (const line of linesOf(file)) {
      if (line.trim() !== "") return isRecord(JSON.parse(line));
    }
  } catch {
    // Then it is read as a document, which says what is wrong with it.
  }
  return false;
}

async function* recordsOfLines(file: string): AsyncGenerator<LoggedRecord> {
  let number = 0;
  for await (const line of linesOf(file)) {
    number += 1;
    const message = line.trim();
    if (message === "") continue;
    let value: unknown;
    try {
      value = JSON.parse(message);
    } catch (error) {
      throw new RecordsError(file, `no JSON: ${(error as Error).message}`, number);
    }
    if (isDocument(value)) {
      for (const record of value.Records) yield logged(file, record, number);
    } else {
      yield { ...logged(file, value, number), message };
    }
  }
}

/** `{"Records": [...]}`, or a bare list of records. */
async function* recordsOfDocument(file: string): AsyncGenerator<LoggedRecord> {
  const parser = new JSONParser({ paths: ["$.Records.*", "$.*"], keepStack: false });
  let found: unknown[] = [];
  const seen = { list: false };
  let failure: Error | undefined;
  parser.onValue = ({ value, key, stack }) => {
    if (stack.length === 2 || typeof key === "number") found.push(value);
    if (key === "Records" || typeof key === "number") seen.list = true;
  };
  parser.onError = (error) => {
    failure ??= error;
  };
  const place = new Place();
  for await (const chunk of (await bytesOf(file)) as AsyncIterable<Buffer>) {
    parser.write(chunk);
    if (failure) throw new RecordsError(file, `no JSON: ${plain(failure)}`, place.lineOf(failure, chunk));
    place.pass(chunk);
    for (const record of found) yield logged(file, record);
    found = [];
  }
  if (!parser.isEnded) throw new RecordsError(file, "no JSON: the file ends too early", place.line);
  if (!seen.list) throw new RecordsError(file, 'neither {"Records": [...]} nor a record on each line');
}

/** Counts lines as bytes go by, so that an error can name its own. */
class Place {
  line = 1;
  private offset = 0;

  pass(chunk: Buffer): void {
    this.line += newlines(chunk);
    this.offset += chunk.length;
  }

  /** The line that the parser's error is about; its message says at which byte. */
  lineOf(error: Error, chunk: Buffer): number {
    const position = Number(/position "(\d+)"/.exec(error.message)?.[1] ?? this.offset);
    return this.line + newlines(chunk.subarray(0, Math.max(0, position - this.offset)));
  }
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) count += 1;
  return count;
}

/** The parser's message without its advice to programmers. */
function plain({ message }: Error): string {
  return message.split(/ at position |\. Is this a? /)[0] ?? message;
}

function logged(file: string, record: unknown, line?: number): LoggedRecord {
  if (!isMap(record)) {
    const kind = record === null ? "null" : Array.isArray(record) ? "a list" : `a ${typeof record}`;
    throw new RecordsError(file, `a record is an object, and this is ${kind}`, line);
  }
  return { record, message: JSON.stringify(record) };
}

function isMap(value: unknown): value is CloudTrailRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRecord(value: unknown): boolean {
  return isMap(value) && typeof value.eventName === "string";
}

function isDocument(value: unknown): value is { Records: unknown[] } {
  return isMap(value) && Array.isArray(value.Records) && !isRecord(value);
}

/** Longer than any record (CloudTrail's own limit is 256 KB), and little enough to hold in memory. */
const LONGEST_LINE = 16 * 1024 * 1024;

// Not node:readline: it also ends lines at U+2028, which JSON may hold as it is.
async function* linesOf(file: string): AsyncGenerator<string> {
  const lines = split2({ maxLength: LONGEST_LINE });
  pipeline(await bytesOf(file), lines, ignore);
  let first = true;
  for await (const line of lines as AsyncIterable<string>) {
    yield first ? line.replace(/^\uFEFF/, "") : line;
    first = false;
  }
}

/** The file's bytes, unpacked where they are gzip, whatever the name says: downloads are sometimes unpacked already. */
async function bytesOf(file: string): Promise<Readable> {
  const bytes = createReadStream(file);
  return (await isGzip(file)) ? pipeline(bytes, createGunzip(), ignore) : bytes;
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

/** Errors reach the reader of the last stream. */
function ignore(): void {
  // Nothing to do.
}
