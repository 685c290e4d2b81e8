import { deliver, type DeliveryContext } from "../../../lambda/shipper/deliver";
import { toAction, type Action } from "../../../lambda/shipper/document";
import type { Answer } from "../../../lambda/shipper/transport";
import { MemoryEngine, withItems, type Item } from "../../factories/memory-engine";
import { LOG_SOURCE, logEvent, NOW, record } from "../../factories/payload";
import { SETTINGS, shipContext } from "../../factories/shipping";

function actions(count: number, fields: Record<string, unknown> = {}): Action[] {
  return Array.from({ length: count }, () => toAction(logEvent(record(fields)), LOG_SOURCE, SETTINGS, NOW));
}

function context(engine: MemoryEngine, overrides: Partial<DeliveryContext> = {}) {
  return shipContext(engine.transport, overrides as object);
}

const THROTTLED = { status: 429, error: { type: "es_rejected_execution_exception", reason: "rejected" } };
const BLOCKED = { status: 403, error: { type: "cluster_block_exception", reason: "blocked" } };
const UNPARSABLE = { status: 400, error: { type: "mapper_parsing_exception", reason: "failed to parse" } };
const REFUSED: Answer = { status: 403, text: '{"Message":"User: x is not authorized to perform: es:ESHttpPost"}' };
const isEnvelope = ({ source }: Item) => source.includes('"@error"');

/** Every item for the first requests. */
const until =
  (requests: number, opinion: typeof THROTTLED) =>
  ({ request }: Item) =>
    request < requests ? opinion : undefined;

