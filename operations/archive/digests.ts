import { createPublicKey, verify, type KeyObject } from "node:crypto";
import { dayPath, parse, sha256, unpack, UnreadableFile, type StoredObject } from "./archive";

/** A digest file: what CloudTrail delivered in an hour, chained to the hour before. */
interface Digest {
  readonly digestStartTime: string;
  readonly digestEndTime: string;
  readonly digestS3Bucket: string;
  readonly digestS3Object: string;
  readonly digestPublicKeyFingerprint: string;
  readonly previousDigestS3Object: string | null;
  readonly previousDigestSignature: string | null;
  readonly logFiles: readonly { readonly s3Object: string; readonly hashValue: string }[];
}

/**
 * What is wrong with the chain.
 *
 * - `tampered`: the content is not what was signed or hashed
 * - `missing`: a file that the chain names is not there
 * - `out of order`: a true digest file in the place of another
 * - `gap`: hours without a digest, because the trail did not log
 * - `unsigned`: no signature is kept with the file, and no later digest has it
 */
export type DigestProblemKind = "tampered" | "missing" | "out of order" | "gap" | "unsigned";

export interface DigestProblem {
  readonly kind: DigestProblemKind;
  readonly bucket: string;
  readonly key: string;
  /** `YYYY-MM-DDThhZ`: the hour that the digest covers. */
  readonly hour: string;
  readonly detail: string;
}

export interface ChainOptions {
  readonly bucket: string;
  /** The region's digest files with their keys, of one account, in no order. */
  readonly files: readonly { readonly key: string; readonly object: StoredObject }[];
  /** By fingerprint. */
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
  /** SHA-256 of each file with records that was read, by its key. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Whether a file with records must have been read: the run has not looked at others. */
  readonly wasLookedAt: (key: string) => boolean;
  /** Whether the listing had to show the digest file: older ones were not asked for. */
  readonly wasListed: (key: string) => boolean;
  /** Until when there have to be digests, in milliseconds since 1970. @default that is not looked at */
  readonly until?: number;
}

const HOUR_MS = 3_600_000;
/** How long CloudTrail takes until an hour's digest is there, at most. */
const DELIVERY_MS = 2 * HOUR_MS;

interface Read {
  readonly key: string;
  readonly digest: Digest;
  readonly sha256: string;
  readonly signature: string | undefined;
}

/**
 * Validates a region's chain of digest files, as `aws cloudtrail validate-logs` does: signatures, places, links, and the
 * hashes of the files with records.
 *
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
 */
export function validateChain(options: ChainOptions): DigestProblem[] {
  const { bucket } = options;
  const problems: DigestProblem[] = [];
  const report = (kind: DigestProblemKind, key: string, hour: string, detail: string) =>
    problems.push({ kind, bucket, key, hour, detail });
  const read: Read[] = [];
  for (const { key, object } of options.files) {
    try {
      read.push(readDigest(key, object));
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      report("tampered", key, hourOfKey(key), error.message);
    }
  }
  // By the place in the bucket, which a file cannot tell a lie about.
  read.sort((a, b) => compareText(timeOfKey(a.key), timeOfKey(b.key)));
  const byKey = new Map(read.map((one) => [one.key, one]));
  const known = new Set(options.files.map(({ key }) => key));
  const followers = new Map(
    read.flatMap(({ digest }) =>
      digest.previousDigestS3Object === null ? [] : [[digest.previousDigestS3Object, digest] as const],
    ),
  );
  read.forEach((one, at) => {
    const { key, digest } = one;
    const hour = hourOf(digest);
    if (digest.digestS3Object !== key || digest.digestS3Bucket !== bucket) {
      report(
        "out of order",
        key,
        hourOfKey(key),
        `it was delivered as ${digest.digestS3Bucket}/${digest.digestS3Object}`,
      );
      return;
    }
    const signature = one.signature ?? followers.get(key)?.previousDigestSignature ?? undefined;
    if (signature === undefined) {
      report("unsigned", key, hour, "no signature is kept with it");
    } else {
      const wrong = signatureProblem(one, signature, options.publicKeys);
      if (wrong !== undefined) report("tampered", key, hour, wrong);
    }
    checkLink(one, read[at - 1]);
    for (const { s3Object, hashValue } of digest.logFiles) {
      const hash = options.hashes.get(s3Object);
      if (hash === undefined && options.wasLookedAt(s3Object)) report("missing", s3Object, hour, "a file with records");
      if (hash !== undefined && hash !== hashValue)
        report("tampered", s3Object, hour, "another content than was delivered");
    }
  });
  const last = read.at(-1);
  if (last !== undefined && Date.parse(last.digest.digestEndTime) + DELIVERY_MS < (options.until ?? 0)) {
    const next = new Date(Date.parse(last.digest.digestEndTime) + HOUR_MS).toISOString();
    report(
      "missing",
      last.key.slice(0, last.key.lastIndexOf("/") + 1),
      `${next.slice(0, 13)}Z`,
      `nothing follows ${last.key}`,
    );
  }
  return problems;

  function checkLink({ key, digest }: Read, before: Read | undefined): void {
    const { previousDigestS3Object: previous, previousDigestSignature } = digest;
    const hour = hourOf(digest);
    if (previous !== null && !known.has(previous)) {
      for (const absent of absentKeys(previous, before?.key)) {
        if (options.wasListed(absent)) report("missing", absent, hourOfKey(absent), `before ${key}`);
      }
      return;
    }
    const linked = previous === null ? undefined : byKey.get(previous);
    if (linked?.signature !== undefined && linked.signature !== previousDigestSignature) {
      report("out of order", previous!, hourOf(linked.digest), `${key} follows another file of that name`);
    }
    if (before !== undefined && previous !== before.key && previous !== null) {
      report("out of order", key, hour, `it follows ${previous}, not ${before.key}`);
    }
    if (before !== undefined && Date.parse(before.digest.digestEndTime) < Date.parse(digest.digestStartTime)) {
      report("gap", key, hour, `no digest from ${before.digest.digestEndTime} to ${digest.digestStartTime}`);
    }
  }
}

