import { createHash } from "node:crypto";
import { toAction, type Action, type DocumentSettings } from "../../lambda/shipper/document";
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

/** What the shipper adds is not the record's, but for the account that it came through, and what was put aside. */
const COMPARED: ReadonlySet<string> = new Set(["@owner", SHADOWED_KEY]);

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

/** Hash of what the index should hold of an archived record. */
export function hashOfAction(action: Action): ContentHash {
  return hashOfDocument(JSON.parse(action.source) as Record<string, unknown>);
}

/** Hash of what the index does hold. An envelope's content is the line in it. */
export function hashOfDocument(source: Readonly<Record<string, unknown>>): ContentHash {
  if (typeof source["@error"] === "string" && typeof source.message === "string") {
    return hash(`${String(source["@owner"])} ${canonicalLine(source.message)}`);
  }
  let text = "";
  for (const key of Object.keys(source).sort()) {
    if (key.startsWith("@") && !COMPARED.has(key)) continue;
    text += `${JSON.stringify(key)}:${canonical(source[key])},`;
  }
  return hash(text);
}

/** JSON with the names of objects in order, so that only what is said counts. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const object = value as Record<string, unknown>;
  let text = "{";
  for (const key of Object.keys(object).sort()) text += `${JSON.stringify(key)}:${canonical(object[key])},`;
  return `${text}}`;
}

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
