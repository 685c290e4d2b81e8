import { quoted, type Action } from "./document";

/** A bulk request's body and what is in it. */
export interface Batch {
  readonly actions: readonly Action[];
  /** Newline-delimited JSON, uncompressed; there until the next batch is asked for. */
  readonly body: Buffer;
}

/** What became of one action. */
export type Verdict =
  | { readonly kind: "delivered" }
  /** It was there already: as good as delivered. */
  | { readonly kind: "duplicate" }
  /** It may pass the next time. */
  | {
      readonly kind: "retryable";
      readonly detail: string;
      /** The caller may not write into this index. */
      readonly isRefusal?: true;
    }
  /** It will never pass as it is. */
  | { readonly kind: "permanent"; readonly detail: string };

/** What a reply says of the request as a whole. */
export type Reply =
  | { readonly kind: "items"; readonly verdicts: readonly Verdict[] }
  /** The body is too large, or one action spoils the others. */
  | { readonly kind: "split"; readonly detail: string }
  /** Nothing was taken; try all again. */
  | { readonly kind: "retry"; readonly detail: string }
  /** The domain does not let the caller in. */
  | { readonly kind: "refused"; readonly detail: string };

/** An item of a reply; nothing about it is sure. */
interface BulkItem {
  readonly _index?: unknown;
  readonly _id?: unknown;
  readonly status?: unknown;
  readonly error?: unknown;
}

/**
 * Puts actions together into bodies of at most `maxBytes`; an action larger than that has a body of its own. Actions are
 * asked for one by one, so that making them and writing them can go hand in hand.
 *
 * A body is there until the next one is asked for, here or by another call: they are written into the same memory.
 */
export function* toBatches(actions: Iterable<Action>, maxBytes: number): Generator<Batch> {
  let taken: Action[] = [];
  let body: Buffer = NO_BYTES;
  let bytes = 0;
  for (const action of actions) {
    const [head, rest] = action.takePieces?.() ?? [action.source, ""];
    const start = createLine(action) + head;
    if (taken.length > 0 && !isRoomFor(start, rest, maxBytes - bytes)) {
      yield { actions: taken, body: body.subarray(0, bytes) };
      [taken, bytes] = [[], 0];
    }
    if (taken.length === 0) {
      body = isRoomFor(start, rest, maxBytes) ? memory(maxBytes) : Buffer.allocUnsafeSlow(bytesOf(start, rest));
    }
    bytes += body.write(start, bytes);
    bytes += body.write(rest, bytes);
    body[bytes++] = LINE_FEED;
    taken.push(action);
  }
  if (taken.length > 0) yield { actions: taken, body: body.subarray(0, bytes) };
}

const NO_BYTES: Buffer = Buffer.alloc(0);
let kept = NO_BYTES;

/** The same each time: megabytes that are thrown away with each body call the garbage collector twice as often. */
function memory(bytes: number): Buffer {
  if (kept.length < bytes) kept = Buffer.allocUnsafeSlow(bytes);
  return kept;
}

/** Bytes of a UTF-16 unit in UTF-8, at most. */
const MOST_BYTES = 3;
const LINE_FEED = 10;

function isRoomFor(start: string, rest: string, room: number): boolean {
  // The exact number only where it decides: it costs nearly as much as writing does.
  return MOST_BYTES * (start.length + rest.length) < room || bytesOf(start, rest) <= room;
}

/** With the line feed behind. */
function bytesOf(start: string, rest: string): number {
  return Buffer.byteLength(start) + Buffer.byteLength(rest) + 1;
}

function createLine({ index, id }: Action): string {
  if (index !== lastIndex.name)
    lastIndex = { name: index, start: `{"create":{"_index":${JSON.stringify(index)},"_id":` };
  return `${lastIndex.start}${quoted(id)}}}\n`;
}

/** Records that come together are of one day, nearly always. */
let lastIndex = { name: "", start: "" };

/** The two halves of actions that could not be taken together. */
export function halves(actions: readonly Action[]): [Action[], Action[]] {
  const middle = Math.ceil(actions.length / 2);
  return [actions.slice(0, middle), actions.slice(middle)];
}

/**
 * Reads a bulk reply. Items are matched by id (and index, where they name one), never by position: replies with more
 * items than were sent have been seen. An action without an item is not delivered.
 *
 * Details say what the domain answered. Those of items end in the engine's reason, which may quote the record:
 * {@link withoutContent} takes that away.
 */
export function readReply(actions: readonly Action[], status: number, text: string): Reply {
  const isGood = status >= 200 && status <= 299;
  const error = isGood ? undefined : engineError(text);
  const detail = error === undefined ? `${status} ${text.slice(0, 200)}`.trim() : detailOf(status, error);
  if (status === 413) return { kind: "split", detail };
  if (status === 401 || status === 403) {
    return /throttl|block_exception|too many requests/i.test(text)
      ? { kind: "retry", detail }
      : { kind: "refused", detail };
  }
  if (status === 400) return readBadRequest(text, error, detail);
  if (!isGood) return { kind: "retry", detail };
  const items = parseItems(text);
  if (items === undefined)
    return { kind: "retry", detail: `${status}, and a reply of ${text.length} characters that cannot be read` };
  const verdicts = assign(actions, byId(items));
  // An API key or a mapped role without rights: the request itself is let in, and each of its items is refused.
  const [first] = verdicts;
  if (first?.kind === "retryable" && verdicts.every((verdict) => verdict.kind === "retryable" && verdict.isRefusal)) {
    return { kind: "refused", detail: first.detail };
  }
  return { kind: "items", verdicts };
}

