import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { sha256, type StoredObject } from "../../../operations/archive/archive";
import { readPublicKeys, signedText, validateChain } from "../../../operations/archive/digests";

const BUCKET = "archive";
const ACCOUNT = "111122223333";
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const KEYS = readPublicKeys([
  { Fingerprint: "f1", Value: publicKey.export({ type: "pkcs1", format: "der" }).toString("base64") },
]);

interface File {
  readonly key: string;
  readonly object: StoredObject;
}

const logKey = (hour: number) =>
  `AWSLogs/${ACCOUNT}/CloudTrail/eu-west-1/2026/01/24/${ACCOUNT}_CloudTrail_eu-west-1_20260124T${pad(hour)}05Z_x.json.gz`;
const digestKey = (hour: number) =>
  `AWSLogs/${ACCOUNT}/CloudTrail-Digest/eu-west-1/2026/01/24/${ACCOUNT}_CloudTrail-Digest_eu-west-1_trail_eu-west-1_20260124T${pad(hour)}0000Z.json.gz`;
const pad = (hour: number) => String(hour).padStart(2, "0");

/** A chain as CloudTrail delivers it: one digest an hour, one file with records in each. */
function chain(hours: readonly number[]): File[] {
  const files: File[] = [];
  let before: { key: string; signature: string; hash: string } | undefined;
  for (const hour of hours) {
    const key = digestKey(hour);
    const digest = {
      awsAccountId: ACCOUNT,
      digestStartTime: `2026-01-24T${pad(hour - 1)}:00:00Z`,
      digestEndTime: `2026-01-24T${pad(hour)}:00:00Z`,
      digestS3Bucket: BUCKET,
      digestS3Object: key,
      digestPublicKeyFingerprint: "f1",
      digestSignatureAlgorithm: "SHA256withRSA",
      previousDigestS3Bucket: before && BUCKET,
      previousDigestS3Object: before?.key ?? null,
      previousDigestHashValue: before?.hash ?? null,
      previousDigestSignature: before?.signature ?? null,
      logFiles: [{ s3Bucket: BUCKET, s3Object: logKey(hour), hashValue: `hash-${hour}`, hashAlgorithm: "SHA-256" }],
    };
    const content = Buffer.from(JSON.stringify(digest));
    const signature = sign("RSA-SHA256", Buffer.from(signedText(digest, sha256(content))), privateKey).toString("hex");
    files.push({ key, object: { bytes: gzipSync(content), metadata: { signature } } });
    before = { key, signature, hash: sha256(content) };
  }
  return files;
}

function problems(files: readonly File[], hashes = hashesOf([10, 11, 12, 13])) {
  return validateChain({
    bucket: BUCKET,
    files,
    publicKeys: KEYS,
    hashes,
    wasLookedAt: () => true,
    wasListed: (key) => key >= digestKey(10),
  });
}

function hashesOf(hours: readonly number[]): Map<string, string> {
  return new Map(hours.map((hour) => [logKey(hour), `hash-${hour}`]));
}

const HOURS = [10, 11, 12, 13];

test("a chain as CloudTrail delivers it has no problems, in whatever order it is listed", () => {
  expect(problems(chain(HOURS))).toEqual([]);
  expect(problems(chain(HOURS).toReversed())).toEqual([]);
});

test("a chain that began before the days that are looked at has no problems", () => {
  expect(problems(chain([9, ...HOURS]).slice(1))).toEqual([]);
});

test("a digest file whose content was changed is tampered", () => {
  const files = chain(HOURS);
  const { bytes } = files[1]!.object;
  const changed = JSON.parse(gunzipSync(bytes).toString()) as { logFiles: { hashValue: string }[] };
  changed.logFiles[0]!.hashValue = "hash-11 changed";
  files[1] = { ...files[1]!, object: { ...files[1]!.object, bytes: gzipSync(JSON.stringify(changed)) } };
  expect(problems(files)).toEqual([
    expect.objectContaining({ kind: "tampered", bucket: BUCKET, key: digestKey(11), hour: "2026-01-24T11Z" }),
    expect.objectContaining({ kind: "tampered", key: logKey(11) }),
  ]);
});

