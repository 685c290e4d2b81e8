import fc from "fast-check";
import { gunzipSync } from "node:zlib";
import { NotALogsEvent } from "../../../lambda/shipper/decode";
import { toAction } from "../../../lambda/shipper/document";
import { ShippingFailed, type ShipContext } from "../../../lambda/shipper/ship";
import { logLine } from "../../../lambda/shipper/summary";
import type { Answer } from "../../../lambda/shipper/transport";
import { MemoryEngine, withItems, type Item, type Opinion } from "../../factories/memory-engine";
import { ACCOUNT, brokenAfter, LOG_SOURCE, logEvent, NOW, packed, payload, record } from "../../factories/payload";
import { SETTINGS, shipContext, shipped, type Shipped } from "../../factories/shipping";

const UNPARSABLE = { status: 400, error: { type: "mapper_parsing_exception", reason: "preview: 'secret'" } };
const UNAVAILABLE = { status: 503, error: { type: "unavailable_shards_exception", reason: "" } };
const DAY_MS = 86_400_000;
const lines = (count: number) => Array.from({ length: count }, () => JSON.stringify(record()));

/** Received = delivered + duplicates + dead letters + undelivered. */
function expectAccounted({ summary }: Shipped): void {
  expect(summary!.delivered + summary!.duplicates + summary!.deadLettered + summary!.undelivered).toBe(
    summary!.received,
  );
}

