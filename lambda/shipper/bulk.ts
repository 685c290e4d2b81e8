import type { Action } from "./document";

/** A bulk request's body and what is in it. */
export interface Batch {
  readonly actions: readonly Action[];
  /** Newline-delimited JSON, uncompressed. */
  readonly body: Buffer;
}

/** What became of one action. */
export type Verdict =
  | { readonly kind: "delivered" }
  /** It was there already: as good as delivered. */
  | { readonly kind: "duplicate" }
  /** It may pass the next time. */
  | { readonly kind: "retryable"; readonly detail: string }
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

interface BulkItem {
  readonly _index?: string;
  readonly _id?: string;
  readonly status?: number;
  readonly error?: { readonly type?: string; readonly reason?: string } | string;
}

/** Puts actions together into bodies of at most `maxBytes`; an action larger than that has a body of its own. */
export function* toBatches(actions: readonly Action[], maxBytes: number): Generator<Batch> {
  let lines: string[] = [];
  let taken: Action[] = [];
  let bytes = 0;
  for (const action of actions) {
    const text = `{"create":{"_index":${JSON.stringify(action.index)},"_id":${JSON.stringify(action.id)}}}\n${action.source}\n`;
    const size = Buffer.byteLength(text);
    if (taken.length > 0 && bytes + size > maxBytes) {
      yield { actions: taken, body: Buffer.from(lines.join("")) };
      [lines, taken, bytes] = [[], [], 0];
    }
    lines.push(text);
    taken.push(action);
    bytes += size;
  }
  if (taken.length > 0) yield { actions: taken, body: Buffer.from(lines.join("")) };
}

/** The two halves of actions that could not be taken together. */
export function halves(actions: readonly Action[]): [Action[], Action[]] {
  const middle = Math.ceil(actions.length / 2);
  return [actions.slice(0, middle), actions.slice(middle)];
}

/**
 * Reads a bulk reply. Items are matched by index and id, never by position: replies with more items than were sent have
 * been seen. An action without an item is not delivered.
 */
export function readReply(actions: readonly Action[], status: number, text: string): Reply {
  const detail = `${status} ${text.slice(0, 200)}`.trim();
  if (status === 413) return { kind: "split", detail };
  if (status === 400) return { kind: "split", detail };
  if (status === 401 || status === 403) {
    return /throttl|cluster_block_exception|too many requests/i.test(text)
      ? { kind: "retry", detail }
      : { kind: "refused", detail };
  }
  if (status < 200 || status > 299) return { kind: "retry", detail };
  const items = parseItems(text);
  if (items === undefined) return { kind: "retry", detail: `unreadable reply: ${detail}` };
  const verdicts = new Map<string, Verdict[]>();
  for (const item of items) {
    const key = keyOf(item._index ?? "", item._id ?? "");
    verdicts.set(key, [...(verdicts.get(key) ?? []), judge(item)]);
  }
  return { kind: "items", verdicts: assign(actions, verdicts) };
}

/** Gives each action its item. Of several items of one id that say different things, the one that says it is there counts. */
function assign(actions: readonly Action[], verdicts: ReadonlyMap<string, Verdict[]>): Verdict[] {
  const seen = new Set<string>();
  return actions.map((action): Verdict => {
    const key = keyOf(action.index, action.id);
    const found = verdicts.get(key) ?? [];
    const best =
      found.find(({ kind }) => kind === "delivered") ??
      found.find(({ kind }) => kind === "duplicate") ??
      found.find(({ kind }) => kind === "retryable") ??
      found[0];
    if (best === undefined) return { kind: "retryable", detail: "no item in the reply" };
    // The same record twice in one request is one document.
    if (best.kind === "delivered" && seen.has(key)) return { kind: "duplicate" };
    seen.add(key);
    return best;
  });
}

function judge({ status, error }: BulkItem): Verdict {
  if (status === undefined) return { kind: "retryable", detail: "an item without a status" };
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status === 409) return { kind: "duplicate" };
  const type = typeof error === "string" ? error : (error?.type ?? "");
  const reason = typeof error === "string" ? "" : (error?.reason ?? "");
  const detail = `${status} ${type}: ${reason}`.slice(0, 300);
  // The shard limit is the one 400 that is no fault of the record.
  const wouldAddShards =
    /validation_exception|illegal_argument_exception/.test(type) && /would add \[?\d+\]? .*shards/.test(reason);
  const passes =
    status === 429 || status >= 500 || status === 401 || status === 403 || status === 404 || wouldAddShards;
  return { kind: passes ? "retryable" : "permanent", detail };
}

function parseItems(text: string): BulkItem[] | undefined {
  try {
    const { items } = JSON.parse(text) as { items?: unknown };
    if (!Array.isArray(items)) return undefined;
    return (items as (Record<string, BulkItem> | null)[]).flatMap((item) => Object.values(item ?? {}));
  } catch {
    return undefined;
  }
}

function keyOf(index: string, id: string): string {
  return `${index}/${id}`;
}
