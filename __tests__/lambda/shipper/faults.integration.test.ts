import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ship, type ShipContext } from "../../../lambda/shipper/ship";
import type { Summary } from "../../../lambda/shipper/summary";
import { signedTransport, type Transport } from "../../../lambda/shipper/transport";
import { startEngine, type Engine, type EngineKind } from "../../../sandbox/engine";
import { payload, record } from "../../factories/payload";
import { SETTINGS, shipContext, TIME_LIMIT_MS } from "../../factories/shipping";
import { describeWith } from "../../support/tools";
import { differences } from "./harness/contract";
import { DEAD_LETTER_BUCKET } from "./harness/deployed-shipper";
import { faulty, noFaultsYet, number } from "./harness/faults";
import { startFront, type Front } from "./harness/front";
import { Indices, type Document } from "./harness/index";

/**
 * A run that fails prints its seed; FAULT_SEED=<seed> runs it again, with the same payloads and the same faults at each of
 * their requests. How requests of different payloads mix, and of the copies of one, is the machine's affair.
 */
const SEED = process.env.FAULT_SEED ?? String(randomInt(2 ** 31));
const INVOCATIONS = 2_000;
const AT_ONCE = 24;
/** Lambda tries an asynchronous invocation three times, then its on-failure destination keeps the payload. */
const LAMBDA_TRIES = 3;
const REQUEST_TIMEOUT_MS = 1_500;
/** Waits are this much shorter than the shipper asks for. */
const HASTE = 200;

describe.each<EngineKind>(["es7", "os2"])("a domain (%s) that goes wrong with every second request", (kind) => {
  describeWith(["java", "mvn"], `with the seed ${SEED}`, () => suite(kind));
});

