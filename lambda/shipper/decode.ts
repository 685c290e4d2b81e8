import { isAscii } from "node:buffer";
import { gunzipSync } from "node:zlib";

/** A log event as a subscription carries it. */
export interface LogEvent {
  readonly id: string;
  /** Milliseconds since 1970: when CloudTrail gave the record to CloudWatch Logs. */
  readonly timestamp: number;
  /** The record's text. */
  readonly message: string;
  /** Gives up the memory of what was read; it is read anew when it is asked for again. */
  release?(): void;
}

/** The log events of a payload, read one by one. */
export interface LogEvents extends Iterable<LogEvent> {
  /**
   * Why a payload could not be read to its end; told once that was tried. The payload is to be kept then: what came
   * before is in it once more, which does no harm.
   */
  readonly problem?: string | undefined;
}

/** Where log events come from. */
export interface LogSource {
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
}

/** What an invocation was given. */
export type Decoded =
  | { readonly kind: "records"; readonly source: LogSource; readonly logEvents: LogEvents; readonly data: string }
  /** CloudWatch Logs tries out whether the function can be reached. */
  | { readonly kind: "control" }
  /** A payload that cannot be read: kept as it came. */
  | { readonly kind: "undecodable"; readonly data: string; readonly detail: string };

/** The event is none of CloudWatch Logs: whoever sent it has to be told. */
export class NotALogsEvent extends Error {
  override readonly name = "NotALogsEvent";
}

// A payload of 1 MB is 8-9 MB of CloudTrail text; what unpacks to far more is no payload of CloudWatch Logs.
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;
const MIN_CHUNK_BYTES = 16 * 1024;
const MAX_CHUNK_BYTES = 16 * 1024 * 1024;

/**
 * Unpacks an invocation's event: `{awslogs: {data: base64(gzip(JSON))}}`.
 *
 * @throws NotALogsEvent if it has not that shape; a payload that does not unpack is a result, not an error
 */
export function decode(event: unknown): Decoded {
  const data = (event as { awslogs?: { data?: unknown } } | null | undefined)?.awslogs?.data;
  if (typeof data !== "string") throw new NotALogsEvent("the event has no awslogs.data: it is none of CloudWatch Logs");
  let bytes: Buffer;
  try {
    bytes = unpack(Buffer.from(data, "base64"));
  } catch (error) {
    return { kind: "undecodable", data, detail: (error as Error).message };
  }
  return readHead(bytes, data) ?? readWhole(bytes, data);
}

/** @throws Error if the bytes do not unpack */
function unpack(packed: Buffer): Buffer {
  // gzip's last four bytes are the length of what is in it: one piece then, where node would join hundreds. They are a
  // hint only, from outside, and so bounded.
  const length = packed.length < 4 ? 0 : packed.readUInt32LE(packed.length - 4);
  const chunkSize = Math.min(Math.max(length, MIN_CHUNK_BYTES), MAX_CHUNK_BYTES);
  return gunzipSync(packed, { chunkSize, maxOutputLength: MAX_UNPACKED_BYTES });
}

/** What stands before the first log event, between two of them, and behind the last, as CloudWatch Logs writes it. */
const START = ',"logEvents":[';
const BETWEEN = Buffer.from('},{"');
const END = "]}";
const HEAD = ["messageType", "owner", "logGroup", "logStream"];

/**
 * Reads a payload without its log events, which are read one by one when their turn comes: thousands at once would be
 * moved about by the garbage collector for as long as the invocation lasts.
 *
 * Undefined where it is not written as CloudWatch Logs does it.
 */
function readHead(bytes: Buffer, data: string): Decoded | undefined {
  const start = bytes.indexOf(`${START}{`) + START.length;
  if (start < START.length || bytes.toString("latin1", bytes.length - END.length) !== END) return undefined;
  try {
    const head = JSON.parse(bytes.toString("utf8", 0, start) + END) as Readonly<Record<string, unknown>>;
    // What is not told in front may be told behind.
    if (HEAD.some((name) => typeof head[name] !== "string")) return undefined;
    return readPayload(head, new PackedLogEvents(bytes, start, data), data);
  } catch {
    return undefined;
  }
}

