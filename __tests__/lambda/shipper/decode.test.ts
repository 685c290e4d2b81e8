import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { decode, NotALogsEvent } from "../../../lambda/shipper/decode";
import { LOG_SOURCE, packed, payload } from "../../factories/payload";

const wrap = (bytes: Buffer) => ({ awslogs: { data: bytes.toString("base64") } });

describe("decode", () => {
  test("gives the log events with where they come from", () => {
    const decoded = decode(payload(["one", "two"]));
    expect(decoded).toMatchObject({ kind: "records", source: LOG_SOURCE });
    expect(decoded.kind === "records" && decoded.logEvents.map(({ message }) => message)).toEqual(["one", "two"]);
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
    ["log events that are none", packed({ messageType: "DATA_MESSAGE", logEvents: [{ message: 5, timestamp: 1 }] })],
    ["an empty string", { awslogs: { data: "" } }],
  ])("a payload that is %s is kept as it came", (_, event) => {
    expect(decode(event)).toMatchObject({ kind: "undecodable", data: event.awslogs.data });
  });

  test("says why a payload cannot be read without quoting it", () => {
    expect(decode(wrap(gzipSync("secret content")))).toMatchObject({ detail: "the payload is no JSON" });
  });

  test("any bytes as a message come out as they went in", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (messages) => {
        const decoded = decode(payload(messages));
        expect(decoded.kind === "records" && decoded.logEvents.map(({ message }) => message)).toEqual(messages);
      }),
    );
  });

  test("any bytes as a payload are read or kept, never an error", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string(), fc.json()), fc.boolean(), (content, zipped) => {
        const bytes = Buffer.from(content as string);
        expect(["records", "control", "undecodable"]).toContain(decode(wrap(zipped ? gzipSync(bytes) : bytes)).kind);
      }),
    );
  });
});
