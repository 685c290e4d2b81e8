import { join } from "node:path";
import { toAction } from "../lambda/shipper/document";
import { INDEX_PATTERN, indexTemplateMappings, indexTemplateSettings } from "../modules/fields";
import { startEngine, type Engine, type EngineKind } from "../sandbox/engine";
import { readRecords } from "../sandbox/records";
import { articleBody } from "./article";
import { deploy, runFunction, writeEvent } from "./deployed";
import { startDomain } from "./domain";
import { madeUpMessages, OWNER_NAMES, toPayload, type Payload } from "./payload";
import { bundleWorker } from "./processes";
import { spread, type Spread } from "./statistics";

/** The same records in one index each: the product's documents in its mapping, the article's in a guessed one. */
export interface IndexSize {
  readonly indexBytesVsGuessed: number;
  readonly bytesPerRecord: number;
  readonly guessedBytesPerRecord: number;
  /** How many were indexed, and how many each mapping refused. */
  readonly records: number;
  readonly refused: number;
  readonly guessedRefused: number;
}

export interface EngineResults {
  /** The made-up day's records. */
  readonly madeUp: IndexSize;
  /** Real records, where a folder of them is named. */
  readonly corpora?: IndexSize;
  /** Records a second, from the function's invocation until its end, in a fresh process each. */
  readonly recordsPerSecond: Spread;
}

/** Of the engines that are measured. */
export const HEAP_MB = 512;
const BULK_BYTES = 4 * 1024 * 1024;
const FAR_AWAY_DAYS = 36_500;

/** @param corpora folder of CloudTrail files; those whose names begin with `synthetic` are left out */
export async function measureEngine(
  kind: EngineKind,
  payload: Payload,
  folder: string,
  runs: number,
  corpora?: string,
): Promise<EngineResults> {
  const engine = await startEngine(kind, { heapMb: HEAP_MB });
  try {
    const recordsPerSecond = await measureThroughput(engine, payload, folder, runs);
    const madeUp = await measureSize(engine, "made-up", madeUpMessages());
    if (corpora === undefined) return { madeUp, recordsPerSecond };
    return { madeUp, corpora: await measureSize(engine, "corpora", await realMessages(corpora)), recordsPerSecond };
  } finally {
    await engine.stop();
  }
}

async function measureThroughput(engine: Engine, payload: Payload, folder: string, runs: number): Promise<Spread> {
  await putTemplate(engine);
  const domain = await startDomain(folder, engine.url);
  try {
    const worker = await bundleWorker("function", folder);
    const deployed = deploy(folder);
    const event = writeEvent(payload, folder, "full");
    const rates: number[] = [];
    // The first is the engine's warm-up.
    for (let run = -1; run < runs; run++) {
      const { invocationMs } = await runFunction(worker, deployed, domain, [event]);
      await send(engine, "POST", `/${INDEX_PATTERN}/_refresh`);
      const { count } = await send<{ count: number }>(engine, "GET", `/${INDEX_PATTERN}/_count`);
      const expected = payload.logEvents.length;
      if (count !== expected) throw new Error(`${engine.kind} has ${count} of ${expected} records`);
      await send(engine, "DELETE", `/${INDEX_PATTERN}`);
      if (run >= 0) rates.push(count / (invocationMs[0]! / 1000));
    }
    return spread(rates);
  } finally {
    await domain.stop();
  }
}

async function measureSize(engine: Engine, name: string, messages: readonly string[]): Promise<IndexSize> {
  const payload = toPayload(messages);
  const settings = { ownerNames: OWNER_NAMES, maxRecordAgeDays: FAR_AWAY_DAYS };
  const ours = payload.logEvents.map((logEvent) => {
    const { id, source } = toAction(logEvent, payload.source, settings, payload.now);
    return { id, source };
  });
  const own = await index(engine, `${name}-own`, ours, {
    settings: indexTemplateSettings({ replicas: 0 }),
    mappings: indexTemplateMappings(),
  });
  // With what the article had to set itself.
  const guessed = await index(engine, `${name}-guessed`, articleDocuments(payload), {
    settings: {
      index: { number_of_shards: "1", number_of_replicas: "0", mapping: { total_fields: { limit: "3000" } } },
    },
    mappings: { properties: { apiVersion: { type: "text" } } },
  });
  const [bytesPerRecord, guessedBytesPerRecord] = [own.bytes / own.records, guessed.bytes / guessed.records];
  return {
    indexBytesVsGuessed: bytesPerRecord / guessedBytesPerRecord,
    bytesPerRecord,
    guessedBytesPerRecord,
    records: own.records,
    refused: own.refused,
    guessedRefused: guessed.refused,
  };
}

