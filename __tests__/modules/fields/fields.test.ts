import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fits, isMapped } from "../../../lambda/shipper/shape";
import {
  ADDED,
  FIELDS,
  IGNORE_ABOVE,
  indexTemplateMappings,
  indexTemplateSettings,
  kibanaFields,
  OPAQUE,
  RECORD,
  SHADOWED_KEY,
  SUBTREES,
} from "../../../modules/fields";
import { fieldsPage } from "../../../modules/fields/page";
import { PROJECT } from "../../support/command";

interface Mapping {
  readonly type?: string;
  readonly enabled?: boolean;
  readonly dynamic?: unknown;
  readonly ignore_above?: number;
  readonly ignore_malformed?: boolean;
  readonly fields?: Readonly<Record<string, Mapping>>;
  readonly properties?: Readonly<Record<string, Mapping>>;
}

/** Every field of a mapping by its path: objects and sub-fields count, as they do for the engine's limit. */
function flat(mapping: Mapping, prefix = ""): [string, Mapping][] {
  const below = Object.entries({ ...mapping.properties, ...mapping.fields });
  return below.flatMap(
    ([name, of]) => [[`${prefix}${name}`, of], ...flat(of, `${prefix}${name}.`)] as [string, Mapping][],
  );
}

const mappings = indexTemplateMappings() as Mapping;
const all = flat(mappings);
const mapped = new Map(all);

describe("the mapping", () => {
  test("is closed, and stays so below", () => {
    expect(mappings.dynamic).toBe(false);
    expect(all.filter(([, { dynamic }]) => dynamic !== undefined)).toEqual([]);
  });

  test("has fewer than 1,000 fields, Amazon's and the engines' default limit", () => {
    expect(all.length).toBeGreaterThan(100);
    expect(all.length).toBeLessThan(1_000);
  });

  test("has each field of the list and nothing else", () => {
    const kept = [...SUBTREES.map(({ path }) => path), ...OPAQUE, SHADOWED_KEY];
    const objects = all.filter(([, { properties }]) => properties).map(([path]) => path);
    const subFields = all.flatMap(([path, { fields = {} }]) => Object.keys(fields).map((name) => `${path}.${name}`));
    const listed = [...FIELDS.map(({ path }) => path), ...kept, ...objects, ...subFields];
    expect([...mapped.keys()].sort()).toEqual([...new Set(listed)].sort());
    expect(new Set(FIELDS.map(({ path }) => path)).size).toBe(FIELDS.length);
  });

  test("finds texts by words and, as .keyword, exactly", () => {
    for (const { path } of FIELDS.filter(({ kind }) => kind === "text")) {
      expect([path, mapped.get(path)?.type, mapped.get(`${path}.keyword`)?.type]).toEqual([path, "text", "keyword"]);
      // Without positions a phrase would find nothing.
      expect(mapped.get(path)).not.toHaveProperty("index_options");
    }
  });

  test("has apiVersion as text, the article's repair of records that were refused", () => {
    expect(mapped.get("apiVersion")?.type).toBe("text");
  });

  test("refuses no long string: an immense term would be", () => {
    for (const [path, { type, ignore_above }] of all) {
      if (type === "keyword") expect([path, ignore_above! * 4]).toEqual([path, IGNORE_ABOVE * 4]);
    }
    expect(IGNORE_ABOVE * 4).toBeLessThanOrEqual(32_766);
  });

  test("refuses no malformed date or address", () => {
    for (const [path, { type, ignore_malformed }] of all) {
      if (type === "date" || type === "ip") expect([path, ignore_malformed]).toEqual([path, true]);
    }
  });

  test("has no type that refuses values for what they are", () => {
    const types = new Set(all.map(([, { type }]) => type));
    expect([...types].sort()).toEqual(["date", "ip", "keyword", "object", "text", undefined]);
  });

  test("does not look into free-form parts", () => {
    for (const path of [...SUBTREES.map((subtree) => subtree.path), ...OPAQUE]) {
      expect(mapped.get(path)).toEqual({ type: "object", enabled: false });
    }
  });

  test("reads the same at each synthesis", () => {
    expect(JSON.stringify(indexTemplateMappings())).toBe(JSON.stringify(indexTemplateMappings()));
    expect(Object.keys(mappings.properties!)).toEqual(Object.keys(mappings.properties!).sort());
  });
});

describe("the settings", () => {
  test("keep the article's limit of fields, one shard, and the replicas that there is room for", () => {
    expect(indexTemplateSettings({ replicas: 1 })).toEqual({
      index: {
        codec: "best_compression",
        mapping: { total_fields: { limit: "3000" } },
        number_of_replicas: "1",
        number_of_shards: "1",
      },
    });
  });
});

describe("the shipper's conversions", () => {
  test("know every field of a record that the mapping has", () => {
    for (const { path } of RECORD) {
      const [root, ...steps] = path.split(".") as [string, ...string[]];
      const nested = (value: unknown) => steps.reduceRight((inner, step) => ({ [step]: inner }), value);
      expect([path, isMapped(root), fits(root, nested("x")), fits(root, nested({}))]).toEqual([
        path,
        true,
        true,
        false,
      ]);
    }
  });

  test("leave free-form parts alone", () => {
    for (const { path } of SUBTREES) expect([fits(path, "x"), fits(path, { a: [[{}]] })]).toEqual([true, true]);
  });
});

describe("Kibana's field list", () => {
  const TYPES: Record<string, string> = { text: "string", keyword: "string", date: "date", ip: "ip" };

  test("has every field of the mapping that can be searched, with its type", () => {
    const listed = new Map(kibanaFields().map(({ name, type, esTypes }) => [name, [type, ...(esTypes ?? [])]]));
    const searchable = all.filter(([, { type, enabled }]) => type !== undefined && enabled !== false);
    for (const [path, { type }] of searchable) expect([path, listed.get(path)]).toEqual([path, [TYPES[type!], type]]);
    const own = [...listed.keys()].filter((name) => !name.startsWith("_"));
    expect(own.length).toBe(searchable.length);
  });

  test("offers no text for aggregations, which would fail", () => {
    for (const { esTypes, aggregatable } of kibanaFields())
      if (esTypes?.[0] === "text") expect(aggregatable).toBe(false);
  });

  test("names the parent of each sub-field", () => {
    for (const { name, subType } of kibanaFields()) {
      if (/\.(keyword|ip)$/.test(name)) expect(subType?.multi.parent).toBe(name.replace(/\.\w+$/, ""));
    }
  });
});

describe("docs/fields.md", () => {
  const page = readFileSync(join(PROJECT, "docs", "fields.md"), "utf8");

  test("is what the list says; npm run docs:fields writes it", () => {
    expect(page).toBe(fieldsPage());
  });

  test("says something of each field", () => {
    for (const { path, about } of [...RECORD, ...ADDED]) expect([path, about.endsWith(".")]).toEqual([path, true]);
  });
});
