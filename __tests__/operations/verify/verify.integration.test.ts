import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync, gzipSync } from "node:zlib";
import { deliver } from "../../../lambda/shipper/deliver";
import { toAction } from "../../../lambda/shipper/document";
import type { Transport } from "../../../lambda/shipper/transport";
import { daysFrom, nextDay } from "../../../operations/archive/archive";
import { FolderArchive } from "../../../operations/archive/folder";
import { restore } from "../../../operations/backfill/restore";
import { DomainClient } from "../../../operations/domain-client";
import { DomainIndex } from "../../../operations/verify/index-reader";
import { isComplete } from "../../../operations/verify/report";
import { indexOfDay, verifyAccount, type Checkpoint, type Comparison } from "../../../operations/verify/verify";
import { makeCertificates } from "../../../sandbox/certificates";
import { startEngine, type Engine } from "../../../sandbox/engine";
import { ACCOUNT, record } from "../../factories/payload";
import { describeWith } from "../../support/tools";
import { Indices } from "../../lambda/shipper/harness/index";

const DAYS = ["2026-01-24", "2026-01-25", "2026-01-26", "2026-01-27"];
const PER_FILE = 500;
const FILES_A_DAY = 50;
const NOW = Date.parse("2026-01-28T12:00:00Z");
const SETTINGS = {
  ownerNames: new Map([[ACCOUNT, "production"]]),
  maxRecordAgeDays: 1095,
  logGroup: "CloudTrail/DefaultLogGroup",
  now: NOW,
};

/** Every hundredth record never reached the subscription; of the others every thousandth was changed, or deleted. */
const neverShipped = (at: number) => at % 100 === 7;
const changed = (at: number) => at % 1_000 === 13;
const deleted = (at: number) => at % 1_000 === 21;