test("a digest file that is no gzip, and one that is signed by somebody else, are tampered", () => {
  const [first, ...others] = chain(HOURS);
  const broken = [{ ...first!, object: { ...first!.object, bytes: Buffer.from("no gzip") } }, ...others];
  expect(problems(broken)).toEqual([
    expect.objectContaining({ kind: "tampered", key: digestKey(10), hour: "2026-01-24T10Z" }),
  ]);
  const stranger = createPublicKey(
    generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "pkcs1", format: "pem" }),
  );
  const options = { bucket: BUCKET, hashes: hashesOf(HOURS), wasLookedAt: () => true, wasListed: () => false };
  const found = validateChain({ ...options, files: chain([10]), publicKeys: new Map([["f1", stranger]]) });
  expect(found).toEqual([expect.objectContaining({ kind: "tampered", key: digestKey(10) })]);
  expect(validateChain({ ...options, files: chain([10]), publicKeys: new Map() })).toEqual([
    expect.objectContaining({
      kind: "tampered",
      detail: expect.stringContaining("none of CloudTrail's: f1") as string,
    }),
  ]);
});

test("a digest file that is not there is missing, with its hour", () => {
  const files = chain(HOURS).filter(({ key }) => key !== digestKey(11));
  expect(problems(files)).toEqual([
    expect.objectContaining({ kind: "missing", bucket: BUCKET, key: digestKey(11), hour: "2026-01-24T11Z" }),
  ]);
});

test("digest files that are not there at the end are missing, after the hours that CloudTrail needs to deliver", () => {
  const until = (hour: number) =>
    validateChain({
      ...{ bucket: BUCKET, files: chain([10, 11]), publicKeys: KEYS, hashes: hashesOf([10, 11]) },
      ...{ wasLookedAt: () => true, wasListed: () => false, until: Date.parse(`2026-01-24T${hour}:00:00Z`) },
    });
  expect(until(13)).toEqual([]);
  expect(until(14)).toEqual([
    expect.objectContaining({ kind: "missing", hour: "2026-01-24T12Z", detail: `nothing follows ${digestKey(11)}` }),
  ]);
});

test("a true digest file in the place of another is out of order", () => {
  const files = chain(HOURS);
  files[2] = { key: digestKey(12), object: files[1]!.object };
  expect(problems(files)).toContainEqual(
    expect.objectContaining({ kind: "out of order", bucket: BUCKET, key: digestKey(12), hour: "2026-01-24T12Z" }),
  );
  expect(problems(files).map(({ kind }) => kind)).not.toContain("tampered");
});

test("a digest file of another true chain is out of order", () => {
  const files = chain(HOURS);
  files[1] = chain([11])[0]!;
  expect(problems(files).map(({ kind, key }) => [kind, key])).toEqual([["out of order", digestKey(11)]]);
});

test("hours in which the trail did not log are a gap", () => {
  expect(problems(chain([10, 11, 13]))).toEqual([
    expect.objectContaining({
      kind: "gap",
      key: digestKey(13),
      detail: expect.stringContaining("T11:00:00Z to") as string,
    }),
  ]);
});

test("a file with records that was changed is tampered, one that is not there is missing", () => {
  const hashes = new Map([...hashesOf([10, 11, 12]), [logKey(11), "another"]]);
  expect(problems(chain(HOURS), hashes).map(({ kind, key }) => [kind, key])).toEqual([
    ["tampered", logKey(11)],
    ["missing", logKey(13)],
  ]);
});

test("without signatures beside the files, each but the last is validated by the one that follows", () => {
  const files = chain(HOURS).map(({ key, object }) => ({ key, object: { ...object, metadata: {} } }));
  expect(problems(files).map(({ kind, key }) => [kind, key])).toEqual([["unsigned", digestKey(13)]]);
});
