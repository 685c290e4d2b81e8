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
import { members } from "./json-text";
import { toPairs } from "./pairs";
import { checkLevels, fitsIn, reshape, shapeOf } from "./shape";
import { DAY_MS, isoTime, readEventTime, type EventTime } from "./times";

/** One document to be created. */
export interface Action {
  /** The record's eventID, the same at each delivery. */
  readonly id: string;
  /** The daily index of its eventTime. */
  readonly index: string;
  /** The document's JSON, on one line. */
  readonly source: string;
  /**
   * The same in pieces, for writing one after the other; made anew the next time. So that only ids live as long as a
   * payload is on its way, and not each record's text a second time.
   */
  takePieces?(): Pieces;
  /** What it was made from, for an envelope or a dead letter. */
  readonly logEvent: LogEvent;
  readonly logSource: LogSource;
  readonly isEnvelope: boolean;
  /** The record's eventTime in milliseconds, where it has a readable one. */
  readonly eventTimeMs?: number;
}

/** The pieces of a document's JSON. */
export type Pieces = readonly [head: string, body: string];

/** What documents are made with. */
export interface DocumentSettings {
  readonly ownerNames: ReadonlyMap<string, string>;
  readonly maxRecordAgeDays: number;
}

// https://www.elastic.co/guide/en/elasticsearch/reference/7.10/mapping-id-field.html
const MAX_ID_BYTES = 512;
const PAIRS_OF: ReadonlyMap<string, string> = new Map(SUBTREES.map(({ path, pairs }) => [path, pairs]));
/**
 * Names that a record's own field cannot have at the top level of a document: those that the shipper writes, those that
 * the engines keep for themselves (`_id`), those that they take for paths (`eventName.x`), and none at all.
 */
const RESERVED = /^(?:[@_].*|message|.*\..*|\s*)$/s;

/**
 * Makes the document of a log event. Pure: the same event gives the same document at each delivery, whenever that is.
 *
 * Its text is the record's own text with fields added in front. Only a value that has to fit the mapping, or be put aside
 * because of its name, is moved or changed; all others stay letter by letter. What is no JSON object, or has too many
 * levels, becomes an envelope.
 *
 * @param arrived when the record came, in milliseconds, the same at each delivery: by this eventTimes are out of range
 */
export function toAction(
  logEvent: LogEvent,
  logSource: LogSource,
  settings: DocumentSettings,
  arrived: number,
): Action {
  const text = logEvent.message;
  const record = parseObject(text);
  if (record === undefined) {
    return { ...envelope(logEvent, logSource, settings, hash(text), UNDATED_INDEX, "not a JSON object"), logSource };
  }
  const id = idOf(record, text);
  const eventTime = readEventTime(record.eventTime);
  const eventTimeMs = eventTime?.ms;
  const index = indexOf(eventTime, settings.maxRecordAgeDays, arrived);
  try {
    const pieces = piecesOf(record, logEvent, logSource, settings);
    return new RecordAction(id, index, logEvent, logSource, eventTimeMs, settings, pieces);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { ...envelope(logEvent, logSource, settings, id, index, "nested too deeply"), logSource, eventTimeMs };
  }
}

class RecordAction implements Action {
  readonly isEnvelope = false;

  constructor(
    readonly id: string,
    readonly index: string,
    readonly logEvent: LogEvent,
    readonly logSource: LogSource,
    readonly eventTimeMs: number | undefined,
    private readonly settings: DocumentSettings,
    private pieces: Pieces | undefined,
  ) {}

  get source(): string {
    return (this.pieces ?? this.made()).join("");
  }

  takePieces(): Pieces {
    const pieces = this.pieces ?? this.made();
    this.pieces = undefined;
    this.logEvent.release?.();
    return pieces;
  }

  private made(): Pieces {
    return piecesOf(parseObject(this.logEvent.message)!, this.logEvent, this.logSource, this.settings);
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
    ...(readEventTime(eventTime) === undefined ? {} : { eventTime }),
    "@error": error,
    message: logEvent.message,
  });
  return { id, index, source: `${added(logEvent, logSource, settings)},${body.slice(1)}`, logEvent, isEnvelope: true };
}

