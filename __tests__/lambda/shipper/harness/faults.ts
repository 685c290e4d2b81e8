import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Behaviour, BulkRequest, Reply } from "./front";

/** Longer than the tests let a request take. */
const TOO_LONG_MS = 2_000;

const html = (status: number): Reply => ({
  status,
  text: `<html><head><title>${status}</title></head><body>unavailable</body></html>`,
});

type Item = Record<string, unknown> & { readonly create: Record<string, unknown> };

/** What can go wrong with a request as a whole. */
const REQUEST_FAULTS = {
  "request 429": () => Promise.resolve({ status: 429, text: '{"message":"Too Many Requests"}' }),
  "request 403, throttled": () => Promise.resolve({ status: 403, text: '{"Message":"Request throttled"}' }),
  "request 403, blocked": () =>
    Promise.resolve({ status: 403, text: '{"error":{"type":"cluster_block_exception","reason":"blocked"}}' }),
  "request 401": () => Promise.resolve({ status: 401, text: '{"message":"The security token is expired"}' }),
  "request 413": ({ lines, forward }) => (lines.length > 2 ? Promise.resolve({ status: 413, text: "" }) : forward()),
  "request 500": () => Promise.resolve({ status: 500, text: '{"error":"internal"}' }),
  "request 502": () => Promise.resolve(html(502)),
  "request 503": () => Promise.resolve(html(503)),
  "request 504": () => Promise.resolve({ status: 504, text: "" }),
  "HTML page with 200": async ({ forward }) => ({ ...html(200), text: html((await forward()).status).text }),
  "reply cut off": async ({ forward, cut }) => {
    const { status, text } = await forward();
    cut({ status, text: text.slice(0, text.length / 2) });
    return undefined;
  },
  "half a reply": async ({ forward }) => {
    const { status, text } = await forward();
    return { status, text: text.slice(0, text.length / 2) };
  },
  "reset before acceptance": ({ reset }) => {
    reset();
    return Promise.resolve(undefined);
  },
  "reset after acceptance": async ({ forward, reset }) => {
    await forward();
    reset();
    return undefined;
  },
  "delay before acceptance": async ({ forward }) => {
    await sleep(TOO_LONG_MS);
    return forward();
  },
  "delay after acceptance": async ({ forward }) => {
    const reply = await forward();
    await sleep(TOO_LONG_MS);
    return reply;
  },
} satisfies Record<string, Behaviour>;

/** What can be wrong with the items of a reply; what is refused here never reaches the engine. */
const ITEM_FAULTS = {
  "items 429": refuseHalf(429, { type: "es_rejected_execution_exception", reason: "rejected" }),
  "items 403": refuseHalf(403, { type: "cluster_block_exception", reason: "index [x] blocked" }),
  "items 503": refuseHalf(503, { type: "unavailable_shards_exception", reason: "primary shard is not active" }),
  "items with a text as error": refuseHalf(500, "shard failed"),
  "items twice": changeItems((items) => items.flatMap((item) => [item, item])),
  "items of others": changeItems((items) => [{ create: { _index: "cwl-other", _id: "other", status: 201 } }, ...items]),
  "items in another order": changeItems((items) => items.toReversed()),
  "items missing": changeItems((items) => items.filter((_, at) => at % 2 === 1)),
  "no items": changeItems(() => []),
} satisfies Record<string, Behaviour>;

const FAULTS: Readonly<Record<string, Behaviour>> = { ...REQUEST_FAULTS, ...ITEM_FAULTS };
const NAMES = Object.keys(FAULTS);

/** Every fault by name, with how often it has happened. */
export function noFaultsYet(): Map<string, number> {
  return new Map(NAMES.map((name) => [name, 0]));
}

/**
 * A domain that goes wrong with every second request. Which fault a request meets is told by the seed, the request's
 * first record and how often that has come, so that a second run with the seed meets the same ones; copies of a payload
 * that are on their way at once share them.
 *
 * @param isRefused ids that the engine never takes
 */
export function faulty(seed: string, happened: Map<string, number>, isRefused: (id: string) => boolean): Behaviour {
  const tries = new Map<string, number>();
  return async (request) => {
    const [first = ""] = idsOf(request.lines);
    const attempt = (tries.get(first) ?? 0) + 1;
    tries.set(first, attempt);
    const refused = takeOut(request, isRefused, 400, { type: "mapper_parsing_exception", reason: "failed to parse" });
    const chance = number(`${seed}/${first}/${attempt}`);
    const name = chance < 0.5 ? NAMES[Math.floor(chance * 2 * NAMES.length)]! : undefined;
    if (name !== undefined) happened.set(name, happened.get(name)! + 1);
    const reply = await (name === undefined ? request.forward() : FAULTS[name]!(request));
    return reply && withItems(reply, (items) => [...items, ...refused]);
  };
}

/** A number from 0 to 1 that a text always gives. */
export function number(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE() / 2 ** 32;
}

function refuseHalf(status: number, error: unknown): Behaviour {
  return async (request) => {
    const half = new Set(idsOf(request.lines).filter((_, at) => at % 2 === 0));
    const refused = takeOut(request, (id) => half.has(id), status, error);
    return withItems(await request.forward(), (items) => [...items, ...refused]);
  };
}

function changeItems(change: (items: Item[]) => Item[]): Behaviour {
  return async ({ forward }) => withItems(await forward(), change);
}

/** Takes actions out of a request; gives back the items that refuse them. */
function takeOut(request: BulkRequest, isOut: (id: string) => boolean, status: number, error: unknown): Item[] {
  const refused: Item[] = [];
  const lines: string[] = [];
  for (let at = 0; at < request.lines.length; at += 2) {
    const { create } = JSON.parse(request.lines[at]!) as { create: { _id: string } };
    if (isOut(create._id)) refused.push({ create: { ...create, status, error } });
    else lines.push(request.lines[at]!, request.lines[at + 1]!);
  }
  request.lines = lines;
  return refused;
}

function withItems(reply: Reply, change: (items: Item[]) => Item[]): Reply {
  let parsed: { items?: Item[] };
  try {
    parsed = JSON.parse(reply.text) as { items?: Item[] };
  } catch {
    // A page, or half a reply.
    return reply;
  }
  return parsed.items ? { ...reply, text: JSON.stringify({ ...parsed, items: change(parsed.items) }) } : reply;
}

function idsOf(lines: readonly string[]): string[] {
  return lines
    .filter((_, at) => at % 2 === 0)
    .map((line) => (JSON.parse(line) as { create: { _id: string } }).create._id);
}