function suite(kind: EngineKind): void {
  let engine: Engine;
  let front: Front;
  let indices: Indices;
  let transport: Transport;

  beforeAll(async () => {
    engine = await startEngine(kind, { heapMb: 512 });
    front = await startFront(engine.url);
    indices = new Indices(engine.url);
    await indices.prepare();
    const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
    const signed = signedTransport(() => Promise.resolve(keys), readFileSync(front.caFile, "utf8"));
    transport = (request) => signed({ ...request, timeoutMs: Math.min(request.timeoutMs, REQUEST_TIMEOUT_MS) });
  });

  afterAll(async () => {
    await front.stop();
    await engine.stop();
  });

  beforeEach(async () => {
    await front.settled();
    front.behaviour = ({ forward }) => forward();
    front.bucketRefuses = () => false;
    front.objects.clear();
    await indices.clear();
  });

  test(`${INVOCATIONS} invocations, some at once on the same payload: each record ends once, in the index or in a dead letter`, async () => {
    const happened = noFaultsYet();
    const neverTaken = (id: string) => number(`${SEED}/never/${id}`) < 0.03;
    front.behaviour = faulty(SEED, happened, neverTaken);
    // Now and then the bucket refuses as well.
    const puts = new Map<string, number>();
    front.bucketRefuses = (key) => {
      puts.set(key, (puts.get(key) ?? 0) + 1);
      return number(`${SEED}/bucket/${key}/${puts.get(key)}`) < 0.3;
    };

    const messages = new Map<string, string>();
    const kept = new Set<string>();
    const queue = Array.from({ length: INVOCATIONS }, (_, at) => payloadOf(at));
    const worker = async () => {
      for (let next = queue.pop(); next; next = queue.pop()) {
        const { event, ids, copies } = next;
        const requestIds = Array.from({ length: copies }, (_, copy) => `${ids[0]}-${copy}`);
        const outcomes = await Promise.all(requestIds.map((requestId) => asLambda(event, ids.length, requestId)));
        if (outcomes.includes("kept")) ids.forEach((id) => kept.add(id));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));

    await front.settled();
    const documents = await indices.documents();
    const indexed = new Map(documents.map((document) => [document._id, document]));
    expect(documents.length).toBe(indexed.size);
    const dead = new Set(front.letters().map((letter) => ("id" in letter ? letter.id : "")));
    const wrong = [...messages].flatMap(([id, message]) => faultsOf(id, message, indexed, dead, kept, neverTaken(id)));
    expect({ seed: SEED, wrong: wrong.slice(0, 10) }).toEqual({ seed: SEED, wrong: [] });
    expect([...indexed.keys(), ...dead].filter((id) => !messages.has(id))).toEqual([]);
    expect(dead.size).toBeGreaterThan(0);
    // A fault that never happened has proved nothing.
    expect([...happened].filter(([, times]) => times === 0)).toEqual([]);

    /** A payload of a few records; every fourth comes twice at the same time. */
    function payloadOf(at: number): { event: unknown; ids: string[]; copies: number } {
      const size = 1 + Math.floor(number(`${SEED}/size/${at}`) * 8);
      const records = Array.from({ length: size }, (_, place) => record({ eventID: `${SEED}-${at}-${place}` }));
      for (const one of records) messages.set(String(one.eventID), JSON.stringify(one));
      const ids = records.map(({ eventID }) => String(eventID));
      return { event: payload(ids.map((id) => messages.get(id)!)), ids, copies: at % 4 === 0 ? 2 : 1 };
    }
  });

  test("credentials that have expired: the invocation fails, no letter is dead, and the next one delivers", async () => {
    const event = payload([JSON.stringify(record({ eventID: "expired" }))]);
    front.behaviour = () =>
      Promise.resolve({ status: 403, text: '{"message":"The security token included in the request is expired"}' });
    await expect(ship(event, context(), () => undefined)).rejects.toThrow(/^the domain refuses the caller: 403 /);
    expect([...front.objects]).toEqual([]);
    front.behaviour = ({ forward }) => forward();
    await ship(event, context(), () => undefined);
    expect((await indices.documents()).map(({ _id }) => _id)).toEqual(["expired"]);
  });

  /** Tries as Lambda does; what fails each time is kept by the on-failure destination. */
  async function asLambda(event: unknown, records: number, requestId: string): Promise<"done" | "kept"> {
    for (let attempt = 1; attempt <= LAMBDA_TRIES; attempt++) {
      let summary: Summary | undefined;
      try {
        await ship(event, context(requestId), (given) => (summary = given));
      } catch (error) {
        expect((error as Error).name).toBe("ShippingFailed");
        continue;
      }
      const { received, delivered, duplicates, deadLettered, undelivered } = summary!;
      expect([received, delivered + duplicates + deadLettered, undelivered]).toEqual([records, records, 0]);
      return "done";
    }
    return "kept";
  }

  /**
   * An invocation of whose time waits take as much as they ask for, and hardly any in truth. It has more than it will
   * need: what happens at its end is in shipper.integration.test.ts.
   */
  function context(requestId = "request-1"): ShipContext {
    let passed = 0;
    return {
      ...shipContext(transport),
      settings: {
        ...SETTINGS,
        searchEndpoint: front.endpoint,
        s3Endpoint: `https://${front.endpoint}`,
        deadLetterBucket: DEAD_LETTER_BUCKET,
      },
      requestId,
      remainingMs: () => 100 * TIME_LIMIT_MS - passed,
      sleep: async (ms) => {
        passed += ms;
        await sleep(ms / HASTE);
      },
      random: Math.random,
    };
  }
}

/** Where a record is that it should not be, or is not where it should be. */
function faultsOf(
  id: string,
  message: string,
  indexed: ReadonlyMap<string, Document>,
  dead: ReadonlySet<string>,
  kept: ReadonlySet<string>,
  isRefused: boolean,
): string[] {
  const document = indexed.get(id);
  const places = [
    ...(document ? ["index"] : []),
    ...(dead.has(id) ? ["dead letters"] : []),
    // A payload that Lambda keeps may have been delivered in part.
    ...(kept.has(id) && !document && !dead.has(id) ? ["kept by Lambda"] : []),
  ];
  if (places.length !== 1) return [`${id} is in ${places.length === 0 ? "no place" : places.join(" and ")}`];
  if (isRefused !== (places[0] !== "index") && places[0] !== "kept by Lambda") return [`${id} is in ${places[0]}`];
  if (document === undefined) return [];
  // None of these records is one that the mapping does not take.
  if ("@error" in document._source) return [`${id} is an envelope`];
  return differences(message, document).map((text) => `${id}: ${text}`);
}
