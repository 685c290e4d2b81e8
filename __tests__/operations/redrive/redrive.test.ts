import { gzipSync } from "node:zlib";
import { toDeadLetters } from "../../../lambda/shipper/dead-letters";
import { toAction } from "../../../lambda/shipper/document";
import type { LetterBox } from "../../../operations/redrive/letter-box";
import { redrive, type RedriveOptions } from "../../../operations/redrive/redrive";
import { MemoryEngine } from "../../factories/memory-engine";
import { ACCOUNT, brokenAfter, LOG_SOURCE, logEvent, NOW, payload, record } from "../../factories/payload";
import { SETTINGS } from "../../factories/shipping";

const OTHER = "444455556666";

/** An object of the shipper's own, with a letter for each record. */
function ownLetters(records: readonly object[], owner = ACCOUNT): Buffer {
  const failed = records.map((one) => ({
    action: toAction(logEvent(one as Record<string, unknown>), { ...LOG_SOURCE, owner }, SETTINGS, NOW),
    detail: "503 unavailable",
  }));
  return gzipSync(
    toDeadLetters("undelivered", failed)
      .map((letter) => `${JSON.stringify(letter)}\n`)
      .join(""),
  );
}

/** A record of Lambda's on-failure destination. */
function onFailure(requestPayload: unknown): Buffer {
  return Buffer.from(
    JSON.stringify({ version: "1.0", requestContext: { condition: "RetriesExhausted" }, requestPayload }),
  );
}

function boxOf(objects: Readonly<Record<string, Buffer>>): LetterBox & { objects: Map<string, Buffer> } {
  const map = new Map(Object.entries(objects));
  return {
    objects: map,
    list: () => Promise.resolve([...map].map(([key, { length }]) => ({ key, bytes: length }))),
    read: (key) => Promise.resolve(map.get(key)!),
    remove: (key) => {
      map.delete(key);
      return Promise.resolve();
    },
  };
}

async function redriven(box: LetterBox, engine: MemoryEngine, overrides: Partial<RedriveOptions> = {}) {
  return redrive(await box.list(), {
    box,
    delivery: { transport: engine.transport, searchEndpoint: "search.example", searchRegion: "eu-west-1" },
    ownerNames: new Map([[ACCOUNT, "production"]]),
    maxRecordAgeDays: 1095,
    dryRun: false,
    ...overrides,
  });
}

/** Time that passes by waiting only, and in no time. */
function hasty(): Partial<RedriveOptions> {
  let now = 0;
  return {
    clock: () => now,
    sleep: (ms) => {
      now += ms;
      return Promise.resolve();
    },
  };
}

const OWN = `${ACCOUNT}/undelivered/2026/02/01/a.ndjson.gz`;
const LAMBDAS = "aws/lambda/async/shipper/2026/02/01/b.json";

test("own dead letters and Lambda's records come into the index, and go from the bucket", async () => {
  const [first, second, third] = [record(), record(), record()];
  const box = boxOf({ [OWN]: ownLetters([first, second]), [LAMBDAS]: onFailure(payload([JSON.stringify(third)])) });
  const engine = new MemoryEngine();
  expect(await redriven(box, engine)).toMatchObject({ objects: 2, records: 3, delivered: 3, left: 0, removed: 2 });
  expect([...engine.documents.keys()].sort()).toEqual(
    [first, second, third].map((one) => `cwl-2026.02.01/${String(one.eventID)}`).sort(),
  );
  expect(box.objects.size).toBe(0);
});

test("a letter that was delivered meanwhile is no second document", async () => {
  const one = record();
  const engine = new MemoryEngine();
  await redriven(boxOf({ [OWN]: ownLetters([one]) }), engine);
  const [before] = engine.documents.values();
  const report = await redriven(boxOf({ [LAMBDAS]: onFailure(payload([JSON.stringify(one)])) }), engine);
  expect(report).toMatchObject({ delivered: 0, duplicates: 1, removed: 1 });
  expect([...engine.documents.values()]).toEqual([before]);
});

test("with one letter that is not taken the object stays whole; the next run delivers the rest", async () => {
  const [good, late] = [record(), record()];
  const box = boxOf({ [OWN]: ownLetters([good, late]) });
  const busy = new MemoryEngine({
    item: ({ id }) =>
      id === late.eventID ? { status: 429, error: { type: "es_rejected_execution_exception" } } : undefined,
  });
  expect(await redriven(box, busy, hasty())).toMatchObject({
    delivered: 1,
    left: 1,
    removed: 0,
    remaining: [{ key: OWN, why: "429 es_rejected_execution_exception" }],
  });
  const report = await redriven(box, new MemoryEngine());
  expect([report.delivered, box.objects.size]).toEqual([2, 0]);
});

test("what the engine refuses goes in as an envelope; refused as that too, it stays", async () => {
  const one = record();
  const refuse = (times: number) =>
    new MemoryEngine({
      item: ({ request }) =>
        request < times ? { status: 400, error: { type: "mapper_parsing_exception" } } : undefined,
    });
  const box = boxOf({ [OWN]: ownLetters([one]) });
  expect(await redriven(box, refuse(2))).toMatchObject({ delivered: 0, left: 1, removed: 0 });
  expect(await redriven(box, refuse(1))).toMatchObject({ delivered: 1, enveloped: 1, left: 0, removed: 1 });
});

