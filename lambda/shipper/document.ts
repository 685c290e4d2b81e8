import { createHash } from "node:crypto";
import {
  INDEX_PREFIX,
  OTHER_PAIRS,
  SHADOWED_KEY,
  SUBTREES,
  TRUNCATED_SUFFIX,
  UNDATED_INDEX,
} from "../../modules/fields";
import type { LogEvent, LogSource } from "./decode";
import { toPairs } from "./pairs";
import { fit, isMapped } from "./shape";

/** One document to be created. */
export interface Action {
  /** The record's eventID, the same at each delivery. */
  readonly id: string;
  /** The daily index of its eventTime. */
  readonly index: string;
  /** The document's JSON, on one line. */
  readonly source: string;
  /** What it was made from, for an envelope or a dead letter. */
  readonly logEvent: LogEvent;
  readonly logSource: LogSource;
  readonly isEnvelope: boolean;
  /** The record's eventTime in milliseconds, where it has a readable one. */
  readonly eventTimeMs?: number;
}

/** What documents are made with. */
export interface DocumentSettings {
  readonly ownerNames: ReadonlyMap<string, string>;
  readonly maxRecordAgeDays: number;
}

// https://www.elastic.co/guide/en/elasticsearch/reference/7.10/mapping-id-field.html
const MAX_ID_BYTES = 512;
const DAY_MS = 86_400_000;
const EVENT_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
/** Names that a document may not have at its top level: the engines keep them for themselves. */
const PAIRS_OF: ReadonlyMap<string, string> = new Map(SUBTREES.map(({ path, pairs }) => [path, pairs]));
/** Names that the shipper writes; a record's own field of such a name is put aside. */
const OURS = /^(@|message$)/;

/**
 * Makes the document of a log event. Pure: the same event gives the same document at each delivery, whenever that is
 * (`now` only tells eventTimes out of range).
 *
 * Its text is the record's own text with fields added in front; it is written again only if a value has to be changed to
 * fit the mapping, or put aside because its name is one of the shipper's. What is no JSON object becomes an envelope.
 */
export function toAction(logEvent: LogEvent, logSource: LogSource, settings: DocumentSettings, now: number): Action {
  const text = logEvent.message;
  const record = parseObject(text);
  if (record === undefined) {
    return { ...envelope(logEvent, logSource, settings, hash(text), UNDATED_INDEX, "not a JSON object"), logSource };
  }
  const id = idOf(record, text);
  const { eventTime } = record;
  const index = indexOf(eventTime, settings.maxRecordAgeDays, now);
  const common = { logSource, ...(isEventTime(eventTime) ? { eventTimeMs: Date.parse(eventTime) } : {}) };
  try {
    return { id, index, source: source(record, logEvent, logSource, settings), logEvent, isEnvelope: false, ...common };
  } catch (error) {
    // JSON.stringify ends in a RangeError at some thousand levels, which JSON.parse does not.
    if (!(error instanceof RangeError)) throw error;
    return { ...envelope(logEvent, logSource, settings, id, index, "nested too deeply"), ...common };
  }
}

/**
 * The second form of a document that the engine refused: the line as text, under the same id and in the same index.
 *
 * @param error why it was refused, short
 */
export function toEnvelope(
  { id, index, logEvent, logSource }: Action,
  settings: DocumentSettings,
  error: string,
): Action {
  return { ...envelope(logEvent, logSource, settings, id, index, error), logSource };
}

function envelope(
  logEvent: LogEvent,
  logSource: LogSource,
  settings: DocumentSettings,
  id: string,
  index: string,
  error: string,
): Omit<Action, "logSource"> {
  const eventTime = parseObject(logEvent.message)?.eventTime;
  const body = JSON.stringify({
    ...(isEventTime(eventTime) ? { eventTime } : {}),
    "@error": error,
    message: logEvent.message,
  });
  return { id, index, source: `${added(logEvent, logSource, settings)},${body.slice(1)}`, logEvent, isEnvelope: true };
}