describe("an invocation", () => {
  test("that goes well fails not and counts", async () => {
    const engine = new MemoryEngine();
    const { summary, error } = await shipped(payload(lines(3)), shipContext(engine.transport));
    expect(error).toBeUndefined();
    expect(summary).toMatchObject({ account: ACCOUNT, received: 3, delivered: 3, undelivered: 0, lagSeconds: 60 });
  });

  test("with a control message asks nobody", async () => {
    const engine = new MemoryEngine();
    const { summary, error } = await shipped(packed({ messageType: "CONTROL_MESSAGE" }), shipContext(engine.transport));
    expect([error, summary!.received, engine.requests.length]).toEqual([undefined, 0, 0]);
  });

  test("with an event of somebody else's fails, so that Lambda keeps it", async () => {
    expect((await shipped({ Records: [] }, shipContext(new MemoryEngine().transport))).error).toBeInstanceOf(
      NotALogsEvent,
    );
  });

  test("keeps a payload that cannot be read as it came, under the account, the reason and the day", async () => {
    const engine = new MemoryEngine();
    const event = { awslogs: { data: "bm8gZ3ppcA==" } };
    const result = await shipped(event, shipContext(engine.transport));
    expect(result.error).toBeUndefined();
    expect(result.summary).toMatchObject({ account: ACCOUNT, received: 1, deadLettered: 1 });
    expect([...engine.objects.keys()]).toEqual([`/${ACCOUNT}/undecodable/2026/02/01/request-1.ndjson.gz`]);
    expect(engine.letters()).toEqual([
      { reason: "undecodable", detail: "incorrect header check", data: event.awslogs.data },
    ]);
  });

  test("ships what can be read of a payload, and keeps the payload", async () => {
    const engine = new MemoryEngine();
    const event = brokenAfter(lines(2));
    const result = await shipped(event, shipContext(engine.transport));
    expect(result.error).toBeUndefined();
    expect(result.summary).toMatchObject({ received: 3, delivered: 2, deadLettered: 1, lagSeconds: 60 });
    expect(engine.letters()).toEqual([
      { reason: "undecodable", detail: "the payload is no JSON", data: event.awslogs.data },
    ]);
  });

  test("fails where a payload can be read in part only and not be kept", async () => {
    const engine = new MemoryEngine({ bucket: () => ({ status: 403, text: "AccessDenied" }) });
    const result = await shipped(brokenAfter(lines(2)), shipContext(engine.transport));
    expect(result.error).toBeInstanceOf(ShippingFailed);
    expect(result.summary).toMatchObject({ received: 3, delivered: 2, undelivered: 1 });
  });

  test("keeps what the engine refuses, with all that a redrive needs", async () => {
    const engine = new MemoryEngine({ item: ({ id }) => (id === "bad" ? UNPARSABLE : undefined) });
    const bad = JSON.stringify(record({ eventID: "bad", eventTime: "2026-01-31T10:00:00Z" }));
    const result = await shipped(payload([...lines(2), bad]), shipContext(engine.transport));
    expect(result.error).toBeUndefined();
    expect(result.summary).toMatchObject({ received: 3, delivered: 2, deadLettered: 1 });
    expect([...engine.objects.keys()]).toEqual([`/${ACCOUNT}/rejected/2026/02/01/request-1.ndjson.gz`]);
    expect(engine.letters()).toEqual([
      {
        reason: "rejected",
        detail: "400 mapper_parsing_exception: preview: 'secret'",
        index: "cwl-2026.01.31",
        id: "bad",
        owner: ACCOUNT,
        logGroup: "CloudTrail/DefaultLogGroup",
        logStream: `${ACCOUNT}_CloudTrail_eu-west-1`,
        logEvent: { id: "2", timestamp: NOW - 30_000, message: bad },
      },
    ]);
  });

  test("keeps what was not taken in time, and does not fail: it is safe", async () => {
    const engine = new MemoryEngine({ item: () => UNAVAILABLE });
    const context = shipContext(engine.transport);
    const result = await shipped(payload(lines(2)), context);
    expect(result.error).toBeUndefined();
    expect(result.summary).toMatchObject({ received: 2, deadLettered: 2, undelivered: 0 });
    expect([...engine.objects.keys()][0]).toContain("/undelivered/");
    // There has to be time for S3 and the log line.
    expect(context.remainingMs()).toBeGreaterThanOrEqual(12_000);
  });

  test("has one object for each reason", async () => {
    const engine = new MemoryEngine({ item: ({ id }) => (id === "bad" ? UNPARSABLE : UNAVAILABLE) });
    await shipped(payload([...lines(2), JSON.stringify(record({ eventID: "bad" }))]), shipContext(engine.transport));
    expect([...engine.objects.keys()].map((key) => key.split("/")[2]).sort()).toEqual(["rejected", "undelivered"]);
  });

  test("writes the same object when it is tried again", async () => {
    const engine = new MemoryEngine({ item: () => UNPARSABLE });
    const event = payload(lines(2));
    await shipped(event, shipContext(engine.transport));
    await shipped(event, shipContext(engine.transport));
    expect(engine.objects.size).toBe(1);
  });

  test("fails when the domain refuses the caller, and makes no dead letters of it", async () => {
    const engine = new MemoryEngine({
      before: () => ({ status: 403, text: '{"Message":"User: x is not authorized"}' }),
    });
    const result = await shipped(payload(lines(2)), shipContext(engine.transport));
    expect(result.error).toBeInstanceOf(ShippingFailed);
    expect(result.error!.message).toContain("not authorized");
    expect(result.summary).toMatchObject({ undelivered: 2, deadLettered: 0 });
    expect(engine.objects.size).toBe(0);
  });

  test("fails also when the caller is refused in the last of its time only", async () => {
    const engine = new MemoryEngine({
      before: () =>
        context.remainingMs() > 14_000
          ? { status: 503, text: "" }
          : { status: 403, text: '{"message":"The security token included in the request is expired"}' },
    });
    const context = shipContext(engine.transport);
    const result = await shipped(payload(lines(2)), context);
    expect(result.error).toBeInstanceOf(ShippingFailed);
    expect(result.error!.message).toMatch(/^the domain refuses the caller: 403 .*expired/);
    expect(result.summary).toMatchObject({ undelivered: 2, deadLettered: 0 });
    expect(engine.objects.size).toBe(0);
  });

  test("keeps nothing as undelivered where what was refused cannot be kept: Lambda tries all again", async () => {
    const engine = new MemoryEngine({
      item: ({ id }) => (id === "bad" ? UNPARSABLE : UNAVAILABLE),
      bucket: ({ path }) => (path.includes("/rejected/") ? { status: 403, text: "" } : undefined),
    });
    const event = payload([...lines(2), JSON.stringify(record({ eventID: "bad" }))]);
    const result = await shipped(event, shipContext(engine.transport));
    expect(result.error).toBeInstanceOf(ShippingFailed);
    expect(result.summary).toMatchObject({ received: 3, undelivered: 3, deadLettered: 0 });
    expect(engine.objects.size).toBe(0);
  });

  test("says why S3 did not take a letter without the token that S3 sends back", async () => {
    const text = "<Error><Code>ExpiredToken</Code><Message>expired</Message><Token-0>secret</Token-0></Error>";
    const engine = new MemoryEngine({ item: () => UNPARSABLE, bucket: () => ({ status: 400, text }) });
    const { error } = await shipped(payload(lines(1)), shipContext(engine.transport));
    expect(error!.message).toMatch(/was not taken: 400 ExpiredToken expired$/);
  });

  test("gives a record at the border of the range the same index at each delivery", async () => {
    const engine = new MemoryEngine();
    const arrived = NOW - 30_000;
    const times = [1, -1].flatMap((ms) => [arrived + DAY_MS + ms, arrived - SETTINGS.maxRecordAgeDays * DAY_MS + ms]);
    const event = payload(
      times.map((time, at) => JSON.stringify({ eventID: `t-${at}`, eventTime: new Date(time).toISOString() })),
    );
    for (const later of [0, 60_000, 6 * 3_600_000]) {
      await shipped(event, shipContext(engine.transport, { now: () => NOW + later }));
    }
    expect([...engine.documents.keys()].sort()).toEqual([
      "cwl-2023.02.02/t-1",
      "cwl-2026.02.02/t-2",
      "cwl-undated/t-0",
      "cwl-undated/t-3",
    ]);
  });

  test("tells the range by its own time where a log event has none that can be", async () => {
    const engine = new MemoryEngine();
    for (const [at, timestamp] of [0, -5, 1e300, NOW + DAY_MS].entries()) {
      const far = { eventID: `far-${at}`, eventTime: new Date(NOW + DAY_MS + 3_600_000).toISOString() };
      const near = { eventID: `near-${at}`, eventTime: "2026-02-01T11:59:00Z" };
      const logEvents = [far, near].map((one) => ({ id: "1", timestamp, message: JSON.stringify(one) }));
      await shipped(packed({ messageType: "DATA_MESSAGE", ...LOG_SOURCE, logEvents }), shipContext(engine.transport));
    }
    const indices = [...engine.documents.keys()].map((key) => key.replace(/-\d$/, ""));
    expect(new Set(indices)).toEqual(new Set(["cwl-undated/far", "cwl-2026.02.01/near"]));
  });

  test("fails when the dead-letter bucket is out of reach: then Lambda keeps the payload", async () => {
    for (const answer of [{ status: 403, text: "<Code>AccessDenied</Code>" }, new Error("ECONNREFUSED")]) {
      const engine = new MemoryEngine({ item: () => UNPARSABLE, bucket: () => answer });
      const result = await shipped(payload(lines(2)), shipContext(engine.transport));
      expect(result.error).toBeInstanceOf(ShippingFailed);
      expect(result.error!.message).toMatch(/s3:\/\/dead-letters\/.* was not taken: (403 .*AccessDenied|ECONNREFUSED)/);
      expect(result.summary).toMatchObject({ received: 2, undelivered: 2, deadLettered: 0 });
    }
  });

  test("tells of both when the domain refuses the caller and the bucket does, too", async () => {
    const engine = new MemoryEngine({
      before: (request) => (request === 0 ? undefined : { status: 403, text: '{"Message":"not authorized"}' }),
      item: ({ id }) => (id === "bad" ? { status: 413, error: "" } : UNAVAILABLE),
      bucket: () => ({ status: 403, text: "AccessDenied" }),
    });
    const event = payload([JSON.stringify(record({ eventID: "bad" })), ...lines(1)]);
    const result = await shipped(event, shipContext(engine.transport));
    expect(result.error).toBeInstanceOf(ShippingFailed);
    expectAccounted(result);
  });

  test("tries S3 again, within what is left of the time", async () => {
    let puts = 0;
    const engine = new MemoryEngine({
      item: () => UNPARSABLE,
      bucket: () => (++puts < 3 ? { status: 503, text: "" } : undefined),
    });
    expect((await shipped(payload(lines(1)), shipContext(engine.transport))).error).toBeUndefined();
    puts = -10;
    const late = shipContext(engine.transport, { remainingMs: () => 500 });
    expect((await shipped({ awslogs: { data: "" } }, late)).error).toBeInstanceOf(ShippingFailed);
    expect(puts).toBe(-9);
  });

  test.each([
    ["dead-letters", undefined, "dead-letters.s3.eu-west-1.amazonaws.com", "/"],
    ["dead.letters", undefined, "s3.eu-west-1.amazonaws.com", "/dead.letters/"],
    ["dead-letters", "https://127.0.0.1:4566", "127.0.0.1:4566", "/dead-letters/"],
  ])(
    "puts dead letters of bucket %s with endpoint %s where S3 has them",
    async (deadLetterBucket, s3Endpoint, host, path) => {
      const asked: string[] = [];
      const engine = new MemoryEngine({
        bucket: (request) => {
          asked.push(`${request.host}${request.path}`);
          return undefined;
        },
      });
      const settings = { ...SETTINGS, deadLetterBucket, s3Endpoint };
      await shipped({ awslogs: { data: "" } }, shipContext(engine.transport, { settings }));
      expect(asked).toEqual([`${host}${path}${ACCOUNT}/undecodable/2026/02/01/request-1.ndjson.gz`]);
    },
  );
});

