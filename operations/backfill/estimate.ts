import { nextDay, type Archive } from "../archive/archive";
import type { Comparison } from "../verify/verify";

/** What a backfill will take. */
export interface Estimate {
  readonly records: number;
  /** Bytes of the archive's files that have to be read again. */
  readonly archiveBytes: number;
  /** Bytes that the index grows by, without replicas. */
  readonly indexBytes: number;
  /** Indices, of one shard each, that do not exist yet. */
  readonly newShards: number;
  /** Seconds, if the domain takes records as fast as one small node does. */
  readonly seconds: number;
}

/** Measured on Elasticsearch 7.10.2 over real records, with the product's mapping (see docs/sizing.md). */
const INDEX_BYTES_A_RECORD = 900;
/** What one engine on two cores takes (`npm run bench`), halved. */
const RECORDS_A_SECOND = 1_500;

/** @param comparisons of all accounts that were looked at */
export async function estimate(archive: Archive, comparisons: readonly Comparison[]): Promise<Estimate> {
  const gaps = comparisons.filter(({ missing }) => missing.length > 0);
  let archiveBytes = 0;
  for (const { accountId, index } of gaps) {
    const day = /^cwl-(\d{4})\.(\d\d)\.(\d\d)$/.exec(index)?.slice(1).join("-");
    if (day === undefined) continue;
    for (const delivered of [day, nextDay(day)]) {
      const files = await archive.list("CloudTrail", accountId, delivered);
      archiveBytes += files.reduce((sum, { bytes }) => sum + bytes, 0);
    }
  }
  const records = gaps.reduce((sum, { missing }) => sum + missing.length, 0);
  const empty = new Set(gaps.map(({ index }) => index));
  for (const { index, indexed } of comparisons) if (indexed > 0) empty.delete(index);
  return {
    records,
    archiveBytes,
    indexBytes: records * INDEX_BYTES_A_RECORD,
    newShards: empty.size,
    seconds: Math.ceil(records / RECORDS_A_SECOND),
  };
}

export function estimateText({ records, archiveBytes, indexBytes, newShards, seconds }: Estimate): string {
  const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  return (
    `Missing: ${records.toLocaleString("en-GB")} records; to read ${mib(archiveBytes)}, to store about ${mib(indexBytes)} ` +
    `in ${newShards} new shards (without replicas), about ${seconds} s`
  );
}
