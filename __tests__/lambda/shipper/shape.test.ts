import fc from "fast-check";
import { elements, members } from "../../../lambda/shipper/json-text";
import { checkLevels, fits, MAX_LEVELS, reshape } from "../../../lambda/shipper/shape";
import { RECORD } from "../../../modules/fields";

const reshaped = (field: string, value: unknown): unknown => JSON.parse(reshape(field, JSON.stringify(value)));

describe("the shape of a value", () => {
  test.each([
    ["eventName", "RunInstances"],
    ["eventName", null],
    ["eventName", ["a", "b"]],
    ["readOnly", true],
    ["userIdentity", { type: "Root", sessionContext: { attributes: { mfaAuthenticated: "true" } } }],
    ["userIdentity", { unknown: { of: ["any", { shape: 1 }] } }],
    ["resources", [{ ARN: "arn" }, { ARN: ["a", "b"] }]],
    ["requestParameters", [[1, { a: [] }], "text"]],
  ])("of %s fits: %j", (field, value) => {
    expect(fits(field, value)).toBe(true);
    expect(reshaped(field, value)).toEqual(value);
  });

  test.each([
    ["an object where a scalar belongs becomes its text", "eventName", { a: 1 }, '{"a":1}'],
    ["so does one in a list", "errorCode", ["x", { a: 1 }], ["x", '{"a":1}']],
    ["so does a list in a list", "errorCode", [["x"]], ['["x"]']],
    ["so does one deeper in the record", "userIdentity", { arn: { a: 1 }, type: "x" }, { arn: '{"a":1}', type: "x" }],
    ["a scalar where an object belongs is put into one", "userIdentity", "alice", { "@value": "alice" }],
    ["so is one in a list", "resources", ["arn", { ARN: "b" }], [{ "@value": "arn" }, { ARN: "b" }]],
    ["so is one deeper in the record", "userIdentity", { sessionContext: 5 }, { sessionContext: { "@value": 5 } }],
    ["so is a list in a list", "resources", [[1]], [{ "@value": "[1]" }]],
  ])("%s", (_, field, value, expected) => {
    expect(fits(field, value)).toBe(false);
    expect(reshaped(field, value)).toEqual(expected);
  });

  test("what is changed keeps its numbers, its order and its names that come twice", () => {
    expect(reshape("userIdentity", '{"z":1e400,"arn":{"n":12345678901234567890, "n":-0},"z":2.50}')).toBe(
      String.raw`{"z":1e400,"arn":"{\"n\":12345678901234567890, \"n\":-0}","z":2.50}`,
    );
  });

  test("any value fits after it was reshaped, in every mapped field", () => {
    const fields = [...new Set(RECORD.map(({ path }) => path.split(".")[0]!))];
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.json(), (field, text) => {
        const after = reshape(field, text);
        expect(fits(field, JSON.parse(after))).toBe(true);
        if (fits(field, JSON.parse(text))) expect(JSON.parse(after)).toEqual(JSON.parse(text));
      }),
      { numRuns: 150 },
    );
  });

  test("names of objects' own machinery are names like any other", () => {
    const text = '{"__proto__":{"arn":{"a":1}},"constructor":1,"arn":{"__proto__":1}}';
    expect(reshape("userIdentity", text)).toBe(
      String.raw`{"__proto__":{"arn":{"a":1}},"constructor":1,"arn":"{\"__proto__\":1}"}`,
    );
    expect(fits("__proto__", { a: 1 })).toBe(true);
  });

  test("more levels than the engines bear are an error", () => {
    const nested = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));
    expect(() => checkLevels(nested(MAX_LEVELS))).not.toThrow();
    expect(() => checkLevels(nested(MAX_LEVELS + 1))).toThrow(RangeError);
    expect(() => fits("userIdentity", { unknown: nested(10_000) })).toThrow(RangeError);
  });
});

describe("parts of a JSON text", () => {
  test("are those that JSON.parse finds, whatever the white space", () => {
    const written = fc.tuple(fc.jsonValue(), fc.constantFrom(undefined, 1, "\t", "\n"));
    fc.assert(
      fc.property(written, ([value, indent]) => {
        const text = JSON.stringify(value, null, indent);
        if (Array.isArray(value)) {
          expect(elements(text).map((element): unknown => JSON.parse(element))).toEqual(JSON.parse(text));
        } else if (typeof value === "object" && value !== null) {
          expect(members(text).map(({ name, value: of }): [string, unknown] => [name, JSON.parse(of)])).toEqual(
            Object.entries(JSON.parse(text) as object),
          );
        }
      }),
      { numRuns: 150 },
    );
  });

  test("are found in 100,000 levels", () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect(members(`{ "a" : ${deep} , "a":1}`).map(({ key, value }) => [key, value.length])).toEqual([
      ['"a"', 200_000],
      ['"a"', 1],
    ]);
  });
});
