import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { INDEX_PATTERN } from "../modules/fields";
import { nextDay } from "../operations/archive/archive";
import { FolderArchive } from "../operations/archive/folder";
import { restore } from "../operations/backfill/restore";
import { DomainClient } from "../operations/domain-client";
import type { ContentSettings } from "../operations/verify/content";
import { DomainIndex } from "../operations/verify/index-reader";
import { verifyAccount } from "../operations/verify/verify";
import { startEngine, type EngineKind } from "../sandbox/engine";
import { startDomain } from "./domain";
import { HEAP_MB, putTemplate, send } from "./engine";

/** An archive whose records are put into an engine before verify is measured. */
interface Question {
  /** The archive. */
  readonly folder: string;
  readonly accountId: string;
  readonly days: readonly string[];
  readonly settings: ContentSettings;
  /** How many records there are. */
  readonly records: number;
}

/**
 * Verify as operators run it: signed requests over TLS to a real engine that has every record.
 *
 * @returns `seconds` from beginning to end, and how many of them this process worked
 * @throws Error if verify does not find the index complete
 */
export async function measureIndexReader(
  kind: EngineKind,
  question: Question,
): Promise<{ seconds: number; ownSeconds: number }> {
  const { folder, accountId, days, settings, records } = question;
  const engine = await startEngine(kind, { heapMb: HEAP_MB });
  const certificates = mkdtempSync(join(tmpdir(), "bench-verify-tls-"));
  const domain = await startDomain(certificates, engine.url);
  try {
    await putTemplate(engine);
    const client = new DomainClient({
      endpoint: domain.endpoint,
      region: "eu-west-1",
      credentials: () => Promise.resolve({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" }),
      ca: readFileSync(domain.caFile, "utf8"),
    });
    const archive = new FolderArchive(folder);
    const verified = async () => {
      const range = { from: days[0]!, to: days.at(-1)!, checkpoint: { days: {} } };
      const index = new DomainIndex(client);
      return (await verifyAccount(accountId, { ...settings, ...range, archive, index })).comparisons;
    };
    // The index is filled as operators fill it.
    const missing = new Set((await verified()).flatMap((comparison) => comparison.missing));
    const delivered = [...days, nextDay(days.at(-1)!)];
    await restore(accountId, delivered, missing, { ...settings, archive, delivery: client.delivery });
    await send(engine, "POST", `/${INDEX_PATTERN}/_refresh`);

    const began = performance.now();
    const cpu = process.cpuUsage();
    const comparisons = await verified();
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const compared = comparisons.reduce((sum, { indexed }) => sum + indexed, 0);
    if (
      compared !== records ||
      comparisons.some((comparison) => comparison.missing.length + comparison.different.length > 0)
    ) {
      throw new Error(`verify found ${compared} of ${records} records in ${kind}`);
    }
    return { seconds, ownSeconds: Math.min(seconds, (user + system) / 1e6) };
  } finally {
    await domain.stop();
    await engine.stop();
    rmSync(certificates, { recursive: true, force: true });
  }
}
