import {
  capacityFindings,
  capacityOf,
  size,
  type CapacityAsked,
  type CapacityFacts,
} from "../../../operations/doctor/capacity";
import { capacityFacts, DAY_MS, indexOf, NOW } from "./facts";

const GIB = 1024 ** 3;
const ASKED: CapacityAsked = { days: 90, nodes: 2 };
const codes = (facts: CapacityFacts, asked = ASKED) => capacityFindings(facts, asked, NOW).map(({ code }) => code);

test("a domain with room for the retention has no findings", () => {
  expect(codes(capacityFacts())).toEqual([]);
});

describe("what the retention needs", () => {
  test("is the mean of the last complete days, for every day and the one that is being written", () => {
    const indices = [indexOf(0, { bytes: 1 }), ...[1, 2, 3].map((day) => indexOf(day, { bytes: day * GIB }))];
    expect(capacityOf(capacityFacts({ indices }), ASKED, NOW)).toMatchObject({
      bytesPerDay: 2 * GIB,
      neededBytes: 182 * GIB,
    });
  });

  test("does not count what is older than a week, nor the undated index", () => {
    const undated = { ...indexOf(0, { bytes: 500 * GIB }), name: "cwl-undated" };
    const indices = [indexOf(1, { bytes: GIB }), indexOf(20, { bytes: 100 * GIB }), undated];
    expect(capacityOf(capacityFacts({ indices }), ASKED, NOW).bytesPerDay).toBe(GIB);
  });

  test("is guessed from today's index on the first day, and not at all before", () => {
    const today = capacityFacts({ indices: [indexOf(0, { bytes: 5 })] });
    expect(capacityOf(today, ASKED, NOW).bytesPerDay).toBe(5);
    expect(capacityOf(capacityFacts({ indices: [] }), ASKED, NOW)).toMatchObject({ bytesPerDay: null, neededBytes: 0 });
  });

  test("is held against three quarters of the volumes", () => {
    const indices = [indexOf(1, { bytes: (150 / 91) * GIB })];
    expect(codes(capacityFacts({ indices }))).toEqual([]);
    const more = [indexOf(1, { bytes: (151 / 91) * GIB })];
    expect(codes(capacityFacts({ indices: more }))).toEqual(["disk-too-small"]);
    expect(codes(capacityFacts({ indices: more }), { ...ASKED, days: 30 })).toEqual([]);
  });
});

test("the days until the volumes are full are told where the retention does not come first", () => {
  const perDay = (gib: number) => capacityFacts({ indices: [indexOf(1, { bytes: gib * GIB })] });
  expect(capacityOf(perDay(1), ASKED, NOW).daysUntilFull).toBeNull();
  // 90 GiB are left on each of the two nodes.
  expect(capacityOf(perDay(4), ASKED, NOW).daysUntilFull).toBe(45);
  expect(capacityFindings(perDay(4), ASKED, NOW)[0]!.message).toContain("it is full in 45 days");
});

test("each node with less than a quarter left is named", () => {
  const disks = [30, 24, 5].map((gib, at) => ({ node: `node-${at}`, total: 100 * GIB, available: gib * GIB }));
  const findings = capacityFindings(capacityFacts({ disks }), ASKED, NOW);
  expect(findings.map(({ code, message }) => [code, /node-\d/.exec(message)?.[0]])).toEqual([
    ["disk-low", "node-1"],
    ["disk-low", "node-2"],
  ]);
});

test.each([
  ["red", { status: "red" as const }, /is red/],
  ["yellow", { status: "yellow" as const, unassigned_shards: 8 }, /is yellow .*: 8\)/],
  ["a node short", { number_of_data_nodes: 1 }, /1 of 2 data nodes/],
])("a domain that is %s is named", (_, changes, message) => {
  const health = { ...capacityFacts().health, ...changes };
  const findings = capacityFindings(capacityFacts({ health }), ASKED, NOW);
  expect(findings.map(({ code }) => code)).toEqual(["domain-health"]);
  expect(findings[0]!.message).toMatch(message);
});

test("shards are counted as they will be at the end of the retention", () => {
  const facts = capacityFacts({ indices: [0, 1, 2, 3, 4, 5, 6].map((day) => indexOf(day, { bytes: 1 })) });
  // Seven indices of two shards, and two of somebody else's.
  expect(capacityOf(facts, ASKED, NOW)).toMatchObject({ shards: 16, neededShards: 184, shardLimit: 2000 });
  expect(codes(facts, { ...ASKED, days: 998 })).toEqual([]);
  expect(codes(facts, { ...ASKED, days: 999 })).toEqual(["shards"]);
});

test("a late index of a long-gone day is none of the last days", () => {
  const late = indexOf(40, { created: NOW - DAY_MS, bytes: 900 * GIB });
  expect(codes(capacityFacts({ indices: [indexOf(1), late] }))).toEqual([]);
});

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1536, "1.5 KiB"],
  [20 * GIB, "20 GiB"],
  [5000 * 1024 * GIB, "5000 TiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(size(bytes)).toBe(text);
});
