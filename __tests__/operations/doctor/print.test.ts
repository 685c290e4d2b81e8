import type { Report } from "../../../operations/doctor/examine";
import { capacityOf } from "../../../operations/doctor/capacity";
import { indexRows } from "../../../operations/doctor/indices";
import { printed } from "../../../operations/doctor/print";
import { accountFacts, capacityFacts, DAY_MS, indexOf, NOW, POLICY, RETENTION } from "./facts";

const REPORT: Report = {
  examined: new Date(NOW).toISOString(),
  findings: [],
  notLookedAt: [],
  indices: indexRows([indexOf(0), indexOf(9, { created: NOW - DAY_MS })], POLICY, RETENTION, NOW),
  capacity: capacityOf(capacityFacts(), { days: 90, nodes: 2 }, NOW),
  accounts: [accountFacts(), accountFacts({ name: "staging", trail: undefined, newest: null })],
};

test("a report without findings says so, after indices, domain and accounts", () => {
  const text = printed(REPORT);
  expect(text).toMatch(
    /cwl-2026\.05\.11 +│ 2026-05-19 \(late\) +│ +1 │ +1,000 │ +1\.0 GiB │ cloudtrail │ hot +│ 2026-08-17/,
  );
  expect(text).toContain(
    "Domain: green, 2 data nodes, 180 GiB of 200 GiB free; 1.0 GiB a day, 91 GiB for the retention",
  );
  expect(text).toMatch(/222222222222 │ production │ logging │ 2026-05-20 11:55 UTC │ 1 +│ 2026-05-20 11:00 UTC/);
  expect(text).toMatch(/staging +│ missing │ never +│ 1 +│ none/);
  expect(text.endsWith("Nothing found: everything is as it should be.")).toBe(true);
});

test("findings come with their kind and what to do; what could not be looked at with the reason", () => {
  const finding = {
    code: "disk-low",
    subject: "domain",
    message: "The node a is full.",
    remedy: "enlarge it",
  } as const;
  const text = printed({
    ...REPORT,
    findings: [finding],
    notLookedAt: [{ what: "the account staging", reason: "no profile" }],
  });
  expect(text).toContain("Found (1):\n  - The node a is full. [disk-low]\n    enlarge it");
  expect(text).toContain("Could not be looked at:\n  - the account staging: no profile");
  expect(text).not.toContain("Nothing found");
});

test("where nothing could be seen there are no empty tables", () => {
  const report = { ...REPORT, indices: [], capacity: null, accounts: [] };
  expect(printed(report)).toBe("Nothing found: everything is as it should be.");
});
