import { createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { readRecords, RecordsError, type ReadRecord } from "../../../sandbox/records/read";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "records-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const record = (eventID: string) => ({ eventVersion: "1.11", eventName: "ListBuckets", eventID });
const three = ["a", "b", "c"].map(record);

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
}

async function read(...paths: string[]): Promise<ReadRecord[]> {
  const found: ReadRecord[] = [];
  for await (const each of readRecords(paths)) found.push(each);
  return found;
}

const lines = three.map((each) => JSON.stringify(each)).join("\n");
const document = JSON.stringify({ Records: three });

test.each([
  ["S3's form", "a.json", document],
  ["S3's form, gzipped", "a.json.gz", gzipSync(document)],
  [
    "S3's form, gzipped in two parts",
    "a.json.gz",
    Buffer.concat([gzipSync(document.slice(0, 50)), gzipSync(document.slice(50))]),
  ],
  ["S3's form, unpacked by the download", "a.json.gz", document],
  ["S3's form, laid out for reading", "a.json", JSON.stringify({ Records: three }, null, 2)],
  ["S3's form with a byte order mark", "a.json", `\uFEFF${document}`],
  ["a bare list", "a.json", JSON.stringify(three)],
  ["JSON lines", "a.jsonl", lines],
  ["JSON lines with a newline at the end and empty lines", "a.ndjson", `\n${lines.replace("\n", "\r\n\r\n")}\n`],
  ["JSON lines, gzipped", "a.jsonl.gz", gzipSync(lines)],
  ["JSON lines with a byte order mark", "a.jsonl", `\uFEFF${lines}`],
  ["JSON lines in a .json", "a.json", lines],
  ["S3's form as a line", "a.jsonl", `${document}\n`],
])("%s is read", async (_what, name, content) => {
  const found = await read(file(name, content));
  expect(found.map((each) => each.record)).toEqual(three);
  expect(found.map((each) => JSON.parse(each.message) as unknown)).toEqual(three);
});

test("no record is no error", async () => {
  expect(await read(file("a.json", '{"Records":[]}'), file("b.jsonl", ""))).toEqual([]);
});

test("a line stays as it is, also with separators that are no line ends in JSON", async () => {
  const line = '{ "eventName" : "X",  "a": 1.0, "b": "\u2028 \u2029 \u0085" }';
  expect((await read(file("a.jsonl", `${line}\n`)))[0]?.message).toBe(line);
});

test("folders are read in the order of the names, whatever else is in them, and files are counted", async () => {
  file("b/2.json.gz", gzipSync(JSON.stringify({ Records: [record("3")] })));
  file("b/1.json", JSON.stringify({ Records: [record("2")] }));
  file("a.jsonl", JSON.stringify(record("1")));
  file("b/README.md", "not a record");
  file("AWSLogs/111111111111/CloudTrail-Digest/eu-west-1/2026/01/01/d.json.gz", gzipSync('{"digestStartTime":"x"}'));
  const perFile: [string, number][] = [];
  const reading = readRecords([folder], (path, records) => perFile.push([path.slice(folder.length + 1), records]));
  const ids: unknown[] = [];
  let next = await reading.next();
  for (; !next.done; next = await reading.next()) ids.push(next.value.record.eventID);
  expect(ids).toEqual(["1", "2", "3"]);
  expect(next.value).toEqual({ files: 3, records: 3 });
  expect(perFile).toEqual([
    ["a.jsonl", 1],
    ["b/1.json", 1],
    ["b/2.json.gz", 1],
  ]);
});

test.each([
  ["a broken line", "a.jsonl", `${lines}\n{"eventName": \n`, /a\.jsonl, line 4: no JSON/],
  [
    "a line that is no record",
    "a.jsonl",
    `${lines}\n17`,
    /a\.jsonl, line 4: a record is an object, and this is a number/,
  ],
  [
    "a broken document",
    "a.json",
    `{\n "Records": [\n {"a": 1},\n {"a": x}\n]}`,
    /a\.json, line 4: no JSON: Unexpected/,
  ],
  [
    "a document that ends too early",
    "a.json",
    '{\n"Records": [\n{"a": 1},',
    /a\.json, line 3: no JSON: the file ends too early/,
  ],
  ["an empty document", "a.json", "", /a\.json, line 1: no JSON: the file ends too early/],
  ["text after the document", "a.json", `${document}\nand more`, /a\.json, line 2: no JSON/],
  ["a record that is none", "a.json", '{"Records": [null]}', /a\.json: a record is an object, and this is null/],
  [
    "a document of something else",
    "a.json",
    '{"Events": []}',
    /a\.json: neither {"Records": \[...\]} nor a record on each line/,
  ],
  [
    "a gzip file that ends too early",
    "a.jsonl.gz",
    gzipSync(lines).subarray(0, 40),
    /a\.jsonl\.gz: unexpected end of file/,
  ],
  ["another kind of file", "a.csv", "a,b", /a\.csv: records come in \.json/],
])("%s is an error that names the place", async (_what, name, content, message) => {
  const error = await read(file(name, content)).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RecordsError);
  expect((error as Error).message).toMatch(message);
  expect((error as RecordsError).file).toBe(join(folder, name));
});

test.each([
  ["nothing at all", "nowhere", /nowhere: there is no such file or folder/],
  ["a folder without records", ".", /no \.json, \.jsonl or \.ndjson file/],
])("%s is an error", async (_what, name, message) => {
  await expect(read(join(folder, name))).rejects.toThrow(message);
});

test("whatever is in a file, it is records or a RecordsError", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("x.json", "x.jsonl"),
      fc.oneof(fc.string(), fc.json(), fc.uint8Array()),
      async (name, content) => {
        const error = await read(file(name, typeof content === "string" ? content : Buffer.from(content))).catch(
          (caught: unknown) => caught,
        );
        if (!Array.isArray(error)) expect(error).toBeInstanceOf(RecordsError);
      },
    ),
    { numRuns: 150 },
  );
});

test("a long file is read in pieces", async () => {
  const many = Array.from({ length: 5_000 }, (_, index) => ({ ...record(String(index)), text: "x".repeat(100) }));
  const path = file("a.json", JSON.stringify({ Records: many }));
  const pieces: unknown[] = [];
  for await (const piece of createReadStream(path)) pieces.push(piece);
  expect(pieces.length).toBeGreaterThan(5);
  expect((await read(path)).map((each) => each.record)).toEqual(many);
});

const corpora = process.env.CORPORA;
(corpora !== undefined && existsSync(corpora) ? test : test.skip)("every record of the corpora is read", async () => {
  expect(await read(corpora ?? "")).toHaveLength(27_535);
});