describe("delivery", () => {
  test("is one request where all goes well", async () => {
    const engine = new MemoryEngine();
    const delivery = await deliver(actions(3), context(engine));
    expect(delivery).toMatchObject({ delivered: 3, duplicates: 0, retried: 0, enveloped: 0, requests: 1 });
    expect(engine.documents.size).toBe(3);
  });

  test("of the same records again delivers nothing, and is well", async () => {
    const engine = new MemoryEngine();
    const records = actions(3);
    await deliver(records, context(engine));
    expect(await deliver(records, context(engine))).toMatchObject({
      delivered: 0,
      duplicates: 3,
      undelivered: [],
      rejected: [],
    });
    expect(engine.documents.size).toBe(3);
  });

  test("counts a record twice in one payload as delivered and duplicate", async () => {
    const [one] = actions(1);
    expect(await deliver([one!, one!], context(new MemoryEngine()))).toMatchObject({ delivered: 1, duplicates: 1 });
  });

  test("sends only throttled items again", async () => {
    const [first, second, third] = actions(3);
    const engine = new MemoryEngine({
      item: ({ id, request }) => (id === second!.id && request < 2 ? THROTTLED : undefined),
    });
    expect(await deliver([first!, second!, third!], context(engine))).toMatchObject({ delivered: 3, retried: 2 });
    expect(engine.requests).toEqual([[first!.id, second!.id, third!.id], [second!.id], [second!.id]]);
  });

  test("tries items again that are blocked with 403: a full disk, pressure on memory", async () => {
    const engine = new MemoryEngine({ item: until(3, BLOCKED) });
    expect(await deliver(actions(2), context(engine))).toMatchObject({
      delivered: 2,
      retried: 6,
      enveloped: 0,
      rejected: [],
    });
  });

  test.each([
    ["429", { status: 429, text: "429 Too Many Requests /_bulk" }],
    ["a throttling 403", { status: 403, text: '{"message":"403 Request throttled due to too many requests"}' }],
    ["an HTML page", { status: 502, text: "<html>Bad Gateway</html>" }],
    ["503", { status: 503, text: "" }],
    ["a reply that is cut off", { status: 200, text: '{"items":[{"cre' }],
    ["a connection that breaks", new Error("socket hang up")],
  ])("tries a request again that meets %s", async (_, answer) => {
    const engine = new MemoryEngine({ before: (request) => (request < 2 ? answer : undefined) });
    expect(await deliver(actions(2), context(engine))).toMatchObject({ delivered: 2, retried: 4, requests: 3 });
  });

  test("waits out a 403 that throttles, however often it comes: it is no refusal of the caller", async () => {
    const throttled = { status: 403, text: '{"message":"403 Request throttled due to too many requests"}' };
    const engine = new MemoryEngine({ before: (request) => (request < 8 ? throttled : undefined) });
    expect(await deliver(actions(2), context(engine))).toMatchObject({ delivered: 2, requests: 9, refused: undefined });
  });

  test("takes what was accepted before the connection broke for a duplicate, not for a loss", async () => {
    const engine = new MemoryEngine({ after: (answer, request) => (request === 0 ? new Error("ECONNRESET") : answer) });
    expect(await deliver(actions(2), context(engine))).toMatchObject({ delivered: 0, duplicates: 2, requests: 2 });
  });

  test("matches items by id: more, fewer, or in another order than sent", async () => {
    const [first, second] = actions(2);
    const stranger = { create: { _index: "cwl-2026.02.01", _id: "stranger", status: 400, error: {} } };
    const engine = new MemoryEngine({
      item: ({ id, request }) => (id === first!.id && request === 0 ? THROTTLED : undefined),
      after: (answer) => withItems(answer, (items) => [stranger, ...items.reverse(), stranger]),
    });
    expect(await deliver([first!, second!], context(engine))).toMatchObject({ delivered: 2, retried: 1, rejected: [] });
    expect(engine.requests[1]).toEqual([first!.id]);
  });

  test("sends a record again that has no item in the reply", async () => {
    const engine = new MemoryEngine({
      after: (answer, request) => (request === 0 ? withItems(answer, (items) => items.slice(1)) : answer),
    });
    expect(await deliver(actions(3), context(engine))).toMatchObject({ delivered: 2, duplicates: 1, retried: 1 });
  });

  test("sends what the engine refuses once more as an envelope with the same id", async () => {
    const [bad, good] = actions(2);
    const engine = new MemoryEngine({
      item: (item) => (item.id === bad!.id && !isEnvelope(item) ? UNPARSABLE : undefined),
    });
    expect(await deliver([bad!, good!], context(engine))).toMatchObject({
      delivered: 2,
      enveloped: 1,
      retried: 0,
      rejected: [],
    });
    const stored = JSON.parse(engine.documents.get(`${bad!.index}/${bad!.id}`)!) as unknown;
    expect(stored).toMatchObject({
      message: bad!.logEvent.message,
      "@error": expect.stringContaining("400 mapper_parsing_exception") as unknown,
    });
  });

  test("gives a record up that is refused as an envelope, too", async () => {
    const [bad, good] = actions(2);
    const engine = new MemoryEngine({ item: ({ id }) => (id === bad!.id ? UNPARSABLE : undefined) });
    const delivery = await deliver([bad!, good!], context(engine));
    expect(delivery).toMatchObject({ delivered: 1, enveloped: 0, undelivered: [] });
    expect(delivery.rejected.map(({ action: { id }, detail }) => [id, detail])).toEqual([
      [bad!.id, "400 mapper_parsing_exception: failed to parse"],
    ]);
  });

  test("waits for shards rather than refusing records when the cluster has as many as it may", async () => {
    const error = {
      type: "validation_exception",
      reason: "this action would add [2] total shards, but this cluster has",
    };
    const engine = new MemoryEngine({ item: until(2, { status: 400, error }) });
    expect(await deliver(actions(2), context(engine))).toMatchObject({ delivered: 2, enveloped: 0, retried: 4 });
  });
});

