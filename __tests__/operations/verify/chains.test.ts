import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { nextDay, sha256, type Archive, type ArchiveObject } from "../../../operations/archive/archive";
import { signedText } from "../../../operations/archive/digests";
import { validateChains } from "../../../operations/verify/chains";
import { ACCOUNT } from "../../factories/payload";
import { exampleConfig } from "../../support/stacks";

const CONFIG = exampleConfig();
const BUCKET = CONFIG.names.archiveBucket;
const HOUR_MS = 3_600_000;
const DAY = "2026-01-24";
const REGION = "eu-west-1";
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const LOG = `AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/2026/01/24/${ACCOUNT}_CloudTrail_${REGION}_20260124T2358Z_x.json.gz`;

let folder = "";
let publicKeys = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "chains-test-"));
  publicKeys = join(folder, "keys.json");
  const Value = publicKey.export({ type: "pkcs1", format: "der" }).toString("base64");
  writeFileSync(publicKeys, JSON.stringify({ PublicKeyList: [{ Fingerprint: "f1", Value }] }));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface File extends ArchiveObject {
  readonly bytesOfFile: Buffer;
  readonly signature: string;
}

/** The digests of a day and of the first two hours of the next; the last file of the day is in one of those. */
function chain(): File[] {
  const files: File[] = [];
  let before: { key: string; signature: string } | undefined;
  for (let at = Date.parse(`${DAY}T00:00:00Z`); at <= Date.parse(`${nextDay(DAY)}T01:00:00Z`); at += HOUR_MS) {
    const time = `${new Date(at).toISOString().slice(0, 19)}Z`;
    const key = digestKey(time);
    const digest = {
      digestStartTime: `${new Date(at - HOUR_MS).toISOString().slice(0, 19)}Z`,
      digestEndTime: time,
      digestS3Bucket: BUCKET,
      digestS3Object: key,
      digestPublicKeyFingerprint: "f1",
      previousDigestS3Object: before?.key ?? null,
      previousDigestSignature: before?.signature ?? null,
      logFiles: time === `${nextDay(DAY)}T00:00:00Z` ? [{ s3Object: LOG, hashValue: "true" }] : [],
    };
    const content = Buffer.from(JSON.stringify(digest));
    const signature = sign("RSA-SHA256", Buffer.from(signedText(digest, sha256(content))), privateKey).toString("hex");
    files.push({ key, bytes: 1, bytesOfFile: gzipSync(content), signature });
    before = { key, signature };
  }
  return files;
}

function digestKey(time: string): string {
  const compact = time.replace(/[-:]/g, "");
  return `AWSLogs/${ACCOUNT}/CloudTrail-Digest/${REGION}/${time.slice(0, 10).replaceAll("-", "/")}/${ACCOUNT}_CloudTrail-Digest_${REGION}_t_${REGION}_${compact}.json.gz`;
}

function validate(files: readonly File[], hashOfLog = "true", log = LOG) {
  const archive: Archive = {
    name: BUCKET,
    list: (_kind, _account, day) =>
      Promise.resolve(files.filter(({ key }) => key.includes(`/${day.replaceAll("-", "/")}/`))),
    read: (key) => {
      const { bytesOfFile, signature } = files.find((file) => file.key === key)!;
      return Promise.resolve({ bytes: bytesOfFile, metadata: { signature } });
    },
  };
  const options = { from: DAY, to: DAY, now: Date.parse("2026-02-01T00:00:00Z") };
  const session = { archive, accounts: [{ accountId: ACCOUNT, name: "production" }], config: CONFIG, options };
  const hashes = new Map([[log, hashOfLog]]);
  const found = [{ accountId: ACCOUNT, comparisons: [], frozen: [], unreadable: [], hashes }];
  return validateChains(session as unknown as Parameters<typeof validateChains>[0], found, publicKeys);
}

test("a day's chain is whole with the digests of the hours after it, in which its last files are", async () => {
  expect(await validate(chain())).toEqual({ validated: 26, problems: [], frozen: [] });
  const { problems } = await validate(chain(), "another");
  expect(problems.map(({ kind, key, hour }) => [kind, key, hour])).toEqual([["tampered", LOG, "2026-01-25T00Z"]]);
});

test("each of several hours whose digests are not there is named", async () => {
  const gone = ["10", "11", "12"].map((hour) => digestKey(`${DAY}T${hour}:00:00Z`));
  const { problems } = await validate(chain().filter(({ key }) => !gone.includes(key)));
  expect(problems.map(({ kind, bucket, key, hour }) => [kind, bucket, key, hour])).toEqual(
    gone.map((key, at) => ["missing", BUCKET, key, `${DAY}T${10 + at}Z`]),
  );
});

test("a region that has records and no digest at all is named", async () => {
  const { problems } = await validate([]);
  expect(problems).toEqual([
    expect.objectContaining({
      kind: "missing",
      bucket: BUCKET,
      key: `AWSLogs/${ACCOUNT}/CloudTrail-Digest/${REGION}/`,
      hour: `${DAY}T23Z`,
    }),
  ]);
});

test("a file whose name says no time is in no digest, and asks for none", async () => {
  const renamed = LOG.replace("20260124T2358Z_x", "1");
  expect((await validate([], "true", renamed)).problems).toEqual([]);
});

test("digests that have to be restored first are named so, and not as missing", async () => {
  const cold = digestKey(`${DAY}T10:00:00Z`);
  const files = chain().map((file) => (file.key === cold ? { ...file, frozen: "GLACIER" } : file));
  const { problems, frozen } = await validate(files);
  expect([problems, frozen.map(({ key }) => key)]).toEqual([[], [cold]]);
});
