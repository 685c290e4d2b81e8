import type { EngineKind } from "../../../../sandbox/engine";

/** A line that is hard to index. */
export interface Hostile {
  readonly name: string;
  readonly message: string;
  /** Whether it has to become an envelope, before one engine or both, or must not. @default it must not */
  readonly envelope?: boolean | EngineKind;
}

const TIME = "2026-01-15T10:00:00Z";
const LONG = 262_144;

const nested = (levels: number, open: string, close: string) => `${open.repeat(levels)}1${close.repeat(levels)}`;
const lists = (levels: number) => nested(levels, "[", "]");
const objects = (levels: number) => nested(levels, '{"a":', "}");

/** Records by what is odd about them: the text of their fields. */
const RECORDS: Readonly<Record<string, string>> = {
  "a lone surrogate": String.raw`"eventName":"\ud800x","requestParameters":{"k\udc00":"\ud800"}`,
  "numbers beyond a double":
    '"eventName":1e400,"other":1e400,"requestParameters":{"a":1e400,"b":12345678901234567890,"c":-0}',
  "a number of 5,000 digits": `"eventName":${"9".repeat(5_000)},"requestParameters":{"a":${"9".repeat(5_000)}}`,
  "names of objects' machinery":
    '"__proto__":{"x":1},"constructor":1,"requestParameters":{"__proto__":{"y":2}},"userIdentity":{"__proto__":{"arn":1},"arn":{"toString":1}}',
  "a string of 256 KB": `"eventName":"${"x".repeat(LONG)}","requestParameters":{"a":"${"é".repeat(LONG / 2)}"}`,
  "words of 256 KB": `"errorMessage":"${"to be ".repeat(LONG / 6)}"`,
  "names with dots":
    '"userIdentity.arn":{"a":1},"eventName.x":1,"a.b.c":1,".":1,"..":2,"a..b":1,"a.":1,".a":{"x":2},"eventTime.x":{"x":1}',
  "names with spaces": '" ":1,"a b":{"c d":1},"\\t":{"x":1},"requestParameters":{" ":1," a ":2}',
  "an empty name": '"":1,"requestParameters":{"":{"":2}}',
  "the engines' own names":
    '"_id":"x","_index":"y","_source":{"a":1},"_routing":"r","_version":1,"_ignored":["x"],"_seq_no":5',
  "the shipper's own names":
    '"@timestamp":"yesterday","@owner":{"a":1},"message":{"a":1},"@requestParameters":5,"@shadowed":1',
  "objects for scalars":
    '"eventName":{"a":1},"awsRegion":[{"b":[1]},"eu-west-1"],"userIdentity":{"arn":{"c":{}},"sessionContext":{"sessionIssuer":{"userName":{}}}},"apiVersion":[[1]],"sourceIPAddress":{},"readOnly":{"x":true}',
  "scalars for objects":
    '"userIdentity":"alice","tlsDetails":true,"resources":["arn",{"ARN":"b"},[1]],"addendum":5,"eventContext":"x","requestParameters":"text","responseElements":7,"additionalEventData":[1,[2]]',
  nulls: '"eventName":null,"userIdentity":null,"resources":[null],"requestParameters":null,"sourceIPAddress":null',
  "no address": `"sourceIPAddress":"${"1".repeat(40_000)}"`,
  "other types":
    '"readOnly":"yes","managementEvent":0,"eventVersion":1.08,"eventName":true,"apiVersion":20150101,"recipientAccountId":1',
  "zero characters": String.raw`"eventName":"a\u0000b","requestParameters":{"\u0000":"\u0000"}`,
  "a name of 100 KB": `"${"k".repeat(100_000)}":1,"requestParameters":{"${"k".repeat(100_000)}":1}`,
  "20,000 fields": Array.from({ length: 20_000 }, (_, at) => `"k${at}":${at}`).join(","),
  "10,000 levels in the place of a scalar": `"eventName":${lists(10_000)}`,
  "half a character as it is": '"eventName":"\ud800","requestParameters":{"a":"\udc00"}',
  "200 levels": `"requestParameters":${lists(200)},"other":${objects(200)},"userIdentity":{"x":${lists(200)}}`,
};

