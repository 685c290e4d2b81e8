import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import Table from "cli-table3";
import { daysFrom, nextDay, readRecordFile, type ArchivedRecord } from "../operations/archive/archive";
import { FolderArchive } from "../operations/archive/folder";
import { actionOf, type ContentSettings } from "../operations/verify/content";
import { indexOfDay, verifyAccount, type IndexReader } from "../operations/verify/verify";
import type { EngineKind } from "../sandbox/engine";
import { day } from "../sandbox/records";
import { measureIndexReader } from "./verify-engine";

/**
 * `npm run bench:verify`: verify over 1,000,000 records in a folder, as S3 holds them, against an index that answers at
 * once: what the answers cost is not verify's, and is left out. Beside it a part of them against real engines, where the
 * index's answers are waited for.
 */
const RECORDS = Number(process.env.BENCH_RECORDS ?? 1_000_000);
const RECORDS_IN_ENGINE = Math.min(RECORDS, 50_000);
const ENGINES: Readonly<Record<EngineKind, string>> = { es7: "Elasticsearch 7.10", os2: "OpenSearch 2.19" };
const DAYS = daysFrom("2026-01-01", "2026-01-10");
const PER_FILE = 500;
const ACCOUNT = { accountId: "222222222222", name: "production" };
const MIB = 1024 * 1024;
const BARS = { peakRssMb: 400, recordsPerSecondPerCore: 20_000 };
const SETTINGS: ContentSettings = {
  ownerNames: new Map([[ACCOUNT.accountId, ACCOUNT.name]]),
  maxRecordAgeDays: 1095,
  logGroup: "CloudTrail/DefaultLogGroup",
  now: Date.parse("2026-01-12T00:00:00Z"),
};

void main();

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-verify-"));
  try {
    process.stderr.write(`Making up ${RECORDS.toLocaleString("en-GB")} records\n`);
    const bytes = makeUp(folder, RECORDS, DAYS);
    const result = await measure(folder);
    const table = new Table({ head: ["verify", "measured", "bar"], style: { head: [], border: [] } });
    table.push(
      ["records", result.records.toLocaleString("en-GB"), ""],
      ["archive, gzipped", `${(bytes / MIB).toFixed(0)} MiB`, ""],
      [
        "records a second and core, without the index's part",
        result.recordsPerSecondPerCore.toLocaleString("en-GB"),
        `at least ${BARS.recordsPerSecondPerCore.toLocaleString("en-GB")}`,
      ],
      ["memory at its peak (RSS)", `${result.peakRssMb.toFixed(0)} MB`, `at most ${BARS.peakRssMb} MB`],
      ...(await withEngines()),
      ["machine", cpus()[0]?.model ?? "", ""],
    );
    process.stdout.write(`${table.toString()}\n`);
    const isMet = result.peakRssMb <= BARS.peakRssMb && result.recordsPerSecondPerCore >= BARS.recordsPerSecondPerCore;
    process.exitCode = isMet ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same with an index that has to be asked: what the engine costs. */
async function withEngines(): Promise<[string, string, string][]> {
  const days = DAYS.slice(0, 1);
  const folder = mkdtempSync(join(tmpdir(), "bench-verify-"));
  try {
    makeUp(folder, RECORDS_IN_ENGINE, days);
    const rows: [string, string, string][] = [];
    for (const [kind, name] of Object.entries(ENGINES) as [EngineKind, string][]) {
      process.stderr.write(`${RECORDS_IN_ENGINE.toLocaleString("en-GB")} records in ${name}\n`);
      const question = { folder, accountId: ACCOUNT.accountId, days, settings: SETTINGS, records: RECORDS_IN_ENGINE };
      const { seconds, ownSeconds } = await measureIndexReader(kind, question);
      const rate = Math.round(RECORDS_IN_ENGINE / seconds).toLocaleString("en-GB");
      const parts = `${(seconds - ownSeconds).toFixed(1)} s, ${ownSeconds.toFixed(1)} s`;
      rows.push([`records a second, ${name} read through TLS`, rate, ""]);
      rows.push(["of that time: waiting for the engine, own work", parts, ""]);
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Files as CloudTrail delivers them. @returns bytes of all */
function makeUp(folder: string, count: number, days: readonly string[]): number {
  const templates = day({ accounts: [ACCOUNT], region: "eu-west-1" }).map(({ record }) => record);
  const perDay = Math.ceil(count / days.length);
  let bytes = 0;
  for (const name of days) {
    const path = join(folder, `AWSLogs/${ACCOUNT.accountId}/CloudTrail/eu-west-1/${name.replaceAll("-", "/")}`);
    mkdirSync(path, { recursive: true });
    for (let first = 0; first < perDay; first += PER_FILE) {
      const records = Array.from({ length: Math.min(PER_FILE, perDay - first) }, (_, at) => ({
        ...templates[(first + at) % templates.length],
        eventID: `${randomBytes(4).toString("hex")}-0000-4000-8000-${String(first + at).padStart(12, "0")}`,
        eventTime: `${name}T${String((first + at) % 24).padStart(2, "0")}:00:00Z`,
      }));
      const packed = gzipSync(JSON.stringify({ Records: records }));
      bytes += packed.length;
      writeFileSync(join(path, `${ACCOUNT.accountId}_CloudTrail_eu-west-1_${first}.json.gz`), packed);
    }
  }
  return bytes;
}

async function measure(folder: string) {
  let indexMs = 0;
  const archive = new FolderArchive(folder);
  const index: IndexReader = {
    documents: async function* (name, accountId) {
      let began = cpuMs();
      for (const one of DAYS.filter((day) => indexOfDay(day) === name)) {
        for (const delivered of [one, nextDay(one)]) {
          for (const { key } of await archive.list("CloudTrail", accountId, delivered)) {
            const { records } = readRecordFile((await archive.read(key)).bytes);
            const documents = records
              .map((record) => documentOf(record, accountId))
              .filter(({ index }) => index === name);
            indexMs += cpuMs() - began;
            if (documents.length > 0) yield documents;
            began = cpuMs();
          }
        }
      }
    },
  };
  let peak = 0;
  const sampling = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50);
  const began = cpuMs();
  const { comparisons } = await verifyAccount(ACCOUNT.accountId, {
    ...SETTINGS,
    archive,
    index,
    from: DAYS[0]!,
    to: DAYS.at(-1)!,
    checkpoint: { days: {} },
  });
  const ownMs = cpuMs() - began - indexMs;
  clearInterval(sampling);
  const records = comparisons.reduce((sum, { archived }) => sum + archived, 0);
  if (comparisons.some(({ missing, different }) => missing.length + different.length > 0) || records !== RECORDS) {
    throw new Error("verify did not find what was made up");
  }
  return {
    records,
    recordsPerSecondPerCore: Math.round((records / ownMs) * 1000),
    peakRssMb: peak / MIB,
  };
}

function documentOf(record: ArchivedRecord, accountId: string) {
  const { id, index, source } = actionOf(record, accountId, SETTINGS);
  return { _id: id, index, _source: JSON.parse(source) as Record<string, unknown> };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