describe("bodies that are too large", () => {
  const settings = { ...SETTINGS, maxBodyBytes: 10_000 };

  test("are split before they are sent", async () => {
    const engine = new MemoryEngine();
    expect(await deliver(actions(40), context(engine, { settings }))).toMatchObject({ delivered: 40, retried: 0 });
    expect(engine.requests.length).toBeGreaterThan(3);
    expect(Math.max(...engine.bodyBytes)).toBeLessThanOrEqual(10_000);
  });

  test("are split again on 413, also where its body is empty", async () => {
    const engine = new MemoryEngine({
      before: (_, body) => (body.length > 4_000 ? { status: 413, text: "" } : undefined),
    });
    expect(await deliver(actions(20), context(engine))).toMatchObject({ delivered: 20, retried: 0, rejected: [] });
  });

  test("are sent in smaller parts where the engine closes the connection in the middle of them", async () => {
    const engine = new MemoryEngine({ before: (_, body) => (body.length > 100_000 ? new Error("EPIPE") : undefined) });
    const large = actions(30, { userAgent: "x".repeat(10_000) });
    expect(await deliver(large, context(engine))).toMatchObject({ delivered: 30, undelivered: [] });
  });

  test("of one record are tried as an envelope, then given up", async () => {
    const [large, small] = actions(2, { userAgent: "x".repeat(5_000) });
    const engine = new MemoryEngine({
      before: (_, body) => (body.includes(large!.id) && body.length > 4_000 ? { status: 413, text: "" } : undefined),
    });
    const delivery = await deliver([large!, small!], context(engine));
    expect(delivery).toMatchObject({
      delivered: 1,
      rejected: [{ action: { id: large!.id, isEnvelope: true }, detail: "413" }],
    });
  });

  test("a request that is refused with 400 is halved until what spoils it is alone", async () => {
    const records = actions(9);
    const spoiling = records[4]!;
    const engine = new MemoryEngine({
      before: (_, body) =>
        body.includes(`"eventID":"${spoiling.id}"`) ? { status: 400, text: '{"error":{}}' } : undefined,
    });
    expect(await deliver(records, context(engine))).toMatchObject({ delivered: 9, enveloped: 1, rejected: [] });
  });
});

describe("the caller refused", () => {
  test("is tried again, with renewed credentials, and then said; nothing becomes an envelope", async () => {
    const engine = new MemoryEngine({ before: () => REFUSED });
    const delivery = await deliver(actions(2), context(engine));
    expect(delivery).toMatchObject({ delivered: 0, enveloped: 0, requests: 3, rejected: [] });
    expect(delivery.refused).toContain("not authorized");
    expect(delivery.undelivered.length).toBe(2);
  });

  test("once, because a new policy is not known everywhere yet, is no loss", async () => {
    const engine = new MemoryEngine({ before: (request) => (request < 2 ? REFUSED : undefined) });
    expect(await deliver(actions(2), context(engine))).toMatchObject({ delivered: 2, refused: undefined });
  });

  test("is given up for refusals in a row only", async () => {
    const answers = [REFUSED, REFUSED, { status: 503, text: "" }, REFUSED, REFUSED];
    const engine = new MemoryEngine({ before: (request) => answers[request] });
    expect(await deliver(actions(2), context(engine))).toMatchObject({ delivered: 2, requests: 6, refused: undefined });
  });

  test("is said also where time is over before the third try", async () => {
    const engine = new MemoryEngine({ before: () => REFUSED });
    const delivery = await deliver(
      actions(2),
      context(engine, { remainingMs: () => (engine.requests.length > 0 ? 0 : 5_000) }),
    );
    expect([delivery.requests, delivery.undelivered.length]).toEqual([1, 2]);
    expect(delivery.refused).toContain("not authorized");
  });

  test("is what was said last, where there was time for no further request", async () => {
    // A refusal, then time is over while it waits; or then a part is taken, and time is over.
    for (const [answers, refused] of [
      [[REFUSED], expect.stringContaining("not authorized") as string],
      [[REFUSED, undefined], undefined],
    ] as const) {
      const engine = new MemoryEngine({ before: (request) => answers[request] });
      const settings = { ...SETTINGS, maxBodyBytes: 2_500 };
      const remainingMs = () => (engine.requests.length < answers.length || waits === 0 ? 5_000 : 0);
      let waits = 0;
      const sleep = () => Promise.resolve(void (waits += 1));
      const delivery = await deliver(actions(6), context(engine, { settings, remainingMs, sleep }));
      expect([delivery.refused, engine.requests.length]).toEqual([refused, answers.length]);
      expect(delivery.delivered + delivery.undelivered.length).toBe(6);
    }
  });

  test("item by item, as an API key without rights is, is no matter of load", async () => {
    const error = { type: "security_exception", reason: "action [indices:data/write/bulk[s]] is unauthorized" };
    const engine = new MemoryEngine({ item: () => ({ status: 403, error }) });
    expect(await deliver(actions(2), context(engine))).toMatchObject({
      requests: 3,
      rejected: [],
      refused: "403 security_exception: action [indices:data/write/bulk[s]] is unauthorized",
    });
  });

  test("sends the rest of the payload no further", async () => {
    const engine = new MemoryEngine({ before: () => REFUSED });
    const delivery = await deliver(actions(40), context(engine, { settings: { ...SETTINGS, maxBodyBytes: 5_000 } }));
    expect([delivery.requests, delivery.undelivered.length]).toEqual([3, 40]);
  });
});