function source(
  record: Record<string, unknown>,
  logEvent: LogEvent,
  logSource: LogSource,
  settings: DocumentSettings,
): string {
  let head = added(logEvent, logSource, settings);
  let other: Record<string, unknown> | undefined;
  let changed: Record<string, unknown> | undefined;
  let shadowed: Record<string, unknown> | undefined;
  for (const key of Object.keys(record)) {
    const value = record[key];
    if (OURS.test(key)) {
      (shadowed ??= Object.create(null) as Record<string, unknown>)[key] = value;
      continue;
    }
    const pairsField = PAIRS_OF.get(key);
    if (pairsField !== undefined) {
      head += pairsJson(pairsField, value);
    } else if (!isMapped(key)) {
      (other ??= Object.create(null) as Record<string, unknown>)[key] = value;
    } else {
      const fitted = fit(key, value);
      if (fitted !== value) (changed ??= Object.create(null) as Record<string, unknown>)[key] = fitted;
    }
  }
  if (other) head += pairsJson(OTHER_PAIRS, other);
  const text = changed || shadowed ? rewritten(record, changed, shadowed) : logEvent.message.trim();
  // A line break can only stand between tokens here: inside a string it would be no JSON.
  const body = text.slice(1).replace(/[\r\n]/g, " ");
  return /^\s*\}$/.test(body.length < 16 ? body : "") ? `${head}}` : `${head},${body}`;
}

/** The fields that the shipper adds: an object's JSON without its closing brace. */
function added(
  { id, timestamp }: LogEvent,
  { owner, logGroup, logStream }: LogSource,
  settings: DocumentSettings,
): string {
  const name = settings.ownerNames.get(owner);
  const fields = {
    "@id": id,
    "@timestamp": isoTime(timestamp),
    "@owner": owner,
    "@owner_name": name,
    "@log_group": logGroup,
    "@log_stream": logStream,
  };
  return JSON.stringify(fields).slice(0, -1);
}

function pairsJson(field: string, value: unknown): string {
  const { pairs, truncated } = toPairs(value);
  if (pairs.length === 0 && !truncated) return "";
  return `,"${field}":${JSON.stringify(pairs)}${truncated ? `,"${field}${TRUNCATED_SUFFIX}":true` : ""}`;
}

function rewritten(
  record: Record<string, unknown>,
  changed: Record<string, unknown> | undefined,
  shadowed: Record<string, unknown> | undefined,
): string {
  const kept = Object.keys(record).filter((key) => !(shadowed && key in shadowed));
  const fields = kept.map(
    (key) => `${JSON.stringify(key)}:${JSON.stringify(changed && key in changed ? changed[key] : record[key])}`,
  );
  if (shadowed) fields.push(`${JSON.stringify(SHADOWED_KEY)}:${JSON.stringify(shadowed)}`);
  return `{${fields.join(",")}}`;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The record's eventID, or, where that cannot be an id, the SHA-256 of its bytes: the same at each delivery either way. */
function idOf({ eventID }: Record<string, unknown>, text: string): string {
  return typeof eventID === "string" &&
    eventID.trim() !== "" &&
    Buffer.byteLength(eventID) <= MAX_ID_BYTES &&
    isWellFormed(eventID)
    ? eventID
    : hash(text);
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The index of eventTime's UTC day. Never that of the time of arrival, which a replay does not know. */
function indexOf(eventTime: unknown, maxRecordAgeDays: number, now: number): string {
  if (!isEventTime(eventTime)) return UNDATED_INDEX;
  const time = Date.parse(eventTime);
  const inRange = time >= now - maxRecordAgeDays * DAY_MS && time <= now + DAY_MS;
  return inRange ? `${INDEX_PREFIX}${eventTime.slice(0, 10).replaceAll("-", ".")}` : UNDATED_INDEX;
}

function isEventTime(value: unknown): value is string {
  return typeof value === "string" && EVENT_TIME.test(value) && sameDay(value);
}

/** Date.parse takes 30 February for 2 March; an index of such a day is nobody's. */
function sameDay(value: string): boolean {
  const time = Date.parse(value);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === value.slice(0, 10);
}

function isoTime(timestamp: number): string | undefined {
  const time = new Date(timestamp);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}
