import { kibanaFields } from "../../../modules/fields";
import { savedObjects, type SavedObject, toNdjson } from "../../../modules/dashboards";

const objects = savedObjects({ excludedUsers: ["monitoring"], archiveBuckets: ["archive", "dead-letters"] });
const keys = objects.map(({ type, id }) => `${type}:${id}`);

describe("the saved objects, by the rules that a real Kibana 7.10.2 was seen to apply", () => {
  test("no id is there twice (400: Non-unique import objects)", () => {
    expect(new Set(keys).size).toBe(keys.length);
  });

  test.each(objects.map((object) => [`${object.type} ${object.id}`, object] as const))(
    "%s: every reference leads to one of them, and every name in its attributes to a reference",
    (_, object) => {
      for (const { type, id } of object.references) expect(keys).toContain(`${type}:${id}`);
      const named = [
        ...JSON.stringify(object.attributes).matchAll(/\\"(?:indexRefName|panelRefName)\\":\\"([^"\\]+)/g),
      ];
      expect(named.map(([, name]) => name).sort()).toEqual(object.references.map(({ name }) => name).sort());
      if (object.type !== "index-pattern") expect(object.references.length).toBeGreaterThan(0);
    },
  );

  // "has property ... which belongs to a more recent version of Kibana": 422 for the whole file. And an object without
  // a version would be migrated from 5.x.
  test("each is in the newest form that Kibana 7.10.2 knows, and in none newer", () => {
    const forms = { visualization: "7.10.0", dashboard: "7.9.3", "index-pattern": "7.6.0", search: "7.9.3" };
    for (const { type, migrationVersion } of objects) expect(migrationVersion).toEqual({ [type]: forms[type] });
  });

  // Their mappings are strict: another attribute is refused.
  test("searches, visualizations and dashboards have no attribute that Kibana's mapping has not", () => {
    const known: Record<string, readonly string[]> = {
      visualization: [
        "description",
        "kibanaSavedObjectMeta",
        "savedSearchRefName",
        "title",
        "uiStateJSON",
        "version",
        "visState",
      ],
      dashboard: [
        ...["description", "hits", "kibanaSavedObjectMeta", "optionsJSON", "panelsJSON", "refreshInterval"],
        ...["timeFrom", "timeRestore", "timeTo", "title", "version"],
      ],
      search: ["columns", "description", "hits", "kibanaSavedObjectMeta", "sort", "title", "version"],
    };
    for (const { type, attributes } of objects)
      if (type !== "index-pattern") expect(known[type]).toEqual(expect.arrayContaining(Object.keys(attributes)));
  });

  test("every embedded JSON is JSON", () => {
    for (const { attributes } of objects)
      for (const [name, value] of Object.entries({ ...attributes, ...(attributes.kibanaSavedObjectMeta as object) }))
        if (/JSON$|visState|fields|fieldFormatMap/.test(name))
          expect(() => JSON.parse(String(value)) as unknown).not.toThrow();
  });

  test("every panel's version, grid and index agree, inside 48 columns and without overlap", () => {
    for (const { attributes } of objects.filter(({ type }) => type === "dashboard")) {
      const panels = JSON.parse(String(attributes.panelsJSON)) as {
        version: string;
        panelIndex: string;
        gridData: { x: number; y: number; w: number; h: number; i: string };
      }[];
      const cells = panels.flatMap(({ gridData: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      for (const { version, panelIndex, gridData } of panels) {
        expect([version, gridData.i]).toEqual(["7.10.2", panelIndex]);
        expect(gridData.x + gridData.w).toBeLessThanOrEqual(48);
      }
    }
  });

  test("the file has one object a line, and is the same each time: importing again changes nothing", () => {
    const text = toNdjson(objects);
    expect(text.endsWith("\n")).toBe(true);
    expect(
      text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as SavedObject),
    ).toEqual(objects);
    expect(toNdjson(savedObjects({ excludedUsers: ["monitoring"], archiveBuckets: ["archive", "dead-letters"] }))).toBe(
      text,
    );
  });
});

describe("the index pattern", () => {
  const { attributes } = objects.find(({ type }) => type === "index-pattern")!;
  const formats = JSON.parse(String(attributes.fieldFormatMap)) as Record<
    string,
    { id: string; params: Record<string, string> }
  >;

  test("is cwl-* on eventTime, with the field list of the one source", () => {
    expect([attributes.title, attributes.timeFieldName]).toEqual(["cwl-*", "eventTime"]);
    expect(JSON.parse(String(attributes.fields))).toEqual(kibanaFields());
  });

  test("formats only fields that it has", () => {
    const names = kibanaFields().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(formats)));
  });

  test("shows times as times, and account ids as they are: none of them is a number", () => {
    expect(formats.eventTime?.id).toBe("date");
    expect(formats["@timestamp"]?.id).toBe("date");
    const accounts = kibanaFields().filter(({ name }) => /account|owner/i.test(name));
    expect(accounts.length).toBeGreaterThan(5);
    expect(new Set(accounts.map(({ type }) => type))).toEqual(new Set(["string"]));
  });

  test("links a principal, an access key and an address to their own trails, and never out of Kibana", () => {
    const links = Object.entries(formats).filter(([, { id }]) => id === "url");
    expect(links.map(([name]) => name)).toEqual(
      expect.arrayContaining(["userIdentity.arn", "userIdentity.accessKeyId.keyword", "sourceIPAddress"]),
    );
    for (const [, { params }] of links) {
      expect(params.urlTemplate).toMatch(/^\.\.\/app\/discover#\//);
      expect(params.labelTemplate).toBe("{{value}}");
    }
  });
});

describe("the saved searches", () => {
  const searches = objects.filter(({ type }) => type === "search");
  const names = kibanaFields().map(({ name }) => name);

  test.each(searches.map((search) => [String(search.attributes.title), search] as const))(
    "%s: has columns that exist, newest first",
    (_, { attributes }) => {
      expect(names).toEqual(expect.arrayContaining(attributes.columns as string[]));
      expect(attributes.sort).toEqual([["eventTime", "desc"]]);
    },
  );

  test("are there for denied calls, root, sign-ins, IAM changes, changes to the evidence and one principal's trail", () => {
    expect(searches.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        "deniedCalls_Search",
        "rootUse_Search",
        "consoleSignIns_Search",
        "iamChanges_Search",
        "evidenceChanges_Search",
        "principalTrail_Search",
      ]),
    );
  });
});

test("with their names known, only changes to the product's own buckets count as changes to the archive", () => {
  const table = (archiveBuckets: string[]) =>
    String(
      savedObjects({ excludedUsers: [], archiveBuckets }).find(({ id }) => id === "sensitiveChanges_Table")!.attributes
        .visState,
    );
  expect(table(["a", "b"])).toMatch(/@requestParameters:\(.+bucketName=a.+ OR .+bucketName=b/);
  expect(table([])).not.toContain("bucketName");
});
