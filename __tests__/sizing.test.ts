import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exampleConfig, resourcesOf, synthesizedStacks } from "./support/stacks";
import { PROJECT } from "./support/command";
import { parseConfig } from "../modules/config";

const PAGE = readFileSync(join(PROJECT, "docs", "sizing.md"), "utf8");
const KB = 1000;
const GIB = 2 ** 30;

/** Rows of the table of sizes: events, shard, one copy, volumes, and a start. */
const rows = [
  ...PAGE.matchAll(
    /^\| ([\d,]+) \| ([\d.]+) GiB \| (\d+) GiB \| (\d+) GiB \| (\d+) x `([^`]+)`, (\d+) GiB each(?: .*)? \|$/gm,
  ),
].map(([, events, shard, copy, volumes, count, type, size]) => ({
  events: Number(events!.replaceAll(",", "")),
  sums: [shard, copy, volumes],
  start: { count, type, size },
}));

test.each(rows)(
  "$events events a day: the sums are right, and the start has room for them",
  ({ events, sums, start }) => {
    const { count, type, size } = start;
    const perDay = (events * 0.9 * KB) / GIB;
    const index = perDay * 90;
    const needed = (index * 2) / 0.95 / 0.75;
    expect(sums).toEqual([perDay.toFixed(1), index.toFixed(0), needed.toFixed(0)]);
    expect(Number(count) * Number(size)).toBeGreaterThanOrEqual(needed);
    // The validator knows the types and their volumes.
    const config = `
region: eu-west-1
management: { accountId: "111111111111", name: security }
kibana: { allowedCidrs: [] }
search: { instanceType: ${type!}, instanceCount: ${count!}, volumeSizeGib: ${size!} }`;
    expect(parseConfig(config).config.search.instanceType).toBe(type);
  },
);

test("there are rows from a hundred thousand to fifty million", () => {
  expect(rows.map(({ events }) => events)).toEqual([100_000, 1_000_000, 10_000_000, 50_000_000]);
});

test("the numbers of alarms are those of the stacks", () => {
  const stacks = synthesizedStacks(exampleConfig());
  const count = (stack: string) => resourcesOf(stacks[stack], "aws_cloudwatch_metric_alarm").length;
  const [, ofAccount, ofDomain] = /(\d+) per source account, (\d+) of the domain/.exec(PAGE)!;
  expect(count("accounts-1") / 3).toBe(Number(ofAccount));
  expect(count("domain")).toBe(Number(ofDomain));
});
