import { gzipSync } from "node:zlib";
import { halves, readReply, toBatches, type Batch, type Reply, type Verdict } from "./bulk";
import { toEnvelope, type Action, type DocumentSettings } from "./document";
import type { Transport } from "./transport";

/** What delivery needs from outside; injected, so that tests decide about time and chance. */
export interface DeliveryContext {
  readonly transport: Transport;
  readonly settings: DocumentSettings & {
    readonly searchEndpoint: string;
    readonly searchRegion: string;
    readonly maxBodyBytes: number;
  };
  /** Milliseconds that are left for delivery. */
  readonly remainingMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** An action that could not be delivered, and why. */
export interface Failed {
  readonly action: Action;
  readonly detail: string;
}

/** What became of all actions: each is counted in exactly one of delivered, duplicates, rejected, undelivered. */
export interface Delivery {
  delivered: number;
  duplicates: number;
  /** How many times an action was sent again. */
  retried: number;
  /** How many of the delivered are envelopes of records that the engine refused. */
  enveloped: number;
  /** Refused by the engine, as they are and as envelopes. */
  readonly rejected: Failed[];
  /** Not taken within the time. */
  readonly undelivered: Failed[];
  /** Why the domain does not let the caller in; the undelivered stay so. */
  refused: string | undefined;
  requests: number;
  bytes: number;
}

// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
const BACKOFF_BASE_MS = 200;
const BACKOFF_CAP_MS = 20_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** Where there is no time for the whole wait, what is left of it less this: a last try. */
const LAST_TRY_MS = 1_000;
/** What part of the waiting may wait on without the waits growing longer. */
const PROGRESS = 0.75;
/** No body is made smaller than this, in bytes, for connections that break. */
const SMALLEST_BODY = 64 * 1024;
/** A role's policy takes seconds until it is known everywhere: refused callers are let try again this often. */
const REFUSAL_TRIES = 3;

/**
 * Creates documents by `_bulk`, until each is there, has been refused for good, or time is short.
 *
 * Only what may pass is sent again, with exponential back-off and full jitter. What the engine refuses for good is tried
 * once more as an envelope. Repeating is safe: the id is the record's and the operation is `create`.
 */
export async function deliver(actions: Iterable<Action>, context: DeliveryContext): Promise<Delivery> {
  const delivery: Delivery = {
    delivered: 0,
    duplicates: 0,
    retried: 0,
    enveloped: 0,
    rejected: [],
    undelivered: [],
    refused: undefined,
    requests: 0,
    bytes: 0,
  };
  let { maxBodyBytes } = context.settings;
  let waiting: Failed[] = [];
  let sending: Iterable<Action> = actions;
  let refused: string | undefined;
  let refusals = 0;
  let level = 0;
  for (;;) {
    const before = waiting.length;
    const round = await sendAll(sending, maxBodyBytes, level > 0, delivery, context);
    waiting = withReasons(round.waiting, waiting);
    if (waiting.length === 0) break;
    // Half of the items throttled is progress: then the next half need not wait longer.
    if (level === 0 || waiting.length > before * PROGRESS) level += 1;
    // Some refuse a body that is too large by closing the connection in the middle of it.
    if (round.broken) maxBodyBytes = Math.max(Math.min(SMALLEST_BODY, maxBodyBytes), Math.floor(maxBodyBytes / 2));
    // Where nobody was asked, what was said before still holds.
    if (round.wasSent) refused = round.refused;
    refusals = refused === undefined ? 0 : refusals + 1;
    const remaining = context.remainingMs();
    // Also the last answer before the end: a caller who is refused is never the fault of records.
    if (refusals === REFUSAL_TRIES || remaining <= LAST_TRY_MS) {
      delivery.refused = refused;
      break;
    }
    await context.sleep(Math.min(backoff(level, context.random), remaining - LAST_TRY_MS));
    sending = waiting.map(({ action }) => action);
  }
  delivery.undelivered.push(...waiting);
  return delivery;
}

/** What a round through all waiting actions came to. */
interface Round {
  /** To be tried again. */
  readonly waiting: Failed[];
  /** Why the domain does not let the caller in; the rest was not sent then. */
  refused?: string;
  /** Whether any of it was sent. */
  wasSent?: boolean;
  /** Whether a connection broke before the answer came. */
  broken?: boolean;
}

const OUT_OF_TIME = "out of time";

/** What was not sent again keeps the reason for which it was to be. */
function withReasons(waiting: Failed[], before: readonly Failed[]): Failed[] {
  if (!waiting.some(({ detail }) => detail === OUT_OF_TIME)) return waiting;
  const reasons = new Map(before.map(({ action, detail }) => [action, detail]));
  return waiting.map(({ action, detail }) => ({
    action,
    detail: detail === OUT_OF_TIME ? (reasons.get(action) ?? detail) : detail,
  }));
}

/** Sends actions once, in bodies one after the other. */
async function sendAll(
  actions: Iterable<Action>,
  maxBodyBytes: number,
  isRetry: boolean,
  delivery: Delivery,
  context: DeliveryContext,
): Promise<Round> {
  const round: Round = { waiting: [] };
  const waitAll = (batch: Batch, detail: string) =>
    batch.actions.forEach((action) => round.waiting.push({ action, detail }));
  const send = async (batches: Iterable<Batch>, isCounted = false): Promise<void> => {
    for (const batch of batches) {
      if (round.refused !== undefined) {
        waitAll(batch, round.refused);
        continue;
      }
      if (context.remainingMs() <= 0) {
        waitAll(batch, OUT_OF_TIME);
        continue;
      }
      round.wasSent = true;
      if (isCounted) delivery.retried += batch.actions.length;
      const reply = await post(batch, delivery, context);
      switch (reply.kind) {
        case "items":
          await send(toBatches(settle(batch.actions, reply.verdicts, delivery, round.waiting, context), maxBodyBytes));
          break;
        case "split":
          for (const part of split(batch, reply.detail, delivery, context)) await send(toBatches(part, maxBodyBytes));
          break;
        case "refused":
          round.refused = reply.detail;
          waitAll(batch, reply.detail);
          break;
        case "broken":
          round.broken = true;
          waitAll(batch, reply.detail);
          break;
        case "retry":
          waitAll(batch, reply.detail);
          break;
      }
    }
  };
  await send(toBatches(actions, maxBodyBytes), isRetry);
  return round;
}

async function post(
  batch: Batch,
  delivery: Delivery,
  context: DeliveryContext,
): Promise<Reply | { readonly kind: "broken"; readonly detail: string }> {
  const { searchEndpoint, searchRegion } = context.settings;
  const body = gzipSync(batch.body, { level: 1 });
  delivery.requests += 1;
  delivery.bytes += body.length;
  try {
    const { status, text } = await context.transport({
      service: "es",
      region: searchRegion,
      method: "POST",
      host: searchEndpoint,
      path: "/_bulk",
      headers: { "content-type": "application/x-ndjson", "content-encoding": "gzip" },
      body,
      timeoutMs: Math.max(1, Math.min(REQUEST_TIMEOUT_MS, context.remainingMs())),
    });
    return readReply(batch.actions, status, text);
  } catch (error) {
    return { kind: "broken", detail: (error as Error).message };
  }
}

/** Books each action under its verdict; gives back the envelopes of those that were refused for the first time. */
function settle(
  actions: readonly Action[],
  verdicts: readonly Verdict[],
  delivery: Delivery,
  waiting: Failed[],
  context: DeliveryContext,
): Action[] {
  const envelopes: Action[] = [];
  actions.forEach((action, position) => {
    const verdict = verdicts[position]!;
    switch (verdict.kind) {
      case "delivered":
        delivery.delivered += 1;
        if (action.isEnvelope) delivery.enveloped += 1;
        break;
      case "duplicate":
        delivery.duplicates += 1;
        break;
      case "retryable":
        waiting.push({ action, detail: verdict.detail });
        break;
      case "permanent":
        if (action.isEnvelope) delivery.rejected.push({ action, detail: verdict.detail });
        else envelopes.push(toEnvelope(action, context.settings, verdict.detail));
        break;
    }
  });
  return envelopes;
}

/** A body that was refused whole is halved until the action that spoils it is alone; that one is tried as an envelope. */
function split({ actions }: Batch, detail: string, delivery: Delivery, { settings }: DeliveryContext): Action[][] {
  if (actions.length > 1) return halves(actions);
  const action = actions[0]!;
  if (!action.isEnvelope) return [[toEnvelope(action, settings, detail)]];
  delivery.rejected.push({ action, detail });
  return [];
}

function backoff(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** attempt));
}