describe("the log line", () => {
  test("tells the lag of what happened, at the end, and not that of a record of the year 9999", async () => {
    const engine = new MemoryEngine({ item: ({ request }) => (request === 0 ? UNAVAILABLE : undefined) });
    const far = JSON.stringify(record({ eventTime: "9999-12-31T23:59:59Z" }));
    const context = shipContext(engine.transport, { random: () => 1 });
    const { summary } = await shipped(payload([far, ...lines(1)]), {
      ...context,
      now: () => NOW + 9_600 + context.slept.length * 10_000,
    });
    expect(summary!.lagSeconds).toBe(80);
  });

  test("is one line of embedded metric format with the counts", async () => {
    const engine = new MemoryEngine({ item: ({ id }) => (id === "bad" ? UNPARSABLE : undefined) });
    const event = payload([...lines(2), JSON.stringify(record({ eventID: "bad" }))]);
    const { summary } = await shipped(event, shipContext(engine.transport));
    const line = JSON.parse(logLine(summary!, "request-1", NOW)) as Record<string, unknown> & {
      _aws: {
        CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
      };
    };
    expect(line).toMatchObject({
      Account: ACCOUNT,
      requestId: "request-1",
      RecordsReceived: 3,
      RecordsDelivered: 2,
      RecordsDuplicate: 0,
      RecordsRetried: 0,
      RecordsEnveloped: 0,
      RecordsDeadLettered: 1,
      RecordsUndelivered: 0,
      DeliveryLagSeconds: 60,
    });
    const [metrics] = line._aws.CloudWatchMetrics;
    expect(metrics).toMatchObject({ Namespace: "CloudTrailShipper", Dimensions: [["Account"]] });
    for (const { Name } of metrics!.Metrics) expect(typeof line[Name]).toBe("number");
  });

  test("holds no record's content", async () => {
    const engine = new MemoryEngine({ item: () => UNPARSABLE });
    const { summary } = await shipped(payload(lines(2)), shipContext(engine.transport));
    expect(logLine(summary!, "request-1", NOW)).toContain("rejected: 400 mapper_parsing_exception");
    expect(logLine(summary!, "request-1", NOW)).not.toMatch(/secret|RunInstances/);
  });
});

