import { createHash } from "node:crypto";
import fc from "fast-check";
import { toAction, toEnvelope, type Action } from "../../../lambda/shipper/document";
import { FIELDS, OTHER_PAIRS, SHADOWED_KEY, SUBTREES } from "../../../modules/fields";
import { ACCOUNT, LOG_SOURCE, logEvent, NOW, record } from "../../factories/payload";

const SETTINGS = { ownerNames: new Map([[ACCOUNT, "production"]]), maxRecordAgeDays: 1095 };

const actionOf = (message: string | Record<string, unknown>): Action =>
  toAction(logEvent(message), LOG_SOURCE, SETTINGS, NOW);
const documentOf = (message: string | Record<string, unknown>): Record<string, unknown> => parsed(actionOf(message));
const parsed = ({ source }: Action) => JSON.parse(source) as Record<string, unknown>;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("a record's document", () => {
  test("is the record's own text with the shipper's fields in front", () => {
    const message = JSON.stringify(record({ eventID: "e-1", responseElements: undefined }));
    expect(actionOf(message).source.endsWith(message.slice(1))).toBe(true);
    expect(documentOf(message)).toMatchObject({
      "@id": "37000000000000000000000000000000000000000000000000000001",
      "@timestamp": "2026-02-01T11:59:30.000Z",
      "@owner": ACCOUNT,
      "@owner_name": "production",
      "@log_group": LOG_SOURCE.logGroup,
      "@log_stream": LOG_SOURCE.logStream,
      "@requestParameters": ["instanceType=t3.micro", "instancesSet.items.minCount=1", "instancesSet.items.maxCount=1"],
    });
  });

  test("has every free-form subtree as pairs, and what is in no list as other pairs", () => {
    const subtrees = Object.fromEntries(SUBTREES.map(({ path }) => [path, { key: path }]));
    const made = documentOf(record({ ...subtrees, newField: { deep: true } }));
    for (const { path, pairs } of SUBTREES) expect(made[pairs]).toEqual([`key=${path}`]);
    expect(made[OTHER_PAIRS]).toEqual(["newField.deep=true"]);
  });

  test("holds any record unchanged, but for the conversions that the document contract names", () => {
    const names = fc.constantFrom(...FIELDS.map(({ path }) => path.split(".")[0]!), "unknown", "requestParameters");
    const keys = fc.oneof(names, fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(fc.dictionary(keys, fc.jsonValue()), (given) => {
        const text = JSON.stringify(given);
        const made = documentOf(text);
        const aside = (made[SHADOWED_KEY] ?? {}) as Record<string, unknown>;
        for (const [key, value] of Object.entries(JSON.parse(text) as object) as [string, unknown][]) {
          const isAside = Object.hasOwn(aside, key);
          const kept = isAside ? aside[key] : made[key];
          if (!isAside && FIELDS.some(({ path }) => path.split(".")[0] === key)) continue;
          expect([key, kept]).toEqual([key, value]);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("is the same at each delivery, whenever that is", () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.date({ min: new Date(NOW), max: new Date(NOW + 3_600_000), noInvalidDate: true }),
        (message, later) => {
          expect(toAction(logEvent(message), LOG_SOURCE, SETTINGS, later.getTime())).toEqual(actionOf(message));
        },
      ),
    );
  });

  test("is one line of JSON for any text as a message", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.json(),
          fc.json().map((text) => ` {\r\n"a" : ${text}\n}\n`),
        ),
        (message) => {
          const { source } = actionOf(message);
          expect(source).not.toMatch(/[\r\n]/);
          expect(JSON.parse(source)).toBeInstanceOf(Object);
        },
      ),
      { numRuns: 150 },
    );
  });

  test.each([
    ["the shipper's own", { "@owner": "somebody", message: "text", "@new": 1 }],
    ["the engines' own", { _id: "x", _source: { a: 1 }, __proto: 2 }],
    ["taken for a path", { "eventName.x": 1, ".": 2, "a.": 3, "userIdentity.arn": { a: 1 } }],
    ["none at all", { "": 1, "\t ": { x: 2 } }],
  ])("puts fields aside whose name is %s, and finds them by their pairs", (_, fields) => {
    const made = documentOf(record(fields));
    expect(made[SHADOWED_KEY]).toEqual(fields);
    expect(made["@owner"]).toBe(ACCOUNT);
    expect((made[OTHER_PAIRS] as string[]).length).toBe(Object.keys(fields).length);
  });

  test("keeps a field named __proto__", () => {
    const made = actionOf('{"eventID":"p","__proto__":{"a":1},"userIdentity":{"__proto__":{"b":2},"arn":{"c":3}}}');
    expect(made.source).toContain(
      String.raw`"userIdentity":{"__proto__":{"b":2},"arn":"{\"c\":3}"},"@shadowed":{"__proto__":{"a":1}}`,
    );
    expect(Object.hasOwn(Object.prototype, "a")).toBe(false);
  });

  test("keeps numbers digit by digit", () => {
    const numbers = '"a":12345678901234567890,"b":1e400,"c":-0,"d":1.10';
    expect(actionOf(`{"requestParameters":{${numbers}}}`).source).toContain(numbers);
    expect(actionOf(`{"requestParameters":{${numbers}},"eventName":{}}`).source).toContain(numbers);
  });

  test("converts an object that came in the place of a scalar, and a scalar that came in the place of an object", () => {
    const made = documentOf(record({ apiVersion: { major: 1 }, userIdentity: "alice", tlsDetails: [1] }));
    expect(made).toMatchObject({
      apiVersion: '{"major":1}',
      userIdentity: { "@value": "alice" },
      tlsDetails: [{ "@value": 1 }],
    });
  });

  test.each(["{}", "{  \t                              }", "\n{ }\r\n"])(
    "of an empty record is valid: %j",
    (message) => {
      expect(documentOf(message)).toMatchObject({ "@owner": ACCOUNT });
    },
  );
});