/** @throws RangeError if the record has more levels than the engines bear */
function piecesOf(
  record: Readonly<Record<string, unknown>>,
  logEvent: LogEvent,
  logSource: LogSource,
  settings: DocumentSettings,
): Pieces {
  let head = added(logEvent, logSource, settings);
  let other: Record<string, unknown> | undefined;
  let isAsItIs = true;
  // Not Object.keys, which makes a list for each record: JSON's objects inherit nothing that would be counted.
  for (const key in record) {
    const value = record[key];
    const shape = shapeOf(key);
    const pairsField = shape === "any" ? PAIRS_OF.get(key) : undefined;
    if (shape === undefined) {
      (other ??= Object.create(null) as Record<string, unknown>)[key] = value;
      if (RESERVED.test(key)) isAsItIs = false;
    } else if (pairsField !== undefined) {
      if (value !== null) head += pairsJson(pairsField, value);
    } else if (!fitsIn(shape, value)) {
      isAsItIs = false;
    }
  }
  if (other) head += pairsJson(OTHER_PAIRS, other);
  const text = isAsItIs ? logEvent.message.trim() : fitting(logEvent.message);
  const rest = text.slice(1);
  // A line break can only stand between tokens here: inside a string it would be no JSON.
  const body = rest.includes("\n") || rest.includes("\r") ? rest.replace(/[\r\n]/g, " ") : rest;
  return /^\s*\}/.test(body) ? [head, "}"] : [`${head},`, body];
}

/** A record's text with its values in the shape of the mapping and its reserved names put aside. */
function fitting(text: string): string {
  const fields: string[] = [];
  const aside: string[] = [];
  for (const { name, key, value } of members(text)) {
    if (RESERVED.test(name)) aside.push(`${key}:${value}`);
    else fields.push(`${key}:${reshape(name, value)}`);
  }
  if (aside.length > 0) fields.push(`${JSON.stringify(SHADOWED_KEY)}:{${aside.join(",")}}`);
  return `{${fields.join(",")}}`;
}

/** The fields that the shipper adds: an object's JSON without its closing brace. */
function added({ id, timestamp }: LogEvent, logSource: LogSource, settings: DocumentSettings): string {
  const time = isoTime(timestamp);
  const ofTime = time === undefined ? "" : `"@timestamp":"${time}",`;
  return `{"@id":${quoted(id)},${ofTime}${ofSource(logSource, settings)}`;
}

/** A string's JSON. */
export function quoted(text: string): string {
  return USUAL_ID.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** What is the same for all log events of a payload is written once. */
let written: { readonly logSource: LogSource; readonly settings: DocumentSettings; readonly json: string } | undefined;

function ofSource(logSource: LogSource, settings: DocumentSettings): string {
  if (written?.logSource !== logSource || written.settings !== settings) {
    const { owner, logGroup, logStream } = logSource;
    const fields = {
      "@owner": owner,
      "@owner_name": settings.ownerNames.get(owner),
      "@log_group": logGroup,
      "@log_stream": logStream,
    };
    written = { logSource, settings, json: JSON.stringify(fields).slice(1, -1) };
  }
  return written.json;
}

function pairsJson(field: string, value: unknown): string {
  const { pairs, truncated } = toPairs(value);
  // Where nothing was left out, nothing is deep.
  if (truncated) checkLevels(value);
  if (pairs.length === 0 && !truncated) return "";
  return `,"${field}":${JSON.stringify(pairs)}${truncated ? `,"${field}${TRUNCATED_SUFFIX}":true` : ""}`;
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

/**
 * Where a record goes whose document is nothing but the record itself and what is added: its id and its index. Undefined
 * where the document has another form, or the id needs the record's text; then {@link toAction} tells.
 *
 * @throws RangeError if the record has more levels than the engines bear
 */
export function placeAsItIs(
  record: Readonly<Record<string, unknown>>,
  { maxRecordAgeDays }: Pick<DocumentSettings, "maxRecordAgeDays">,
  arrived: number,
): { readonly id: string; readonly index: string } | undefined {
  const { eventID } = record;
  if (typeof eventID !== "string" || !USUAL_ID.test(eventID)) return undefined;
  for (const key in record) {
    if (RESERVED.test(key) || !fitsIn(shapeOf(key) ?? "any", record[key])) return undefined;
  }
  return { id: eventID, index: indexOf(readEventTime(record.eventTime), maxRecordAgeDays, arrived) };
}

/** The record's eventID, or, where that cannot be an id, the SHA-256 of its bytes: the same at each delivery either way. */
function idOf({ eventID }: Record<string, unknown>, text: string): string {
  if (typeof eventID === "string" && USUAL_ID.test(eventID)) return eventID;
  return typeof eventID === "string" &&
    eventID.trim() !== "" &&
    Buffer.byteLength(eventID) <= MAX_ID_BYTES &&
    eventID.isWellFormed()
    ? eventID
    : hash(text);
}

/** A UUID and the like, which need no escapes; the rules for all others take longer. */
const USUAL_ID = /^[\w-]{1,64}$/;

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The index of eventTime's UTC day. Never that of the time of arrival, which a replay does not know. */
function indexOf(eventTime: EventTime | undefined, maxRecordAgeDays: number, arrived: number): string {
  if (eventTime === undefined) return UNDATED_INDEX;
  const inRange = eventTime.ms >= arrived - maxRecordAgeDays * DAY_MS && eventTime.ms <= arrived + DAY_MS;
  return inRange ? INDEX_PREFIX + eventTime.day : UNDATED_INDEX;
}