function readWhole(bytes: Buffer, data: string): Decoded {
  let payload: unknown;
  try {
    payload = JSON.parse(bytes.toString());
  } catch {
    // The parser's own message quotes the text, which belongs into no log.
    return { kind: "undecodable", data, detail: "the payload is no JSON" };
  }
  const { logEvents } = (payload ?? {}) as Record<string, unknown>;
  const isList = Array.isArray(logEvents) && logEvents.every(isLogEvent);
  return readPayload(payload, isList ? logEvents.map(copy) : undefined, data);
}

function readPayload(payload: unknown, logEvents: LogEvents | undefined, data: string): Decoded {
  const { messageType, owner, logGroup, logStream } = (payload ?? {}) as Record<string, unknown>;
  if (messageType === "CONTROL_MESSAGE") return { kind: "control" };
  if (logEvents === undefined) return { kind: "undecodable", data, detail: "the payload has no list of log events" };
  const source = { owner: asText(owner), logGroup: asText(logGroup), logStream: asText(logStream) };
  return { kind: "records", source, logEvents, data };
}

/**
 * Log events in their payload's bytes. `},{"` stands nowhere inside a string, where a quote has a backslash before it, so
 * that it is what separates two of them, or is in one that has objects within: then a part is no JSON, and the payload is
 * read as a whole after all. Parts that all are JSON are the list's entries, since there is but one way to read JSON.
 *
 * Where the list stands twice, which CloudWatch Logs does not do, the parser knows the last one only: then that is given
 * whole, behind what was read of the first.
 */
class PackedLogEvents implements LogEvents {
  problem: string | undefined;
  /** Most payloads are ASCII alone, which is read several times as fast when said to be. */
  private readonly encoding: BufferEncoding;

  constructor(
    private readonly bytes: Buffer,
    private readonly start: number,
    private readonly data: string,
  ) {
    this.encoding = isAscii(bytes) ? "latin1" : "utf8";
  }

  *[Symbol.iterator](): Generator<LogEvent> {
    const { count, isWhole } = yield* this.parts();
    if (isWhole) return;
    const whole = readWhole(this.bytes, this.data);
    if (whole.kind === "records") {
      const all = Array.from(whole.logEvents);
      const isBehind = [...this.parts()].every(({ message }, at) => message === all[at]?.message);
      yield* isBehind ? all.slice(count) : all;
    }
    if (whole.kind === "undecodable") this.problem = whole.detail;
  }

  /** The log events up to the first part that is none; tells how many, and whether that is all of them. */
  private *parts(): Generator<LogEvent, { readonly count: number; readonly isWhole: boolean }> {
    let start = this.start;
    for (let count = 0; ; count++) {
      const between = this.bytes.indexOf(BETWEEN, start);
      const end = between < 0 ? this.bytes.length - END.length : between + 1;
      const fields = this.parse(start, end);
      if (!isLogEvent(fields)) return { count, isWhole: false };
      yield new PackedLogEvent(this, start, end, fields);
      if (between < 0) return { count: count + 1, isWhole: true };
      start = end + 1;
    }
  }

  /** @returns undefined for what is no JSON */
  parse(start: number, end: number): unknown {
    try {
      return JSON.parse(this.bytes.toString(this.encoding, start, end));
    } catch {
      return undefined;
    }
  }
}

class PackedLogEvent implements LogEvent {
  constructor(
    private readonly all: PackedLogEvents,
    private readonly start: number,
    private readonly end: number,
    private fields: LogEvent | undefined,
  ) {}

  get id(): string {
    return asText(this.read().id);
  }

  get timestamp(): number {
    return this.read().timestamp;
  }

  get message(): string {
    return this.read().message;
  }

  release(): void {
    this.fields = undefined;
  }

  private read(): LogEvent {
    return (this.fields ??= this.all.parse(this.start, this.end) as LogEvent);
  }
}

/** Whether it has what is needed; an id may be missing. */
function isLogEvent(value: unknown): value is LogEvent {
  const event = value as Partial<LogEvent> | null | undefined;
  return typeof event?.message === "string" && typeof event.timestamp === "number";
}

function copy({ id, timestamp, message }: LogEvent): LogEvent {
  return { id: asText(id), timestamp, message };
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
