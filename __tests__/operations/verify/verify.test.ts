import { gzipSync } from "node:zlib";
import { estimate } from "../../../operations/backfill/estimate";
import type { Archive, ArchiveObject } from "../../../operations/archive/archive";
import { actionOf, type ContentSettings } from "../../../operations/verify/content";
import { verifyAccount, type IndexedDocument, type IndexReader } from "../../../operations/verify/verify";
import { ACCOUNT, NOW, record } from "../../factories/payload";
import { SETTINGS } from "../../factories/shipping";

const CONTENT: ContentSettings = { ...SETTINGS, logGroup: "CloudTrail/DefaultLogGroup", now: NOW };
const DAY = "2026-02-01";

type Records = readonly Record<string, unknown>[];

/** One file with records on a day, and others that cannot be read. */
function archiveOf(records: Records, others: readonly Partial<ArchiveObject>[] = []): Archive {
  const objects = [{ key: "records" }, ...others].map((one) => ({ key: "", bytes: 1_000, ...one }));
  return {
    name: "archive",
    list: (_kind, _account, day) => Promise.resolve(day === DAY ? objects : []),
    read: (key) => {
      const bytes = key === "records" ? gzipSync(JSON.stringify({ Records: records })) : Buffer.from("no gzip");
      return Promise.resolve({ bytes, metadata: {} });
    },
  };
}

function indexOf(records: Records): IndexReader {
  const documents = records.map((one) => actionOf(one, ACCOUNT, CONTENT));
  return {
    documents: async function* (name) {
      yield await Promise.resolve(
        documents
          .filter(({ index }) => index === name)
          .map(({ id, source }): IndexedDocument => ({ _id: id, _source: JSON.parse(source) as object as never })),
      );
    },
  };
}

function verify(archive: Archive, index: IndexReader) {
  return verifyAccount(ACCOUNT, { ...CONTENT, archive, index, from: DAY, to: DAY, checkpoint: { days: {} } });
}

test("what is in the index only is named", async () => {
  const [kept, forged] = [record(), record()];
  const { comparisons } = await verify(archiveOf([kept]), indexOf([kept, forged]));
  expect(comparisons).toEqual([
    expect.objectContaining({ archived: 1, indexed: 2, missing: [], different: [], onlyInIndex: [forged.eventID] }),
  ]);
});

test.each([
  ["has to be restored first", { key: "cold", frozen: "DEEP_ARCHIVE" }, "frozen"],
  ["is damaged", { key: "damaged" }, "unreadable"],
] as const)("a file that %s is named, and its records are not taken for added ones", async (_why, file, kind) => {
  const [kept, inTheOther, lost] = [record(), record(), record()];
  const found = await verify(archiveOf([kept, lost], [file]), indexOf([kept, inTheOther]));
  expect(found[kind].map(({ key }) => key)).toEqual([file.key]);
  expect(found.comparisons).toEqual([
    expect.objectContaining({ archived: 2, indexed: 2, missing: [lost.eventID], onlyInIndex: [] }),
  ]);
});

test("an estimate counts as new only indices that hold nothing of any account", async () => {
  const comparison = { accountId: ACCOUNT, index: "cwl-2026.02.01", archived: 2, different: [], onlyInIndex: [] };
  const empty = { ...comparison, indexed: 0, missing: ["a", "b"] };
  const full = { ...comparison, accountId: "444455556666", indexed: 2, missing: [] };
  expect(await estimate(archiveOf([]), [empty])).toMatchObject({ records: 2, newShards: 1, archiveBytes: 1_000 });
  expect(await estimate(archiveOf([]), [empty, full])).toMatchObject({ records: 2, newShards: 0 });
});