/** OpenSearch takes numbers of 1,000 digits, and 20 levels of lists in a field that it knows. */
const BEYOND_OPENSEARCH: ReadonlySet<string> = new Set(["a number of 5,000 digits", "200 levels"]);

/** Records that only an envelope can hold. */
const ENVELOPES: Readonly<Record<string, string>> = {
  "a name twice": '"eventName":"a","eventName":"b"',
  "a name twice in a free-form part": '"requestParameters":{"a":1,"a":2}',
  "a name twice, converted": '"eventName":{"a":1},"x":1,"x":2',
  "10,000 levels of lists": `"requestParameters":{"x":${lists(10_000)}}`,
  "10,000 levels of objects": `"responseElements":${objects(10_000)}`,
  "10,000 levels in a known object": `"userIdentity":{"x":${lists(10_000)}}`,
  "10,000 levels in an unknown field": `"other":${objects(10_000)}`,
  "an empty name in a known object": '"userIdentity":{"":1}',
  "dots in a known object": '"userIdentity":{".":1,"arn.x":2}',
};

const LINES: Readonly<Record<string, string>> = {
  "no JSON": "hello",
  "an empty line": "",
  "half a record": '{"eventID":"half","eventName":',
  "a list": '[{"eventID":"listed"}]',
  "a number": "5",
  null: "null",
  "a byte order mark": '\ufeff{"eventID":"marked"}',
  "raw lone surrogates": "\ud800 and \udc00",
  "lines in a line": "first\nsecond\r\nthird",
};

const UNDATED: Readonly<Record<string, string>> = {
  "an empty record": "{}",
  "an empty record in white space": " { \t\r\n                                } ",
  "an eventTime that is a number": '{"eventID":"t-1","eventTime":1e400}',
  "an eventTime that is true": '{"eventID":"t-2","eventTime":true}',
  "an eventTime that is an object": '{"eventID":"t-3","eventTime":{"a":1}}',
  "an eventTime of words": '{"eventID":"t-4","eventTime":"yesterday"}',
  "an eventTime of no calendar": '{"eventID":"t-5","eventTime":"2026-02-30T00:00:00Z"}',
  "an eventTime far away": '{"eventID":"t-6","eventTime":"9999-12-31T23:59:59Z"}',
  "an eventTime beyond dates": '{"eventID":"t-7","eventTime":"+292278994-01-01T00:00:00Z"}',
  "a list of eventTimes": '{"eventID":"t-8","eventTime":["2026-01-15T10:00:00Z",5]}',
  "an eventID that is a number": '{"eventID":5}',
  "an eventID that is too long": `{"eventID":"${"x".repeat(600)}"}`,
  "an eventID with half a character": String.raw`{"eventID":"x\ud800"}`,
};

/** Every hostile input; none may be lost, and none may do harm to the engine. */
export const HOSTILE: readonly Hostile[] = [
  ...Object.entries(RECORDS).map(([name, fields], at) => ({
    name,
    message: dated(`h-${at}`, fields),
    envelope: BEYOND_OPENSEARCH.has(name) && ("os2" as const),
  })),
  ...Object.entries(ENVELOPES).map(([name, fields], at) => ({
    name,
    message: dated(`e-${at}`, fields),
    envelope: true,
  })),
  ...Object.entries(LINES).map(([name, message]) => ({ name, message, envelope: true })),
  ...Object.entries(UNDATED).map(([name, message]) => ({ name, message })),
  { name: "line breaks in a record", message: dated("h-lines", '\r\n"eventName"\n:\t"x"\n') },
];

function dated(eventID: string, fields: string): string {
  return `{"eventID":"${eventID}","eventTime":"${TIME}",${fields}}`;
}
