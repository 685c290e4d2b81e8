import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { RECORD as TEXTS } from "../../../modules/fields";
import { startEngine, type Engine, type EngineKind } from "../../../sandbox/engine";
import { payload, record } from "../../factories/payload";
import { describeWith } from "../../support/tools";
import { differences } from "./harness/contract";
import { startShipper, type DeployedShipper, type Invocation } from "./harness/deployed-shipper";
import { startFront, type Front } from "./harness/front";
import { HOSTILE } from "./harness/hostile";
import { Indices, type Document } from "./harness/index";

const { CORPORA } = process.env;
const REAL = ["boogy_sanitized", "invictus_stratus", "opensearch_catalog", "stratus_red_team", "traildiscover"];
const SYNTHETIC = "synthetic_botocore_ops";

describe.each<EngineKind>(["es7", "os2"])("the bundled function before %s", (kind) => {
  describeWith(["java", "mvn"], "carries", () => suite(kind));
});

function suite(kind: EngineKind): void {
  let engine: Engine;
  let front: Front;
  let shipper: DeployedShipper;
  let indices: Indices;

  beforeAll(async () => {
    engine = await startEngine(kind, { heapMb: 512 });
    front = await startFront(engine.url);
    shipper = await startShipper(front.endpoint, front.caFile);
    indices = new Indices(engine.url);
    await indices.prepare();
  });

  afterAll(async () => {
    await shipper.stop();
    await front.stop();
    await engine.stop();
  });

  async function fresh(): Promise<void> {
    await front.settled();
    front.behaviour = ({ forward }) => forward();
    front.bucketRefuses = () => false;
    front.objects.clear();
    front.statuses.clear();
    await indices.clear();
  }

  describe("every hostile input", () => {
    const results = new Map<string, Invocation>();
    const documents = new Map<string, Document[]>();

    beforeAll(async () => {
      await fresh();
      for (const { name, message } of HOSTILE) results.set(name, await shipper.invoke(payload([message])));
      for (const document of await indices.documents()) {
        documents.set(document._id, [...(documents.get(document._id) ?? []), document]);
      }
    });

    test.each(HOSTILE)("$name", async ({ name, message, envelope = false }) => {
      const isEnvelope = envelope === true || envelope === kind;
      const { counts, error } = results.get(name)!;
      expect(error).toBeUndefined();
      expect(counts).toMatchObject({ RecordsReceived: 1, RecordsDelivered: 1, RecordsDeadLettered: 0 });
      const [document, ...more] = documents.get(expectedId(message)) ?? [];
      expect([document?._id, more]).toEqual([expectedId(message), []]);
      // What UTF-8 cannot hold is U+FFFD in a document; an envelope has it as an escape.
      expect(differences(isEnvelope ? message : message.toWellFormed(), document!)).toEqual([]);
      expect("@error" in document!._source).toBe(isEnvelope);
      const text = await indices.source(document!._index, document!._id);
      expect(JSON.parse(text)).toEqual(document!._source);
    });

    test("nothing else came into the index", () => {
      expect([...documents.keys()].sort()).toEqual(HOSTILE.map(({ message }) => expectedId(message)).sort());
    });
  });

  describe("from an empty index", () => {
    beforeEach(fresh);

    test("all in one payload, twice: each once", async () => {
      const event = payload(HOSTILE.map(({ message }) => message));
      const first = await shipper.invoke(event);
      const second = await shipper.invoke(event);
      expect(first.counts).toMatchObject({ RecordsDelivered: HOSTILE.length, RecordsDuplicate: 0 });
      expect(second.counts).toMatchObject({ RecordsDelivered: 0, RecordsDuplicate: HOSTILE.length });
      expect((await indices.documents()).map(({ _id }) => _id).sort()).toEqual(
        HOSTILE.map(({ message }) => expectedId(message)).sort(),
      );
    });

    test("leaves numbers, white space and order of a record as they are, byte by byte", async () => {
      const message =
        '{"eventID":"bytes", "requestParameters" : {"n":[1e400,-0,1.10,12345678901234567890]} ,"z":"\\u00e9é"}';
      await shipper.invoke(payload([message]));
      expect((await indices.source("cwl-undated", "bytes")).endsWith(message.slice(1))).toBe(true);
    });

    test("request parameters are found by exact value, prefix and wildcard", async () => {
      const wanted = record({ requestParameters: { bucketName: "my-bucket", tags: [{ key: "Team", value: "a b" }] } });
      await shipper.invoke(payload([wanted, record()].map((one) => JSON.stringify(one))));
      const field = "@requestParameters";
      await indices.documents();
      for (const query of [
        { term: { [field]: "bucketName=my-bucket" } },
        { term: { [field]: "tags.value=a b" } },
        { prefix: { [field]: "bucketName=my-" } },
        { wildcard: { [field]: "*=my-*" } },
        // What Kibana makes of KQL, quoted and not.
        { match_phrase: { [field]: "bucketName=my-bucket" } },
        { query_string: { fields: [field], query: "bucketName=my\\-*" } },
      ]) {
        expect(await indices.find(query)).toEqual([wanted.eventID]);
      }
    });

    test("8 payloads of 1 MB at once into an engine that throttles half of all items: all indexed once", async () => {
      let seen = 0;
      front.behaviour = async (request) => {
        const refused: object[] = [];
        const lines: string[] = [];
        for (let at = 0; at < request.lines.length; at += 2) {
          if (seen++ % 2 === 0) {
            lines.push(request.lines[at]!, request.lines[at + 1]!);
          } else {
            const { create } = JSON.parse(request.lines[at]!) as { create: object };
            refused.push({ create: { ...create, status: 429, error: { type: "es_rejected_execution_exception" } } });
          }
        }
        request.lines = lines;
        const { status, text } = await request.forward();
        const reply = JSON.parse(text) as { items: unknown[] };
        return { status, text: JSON.stringify({ ...reply, errors: true, items: [...reply.items, ...refused] }) };
      };
      const payloads = Array.from({ length: 8 }, () => ofAMegabyte());
      const results = await Promise.all(payloads.map(({ event }) => shipper.invoke(event, { timeoutMs: 300_000 })));
      for (const [at, { counts, error }] of results.entries()) {
        expect(error).toBeUndefined();
        expect(counts!.RecordsDelivered).toBe(payloads[at]!.ids.length);
        expect(counts).toMatchObject({ RecordsEnveloped: 0, RecordsDeadLettered: 0, RecordsUndelivered: 0 });
      }
      expect((await indices.documents()).map(({ _id }) => _id).sort()).toEqual(
        payloads.flatMap(({ ids }) => ids).sort(),
      );
    });

    test("a disk that is full, and then is not, while records wait: the engine blocks its indices and frees them again", async () => {
      const lines = Array.from({ length: 20 }, () => JSON.stringify(record()));
      await shipper.invoke(payload(lines.slice(0, 1)));
      try {
        await needFreeDisk("1000000gb");
        await until(isBlocked);
        const waiting = shipper.invoke(payload(lines), { timeoutMs: 300_000 });
        await until(() => Promise.resolve(front.statuses.has(429)));
        expect((await indices.documents()).length).toBe(1);
        await needFreeDisk("1b");
        const { counts, error } = await waiting;
        expect(error).toBeUndefined();
        expect(counts).toMatchObject({
          RecordsDelivered: 19,
          RecordsDuplicate: 1,
          RecordsEnveloped: 0,
          RecordsDeadLettered: 0,
        });
        expect(counts!.RecordsRetried).toBeGreaterThan(0);
        expect((await indices.documents()).length).toBe(20);
        // OpenSearch lets no index be made either while its disk is full; it takes that back by itself, later.
        await until(async () => (await createBlock()) !== "true");
      } finally {
        await clusterSettings(null, null, null);
      }

      /** Below that much the disk counts as full. The engine looks each ten seconds, its shortest interval. */
      function needFreeDisk(bytes: string): Promise<unknown> {
        return clusterSettings(true, "10s", bytes);
      }

      function clusterSettings(enabled: true | null, interval: string | null, bytes: string | null): Promise<unknown> {
        const disk = "cluster.routing.allocation.disk";
        const levels = ["low", "high", "flood_stage"].map((level) => [`${disk}.watermark.${level}`, bytes] as const);
        return indices.ask("/_cluster/settings", "PUT", {
          transient: {
            [`${disk}.threshold_enabled`]: enabled,
            "cluster.info.update.interval": interval,
            ...(Object.fromEntries(levels) as Record<string, string | null>),
          },
        });
      }

      async function isBlocked(): Promise<boolean> {
        const found = await indices.ask<Record<string, { settings: object }>>(
          "/cwl-*/_settings/index.blocks.read_only_allow_delete",
        );
        return Object.values(found).some(({ settings }) => Object.keys(settings).length > 0);
      }

      async function createBlock(): Promise<string | undefined> {
        const { persistent } = await indices.ask<{ persistent: Record<string, string> }>(
          "/_cluster/settings?flat_settings=true",
        );
        return persistent["cluster.blocks.create_index"];
      }

      async function until(holds: () => Promise<boolean>): Promise<void> {
        for (let tries = 0; !(await holds()); tries++) {
          if (tries === 600) throw new Error("two minutes have passed");
          await sleep(200);
        }
      }
    });

    test("what is not taken in time is a dead letter; with the bucket refused the invocation fails", async () => {
      front.behaviour = () => Promise.resolve({ status: 503, text: "<html>unavailable</html>" });
      const event = payload([JSON.stringify(record({ eventID: "late" }))]);
      const kept = await shipper.invoke(event, { timeoutMs: 14_000 });
      expect([kept.error, kept.counts?.RecordsDeadLettered]).toEqual([undefined, 1]);
      expect(front.letters()).toMatchObject([{ reason: "undelivered", id: "late" }]);
      front.bucketRefuses = () => true;
      const failed = await shipper.invoke(event, { timeoutMs: 14_000 });
      expect(failed.error).toMatch(/^ShippingFailed: s3:.*AccessDenied/);
      expect(failed.counts).toMatchObject({ RecordsUndelivered: 1, RecordsDeadLettered: 0 });
    });

    test("a domain that does not answer takes no more than the time that is meant for it: the letter is kept", async () => {
      const timeoutMs = 14_000;
      front.behaviour = async ({ forward }) => {
        await sleep(timeoutMs / 2);
        return forward();
      };
      const began = performance.now();
      const { counts, error } = await shipper.invoke(payload([JSON.stringify(record({ eventID: "hung" }))]), {
        timeoutMs,
      });
      expect(performance.now() - began).toBeLessThan(timeoutMs);
      expect([error, counts?.RecordsDeadLettered]).toEqual([undefined, 1]);
      expect(front.letters()).toMatchObject([{ reason: "undelivered", id: "hung" }]);
    });

    const withCorpora = CORPORA === undefined ? describe.skip : describe;

    withCorpora("every corpus", () => {
      test.each([...REAL, SYNTHETIC])("%s: nothing lost, doubled or changed, and not one 400", async (name) => {
        const lines = corpus(name);
        for (let at = 0; at < lines.length; at += 3_000) {
          const part = lines.slice(at, at + 3_000);
          const { counts, error } = await shipper.invoke(payload(part), { timeoutMs: 120_000 });
          expect(error).toBeUndefined();
          expect(counts).toMatchObject({ RecordsDelivered: part.length, RecordsEnveloped: 0, RecordsDeadLettered: 0 });
        }
        expect([...front.statuses]).toEqual([[201, lines.length]]);
        const stored = new Map((await indices.documents()).map((document) => [document._id, document]));
        expect(stored.size).toBe(lines.length);
        for (const line of lines) {
          const document = stored.get(expectedId(line));
          expect(document === undefined ? [`${line.slice(0, 100)} is missing`] : differences(line, document)).toEqual(
            [],
          );
          expect("@error" in document!._source).toBe(false);
        }
      });

      test("phrases are found in every text field as they are under the guessed mapping", async () => {
        const lines = REAL.flatMap(corpus);
        for (let at = 0; at < lines.length; at += 2_000) await shipper.invoke(payload(lines.slice(at, at + 2_000)));
        await guess(indices, lines);
        const taken = new Set((await indices.documents("guessed")).map(({ _id }) => _id));
        // Of records that the guessed mapping has refused it finds nothing.
        const phrases = phrasesOf(lines.filter((line) => taken.has(expectedId(line))));
        phrases.set("errorMessage\nnot authorized to perform", ["errorMessage", "not authorized to perform"]);
        expect(phrases.size).toBeGreaterThan(200);
        for (const [field, phrase] of phrases.values()) {
          const query = { match_phrase: { [field]: phrase } };
          const ours = (await indices.find(query)).filter((id) => taken.has(id));
          expect([field, phrase, ours]).toEqual([field, phrase, await indices.find(query, "guessed")]);
          expect(ours).not.toEqual([]);
        }
        await indices.ask("/guessed", "DELETE");
      });
    });
  });
}

