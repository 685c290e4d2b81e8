import { toAction } from "../../../lambda/shipper/document";
import { LOG_SOURCE, logEvent, NOW, record } from "../../factories/payload";
import { SETTINGS } from "../../factories/shipping";
import { differences } from "./harness/contract";
import { HOSTILE } from "./harness/hostile";

/** The shipper's own document of a line. */
function documentOf(message: string): { _source: Record<string, unknown> } {
  const { source } = toAction(logEvent(message), LOG_SOURCE, SETTINGS, NOW);
  return { _source: JSON.parse(source) as Record<string, unknown> };
}

/** A document after something has happened to its record. */
function changed(fields: Readonly<Record<string, unknown>>, change: Readonly<Record<string, unknown>>): string[] {
  const message = JSON.stringify(record(fields));
  return differences(message, { _source: { ...documentOf(message)._source, ...change } });
}

describe("what is held against the index", () => {
  test.each(HOSTILE.map(({ name, message }) => [name, message]))("takes the shipper's document: %s", (_, message) => {
    expect(differences(message.toWellFormed(), documentOf(message.toWellFormed()))).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ["a value", {}, { eventName: "StopInstances" }],
    ["a type", { readOnly: true }, { readOnly: "true" }],
    ["a free-form part as text", { requestParameters: { a: 1 } }, { requestParameters: '{"a":1}' }],
    ["a free-form part wrapped", { requestParameters: "a" }, { requestParameters: { "@value": "a" } }],
    ["a scalar wrapped", { eventName: "a" }, { eventName: { "@value": "a" } }],
    ["a list in the place of a scalar as text", { eventName: ["a"] }, { eventName: '["a"]' }],
    ["an unknown field as text", { other: { a: 1 } }, { other: '{"a":1}' }],
    ["a field that is new", {}, { extra: 1 }],
    ["a part of a known object", { userIdentity: { type: "Root" } }, { userIdentity: { type: "IAMUser" } }],
    ["a text that is another", { eventName: { a: 1 } }, { eventName: '{"a":2}' }],
  ])("notices a change beyond the contract: %s", (_, fields, change) => {
    expect(changed(fields, change)).not.toEqual([]);
  });

  test("notices a field that is missing, and an envelope of another line", () => {
    const message = JSON.stringify(record());
    const { eventName, ...rest } = documentOf(message)._source;
    expect([eventName, differences(message, { _source: rest })]).toEqual(["RunInstances", ["eventName is missing"]]);
    expect(differences(message, { _source: { "@error": "x", message: "y" } })).not.toEqual([]);
  });
});