/** What of a detail may stand in a log: no reason of the engine's, as it may quote a record. */
export function withoutContent(detail: string): string {
  return /^\d{3} \w+(?=: )/.exec(detail)?.[0] ?? detail;
}

/** A body that the engine refuses as a whole, unless it is the caller that is refused, or the shard limit is reached. */
function readBadRequest(text: string, error: unknown, detail: string): Reply {
  // The gate before the engine has no `error` in its answers.
  const isGate = /^\s*\{\s*"(?:message|__type)"/i.test(text);
  if (isGate && /security token|signature|credential/i.test(text)) return { kind: "refused", detail };
  return { kind: isShardLimit(error) ? "retry" : "split", detail };
}

/** Gives each action its item. Of several items of one id that say different things, the one that says it is there counts. */
function assign(actions: readonly Action[], items: ReadonlyMap<string, readonly BulkItem[]>): Verdict[] {
  const seen = new Set<string>();
  return actions.map(({ index, id }): Verdict => {
    const found = (items.get(id) ?? [])
      .filter((item) => typeof item._index !== "string" || item._index === index)
      .map(judge);
    const best =
      found.find(({ kind }) => kind === "delivered") ??
      found.find(({ kind }) => kind === "duplicate") ??
      found.find(({ kind }) => kind === "retryable") ??
      found[0];
    if (best === undefined) return { kind: "retryable", detail: "no item in the reply" };
    // The same record twice in one request is one document.
    const key = `${index}/${id}`;
    if (best.kind === "delivered" && seen.has(key)) return { kind: "duplicate" };
    seen.add(key);
    return best;
  });
}

/**
 * The one 400 that is no fault of the record: the cluster has as many shards as it may. From the reason's start, since what
 * follows in other reasons may quote a record.
 */
const SHARD_LIMIT = /^(?:Validation Failed: \d+: )?this action would add \[?\d+\]? (?:\w+ )?shards/;

function isShardLimit(error: unknown): boolean {
  const reason = (error as { reason?: unknown } | null | undefined)?.reason;
  return typeof reason === "string" && SHARD_LIMIT.test(reason);
}

function judge({ status, error }: BulkItem): Verdict {
  if (typeof status !== "number") return { kind: "retryable", detail: "an item without a status" };
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status === 409) return { kind: "duplicate" };
  const detail = detailOf(status, error);
  const isFaultOfRecord = status >= 400 && status < 500 && !PASSING.has(status) && !isShardLimit(error);
  if (isFaultOfRecord) return { kind: "permanent", detail };
  return { kind: "retryable", detail, ...(isRefusal(status, error) && { isRefusal: true }) };
}

function isRefusal(status: number, error: unknown): boolean {
  const type = (error as { type?: unknown } | null | undefined)?.type;
  return (status === 401 || status === 403) && type === "security_exception";
}

function detailOf(status: number, error: unknown): string {
  return `${status} ${reasonOf(error)}`.slice(0, 300);
}

/** 401 and 403: rights or blocks; 404: an index that may not be made now; 408 and 429: load. */
const PASSING: ReadonlySet<number> = new Set([401, 403, 404, 408, 429]);

/** `type: reason (cause)`; OpenSearch also answers with a plain string. */
function reasonOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return `error: ${typeof error === "string" ? error : ""}`;
  const { type, reason, caused_by } = error as Record<string, unknown>;
  const cause = (caused_by as { reason?: unknown } | null | undefined)?.reason;
  // After its first line the parser prints the request that it read.
  const because = typeof cause === "string" ? ` (${cause.split("\n", 1)[0]!})` : "";
  return `${typeof type === "string" ? type : "error"}: ${typeof reason === "string" ? reason : ""}${because}`;
}

function byId(items: readonly BulkItem[]): Map<string, BulkItem[]> {
  const found = new Map<string, BulkItem[]>();
  for (const item of items) {
    if (typeof item._id !== "string") continue;
    const known = found.get(item._id);
    if (known) known.push(item);
    else found.set(item._id, [item]);
  }
  return found;
}

/** What the engine says of a request that it refuses as a whole; undefined where it is not the engine that answers. */
function engineError(text: string): unknown {
  return (parsed(text) as { error?: unknown } | null | undefined)?.error;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function parseItems(text: string): BulkItem[] | undefined {
  const items = (parsed(text) as { items?: unknown } | null | undefined)?.items;
  if (!Array.isArray(items)) return undefined;
  return items
    .flatMap((item: unknown) => Object.values((item ?? {}) as Record<string, unknown>))
    .filter((item): item is BulkItem => typeof item === "object" && item !== null);
}
