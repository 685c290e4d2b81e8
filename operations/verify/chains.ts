import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { CloudTrailClient, ListPublicKeysCommand, type PublicKey } from "@aws-sdk/client-cloudtrail";
import type { Account } from "../../modules/config";
import { daysFrom, nextDay, type StoredObject } from "../archive/archive";
import { readPublicKeys, validateChain, type DigestProblem } from "../archive/digests";
import { ArgumentError, type Session } from "./session";
import type { AccountVerification } from "./verify";

export interface Chains {
  readonly validated: number;
  readonly problems: DigestProblem[];
}

/**
 * Validates the digest files of all accounts and regions for the days of a session.
 *
 * @param publicKeysFile what `aws cloudtrail list-public-keys` printed. @default CloudTrail is asked, in each region
 */
export async function validateChains(
  { archive, accounts, options, access, config }: Session,
  found: readonly AccountVerification[],
  publicKeysFile: string | undefined,
): Promise<Chains> {
  const given = publicKeysFile === undefined ? undefined : keysFromFile(publicKeysFile);
  const days = daysFrom(options.from, options.to);
  const problems: DigestProblem[] = [];
  let validated = 0;
  for (const account of accounts) {
    const hashes = found.find(({ accountId }) => accountId === account.accountId)?.hashes ?? new Map<string, string>();
    for (const [region, files] of await digestFiles(account.accountId)) {
      validated += files.length;
      const publicKeys = given ?? (await askForKeys(account, region));
      problems.push(
        ...validateChain({
          bucket: config.names.archiveBucket,
          files,
          publicKeys,
          hashes,
          wasLookedAt: (key) => days.includes(dayOfKey(key)) && !isFrozen(account, key),
          wasListed: (key) => days.includes(dayOfKey(key)),
          until: Math.min(options.now, Date.parse(nextDay(options.to))),
        }),
      );
    }
  }
  return { validated, problems };

  function isFrozen({ accountId }: Account, key: string): boolean {
    const own = found.find((one) => one.accountId === accountId);
    return [...(own?.frozen ?? []), ...(own?.unreadable ?? [])].some((file) => file.key === key);
  }

  async function digestFiles(accountId: string): Promise<Map<string, { key: string; object: StoredObject }[]>> {
    const byRegion = new Map<string, { key: string; object: StoredObject }[]>();
    for (const day of days) {
      for (const { key, frozen } of await archive.list("CloudTrail-Digest", accountId, day)) {
        if (frozen !== undefined) continue;
        const region = key.split("/")[3] ?? "";
        const files = byRegion.get(region) ?? [];
        byRegion.set(region, files);
        files.push({ key, object: await archive.read(key) });
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

/** `YYYY-MM-DD` of `AWSLogs/<account>/<kind>/<region>/YYYY/MM/DD/<file>`. */
function dayOfKey(key: string): string {
  return key.split("/").slice(4, 7).join("-");
}