describe("whatever comes and whatever is answered", () => {
  const message = fc.oneof(
    fc.json(),
    fc.string({ unit: "binary" }),
    fc.jsonValue().map((value) => JSON.stringify(record({ requestParameters: value }))),
    fc.constantFrom('{"eventID":"same"}', '{"eventID":"same","a":1}'),
  );
  const item = fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    fc
      .constantFrom(200, 201, 400, 403, 404, 409, 413, 429, 500, 503)
      .map((status) => ({ status, error: { type: "any", reason: "" } })),
  );
  const answer = fc.oneof(
    { weight: 3, arbitrary: fc.constant("items" as const) },
    fc.constantFrom("shuffle" as const, "drop" as const, "double" as const, "cut" as const, "reset after" as const),
    fc.constantFrom(new Error("reset before")),
    fc.record({ status: fc.constantFrom(200, 400, 413, 429, 500, 502), text: fc.oneof(fc.string(), fc.json()) }),
  );

  test("each record ends in exactly one of index and dead letters", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 12 }),
        fc.array(item, { minLength: 1, maxLength: 40 }),
        fc.array(answer, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 200, max: 5_000 }),
        async (messages, items, answers, maxBodyBytes) => {
          const engine = new ScriptedEngine(items, answers);
          const context = shipContext(engine.transport, { settings: { ...SETTINGS, maxBodyBytes } });
          const result = await shipped(payload(messages), context);
          expect(result.error).toBeUndefined();
          expectAccounted(result);
          expectEachOnce(messages, engine, context, result);
        },
      ),
      { numRuns: 150 },
    );
  });

  /** Takes items and answers from lists, over and over; an item that it says it has taken, it has. */
  class ScriptedEngine extends MemoryEngine {
    /** Ids of which a whole reply has said that they are there. */
    readonly acknowledged = new Set<string>();

    constructor(
      items: readonly Opinion[],
      answers: readonly ("items" | "shuffle" | "drop" | "double" | "cut" | "reset after" | Error | Answer)[],
    ) {
      let next = 0;
      const take = (request: number) => answers[request % answers.length]!;
      super({
        before: (request) => {
          const said = take(request);
          return typeof said === "string" ? undefined : said;
        },
        item: (given: Item) => {
          const opinion = items[next++ % items.length];
          if (opinion && (opinion.status < 300 || opinion.status === 409)) return undefined;
          return opinion && this.documents.has(`${given.index}/${given.id}`) ? undefined : opinion;
        },
        after: (given, request) => {
          switch (take(request)) {
            case "shuffle":
              return this.acknowledge(withItems(given, (all) => all.reverse()));
            case "drop":
              return this.acknowledge(withItems(given, (all) => all.slice(1)));
            case "double":
              return this.acknowledge(withItems(given, (all) => [...all, ...all]));
            case "cut":
              return { ...given, text: given.text.slice(0, given.text.length / 2) };
            case "reset after":
              return new Error("reset after");
            default:
              return this.acknowledge(given);
          }
        },
      });
    }

    private acknowledge(answer: Answer): Answer {
      const { items } = JSON.parse(answer.text) as { items: { create: { _id: string; status: number } }[] };
      for (const { create } of items) {
        if (create.status === 201 || create.status === 409) this.acknowledged.add(create._id);
      }
      return answer;
    }
  }

  function expectEachOnce(
    messages: readonly string[],
    engine: ScriptedEngine,
    context: ShipContext,
    { summary }: Shipped,
  ): void {
    const indexed = new Set([...engine.documents.keys()].map((key) => key.slice(key.indexOf("/") + 1)));
    const dead = engine.letters().map((letter) => (letter.reason === "undecodable" ? "" : letter.id));
    expect(dead.length).toBe(summary!.deadLettered);
    const ids = messages.map((text) => idOf(text));
    expect(new Set([...indexed, ...dead])).toEqual(new Set(ids));
    // What the engine took without saying so until the time was over is in both: a redrive finds it and adds nothing.
    // Of two lines with one id, one may be refused.
    const once = new Set(ids.filter((id) => ids.indexOf(id) === ids.lastIndexOf(id)));
    expect(dead.filter((id) => once.has(id) && engine.acknowledged.has(id))).toEqual([]);
    for (const id of once) expect(dead.filter((one) => one === id).length).toBeLessThanOrEqual(1);
    expect(context.remainingMs()).toBeGreaterThan(0);
  }

  function idOf(text: string): string {
    return toAction(logEvent(text), LOG_SOURCE, SETTINGS, NOW).id;
  }
});

test("a dead-letter object is newline-delimited JSON, one line a letter", async () => {
  const engine = new MemoryEngine({ item: () => UNPARSABLE });
  await shipped(payload([...lines(3), "a\nb"]), shipContext(engine.transport));
  const text = gunzipSync([...engine.objects.values()][0]!).toString();
  expect(text.endsWith("\n")).toBe(true);
  expect(
    text
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { reason: string }).reason),
  ).toEqual(Array(4).fill("rejected"));
});