/** Keys as `aws cloudtrail list-public-keys` gives them: RSA, PKCS #1, DER. */
export function readPublicKeys(
  list: readonly { readonly Fingerprint?: string; readonly Value?: Uint8Array | string }[],
): Map<string, KeyObject> {
  return new Map(
    list.flatMap(({ Fingerprint, Value }) => {
      if (Fingerprint === undefined || Value === undefined) return [];
      const key = typeof Value === "string" ? Buffer.from(Value, "base64") : Buffer.from(Value);
      return [[Fingerprint, createPublicKey({ key, format: "der", type: "pkcs1" })] as const];
    }),
  );
}

/** What CloudTrail signs. */
export function signedText(digest: Digest, contentSha256: string): string {
  const { digestEndTime, digestS3Bucket, digestS3Object, previousDigestSignature } = digest;
  return [digestEndTime, `${digestS3Bucket}/${digestS3Object}`, contentSha256, previousDigestSignature ?? "null"].join(
    "\n",
  );
}

function signatureProblem(
  { digest, sha256: hash }: Read,
  signature: string,
  keys: ReadonlyMap<string, KeyObject>,
): string | undefined {
  const key = keys.get(digest.digestPublicKeyFingerprint);
  if (key === undefined) return `signed with a key that is none of CloudTrail's: ${digest.digestPublicKeyFingerprint}`;
  const isTrue = verify("RSA-SHA256", Buffer.from(signedText(digest, hash)), key, Buffer.from(signature, "hex"));
  return isTrue ? undefined : "the signature is not that of its content";
}

function readDigest(key: string, { bytes, metadata }: StoredObject): Read {
  const content = unpack(bytes);
  const digest = parse(content) as Digest;
  const texts = [digest.digestStartTime, digest.digestEndTime, digest.digestS3Bucket, digest.digestS3Object];
  if (!texts.every((text) => typeof text === "string") || !Array.isArray(digest.logFiles)) {
    throw new UnreadableFile("the file is no digest");
  }
  return { key, digest, sha256: sha256(content), signature: metadata.signature };
}

/** A digest file that is not there, and those of the hours between it and the one that is there before it. */
function absentKeys(previous: string, before: string | undefined): string[] {
  const keys = [previous];
  for (;;) {
    const earlier = hourBefore(keys[0]!);
    if (before === undefined || earlier === undefined || timeOfKey(earlier) <= timeOfKey(before)) return keys;
    keys.unshift(earlier);
  }
}

/** The key of the same chain's digest an hour earlier. */
function hourBefore(key: string): string | undefined {
  const [, year, month, day, clock] = /^(\d{4})(\d\d)(\d\d)(T\d{6}Z)$/.exec(timeOfKey(key)) ?? [];
  if (clock === undefined) return undefined;
  const at = Date.parse(`${year!}-${month!}-${day!}${clock.replace(/(\d\d)(\d\d)(\d\d)/, "$1:$2:$3")}`);
  if (Number.isNaN(at)) return undefined;
  const earlier = new Date(at - HOUR_MS).toISOString();
  return key
    .replace(`/${year!}/${month!}/${day!}/`, `/${dayPath(earlier.slice(0, 10))}`)
    .replace(timeOfKey(key), `${earlier.slice(0, 19).replace(/[-:]/g, "")}Z`);
}

/** `20260124T101500Z` of a digest file's name. */
function timeOfKey(key: string): string {
  return /_(\d{8}T\d{6}Z)\.json\.gz$/.exec(key)?.[1] ?? key;
}

function hourOfKey(key: string): string {
  const [, year, month, day, hour] = /^(\d{4})(\d\d)(\d\d)T(\d\d)/.exec(timeOfKey(key)) ?? [];
  return hour === undefined ? "?" : `${year!}-${month!}-${day!}T${hour}Z`;
}

function hourOf({ digestEndTime }: Digest): string {
  return `${digestEndTime.slice(0, 13)}Z`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
