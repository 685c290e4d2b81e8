import fc from "fast-check";
import { toAction } from "../../../lambda/shipper/document";
import { expectationOf, hashOfDocument, type ContentSettings } from "../../../operations/verify/content";
import { ACCOUNT, LOG_SOURCE, logEvent, NOW, record } from "../../factories/payload";
import { SETTINGS } from "../../factories/shipping";

const CONTENT: ContentSettings = { ...SETTINGS, logGroup: LOG_SOURCE.logGroup, now: NOW };

/** What the index holds of a line that came by the subscription. */
function indexed(message: string) {
  const { id, index, source } = toAction(logEvent(message), LOG_SOURCE, SETTINGS, NOW);
  return { id, index, hash: hashOfDocument(JSON.parse(source) as Record<string, unknown>, CONTENT) };
}

test("any record in the archive is expected where the subscription has put it, with the content that it has there", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (fields, isUsual) => {
      const one = isUsual ? record(fields) : fields;
      // CloudTrail's two ways have one text; only what was added on the way differs.
      const archived = JSON.parse(JSON.stringify(one)) as Record<string, unknown>;
      expect(expectationOf(archived, ACCOUNT, CONTENT)).toEqual(indexed(JSON.stringify(one)));
    }),
    { numRuns: 300 },
  );
});

test("another order of names is the same content, another value is not", () => {
  const one = record();
  const reversed = Object.fromEntries(Object.entries(one).toReversed());
  const { hash } = expectationOf(one, ACCOUNT, CONTENT);
  expect(expectationOf(reversed, ACCOUNT, CONTENT).hash).toBe(hash);
  expect(expectationOf({ ...one, sourceIPAddress: "192.0.2.1" }, ACCOUNT, CONTENT).hash).not.toBe(hash);
  expect(expectationOf(one, "444455556666", CONTENT).hash).not.toBe(hash);
});

test("a record that is in the index as an envelope, because the engine refused it, has the content of the record", () => {
  const one = record();
  const envelope = (line: object) =>
    hashOfDocument({ "@owner": ACCOUNT, "@error": "400 refused", message: JSON.stringify(line) }, CONTENT);
  expect(envelope(one)).toBe(expectationOf(one, ACCOUNT, CONTENT).hash);
  expect(envelope({ ...one, a: 1 })).not.toBe(envelope(one));
});

test("a record that is nested too deeply for a document is expected as an envelope", () => {
  const deep = JSON.parse(`{"eventID":"deep","x":${"[".repeat(2_000)}${"]".repeat(2_000)}}`) as Record<string, unknown>;
  expect(expectationOf(deep, ACCOUNT, CONTENT)).toEqual(indexed(JSON.stringify(deep)));
});
