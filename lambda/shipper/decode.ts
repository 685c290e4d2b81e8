import { isAscii } from "node:buffer";
import { gunzipSync } from "node:zlib";

/** A log event as a subscription carries it. */
export interface LogEvent {
  readonly id: string;
  /** Milliseconds since 1970: when CloudTrail gave the record to CloudWatch Logs. */
  readonly timestamp: number;
  /** The record's text. */
  readonly message: string;
}

/** Where log events come from. */
export interface LogSource {
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
}

/** What an invocation was given. */
export type Decoded =
  | { readonly kind: "records"; readonly source: LogSource; readonly logEvents: readonly LogEvent[] }
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
  let text: string;
  try {
    text = unpack(Buffer.from(data, "base64"));
  } catch (error) {
    return { kind: "undecodable", data, detail: (error as Error).message };
  }
  try {
    return read(JSON.parse(text), data);
  } catch {
    // The parser's own message quotes the text, which belongs into no log.
    return { kind: "undecodable", data, detail: "the payload is no JSON" };
  }
}

/** @throws Error if the bytes do not unpack */
function unpack(packed: Buffer): string {
  // gzip's last four bytes are the length of what is in it: one piece then, where node would join hundreds. They are a
  // hint only, from outside, and so bounded.
  const length = packed.length < 4 ? 0 : packed.readUInt32LE(packed.length - 4);
  const chunkSize = Math.min(Math.max(length, MIN_CHUNK_BYTES), MAX_CHUNK_BYTES);
  const bytes = gunzipSync(packed, { chunkSize, maxOutputLength: MAX_UNPACKED_BYTES });
  // Most payloads are ASCII alone, which is read several times as fast when said to be.
  return bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
}

function read(payload: unknown, data: string): Decoded {
  const { messageType, owner, logGroup, logStream, logEvents } = (payload ?? {}) as Record<string, unknown>;
  if (messageType === "CONTROL_MESSAGE") return { kind: "control" };
  if (!Array.isArray(logEvents) || !logEvents.every(isLogEvent)) {
    return { kind: "undecodable", data, detail: "the payload has no list of log events" };
  }
  return {
    kind: "records",
    source: { owner: asText(owner), logGroup: asText(logGroup), logStream: asText(logStream) },
    logEvents: logEvents.map(({ id, timestamp, message }) => ({ id: asText(id), timestamp, message })),
  };
}

function isLogEvent(value: unknown): value is LogEvent {
  const event = value as Partial<LogEvent> | null;
  return typeof event?.message === "string" && typeof event.timestamp === "number";
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