describe("waiting", () => {
  test("grows exponentially up to 20 s, with full jitter", async () => {
    const engine = new MemoryEngine({ before: () => ({ status: 503, text: "" }) });
    const all = context(engine, { random: () => 1 });
    await deliver(actions(1), all);
    expect(all.slept.slice(0, 9)).toEqual([400, 800, 1600, 3200, 6400, 12_800, 20_000, 20_000, 20_000]);
    const none = context(engine, { random: () => 0, remainingMs: () => Math.max(0, 2000 - engine.requests.length) });
    await deliver(actions(1), none);
    expect(new Set(none.slept)).toEqual(new Set([0]));
  });

  test("does not grow while a good part gets through: half of all items throttled is no reason to be late", async () => {
    const engine = new MemoryEngine({
      item: ({ id, request }) => ((Number(id.slice(-5)) >> request) % 2 === 1 ? THROTTLED : undefined),
    });
    const given = context(engine, { random: () => 1 });
    expect(await deliver(actions(500), given)).toMatchObject({ delivered: 500 });
    expect(Math.max(...given.slept)).toBeLessThanOrEqual(800);
  });

  test("ends with the time: the rest is undelivered, and says why", async () => {
    const engine = new MemoryEngine({ item: () => THROTTLED });
    const given = context(engine);
    const delivery = await deliver(actions(2), given);
    expect(delivery.undelivered.map(({ detail }) => detail)).toEqual(
      Array(2).fill("429 es_rejected_execution_exception: rejected"),
    );
    expect(given.remainingMs()).toBeGreaterThanOrEqual(0);
    expect(given.remainingMs()).toBeLessThanOrEqual(1_000);
  });

  test("lets no request take longer than there is time", async () => {
    const engine = new MemoryEngine({ item: () => THROTTLED });
    const given = context(engine);
    const times: [timeoutMs: number, remainingMs: number][] = [];
    await deliver(actions(1), {
      ...given,
      transport: (request) => {
        times.push([request.timeoutMs, given.remainingMs()]);
        return engine.transport(request);
      },
    });
    expect(times.length).toBeGreaterThan(3);
    for (const [timeoutMs, remainingMs] of times) expect(timeoutMs).toBe(Math.min(60_000, remainingMs));
    expect(times.at(-1)![0]).toBeLessThan(60_000);
  });

  test("counts as retried only what was sent again; what was not keeps its reason", async () => {
    const settings = { ...SETTINGS, maxBodyBytes: 2_500 };
    const engine = new MemoryEngine({ item: () => THROTTLED });
    const six = actions(6);
    // Time for the first round and one request more.
    let first = Number.POSITIVE_INFINITY;
    const delivery = await deliver(
      six,
      context(engine, {
        settings,
        remainingMs: () => (engine.requests.length <= first ? 5_000 : 0),
        sleep: () => {
          first = engine.requests.length;
          return Promise.resolve();
        },
      }),
    );
    const sent = engine.requests.slice(first).flat().length;
    expect([delivery.retried, sent > 0, sent < 6]).toEqual([sent, true, true]);
    expect(new Set(delivery.undelivered.map(({ detail }) => detail))).toEqual(
      new Set(["429 es_rejected_execution_exception: rejected"]),
    );
  });

  test("sends nothing when there was no time from the start", async () => {
    const engine = new MemoryEngine();
    const delivery = await deliver(actions(2), context(engine, { remainingMs: () => 0 }));
    expect([engine.requests.length, delivery.undelivered.length]).toEqual([0, 2]);
  });
});
