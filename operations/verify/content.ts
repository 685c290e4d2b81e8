import { createHash } from "node:crypto";
import { placeAsItIs, toAction, type Action, type DocumentSettings } from "../../lambda/shipper/document";
import type { LogSource } from "../../lambda/shipper/decode";
import { readEventTime } from "../../lambda/shipper/times";
import { SHADOWED_KEY } from "../../modules/fields";
import type { ArchivedRecord } from "../archive/archive";

/** How documents are made of the archive's records: as the shippers make them of what CloudWatch Logs gives. */
export interface ContentSettings extends DocumentSettings {
  readonly logGroup: string;
  readonly now: number;
}

/** What is compared of a record: 48 bits of its content's SHA-256. */
export type ContentHash = number;

/** What the index should hold of an archived record. */
export interface Expectation {
  readonly id: string;
  readonly index: string;
  readonly hash: ContentHash;
}

export function expectationOf(record: ArchivedRecord, accountId: string, settings: ContentSettings): Expectation {
  const place = placeOf(record, settings);
  if (place !== undefined) return { ...place, hash: hashOfFields(record, accountId, undefined) };
  const action = actionOf(record, accountId, settings);
  const { id, index } = action;
  // Nested too deeply to be a document.
  if (action.isEnvelope) return { id, index, hash: hash(`${accountId} ${canonicalLine(action.logEvent.message)}`) };
  const fields = JSON.parse(action.source) as Record<string, unknown>;
  return { id, index, hash: hashOfFields(fields, accountId, fields[SHADOWED_KEY]) };
}

/** Most records are their own documents; then none has to be made. */
function placeOf(record: ArchivedRecord, settings: ContentSettings) {
  try {
    return placeAsItIs(record, settings, settings.now);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The action by which a record of the archive comes into the index. */
export function actionOf(record: ArchivedRecord, accountId: string, settings: ContentSettings): Action {
  const timestamp = readEventTime(record.eventTime)?.ms ?? settings.now;
  // The archive does not know the log event; what is added for it is not compared.
  const logEvent = { id: "", timestamp, message: JSON.stringify(record) };
  return toAction(logEvent, sourceOf(accountId, settings), settings, settings.now);
}

/** One for all records, because the shipper writes its text once then. */
function sourceOf(owner: string, { logGroup }: ContentSettings): LogSource {
  if (lastSource?.owner !== owner || lastSource.logGroup !== logGroup)
    lastSource = { owner, logGroup, logStream: "archive" };
  return lastSource;
}
let lastSource: LogSource | undefined;

/** Hash of what the index does hold. An envelope's content is the record in it, whyever it is an envelope. */
export function hashOfDocument(source: Readonly<Record<string, unknown>>, settings: ContentSettings): ContentHash {
  const owner = source["@owner"];
  if (typeof source["@error"] === "string" && typeof source.message === "string") {
    const record = parsed(source.message);
    return record === undefined
      ? hash(`${String(owner)} ${source.message}`)
      : expectationOf(record, String(owner), settings).hash;
  }
  return hashOfFields(source, owner, source[SHADOWED_KEY]);
}

function parsed(line: string): ArchivedRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as ArchivedRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** What the shipper adds is not the record's, but for the account that it came through, and what was put aside. */
function hashOfFields(fields: Readonly<Record<string, unknown>>, owner: unknown, aside: unknown): ContentHash {
  let text = `${canonical(owner ?? null)}${aside === undefined ? "" : canonical(aside)}`;
  for (const key of Object.keys(fields).sort()) {
    if (!key.startsWith("@")) text += `${quoted(key)}:${canonical(fields[key])},`;
  }
  return hash(text);
}

/** JSON with the names of objects in order, so that only what is said counts. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const object = value as Record<string, unknown>;
  let text = "{";
  for (const key of Object.keys(object).sort()) text += `${quoted(key)}:${canonical(object[key])},`;
  return `${text}}`;
}

/** Names come again and again. */
function quoted(name: string): string {
  let text = QUOTED.get(name);
  if (text === undefined) {
    text = JSON.stringify(name);
    // Some records have names of their own: tags, headers.
    if (QUOTED.size < MAX_QUOTED) QUOTED.set(name, text);
  }
  return text;
}
const QUOTED = new Map<string, string>();
const MAX_QUOTED = 10_000;

function canonicalLine(line: string): string {
  try {
    return canonical(JSON.parse(line));
  } catch {
    // No JSON, or too deep.
    return line;
  }
}

function hash(text: string): ContentHash {
  return createHash("sha256").update(text).digest().readUIntBE(0, 6);
}
