import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { toBatches } from "../../lambda/shipper/bulk";
import { toAction } from "../../lambda/shipper/document";
import { articleBody, floor } from "../../bench/article";
import { summarize } from "../../bench/cpu";
import { created } from "../../bench/domain";
import { largestPayload, madeUpMessages, toPayload } from "../../bench/payload";
import { markdownTable, terminalTable } from "../../bench/report";
import { BARS, Figures, missedBars, type Results, worst } from "../../bench/results";
import { median, ratios, rounded, spread } from "../../bench/statistics";
import { PROJECT } from "../support/command";

const results = JSON.parse(readFileSync(join(PROJECT, "bench", "results.json"), "utf8")) as Results;
const messages = madeUpMessages().slice(0, 600);
const payload = toPayload(messages.slice(0, 50));

describe("the arithmetic", () => {
  test("the median is the middle one, or what lies between the middle two", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(median([Number.MAX_VALUE, Number.MAX_VALUE])).toBe(Number.MAX_VALUE);
    expect(() => median([])).toThrow(RangeError);
  });

  test("the spread holds every run, whatever their order", () => {
    const runs = fc.array(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
    fc.assert(
      fc.property(runs, (values) => {
        const { median: middle, min, max, runs: count } = spread(values);
        expect([count, min, max]).toEqual([values.length, Math.min(...values), Math.max(...values)]);
        expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2);
        expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2);
        expect(spread([...values].reverse())).toEqual(spread(values));
      }),
    );
    expect(() => spread([])).toThrow(RangeError);
  });

  test("quotients are taken pair by pair", () => {
    expect(ratios([2, 9], [1, 3])).toEqual([2, 3]);
    expect(() => ratios([1], [1, 2])).toThrow(RangeError);
  });

  test("a machine that slows down for a while changes no quotient", () => {
    const once = { floor: [10], shipper: [12], article: [30], compression: [5], hashing: [1] };
    const figures = (slowness: readonly number[]) =>
      Object.fromEntries(
        Object.entries(once).map(([name, values]) => [name, slowness.map((by) => values.map((value) => value * by))]),
      ) as unknown as Parameters<typeof summarize>[0];
    const { cpuVsFloor, cpuVsArticle, shipperMs } = summarize(figures([1, 5, 2]));
    expect([cpuVsFloor.min, cpuVsFloor.max]).toEqual([1.2, 1.2]);
    expect([cpuVsArticle.median, shipperMs.median, shipperMs.max]).toEqual([0.4, 24, 60]);
  });

  test("of each process the median counts: one collection of garbage is no figure", () => {
    const same = { floor: [[10, 10, 10]], article: [[20, 20, 20]], compression: [[1]], hashing: [[1]] };
    expect(summarize({ ...same, shipper: [[11, 99, 11]] }).cpuVsFloor.median).toBe(1.1);
  });

  test("figures are rounded to three digits", () => {
    expect([0.123_46, 1.2345, 12.345, 1234.5].map(rounded)).toEqual([0.123, 1.23, 12.3, 1235]);
    const figures = new Figures();
    figures.add("coldStartMs", { median: 45.678, min: 1.2345, max: 99.99, runs: 3 });
    expect([figures.values, figures.spread]).toEqual([{ coldStartMs: 45.7 }, { coldStartMs: [1.23, 100] }]);
  });

  test("a bar is missed by what is above it, and by nothing that was not measured", () => {
    expect(missedBars({})).toEqual([]);
    expect(missedBars(BARS)).toEqual([]);
    expect(missedBars({ ...BARS, cpuVsFloor: 1.31, bundleKb: 301 })).toEqual(["cpuVsFloor", "bundleKb"]);
    expect([worst([0.5, 0.6]), worst([])]).toEqual([0.6, undefined]);
  });
});

describe("what is compared", () => {
  const sources = articleBody(payload.data)
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

  test("a payload is as CloudWatch Logs packs it, and its text is counted", () => {
    const text = gunzipSync(Buffer.from(payload.data, "base64"));
    expect(text.length).toBe(payload.textBytes);
    expect(JSON.parse(text.toString())).toMatchObject({ messageType: "DATA_MESSAGE", ...payload.source });
  });

  test("the largest payload has as many records as fit, and not one step more", () => {
    const limit = 40_000;
    const largest = largestPayload(messages, limit);
    const next = toPayload(messages.slice(0, largest.logEvents.length + 50));
    expect(largest.logEvents.length).toBeGreaterThan(100);
    expect([largest.data.length <= limit, next.data.length > limit]).toEqual([true, true]);
  });

  test("the article's documents have each record twice: its fields, and its text", () => {
    expect(sources).toHaveLength(2 * payload.logEvents.length);
    payload.logEvents.forEach(({ id, message }, at) => {
      expect(sources[2 * at]).toMatchObject({
        index: { _id: id, _index: expect.stringMatching(/^cwl-\d{4}/) as string },
      });
      const { owner, logGroup, logStream } = payload.source;
      expect(sources[2 * at + 1]).toEqual({
        ...(JSON.parse(message) as object),
        "@id": id,
        "@timestamp": expect.stringMatching(/Z$/) as string,
        "@message": message,
        "@owner": owner,
        "@log_group": logGroup,
        "@log_stream": logStream,
      });
    });
  });

  test("the floor reads every record", () => {
    expect(floor(payload.data)).toBe(payload.logEvents.length);
  });

  test("the domain on loopback answers for each action", () => {
    const settings = { ownerNames: new Map<string, string>(), maxRecordAgeDays: 36_500 };
    const actions = payload.logEvents.map((logEvent) => toAction(logEvent, payload.source, settings, payload.now));
    const [batch] = toBatches(actions, 5_000_000);
    const { items } = JSON.parse(created(batch!.body)) as { items: { create: { _id: string; status: number } }[] };
    expect(items.map(({ create }) => [create._id, create.status])).toEqual(actions.map(({ id }) => [id, 201]));
  });
});

describe("bench/results.json", () => {
  test.each([
    "cpuVsFloor",
    "cpuVsArticle",
    "rssVsFloor",
    "rssVsArticle",
    "peakRssMb",
    "coldStartMs",
    "bundleKb",
    "rawBytesVsArticle",
    "indexBytesVsGuessed",
  ] as const)("has %s, a number above 0", (name) => {
    expect(results[name]).toBeGreaterThan(0);
  });

  test("has the spread of every figure that was measured several times, with the median in it", () => {
    for (const name of [
      "cpuVsFloor",
      "cpuVsArticle",
      "rssVsFloor",
      "rssVsArticle",
      "peakRssMb",
      "coldStartMs",
    ] as const) {
      const [min, max] = results.spread[name]!;
      expect(min).toBeLessThanOrEqual(results[name]!);
      expect(max).toBeGreaterThanOrEqual(results[name]!);
    }
  });

  test("is what the README's table says", () => {
    expect(readFileSync(join(PROJECT, "README.md"), "utf8")).toContain(markdownTable(results));
  });

  test("names no folder and no host", () => {
    expect(JSON.stringify(results)).not.toMatch(/\/(?:home|root|tmp|work|Users)\b|https?:/);
  });

  test("is the table on the terminal too", () => {
    const table = terminalTable(results);
    for (const name of Object.keys(BARS) as (keyof typeof BARS)[]) expect(table).toContain(String(results[name]));
  });
});
