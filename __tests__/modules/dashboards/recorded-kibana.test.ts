import { readFileSync } from "node:fs";
import { join } from "node:path";
import { savedObjects, type SavedObject } from "../../../modules/dashboards";
import { kibanaFields } from "../../../modules/fields";
import { PROJECT } from "../../support/command";

interface Exchange {
  readonly note: string;
  readonly request_body: string | null;
  readonly response_body: string;
}

const RECORDED = readFileSync(join(PROJECT, "__tests__", "contracts", "kibana", "kibana-oss-7.10.2.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Exchange);
const objects = savedObjects({ excludedUsers: [] });
const accepted = importedIn("success: nine objects on a fresh Kibana");

describe("the saved objects beside those that a real Kibana 7.10.2 imported", () => {
  test("the article's have the same ids and types", () => {
    const keys = objects.map(({ type, id }) => `${type} ${id}`);
    expect(keys).toEqual(expect.arrayContaining(accepted.map(({ type, id }) => `${type} ${id}`)));
  });

  test.each(["index-pattern", "visualization", "dashboard"] as const)("every %s has the same form", (type) => {
    const theirs = accepted.filter((object) => object.type === type);
    const attributes = new Set(theirs.flatMap((object) => Object.keys(object.attributes)));
    // Index patterns take any: these two are the product's own (the field list was imported in another recording).
    if (type === "index-pattern") ["fields", "fieldFormatMap"].forEach((name) => attributes.add(name));
    const ours = objects.filter((object) => object.type === type);
    expect(ours.length).toBeGreaterThan(0);
    for (const object of ours) {
      expect(object.migrationVersion).toEqual(theirs[0]!.migrationVersion);
      expect([...attributes]).toEqual(expect.arrayContaining(Object.keys(object.attributes)));
      for (const { name, type: target } of object.references) {
        const alike = theirs.flatMap(({ references }) => references).filter((each) => each.type === target);
        expect(alike.map((each) => each.name.replace(/\d+/, ""))).toContain(name.replace(/\d+/, ""));
      }
    }
  });

  test("panels stand on the dashboard in the same form", () => {
    const panels = (list: readonly SavedObject[]) =>
      list
        .filter(({ type }) => type === "dashboard")
        .flatMap(({ attributes }) => JSON.parse(String(attributes.panelsJSON)) as Record<string, unknown>[]);
    const [theirs] = panels(accepted);
    for (const panel of panels(objects)) {
      expect(Object.keys(panel)).toEqual(expect.arrayContaining(Object.keys(theirs!)));
      expect(panel.version).toBe(theirs!.version);
    }
  });
});

test("the index pattern's fields are described as Kibana itself describes them", () => {
  const { response_body } = exchange(/^field list of a pattern: the shape/);
  const { fields: theirs } = JSON.parse(response_body) as { fields: { name: string; esTypes?: string[] }[] };
  const ours = new Map(kibanaFields().map((field) => [field.name, field]));
  for (const name of ["_id", "_index", "_source", "eventName", "eventName.keyword", "eventTime"]) {
    expect(ours.get(name)).toMatchObject(theirs.find((field) => field.name === name)!);
  }
});

/** What was in an import. */
function importedIn(note: string): SavedObject[] {
  const body = exchange(note).request_body!;
  return body
    .split(/\r?\n/)
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as SavedObject);
}

function exchange(note: string | RegExp): Exchange {
  return RECORDED.find((each) => (typeof note === "string" ? each.note === note : note.test(each.note)))!;
}