interface IndexedDocument {
  readonly id: string;
  readonly source: string;
}

/** The article's documents, out of its one body. */
function articleDocuments({ data }: Payload): IndexedDocument[] {
  const lines = articleBody(data).toString("utf8").trimEnd().split("\n");
  return Array.from({ length: lines.length / 2 }, (_, at) => ({
    id: (JSON.parse(lines[2 * at]!) as { index: { _id: string } }).index._id,
    source: lines[2 * at + 1]!,
  }));
}

/**
 * Indexes documents, merges the index to one segment, and measures it. Documents that the mapping refuses are left out.
 *
 * @throws Error if the engine does not take one for another reason: the sizes would be of other records then
 */
async function index(
  engine: Engine,
  name: string,
  documents: readonly IndexedDocument[],
  { settings, mappings }: { readonly settings: object; readonly mappings: object },
): Promise<{ bytes: number; records: number; refused: number }> {
  // Or the size is up to ten seconds old.
  const fresh = { index: { ...(settings as { index: object }).index, "store.stats_refresh_interval": "0s" } };
  await send(engine, "PUT", `/${name}`, { settings: fresh, mappings });
  let refused = 0;
  for (const body of bulks(documents)) {
    const { items } = await send<{ items: { create: { status: number } }[] }>(engine, "POST", `/${name}/_bulk`, body);
    for (const { create } of items) {
      if (create.status === 400) refused += 1;
      else if (create.status !== 201) throw new Error(`${engine.kind} answered an item with ${create.status}`);
    }
  }
  await send(engine, "POST", `/${name}/_forcemerge?max_num_segments=1&flush=true`);
  await send(engine, "POST", `/${name}/_refresh`);
  const { _all } = await send<{
    _all: { primaries: { store: { size_in_bytes: number }; docs: { count: number } } };
  }>(engine, "GET", `/${name}/_stats/store,docs`);
  await send(engine, "DELETE", `/${name}`);
  const { store, docs } = _all.primaries;
  if (docs.count + refused !== documents.length) {
    throw new Error(`${engine.kind} has ${docs.count} of ${documents.length} documents and refused ${refused}`);
  }
  return { bytes: store.size_in_bytes, records: docs.count, refused };
}

function* bulks(documents: readonly IndexedDocument[]): Generator<string> {
  let body = "";
  for (const { id, source } of documents) {
    body += `${JSON.stringify({ create: { _id: id } })}\n${source}\n`;
    if (body.length > BULK_BYTES) {
      yield body;
      body = "";
    }
  }
  if (body !== "") yield body;
}

async function realMessages(folder: string): Promise<string[]> {
  const messages: string[] = [];
  for await (const { file, message } of readRecords([folder])) {
    if (!file.startsWith(join(folder, "synthetic"))) messages.push(message);
  }
  return messages;
}

/** The product's index template, for an engine of one node. */
export async function putTemplate(engine: Engine): Promise<void> {
  await send(engine, "PUT", "/_index_template/cloudtrail", {
    index_patterns: [INDEX_PATTERN],
    template: { settings: indexTemplateSettings({ replicas: 0 }), mappings: indexTemplateMappings() },
  });
}

/** @throws Error with what the engine said, where it refused the request */
export async function send<T>(engine: Engine, method: string, path: string, body?: object | string): Promise<T> {
  const response = await fetch(engine.url + path, {
    method,
    headers: { "content-type": typeof body === "string" ? "application/x-ndjson" : "application/json" },
    body: typeof body === "object" ? JSON.stringify(body) : body,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  return JSON.parse(text) as T;
}
