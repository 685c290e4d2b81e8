import { gzipSync } from "node:zlib";
import { halves, readReply, toBatches, type Batch, type Verdict } from "./bulk";
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
/** A role's policy takes seconds until it is known everywhere: refused callers are let try again this often. */
const REFUSAL_TRIES = 3;

/**
 * Creates documents by `_bulk`, until each is there, has been refused for good, or time is short.
 *
 * Only what may pass is sent again, with exponential back-off and full jitter. What the engine refuses for good is tried
 * once more as an envelope. Repeating is safe: the id is the record's and the operation is `create`.
 */
export async function deliver(actions: readonly Action[], context: DeliveryContext): Promise<Delivery> {
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
  const { maxBodyBytes } = context.settings;
  let waiting: Failed[] = actions.map((action) => ({ action, detail: "not sent" }));
  let refusals = 0;
  for (let attempt = 0; waiting.length > 0; attempt++) {
    if (attempt > 0) {
      const wait = backoff(attempt, context.random);
      if (context.remainingMs() <= wait) break;
      await context.sleep(wait);
      delivery.retried += waiting.length;
    }
    const round = await sendAll(
      [
        ...toBatches(
          waiting.map(({ action }) => action),
          maxBodyBytes,
        ),
      ],
      delivery,
      context,
    );
    waiting = round.waiting;
    if (round.refused === undefined) {
      refusals = 0;
    } else if (++refusals >= REFUSAL_TRIES) {
      delivery.refused = round.refused;
      break;
    }
  }
  delivery.undelivered.push(...waiting);
  return delivery;
}

/** Sends batches one after the other; gives back what is to be tried again. */
async function sendAll(
  batches: Batch[],
  delivery: Delivery,
  context: DeliveryContext,
): Promise<{ waiting: Failed[]; refused?: string }> {
  const waiting: Failed[] = [];
  for (let batch = batches.shift(); batch; batch = batches.shift()) {
    const all = (detail: string) => waiting.push(...batch!.actions.map((action) => ({ action, detail })));
    if (context.remainingMs() <= 0) {
      all("out of time");
      continue;
    }
    const reply = await send(batch, delivery, context);
    switch (reply.kind) {
      case "items": {
        const envelopes = settle(batch.actions, reply.verdicts, delivery, waiting, context);
        if (envelopes.length > 0) batches.unshift(...toBatches(envelopes, context.settings.maxBodyBytes));
        break;
      }
      case "split":
        batches.unshift(...split(batch, reply.detail, delivery, context));
        break;
      case "retry":
        all(reply.detail);
        break;
      case "refused":
        all(reply.detail);
        for (const rest of batches) waiting.push(...rest.actions.map((action) => ({ action, detail: reply.detail })));
        return { waiting, refused: reply.detail };
    }
  }
  return { waiting };
}

async function send(batch: Batch, delivery: Delivery, context: DeliveryContext) {
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
    return { kind: "retry", detail: (error as Error).message } as const;
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
function split({ actions }: Batch, detail: string, delivery: Delivery, { settings }: DeliveryContext): Batch[] {
  if (actions.length > 1) return halves(actions).flatMap((half) => [...toBatches(half, settings.maxBodyBytes)]);
  const action = actions[0]!;
  if (!action.isEnvelope) return [...toBatches([toEnvelope(action, settings, detail)], settings.maxBodyBytes)];
  delivery.rejected.push({ action, detail });
  return [];
}

function backoff(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** attempt));
}
