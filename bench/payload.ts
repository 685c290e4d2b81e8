import { gzipSync } from "node:zlib";
import type { LogEvent, LogSource } from "../lambda/shipper/decode";
import { day } from "../sandbox/records";

/** One invocation of the shipper, and what is in it. */
export interface Payload {
  readonly source: LogSource;
  readonly logEvents: readonly LogEvent[];
  /** `awslogs.data`: base64 of the gzipped JSON. */
  readonly data: string;
  /** Bytes of the JSON. */
  readonly textBytes: number;
  /** When it arrives. The day is made up for this time, so that each run measures the same records. */
  readonly now: number;
}

/** Lambda's limit for an asynchronous event. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const MAX_EVENT_BYTES = 1024 * 1024;

const NOW = Date.parse("2026-02-01T00:00:00Z");
const ACCOUNTS = [
  { accountId: "111111111111", name: "management" },
  { accountId: "222222222222", name: "production" },
];
const OWNER = ACCOUNTS[1]!;
/** Names as the function is told them. */
export const OWNER_NAMES: ReadonlyMap<string, string> = new Map(
  ACCOUNTS.map(({ accountId, name }) => [accountId, name]),
);

/** More than fit into the largest payload. */
const RECORDS = 11_000;
/** Between two guesses at how many records fit. */
const STEP = 50;

/**
 * A payload of the made-up day's records, as many as fit into an event.
 *
 * @param maxEventBytes bytes of `awslogs.data`, at most
 */
export function largestPayload(messages = madeUpMessages(), maxEventBytes = MAX_EVENT_BYTES): Payload {
  let [fitting, tooMany] = [0, Math.floor(messages.length / STEP) + 1];
  while (tooMany - fitting > 1) {
    const middle = Math.floor((fitting + tooMany) / 2);
    if (toPayload(messages.slice(0, middle * STEP)).data.length <= maxEventBytes) fitting = middle;
    else tooMany = middle;
  }
  return toPayload(messages.slice(0, fitting * STEP));
}

/** Records of a day of one busy account, by time: the lines as CloudTrail writes them. */
export function madeUpMessages(): string[] {
  return day({ accounts: ACCOUNTS, region: "eu-west-1", until: new Date(NOW), records: RECORDS })
    .filter(({ record }) => record.recipientAccountId === OWNER.accountId)
    .map(({ message }) => message);
}

/** What CloudWatch Logs makes of lines. */
export function toPayload(messages: readonly string[]): Payload {
  const source = {
    owner: OWNER.accountId,
    logGroup: "CloudTrail/DefaultLogGroup",
    logStream: `${OWNER.accountId}_CloudTrail_eu-west-1`,
  };
  // Fifty-six digits, of which most are the same: that is how ids of log events look.
  const logEvents = messages.map((message, at) => ({
    id: `39500000000000000000000000000000000000000000${String(at).padStart(12, "0")}`,
    timestamp: NOW - 60_000 + at,
    message,
  }));
  const subscriptionFilters = ["LogsToElasticsearch_cloudtrail"];
  const text = JSON.stringify({ messageType: "DATA_MESSAGE", ...source, subscriptionFilters, logEvents });
  return {
    source,
    logEvents,
    data: gzipSync(text).toString("base64"),
    textBytes: Buffer.byteLength(text),
    now: NOW,
  };
}
