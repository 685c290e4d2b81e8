import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { decode, NotALogsEvent, type LogEvent } from "../../../lambda/shipper/decode";
import { brokenAfter, LOG_SOURCE, logEvent, packed, payload, zipped } from "../../factories/payload";

const wrap = (bytes: Buffer) => ({ awslogs: { data: bytes.toString("base64") } });

/** A payload's log events, as far as it can be read, and why it cannot be read further. */
function read(event: unknown): { logEvents: LogEvent[]; problem: string | undefined } {
  const decoded = decode(event);
  if (decoded.kind === "control") return { logEvents: [], problem: undefined };
  if (decoded.kind === "undecodable") return { logEvents: [], problem: decoded.detail };
  const logEvents = Array.from(decoded.logEvents, ({ id, timestamp, message }) => ({ id, timestamp, message }));
  return { logEvents, problem: decoded.logEvents.problem };
}

const messages = (event: unknown) => read(event).logEvents.map(({ message }) => message);

describe("decode", () => {
  test("gives the log events with where they come from", () => {
    const event = payload(["one", "two"]);
    expect(decode(event)).toMatchObject({ kind: "records", source: LOG_SOURCE, data: event.awslogs.data });
    expect(read(event)).toEqual({
      logEvents: [
        { ...logEvent("one"), id: "0" },
        { ...logEvent("two"), id: "1" },
      ],
      problem: undefined,
    });
  });

  test("a control message is nothing to ship", () => {
    expect(
      decode(packed({ messageType: "CONTROL_MESSAGE", logEvents: [{ id: "", timestamp: 1, message: "probe" }] })),
    ).toEqual({
      kind: "control",
    });
  });

  test.each([
    {},
    null,
    undefined,
    5,
    [],
    { awslogs: null },
    { awslogs: {} },
    { awslogs: { data: 5 } },
    { Records: [] },
  ])("an event that is none of CloudWatch Logs is an error, which Lambda keeps: %j", (event) => {
    expect(() => decode(event)).toThrow(NotALogsEvent);
  });

  test.each([
    ["no gzip", wrap(Buffer.from("this was never gzip"))],
    ["gzip that is cut short", wrap(gzipSync("x".repeat(1000)).subarray(0, 15))],
    ["no JSON", wrap(gzipSync("secret content"))],
    ["JSON that is null", packed(null)],
    ["no log events", packed({ messageType: "DATA_MESSAGE" })],
    ["log events in no list", packed({ messageType: "DATA_MESSAGE", logEvents: { message: "x", timestamp: 1 } })],
    ["an empty string", { awslogs: { data: "" } }],
  ])("a payload that is %s is kept as it came", (_, event) => {
    expect(decode(event)).toMatchObject({ kind: "undecodable", data: event.awslogs.data });
  });

  test("says why a payload cannot be read without quoting it", () => {
    expect(decode(wrap(gzipSync("secret content")))).toMatchObject({ detail: "the payload is no JSON" });
  });

  test("log events that are none are a problem, told after those before them", () => {
    const logEvents = [logEvent("one"), { message: 5, timestamp: 1 }, logEvent("three")];
    expect(read(packed({ messageType: "DATA_MESSAGE", ...LOG_SOURCE, logEvents }))).toEqual({
      logEvents: [logEvent("one")],
      problem: "the payload has no list of log events",
    });
  });

  test("a payload that is no JSON from somewhere on is read up to there", () => {
    expect(read(brokenAfter(["one", "two"]))).toEqual({
      logEvents: [logEvent("one"), logEvent("two")],
      problem: "the payload is no JSON",
    });
  });

  test("fields that log events may get one day do no harm", () => {
    const logEvents = ["one", "two"].map((message) => ({ ...logEvent(message), list: [{ a: 1 }, { b: 2 }] }));
    expect(messages(packed({ messageType: "DATA_MESSAGE", ...LOG_SOURCE, logEvents }))).toEqual(["one", "two"]);
  });

  test("is read the same in another order and with white space", () => {
    const logEvents = ["one", "two"].map(logEvent);
    for (const event of [
      packed({ logEvents, messageType: "DATA_MESSAGE", ...LOG_SOURCE }),
      packed({ messageType: "DATA_MESSAGE", logEvents, ...LOG_SOURCE, subscriptionFilters: [] }),
      zipped(JSON.stringify({ messageType: "DATA_MESSAGE", ...LOG_SOURCE, logEvents }, null, 2)),
    ]) {
      expect(decode(event)).toMatchObject({ kind: "records", source: LOG_SOURCE });
      expect(messages(event)).toEqual(["one", "two"]);
    }
    expect(decode(packed({ ...LOG_SOURCE, logEvents, messageType: "CONTROL_MESSAGE", x: [] }))).toEqual({
      kind: "control",
    });
  });

  test("of two lists of log events the parser's is taken whole, behind what was read of the other", () => {
    const lists = [
      ["one", "two"],
      ["three", "four"],
    ].map((list) => JSON.stringify({ logEvents: list.map(logEvent) }).slice(1, -1));
    const head = JSON.stringify({ messageType: "DATA_MESSAGE", ...LOG_SOURCE }).slice(0, -1);
    expect(messages(zipped(`${head},${lists.join(",")}}`))).toEqual(["one", "three", "four"]);
  });

  test("a log event that has given up its memory is read anew", () => {
    const decoded = decode(payload(["one", "zwei \u00fc"]));
    for (const event of decoded.kind === "records" ? decoded.logEvents : []) {
      const { id, timestamp, message } = event;
      event.release?.();
      expect([event.id, event.timestamp, event.message]).toEqual([id, timestamp, message]);
    }
    expect.assertions(2);
  });

  test("any bytes as a message come out as they went in", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (lines) => {
        expect(messages(payload(lines))).toEqual(lines);
      }),
    );
  });

  test("any text gives what a JSON parser makes of it, if that is anything", () => {
    const part = fc.constantFrom(
      ...[
        '{"message":"a","timestamp":1}',
        '{"timestamp":2,"message":"},{\\"id"}',
        ',"logEvents":[',
        "{",
        "}",
        "[",
        "]",
      ],
      ...[",", ":", '"', "\\", '"x"', '},{"', '"message":"b"', '"timestamp":3', "]}", " ", "5", "\u00fc"],
    );
    const text = fc
      .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom('{"message":"a","timestamp":1}', ",") }, part))
      .map(
        (parts) =>
          `${JSON.stringify({ messageType: "DATA_MESSAGE", ...LOG_SOURCE }).slice(0, -1)},"logEvents":[${parts.join("")}]}`,
      );
    fc.assert(
      fc.property(text, (content) => {
        const { logEvents, problem } = read(zipped(content));
        const expected = parsed(content);
        if (expected === undefined) expect(problem).toBeDefined();
        else expect({ logEvents, problem }).toEqual({ logEvents: expected, problem: undefined });
      }),
      { numRuns: 2_000 },
    );
  });

  test("any bytes as a payload are read or kept, never an error", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string(), fc.json()), fc.boolean(), (content, isPacked) => {
        const bytes = Buffer.from(content as string);
        expect(["records", "control", "undecodable"]).toContain(decode(wrap(isPacked ? gzipSync(bytes) : bytes)).kind);
      }),
    );
  });
});

/** The log events of a payload, by the parser alone; undefined where it has none. */
function parsed(content: string): LogEvent[] | undefined {
  try {
    const { logEvents } = JSON.parse(content) as { logEvents: readonly Partial<LogEvent>[] };
    const isEvent = (event: Partial<LogEvent> | null) =>
      typeof event?.message === "string" && typeof event.timestamp === "number";
    return logEvents.every(isEvent)
      ? logEvents.map(({ timestamp, message }) => ({ id: "", timestamp: timestamp!, message: message! }))
      : undefined;
  } catch {
    return undefined;
  }
}
