import fc from "fast-check";
import { indexFindings, indexRows, type IndexFacts } from "../../../operations/doctor/indices";
import { readManaged } from "../../../operations/doctor/look-domain";
import type { DeployedPolicy } from "../../../operations/doctor/retention";
import { DAY_MS, HOUR_MS, indexOf, NOW, POLICY, RETENTION } from "./facts";

const found = (index: IndexFacts, policy: DeployedPolicy | undefined = POLICY) =>
  indexFindings([index], policy, RETENTION, NOW);
const codes = (index: IndexFacts, policy: DeployedPolicy | undefined = POLICY) =>
  found(index, policy).map(({ code }) => code);
const row = (index: IndexFacts, policy: DeployedPolicy | undefined = POLICY) =>
  indexRows([index], policy, RETENTION, NOW)[0]!;

test("indices of the retention's whole length have no findings", () => {
  const indices = Array.from({ length: 91 }, (_, daysAgo) => indexOf(daysAgo));
  expect(indexFindings(indices, POLICY, RETENTION, NOW)).toEqual([]);
});

test("a row has age, size, policy, state and the day that the index goes", () => {
  expect(row(indexOf(10))).toEqual({
    index: "cwl-2026.05.10",
    day: "2026-05-10",
    created: "2026-05-10",
    ageDays: 10,
    bytes: 1024 ** 3,
    documents: 1000,
    policy: "cloudtrail",
    state: "hot",
    goes: "2026-08-08",
    late: false,
  });
});

test("rows are in the order of days, the undated index last", () => {
  const undated = { ...indexOf(0), name: "cwl-undated" };
  const rows = indexRows([undated, indexOf(1), indexOf(9)], POLICY, RETENTION, NOW);
  expect(rows.map(({ day }) => day)).toEqual(["2026-05-11", "2026-05-19", null]);
});

describe("an index without policy", () => {
  const index = indexOf(3, { policy: undefined });

  test("is named, and never goes", () => {
    expect(found(index)).toMatchObject([{ code: "index-unmanaged", subject: index.name }]);
    expect(row(index)).toMatchObject({ policy: null, state: "unmanaged", goes: null });
  });

  test("is named with another policy's name, where it has that", () => {
    expect(found(indexOf(3, { policy: { id: "mine" } }))[0]!.message).toContain("has the policy mine, not cloudtrail");
  });
});

test("while the policy is missing nothing goes, and the indices are not complained about one by one", () => {
  expect(indexFindings([indexOf(3)], undefined, RETENTION, NOW)).toEqual([]);
  expect(indexRows([indexOf(3)], undefined, RETENTION, NOW)[0]!.goes).toBeNull();
});

describe("a late-created index", () => {
  test.each([
    ["on its day", 0, false],
    ["on the next day", DAY_MS, false],
    ["at the end of the next day", 2 * DAY_MS - 8_000, false],
    ["two days later", 2 * DAY_MS, true],
    ["weeks later", 20 * DAY_MS, true],
  ])("made %s: %s", (_, after, late) => {
    const { created } = indexOf(30);
    const index = indexOf(30, { created: created + after });
    expect(row(index).late).toBe(late);
    expect(codes(index)).toEqual(late ? ["index-late"] : []);
  });

  test("is named with the day it goes, which counts from its creation", () => {
    const index = indexOf(30, { created: NOW });
    expect(found(index)[0]!.message).toMatch(/made on 2026-05-20.*deleted on 2026-08-18/);
    expect(row(index).goes).toBe("2026-08-18");
  });

  test("the index of undated records is none", () => {
    expect(codes({ ...indexOf(0), name: "cwl-undated", created: NOW - 80 * DAY_MS })).toEqual([]);
  });
});

test("an index is overdue two days after it should have gone, not at once: the job takes its time", () => {
  expect(codes(indexOf(91))).toEqual([]);
  expect(codes(indexOf(93))).toEqual(["index-overdue"]);
});

test("an index that cannot go on is named with the plugin's reason", () => {
  const index = indexOf(3, { policy: { id: "cloudtrail", seqNo: 7, failure: "Missing rollover_alias" } });
  expect(found(index)).toMatchObject([
    { code: "index-failed", message: expect.stringContaining("Missing rollover_alias") as string },
  ]);
  expect(row(index).state).toBe("failed");
});

describe("an index with a former version of the policy", () => {
  const index = indexOf(3, { policy: { id: "cloudtrail", seqNo: 6, state: "hot" } });

  test("is named", () => expect(codes(index)).toEqual(["index-former-policy"]));

  test("has three hours to take the new one over", () => {
    expect(codes(index, { ...POLICY, updated: NOW - 2 * HOUR_MS })).toEqual([]);
  });

  test("is none before the first run of the job", () => {
    expect(codes(indexOf(0, { policy: { id: "cloudtrail" } }))).toEqual([]);
  });
});

test("whatever the names and times, rows and findings can be made, and nothing unmanaged is said to go", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          name: fc.oneof(
            fc.string().map((text) => `cwl-${text}`),
            fc.constant("cwl-2026.02.31"),
          ),
          created: fc.integer({ min: 0, max: 4e12 }),
          bytes: fc.nat(),
          documents: fc.nat(),
          shards: fc.nat(),
          policy: fc.option(fc.record({ id: fc.string() }), { nil: undefined }),
        }),
      ),
      (indices) => {
        indexFindings(indices, POLICY, RETENTION, NOW);
        const rows = indexRows(indices, POLICY, RETENTION, NOW);
        return (
          rows.length === indices.length && rows.every(({ policy, goes }) => policy === "cloudtrail" || goes === null)
        );
      },
    ),
  );
});

describe("what the plugin says of an index, as recorded", () => {
  test.each([
    ["Open Distro, nothing manages it", { "index.opendistro.index_state_management.policy_id": null }, undefined],
    [
      "OpenSearch, nothing manages it",
      { "index.plugins.index_state_management.policy_id": null, enabled: null },
      undefined,
    ],
    ["just attached", { index: "cwl-x", policy_id: "short", enabled: true }, { id: "short" }],
    [
      "in a state",
      { policy_id: "short", policy_seq_no: 2, state: { name: "hot" }, retry_info: { failed: false } },
      { id: "short", seqNo: 2, state: "hot" },
    ],
    [
      "on its way to the next",
      { policy_id: "short", policy_seq_no: 0, transition_to: "delete", retry_info: { failed: false } },
      { id: "short", seqNo: 0, state: "delete" },
    ],
    [
      "failed",
      {
        policy_id: "roll",
        policy_seq_no: 48,
        state: { name: "hot" },
        action: { name: "rollover", failed: true },
        info: { message: "Missing rollover_alias index setting [index=roll-1]" },
      },
      { id: "roll", seqNo: 48, state: "hot", failure: "Missing rollover_alias index setting [index=roll-1]" },
    ],
    ["switched off", { policy_id: "short", enabled: false }, undefined],
  ])("%s", (_, entry: object, expected) => {
    expect(readManaged(entry)).toEqual(expected);
  });
});
