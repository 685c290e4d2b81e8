import { gunzipSync } from "node:zlib";
import type { DeadLetter } from "../../lambda/shipper/dead-letters";
import { decode, NotALogsEvent, type LogEvent, type LogSource } from "../../lambda/shipper/decode";

/** What an object of the dead-letter bucket holds. */
export interface Letters {
  /** The log events that can be tried again. */
  readonly logEvents: readonly (readonly [LogEvent, LogSource])[];
  /** Why parts of it cannot be tried again; they stay in the bucket. No content of a record. */
  readonly unreadable: readonly string[];
}

/** Where Lambda puts what its on-failure destination gets: `aws/lambda/async/<function>/YYYY/MM/DD/...`. */
export const ON_FAILURE_PREFIX = "aws/lambda/async/";

/**
 * Reads an object: the shipper's own dead letters (newline-delimited JSON, gzipped), or a record of Lambda's on-failure
 * destination, which has the event that the function was given.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export function readLetters(key: string, bytes: Buffer): Letters {
  try {
    if (key.startsWith(ON_FAILURE_PREFIX)) return readEvent(requestPayload(bytes));
    return joined(lines(bytes).map(readLetter));
  } catch (error) {
    // A parser's message quotes the text.
    return { logEvents: [], unreadable: [error instanceof SyntaxError ? "no JSON" : (error as Error).message] };
  }
}

function readLetter(line: string): Letters {
  const letter = JSON.parse(line) as DeadLetter;
  if (letter.reason === "undecodable") return readEvent({ awslogs: { data: letter.data } });
  const { owner, logGroup, logStream, logEvent } = letter;
  if (typeof (logEvent as LogEvent | undefined)?.message !== "string")
    return unreadable("a letter without its log event");
  return { logEvents: [[logEvent, { owner, logGroup, logStream }]], unreadable: [] };
}

function readEvent(event: unknown): Letters {
  try {
    const decoded = decode(event);
    if (decoded.kind === "undecodable") return undecodable(decoded.detail);
    if (decoded.kind === "control") return { logEvents: [], unreadable: [] };
    const { logEvents, source } = decoded;
    const read = { logEvents: Array.from(logEvents, (logEvent) => [logEvent, source] as const), unreadable: [] };
    return logEvents.problem === undefined ? read : joined([read, undecodable(logEvents.problem)]);
  } catch (error) {
    if (error instanceof NotALogsEvent) return unreadable("an event that is none of CloudWatch Logs");
    throw error;
  }
}

function undecodable(detail: string): Letters {
  return unreadable(`a payload that cannot be unpacked: ${detail}`);
}

function unreadable(why: string): Letters {
  return { logEvents: [], unreadable: [why] };
}

function joined(all: readonly Letters[]): Letters {
  return { logEvents: all.flatMap((one) => one.logEvents), unreadable: all.flatMap((one) => one.unreadable) };
}

function lines(bytes: Buffer): string[] {
  return gunzipSync(bytes)
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
}

/** The event in a record of Lambda's. */
function requestPayload(bytes: Buffer): unknown {
  return ((JSON.parse(bytes.toString("utf8")) ?? {}) as { requestPayload?: unknown }).requestPayload;
}
