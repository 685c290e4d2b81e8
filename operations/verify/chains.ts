import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { CloudTrailClient, ListPublicKeysCommand, type PublicKey } from "@aws-sdk/client-cloudtrail";
import type { Account } from "../../modules/config";
import { daysFrom, nextDay, type StoredObject } from "../archive/archive";
import { readPublicKeys, validateChain, type DigestProblem } from "../archive/digests";
import { ArgumentError, type Session } from "./session";
import type { AccountVerification, SkippedFile } from "./verify";

export interface Chains {
  readonly validated: number;
  readonly problems: DigestProblem[];
  /** Digest files that have to be restored first. */
  readonly frozen: SkippedFile[];
}

/**
 * Validates the digest files of all accounts and regions for the days of a session.
 *
 * @param publicKeysFile what `aws cloudtrail list-public-keys` printed. @default CloudTrail is asked, in each region
 */
export async function validateChains(
  {
    archive,
    accounts,
    options,
    access,
    config,
  }: Pick<Session, "archive" | "accounts" | "options" | "access" | "config">,
  found: readonly AccountVerification[],
  publicKeysFile: string | undefined,
): Promise<Chains> {
  const given = publicKeysFile === undefined ? undefined : keysFromFile(publicKeysFile);
  const days = daysFrom(options.from, options.to);
  const dayAfter = nextDay(options.to);
  const until = Math.min(options.now, Date.parse(dayAfter));
  const bucket = config.names.archiveBucket;
  const problems: DigestProblem[] = [];
  const frozen: SkippedFile[] = [];
  let validated = 0;
  for (const account of accounts) {
    const hashes = found.find(({ accountId }) => accountId === account.accountId)?.hashes ?? new Map<string, string>();
    const regions = await digestFiles(account.accountId);
    for (const [region, key] of firstFiles(hashes.keys())) {
      const time = timeOfRecords(key);
      if (regions.has(region) || Number.isNaN(time) || time + DIGEST_DUE_MS > options.now) continue;
      const folder = `AWSLogs/${account.accountId}/CloudTrail-Digest/${region}/`;
      const hour = `${new Date(time).toISOString().slice(0, 13)}Z`;
      problems.push({ kind: "missing", bucket, key: folder, hour, detail: `no digest at all, but ${key}` });
    }
    for (const [region, files] of regions) {
      const isWhole = !frozen.some(({ key }) =>
        key.startsWith(`AWSLogs/${account.accountId}/CloudTrail-Digest/${region}/`),
      );
      validated += files.length;
      const publicKeys = given ?? (await askForKeys(account, region));
      problems.push(
        ...validateChain({
          bucket,
          files,
          publicKeys,
          hashes,
          wasLookedAt: (key) => days.includes(dayOfKey(key)) && !isFrozen(account, key),
          wasListed: (key) => isAsked(key) && !frozen.some((file) => file.key === key),
          ...(isWhole ? { until } : {}),
        }),
      );
    }
  }
  return { validated, problems, frozen };

  function isFrozen({ accountId }: Account, key: string): boolean {
    const own = found.find((one) => one.accountId === accountId);
    return [...(own?.frozen ?? []), ...(own?.unreadable ?? [])].some((file) => file.key === key);
  }

  /** The last files of a day are in the digests of the first hours of the next one. */
  function isAsked(key: string): boolean {
    const day = dayOfKey(key);
    return days.includes(day) || (day === dayAfter && /_\d{8}T0[01]\d{4}Z\.json\.gz$/.test(key));
  }

  async function digestFiles(accountId: string): Promise<Map<string, { key: string; object: StoredObject }[]>> {
    const byRegion = new Map<string, { key: string; object: StoredObject }[]>();
    for (const day of [...days, dayAfter]) {
      for (const { key, frozen: storageClass } of await archive.list("CloudTrail-Digest", accountId, day)) {
        if (!isAsked(key)) continue;
        const region = regionOf(key);
        const files = byRegion.get(region) ?? [];
        byRegion.set(region, files);
        if (storageClass === undefined) files.push({ key, object: await archive.read(key) });
        else frozen.push({ key, why: `in ${storageClass}: restore it first (aws s3api restore-object)` });
      }
    }
    return byRegion;
  }

  async function askForKeys(account: Account, region: string): Promise<ReadonlyMap<string, KeyObject>> {
    const client = new CloudTrailClient({ ...access.settings(account), region });
    const StartTime = new Date(Date.parse(options.from) - KEY_MARGIN_MS);
    const keys: PublicKey[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.send(new ListPublicKeysCommand({ StartTime, EndTime: new Date(), NextToken }));
      keys.push(...(page.PublicKeyList ?? []));
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    return readPublicKeys(keys);
  }
}

/** Keys are listed by the time in which they were in use. */
const KEY_MARGIN_MS = 24 * 3_600_000;

function keysFromFile(file: string): ReadonlyMap<string, KeyObject> {
  try {
    const { PublicKeyList = [] } = JSON.parse(readFileSync(file, "utf8")) as {
      PublicKeyList?: { Fingerprint: string; Value: string }[];
    };
    return readPublicKeys(PublicKeyList);
  } catch (error) {
    throw new ArgumentError([`--public-keys ${file}: ${(error as Error).message}`]);
  }
}

/** A digest covers an hour, and is there two hours later at the latest. */
const DIGEST_DUE_MS = 3 * 3_600_000;

/** Of each region, the first file with records. */
function firstFiles(keys: Iterable<string>): Map<string, string> {
  const first = new Map<string, string>();
  for (const key of keys) {
    const region = regionOf(key);
    const known = first.get(region);
    if (known === undefined || key < known) first.set(region, key);
  }
  return first;
}

/** When a file with records was delivered: `<account>_CloudTrail_<region>_YYYYMMDDTHHmmZ_<id>.json.gz`; NaN: it has another name. */
function timeOfRecords(key: string): number {
  const [, year, month, day, hour, minute] = /_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z_/.exec(key) ?? [];
  // Date.parse makes a time even of what is none.
  return minute === undefined ? Number.NaN : Date.parse(`${year!}-${month!}-${day!}T${hour!}:${minute}:00Z`);
}

function regionOf(key: string): string {
  return key.split("/")[3] ?? "";
}

/** `YYYY-MM-DD` of `AWSLogs/<account>/<kind>/<region>/YYYY/MM/DD/<file>`. */
function dayOfKey(key: string): string {
  return key.split("/").slice(4, 7).join("-");
}