describe("the id of a record", () => {
  test("is its eventID", () => {
    expect(actionOf(record({ eventID: "e-1" })).id).toBe("e-1");
  });

  test.each([
    ["is missing", {}],
    ["is no string", { eventID: 5 }],
    ["is blank", { eventID: " " }],
    ["is longer than an id may be", { eventID: "é".repeat(257) }],
    ["holds half a character", { eventID: "x\ud800" }],
  ])("is the hash of its bytes where eventID %s", (_, fields) => {
    const message = JSON.stringify(fields);
    expect(actionOf(message).id).toBe(sha256(message));
  });

  test("is the hash of the line where that is no record", () => {
    expect(actionOf("hello").id).toBe(sha256("hello"));
  });
});

describe("the index of a record", () => {
  test.each([
    ["2026-01-31T23:59:59Z", "cwl-2026.01.31"],
    ["2026-02-01T00:00:00.123Z", "cwl-2026.02.01"],
    ["2024-02-29T12:00:00Z", "cwl-2024.02.29"],
  ])("is the UTC day of its eventTime: %s", (eventTime, index) => {
    expect(actionOf(record({ eventTime })).index).toBe(index);
  });

  test.each([
    undefined,
    null,
    1769942400000,
    true,
    "",
    "yesterday",
    "2026-02-30T12:00:00Z",
    "2026-02-01T24:00:00Z",
    "2026-02-01 12:00:00",
    "2026-02-01T12:00:00+09:00",
    "20260201T120000Z",
    ["2026-02-01T12:00:00Z"],
    "2023-02-01T00:00:00Z",
    "2026-02-02T12:00:01Z",
    "9999-12-31T00:00:00Z",
  ])("is cwl-undated where eventTime is missing, unreadable or out of range: %j", (eventTime) => {
    expect(actionOf(record({ eventTime })).index).toBe("cwl-undated");
  });
});

describe("an envelope", () => {
  test.each(["hello", "", "[1]", "null", "5", '{"a":', "\ud800", "a\nb", '{"a":1}\u00a0'])(
    "is what becomes of a line that is no JSON object: %j",
    (message) => {
      const action = actionOf(message);
      expect(action).toMatchObject({ isEnvelope: true, index: "cwl-undated" });
      expect(parsed(action)).toMatchObject({ message, "@error": "not a JSON object", "@owner": ACCOUNT });
    },
  );

  test.each([
    ["in a subtree", (deep: string) => `"requestParameters":{"a":${deep}}`],
    ["in an unknown field", (deep: string) => `"unknown":${deep}`],
    ["in the place of a scalar", (deep: string) => `"eventName":"x","userIdentity":{"arn":${deep},"other":${deep}}`],
    [
      "beside more pairs than are listed",
      (deep: string) => `"requestParameters":[${Array.from({ length: 600 }, (_, at) => at).join(",")},${deep}]`,
    ],
    ["in a known object", (deep: string) => `"tlsDetails":{"x":[${deep}]}`],
  ])("is what becomes of 10,000 levels %s, which would end the engine", (_, place) => {
    const lists = "[".repeat(10_000) + "]".repeat(10_000);
    const message = `{"eventID":"deep","eventTime":"2026-02-01T11:00:00Z",${place(lists)}}`;
    const action = actionOf(message);
    expect(action).toMatchObject({ id: "deep", index: "cwl-2026.02.01", isEnvelope: true });
    expect(parsed(action)).toMatchObject({ message, eventTime: "2026-02-01T11:00:00Z" });
  });

  test("as a second try keeps id, index and the line", () => {
    const message = JSON.stringify(record({ eventID: "e-1" }));
    const second = toEnvelope(actionOf(message), SETTINGS, "400 mapper_parsing_exception");
    expect(second).toMatchObject({ id: "e-1", index: "cwl-2026.02.01", isEnvelope: true });
    expect(parsed(second)).toMatchObject({
      message,
      "@error": "400 mapper_parsing_exception",
      eventTime: "2026-02-01T11:59:00Z",
    });
    expect(parsed(second)).not.toHaveProperty("eventName");
  });
});
