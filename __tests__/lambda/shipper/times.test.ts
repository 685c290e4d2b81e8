import fc from "fast-check";
import { isoTime, readEventTime } from "../../../lambda/shipper/times";

const dates = fc.date({
  min: new Date("0001-01-01T00:00:00Z"),
  max: new Date("9999-12-31T23:59:59Z"),
  noInvalidDate: true,
});

describe("an eventTime", () => {
  test("is the time that Date reads, in the index of its UTC day", () => {
    fc.assert(
      fc.property(dates, (date) => {
        const text = date.toISOString();
        const seconds = `${text.slice(0, 19)}Z`;
        const day = text.slice(0, 10).replaceAll("-", ".");
        expect(readEventTime(text)).toEqual({ ms: date.getTime(), day });
        expect(readEventTime(seconds)).toEqual({ ms: Date.parse(seconds), day });
      }),
    );
  });

  test.each([
    ["2026-02-01T00:00:00.5Z", 500],
    ["2026-02-01T00:00:00.57Z", 570],
    ["2026-02-01T00:00:00.123456789Z", 123],
  ])("%s is read to the millisecond", (text, fraction) => {
    expect(readEventTime(text)?.ms).toBe(Date.parse("2026-02-01T00:00:00Z") + fraction);
  });

  test.each([
    "2026-02-30T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-10T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2026-01-31T24:00:00Z",
    "2026-01-31T23:60:00Z",
    "2026-01-31T23:59:60Z",
    "2026-01-31T23:59:59",
    "2026-01-31T23:59:59+00:00",
    "2026-01-31 23:59:59Z",
    "",
    1_769_904_000,
    null,
    undefined,
  ])("%j is none, whatever was read before", (text) => {
    readEventTime("2026-01-31T12:00:00Z");
    expect(readEventTime(text)).toBeUndefined();
    expect(readEventTime(text)).toBeUndefined();
  });
});

describe("a log event's time", () => {
  test("is what Date writes", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -8.64e15, max: 8.64e15 })), (timestamps) => {
        // Neighbours, too: what was worked out for one may not be taken for another.
        for (const timestamp of timestamps.flatMap((each) => [each, each + 1, each + 999]).filter(isTime)) {
          expect(isoTime(timestamp)).toBe(new Date(timestamp).toISOString());
        }
      }),
    );
  });

  test("is none where Date has none", () => {
    for (const timestamp of [Number.NaN, Infinity, 8.65e15]) expect(isoTime(timestamp)).toBeUndefined();
  });
});

function isTime(timestamp: number): boolean {
  return Math.abs(timestamp) <= 8.64e15;
}