/** An id, told without the shipper's own code. */
function expectedId(message: string): string {
  try {
    const { eventID } = (JSON.parse(message) ?? {}) as { eventID?: unknown };
    if (typeof eventID === "string" && eventID.length <= 512 && eventID.isWellFormed()) return eventID;
  } catch {
    // A line that is no JSON.
  }
  return createHash("sha256").update(message).digest("hex");
}

function corpus(name: string): string[] {
  const text = gunzipSync(readFileSync(join(CORPORA ?? "", `${name}.jsonl.gz`))).toString("utf8");
  return text.split("\n").filter((line) => line !== "");
}

/** A payload of about 1 MB as CloudWatch Logs packs it, and the ids in it. */
function ofAMegabyte(): { event: { awslogs: { data: string } }; ids: string[] } {
  const records = Array.from({ length: 4_000 }, () =>
    record({
      userAgent: createHash("sha512").update(String(Math.random())).digest("base64"),
      responseElements: { x: "y".repeat(1_000) },
    }),
  );
  return {
    event: payload(records.map((one) => JSON.stringify(one))),
    ids: records.map(({ eventID }) => String(eventID)),
  };
}

/** Puts records into an index without the product's mapping, as the article's function did. */
async function guess(indices: Indices, lines: readonly string[]): Promise<void> {
  await indices.ask("/guessed", "PUT", {
    settings: { "index.mapping.total_fields.limit": 10_000 },
    mappings: { properties: { apiVersion: { type: "text" } } },
  });
  for (let at = 0; at < lines.length; at += 500) {
    const actions = lines
      .slice(at, at + 500)
      .map((line) => `${JSON.stringify({ create: { _id: expectedId(line) } })}\n${line}\n`);
    await indices.ask("/guessed/_bulk", "POST", actions.join(""));
  }
}

/** Two words in a row of values of each text field. */
function phrasesOf(lines: readonly string[]): Map<string, [string, string]> {
  const phrases = new Map<string, [string, string]>();
  const perField = new Map<string, number>();
  for (const line of lines) {
    const found = JSON.parse(line) as unknown;
    for (const { path, kind } of TEXTS) {
      if (kind !== "text") continue;
      const value = path
        .split(".")
        .reduce((at: unknown, step) => (at as Record<string, unknown> | null | undefined)?.[step], found);
      if (typeof value !== "string" || (perField.get(path) ?? 0) >= 8) continue;
      // White space is the one place where every analyzer ends a word.
      const words = value.split(/\s+/).filter((word) => word !== "");
      const phrase = words.slice(-3, -1).join(" ") || value;
      if (/^[\W_]*$/.test(phrase) || phrases.has(`${path}\n${phrase}`)) continue;
      phrases.set(`${path}\n${phrase}`, [path, phrase]);
      perField.set(path, (perField.get(path) ?? 0) + 1);
    }
  }
  return phrases;
}