describeWith(["java", "mvn"], "100,000 records in the archive", () => {
  let folder = "";
  let engine: Engine;
  let server: Server;
  let domain: DomainClient;
  const ids = { missing: [] as string[], different: [] as string[] };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "verify-test-"));
    engine = await startEngine("es7", { heapMb: 512 });
    await new Indices(engine.url).prepare();
    const certificates = makeCertificates(folder);
    server = await startTls(certificates, engine.url);
    domain = new DomainClient({
      endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: "eu-west-1",
      credentials: () => Promise.resolve({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" }),
      ca: readFileSync(certificates.caFile, "utf8"),
    });
    await fill();
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await engine.stop();
    rmSync(folder, { recursive: true });
  });

  test("verify names exactly those that are missing and those that were changed", async () => {
    const comparisons = await verified();
    expect(comparisons.map(({ archived }) => archived)).toEqual(DAYS.map(() => PER_FILE * FILES_A_DAY));
    expect(all(comparisons, "missing")).toEqual(ids.missing.toSorted());
    expect(all(comparisons, "different")).toEqual(ids.different.toSorted());
    expect(all(comparisons, "onlyInIndex")).toEqual([]);
    expect([ids.missing.length, ids.different.length]).toEqual([1_100, 100]);
  });

  test("ended between two days and begun again, verify finds the same and reads no day twice", async () => {
    const checkpoint: Checkpoint = { days: {} };
    const end = () => {
      if (Object.keys(checkpoint.days).length === 2) throw new Error("killed");
    };
    await expect(verified(checkpoint, end)).rejects.toThrow("killed");
    const read: string[] = [];
    // As it is read from the file in which it was kept.
    const kept = JSON.parse(JSON.stringify(checkpoint)) as Checkpoint;
    const resumed = await verified(kept, undefined, (key) => read.push(key));
    expect(all(resumed, "missing")).toEqual(ids.missing.toSorted());
    expect(all(resumed, "different")).toEqual(ids.different.toSorted());
    expect(read.filter((key) => key.includes(DAYS[0]!.replaceAll("-", "/")))).toEqual([]);
  });

  test("killed in the middle and begun again, backfill closes exactly what was missing", async () => {
    const before = await count();
    let requests = 0;
    const killed: Transport = (request) => {
      requests += 1;
      if (requests > 2) return Promise.reject(new Error("killed"));
      return domain.delivery.transport(request);
    };
    const first = await verified();
    const partly = await backfill(first, { ...domain.delivery, transport: killed }, 3_000);
    expect(partly).toBeGreaterThan(0);
    expect(partly).toBeLessThan(1_100);
    const second = await verified();
    expect(all(second, "missing")).toHaveLength(1_100 - partly);
    expect(await backfill(second)).toBe(1_100 - partly);
    expect(await count()).toBe(before + 1_100);
  });

  test("then only the changed ones are named, until they are repaired", async () => {
    const comparisons = await verified();
    expect(all(comparisons, "missing")).toEqual([]);
    expect(all(comparisons, "different")).toEqual(ids.different.toSorted());
    for (const { accountId, index, different } of comparisons) {
      const index_ = new DomainIndex(domain);
      await restore(accountId, daysOf(index), new Set(different), {
        ...SETTINGS,
        archive: new FolderArchive(folder),
        delivery: domain.delivery,
        remove: (name, some) => index_.remove(name, some),
      });
    }
    const repaired = await verified();
    expect(repaired.every(isComplete)).toBe(true);
    expect(await count()).toBe(PER_FILE * FILES_A_DAY * DAYS.length);
  });

  test("a document that the archive does not have is named", async () => {
    const forged = { "@owner": ACCOUNT, eventID: "forged", eventTime: "2026-01-25T10:00:00Z" };
    await domain.bulk(`{"create":{"_index":"cwl-2026.01.25","_id":"forged"}}\n${JSON.stringify(forged)}\n`);
    expect(all(await verified(), "onlyInIndex")).toEqual(["forged"]);
  });

  async function verified(
    checkpoint: Checkpoint = { days: {} },
    onDay?: () => void,
    onRead?: (key: string) => void,
  ): Promise<readonly Comparison[]> {
    await fetch(`${engine.url}/cwl-*/_refresh`, { method: "POST" });
    const folderArchive = new FolderArchive(folder);
    const archive = {
      name: folder,
      list: (...args: Parameters<FolderArchive["list"]>) => folderArchive.list(...args),
      read: (key: string) => {
        onRead?.(key);
        return folderArchive.read(key);
      },
    };
    const range = { from: DAYS[0]!, to: DAYS.at(-1)! };
    const index = new DomainIndex(domain);
    return (await verifyAccount(ACCOUNT, { ...SETTINGS, ...range, archive, index, checkpoint, onDay })).comparisons;
  }

  async function backfill(
    comparisons: readonly Comparison[],
    delivery = domain.delivery,
    patienceMs?: number,
  ): Promise<number> {
    let delivered = 0;
    for (const { accountId, index, missing } of comparisons) {
      if (missing.length === 0) continue;
      const restored = await restore(accountId, daysOf(index), new Set(missing), {
        ...SETTINGS,
        archive: new FolderArchive(folder),
        delivery,
        patienceMs,
      });
      delivered += restored.delivered;
    }
    await fetch(`${engine.url}/cwl-*/_refresh`, { method: "POST" });
    return delivered;
  }

  async function count(): Promise<number> {
    await fetch(`${engine.url}/cwl-*/_refresh`, { method: "POST" });
    return (await domain.request<{ count: number }>("POST", "/cwl-*/_count", { query: { match_all: {} } })).count;
  }

  /** The archive, and an index that has lost some of it. The last file of a day is delivered on the next one. */
  async function fill(): Promise<void> {
    let at = 0;
    for (const day of DAYS) {
      for (let file = 0; file < FILES_A_DAY; file++) {
        const records = Array.from({ length: PER_FILE }, () =>
          record({ eventTime: `${day}T${String(file % 24).padStart(2, "0")}:30:00Z` }),
        );
        const delivered = file === FILES_A_DAY - 1 ? nextDay(day) : day;
        const path = join(folder, `AWSLogs/${ACCOUNT}/CloudTrail/eu-west-1/${delivered.replaceAll("-", "/")}`);
        mkdirSync(path, { recursive: true });
        writeFileSync(
          join(path, `${ACCOUNT}_${day}_${file}.json.gz`),
          gzipSync(JSON.stringify({ Records: records }), { level: 1 }),
        );
        const numbered = records.map((one) => ({ one, at: at++ }));
        await ship(numbered.filter((each) => !neverShipped(each.at)).map(({ one }) => one));
        for (const each of numbered) {
          const id = String(each.one.eventID);
          if (neverShipped(each.at) || deleted(each.at)) ids.missing.push(id);
          if (changed(each.at)) ids.different.push(id);
        }
        const spoilt = numbered
          .filter((each) => changed(each.at))
          .map(({ one }) => {
            const other = JSON.stringify({ ...one, "@owner": ACCOUNT, sourceIPAddress: "203.0.113.1" });
            return `{"index":{"_index":"${indexOfDay(day)}","_id":"${String(one.eventID)}"}}\n${other}\n`;
          });
        const gone = numbered
          .filter((each) => deleted(each.at))
          .map(({ one }) => `{"delete":{"_index":"${indexOfDay(day)}","_id":"${String(one.eventID)}"}}\n`);
        if (spoilt.length + gone.length > 0) await domain.bulk([...spoilt, ...gone].join(""));
      }
    }
  }

  /** What the subscription brings: other ids of log events, other names of log streams. */
  async function ship(records: readonly object[]): Promise<void> {
    const source = { owner: ACCOUNT, logGroup: SETTINGS.logGroup, logStream: `${ACCOUNT}_CloudTrail_eu-west-1_2` };
    const actions = records.map((one, place) =>
      toAction({ id: `37${place}`, timestamp: NOW, message: JSON.stringify(one) }, source, SETTINGS, NOW),
    );
    const { searchEndpoint, searchRegion, transport } = domain.delivery;
    const { delivered } = await deliver(actions, {
      transport,
      settings: { ...SETTINGS, searchEndpoint, searchRegion, maxBodyBytes: 5 * 1024 * 1024 },
      remainingMs: () => 60_000,
      sleep: () => Promise.resolve(),
      random: Math.random,
    });
    expect(delivered).toBe(records.length);
  }
});

function all(comparisons: readonly Comparison[], kind: "missing" | "different" | "onlyInIndex"): string[] {
  return comparisons.flatMap((comparison) => [...comparison[kind]]).sort();
}

function daysOf(index: string): string[] {
  const day = daysFrom(DAYS[0]!, DAYS.at(-1)!).find((one) => indexOfDay(one) === index)!;
  return [day, nextDay(day)];
}

/** TLS before the engine, as a domain has it. */
async function startTls({ certFile, keyFile }: { certFile: string; keyFile: string }, url: string): Promise<Server> {
  const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (incoming, outgoing) => {
    void (async () => {
      const bytes = await buffer(incoming);
      const packed = incoming.headers["content-encoding"] === "gzip";
      const reply = await fetch(`${url}${incoming.url!.replaceAll("%2A", "*")}`, {
        method: incoming.method!,
        headers: { "content-type": incoming.headers["content-type"] ?? "application/json" },
        ...(bytes.length === 0 ? {} : { body: (packed ? gunzipSync(bytes) : bytes).toString("utf8") }),
      });
      outgoing.writeHead(reply.status).end(await reply.text());
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