test("a dry run writes nothing and removes nothing", async () => {
  const box = boxOf({ [OWN]: ownLetters([record(), record()]) });
  const engine = new MemoryEngine();
  const report = await redriven(box, engine, { dryRun: true });
  expect(report).toMatchObject({ objects: 1, records: 2, left: 2, removed: 0 });
  expect([engine.requests, box.objects.size]).toEqual([[], 1]);
});

test("of one account, nothing of another's is touched, in Lambda's own records neither", async () => {
  const theirs = payload([JSON.stringify(record())], OTHER);
  const box = boxOf({ [OWN]: ownLetters([record()]), [LAMBDAS]: onFailure(theirs) });
  expect(await redriven(box, new MemoryEngine(), { accountId: ACCOUNT })).toMatchObject({ objects: 1, removed: 1 });
  expect([...box.objects.keys()]).toEqual([LAMBDAS]);
});

test("what holds no log events stays, with the reason and without its content", async () => {
  const box = boxOf({
    [OWN]: gzipSync(`${JSON.stringify({ reason: "undecodable", detail: "x", data: "bm8gZ3ppcA==" })}\n`),
    [LAMBDAS]: onFailure({ drill: "secret" }),
    "aws/lambda/async/shipper/c.json": Buffer.from("secret"),
    [`${ACCOUNT}/rejected/d.ndjson.gz`]: Buffer.from("secret"),
  });
  const report = await redriven(box, new MemoryEngine());
  expect(report).toMatchObject({ objects: 4, records: 0, removed: 0 });
  expect(report.remaining.map(({ why }) => why)).toEqual([
    "a payload that cannot be unpacked: incorrect header check",
    "an event that is none of CloudWatch Logs",
    "no JSON",
    "incorrect header check",
  ]);
  expect(JSON.stringify(report)).not.toContain("secret");
});

test("a payload that can be read in part is shipped so far, and stays", async () => {
  const { data } = brokenAfter([JSON.stringify(record()), JSON.stringify(record())]).awslogs;
  const box = boxOf({ [OWN]: gzipSync(`${JSON.stringify({ reason: "undecodable", detail: "x", data })}\n`) });
  const report = await redriven(box, new MemoryEngine());
  expect(report).toMatchObject({ objects: 1, records: 2, delivered: 2, removed: 0 });
  expect(report.remaining).toEqual([{ key: OWN, why: "a payload that cannot be unpacked: the payload is no JSON" }]);
});

test("an operator whom the domain refuses is told so, with what was done before; nothing more is tried or removed", async () => {
  const keys = ["a", "b", "c"].map((name) => OWN.replace("a.ndjson", `${name}.ndjson`));
  const box = boxOf(Object.fromEntries(keys.map((key) => [key, ownLetters([record()])])));
  const refusal = { status: 403, text: '{"Message":"not authorized"}' };
  const engine = new MemoryEngine({ before: (request) => (request === 0 ? undefined : refusal) });
  expect(await redriven(box, engine, hasty())).toMatchObject({
    objects: 2,
    delivered: 1,
    removed: 1,
    left: 1,
    stopped: { cause: "refused", why: expect.stringContaining("not authorized") as string, untried: 1 },
  });
  expect([...box.objects.keys()]).toEqual(keys.slice(1));
});

test("a domain that takes nothing of one object is not asked for each of the others", async () => {
  const box = boxOf({ [OWN]: ownLetters([record()]), [LAMBDAS]: onFailure(payload([JSON.stringify(record())])) });
  const engine = new MemoryEngine({ before: () => ({ status: 503, text: "" }) });
  expect(await redriven(box, engine, hasty())).toMatchObject({
    objects: 1,
    left: 1,
    removed: 0,
    stopped: { cause: "unavailable", why: "the domain takes nothing: 503", untried: 1 },
  });
  expect(box.objects.size).toBe(2);
});

test("an object that S3 does not give or remove keeps no other from being tried", async () => {
  const keys = ["a", "b", "c", "d"].map((name) => OWN.replace("a.ndjson", `${name}.ndjson`));
  const box = boxOf(Object.fromEntries(keys.map((key) => [key, ownLetters([record()])])));
  const denied = () => Promise.reject(Object.assign(new Error("Access Denied"), { name: "AccessDenied" }));
  const report = await redriven(
    {
      ...box,
      read: (key) => (key === keys[1] ? denied() : key === keys[3] ? Promise.resolve(undefined) : box.read(key)),
      remove: (key) => (key === keys[2] ? denied() : box.remove(key)),
    },
    new MemoryEngine(),
  );
  expect(report).toMatchObject({ objects: 3, records: 2, delivered: 2, left: 0, removed: 1 });
  expect(report.remaining).toEqual([
    { key: keys[1], why: "not read: AccessDenied: Access Denied" },
    { key: keys[2], why: "delivered, but not removed: AccessDenied: Access Denied" },
  ]);
  expect(report.stopped).toBeUndefined();
});

test("a letter comes into the index that the shipper chose, however late it is tried", async () => {
  const arrived = NOW - 30_000;
  const records = [1, -1].map((ms) => record({ eventTime: new Date(arrived + 86_400_000 + ms).toISOString() }));
  const [own, lambdas] = [new MemoryEngine(), new MemoryEngine()];
  await redriven(boxOf({ [OWN]: ownLetters(records) }), own);
  await redriven(boxOf({ [LAMBDAS]: onFailure(payload(records.map((one) => JSON.stringify(one)))) }), lambdas);
  const expected = [`cwl-2026.02.02/${String(records[1]!.eventID)}`, `cwl-undated/${String(records[0]!.eventID)}`];
  for (const engine of [own, lambdas]) expect([...engine.documents.keys()].sort()).toEqual(expected);
});
