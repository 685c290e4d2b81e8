import { gzipSync } from "node:zlib";
import type { Failed } from "./deliver";
import type { Transport } from "./transport";

/** Why a letter is dead; part of its key. */
export type DeadLetterReason = "rejected" | "undelivered" | "undecodable";

/** A line of a dead-letter object: all that a redrive needs. */
export type DeadLetter =
  | {
      readonly reason: "rejected" | "undelivered";
      readonly detail: string;
      readonly index: string;
      readonly id: string;
      readonly owner: string;
      readonly logGroup: string;
      readonly logStream: string;
      readonly logEvent: { readonly id: string; readonly timestamp: number; readonly message: string };
    }
  | {
      readonly reason: "undecodable";
      readonly detail: string;
      /** The payload as it came: base64. */
      readonly data: string;
    };

export interface DeadLetterContext {
  readonly transport: Transport;
  readonly settings: {
    readonly searchRegion: string;
    readonly deadLetterBucket: string;
    readonly deadLetterPrefix: string;
    readonly s3Endpoint: string | undefined;
  };
  readonly requestId: string;
  readonly now: () => number;
  /** Milliseconds until Lambda ends the invocation. */
  readonly remainingMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const TRIES = 4;
const TIMEOUT_MS = 10_000;
/** Kept back for the log line. */
const RESERVE_MS = 1_000;

export function toDeadLetters(reason: "rejected" | "undelivered", failed: readonly Failed[]): DeadLetter[] {
  return failed.map(({ action, detail }) => {
    const { index, id, logSource, logEvent } = action;
    const { timestamp, message } = logEvent;
    return { reason, detail, index, id, ...logSource, logEvent: { id: logEvent.id, timestamp, message } };
  });
}

/**
 * Puts letters of one reason into one object: `<account id>/<reason>/YYYY/MM/DD/<request id>.ndjson.gz`. The same
 * invocation, tried again, writes the same key.
 *
 * @throws Error if S3 does not take it, after a few tries
 */
export async function putDeadLetters(
  reason: DeadLetterReason,
  letters: readonly DeadLetter[],
  context: DeadLetterContext,
): Promise<void> {
  const { settings, requestId } = context;
  const day = new Date(context.now()).toISOString().slice(0, 10).replaceAll("-", "/");
  const key = `${settings.deadLetterPrefix}${reason}/${day}/${requestId}.ndjson.gz`;
  const body = gzipSync(letters.map((letter) => `${JSON.stringify(letter)}\n`).join(""));
  for (let attempt = 1; ; attempt++) {
    const problem = await put(key, body, context);
    if (problem === undefined) return;
    if (attempt === TRIES || leftMs(context) === 0)
      throw new Error(`s3://${settings.deadLetterBucket}/${key} was not taken: ${problem}`);
    await context.sleep(2 ** attempt * 100);
  }
}

async function put(key: string, body: Buffer, context: DeadLetterContext): Promise<string | undefined> {
  const { transport, settings } = context;
  try {
    const { status, text } = await transport({
      service: "s3",
      region: settings.searchRegion,
      method: "PUT",
      ...address(key, settings),
      headers: { "content-type": "application/gzip" },
      body,
      timeoutMs: Math.max(RESERVE_MS, Math.min(TIMEOUT_MS, leftMs(context))),
    });
    return status === 200 ? undefined : `${status} ${errorOf(text)}`.trim();
  } catch (error) {
    return (error as Error).message;
  }
}

/** S3's code and message. Not all that it says: of a token that has expired it sends back the token. */
function errorOf(xml: string): string {
  const parts = ["Code", "Message"].map((name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "");
  return parts.join(" ").slice(0, 200);
}

function leftMs({ remainingMs }: DeadLetterContext): number {
  return Math.max(0, remainingMs() - RESERVE_MS);
}

function address(key: string, settings: DeadLetterContext["settings"]): { host: string; path: string } {
  const { deadLetterBucket: bucket, searchRegion: region, s3Endpoint } = settings;
  if (s3Endpoint !== undefined) return { host: new URL(s3Endpoint).host, path: `/${bucket}/${key}` };
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  // A certificate for *.s3... does not cover a bucket with dots in its name.
  return bucket.includes(".")
    ? { host: `s3.${region}.${suffix}`, path: `/${bucket}/${key}` }
    : { host: `${bucket}.s3.${region}.${suffix}`, path: `/${key}` };
}
