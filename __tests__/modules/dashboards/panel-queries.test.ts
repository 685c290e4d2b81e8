import fc from "fast-check";
import { kibanaFields } from "../../../modules/fields";
import {
  DASHBOARD_ID,
  isEmpty,
  type PanelQuery,
  panelQueries,
  savedObjects,
  type SavedObject,
  SECURITY_DASHBOARD_ID,
} from "../../../modules/dashboards";
import { autoInterval } from "../../../modules/dashboards/interval";
import { fieldsOf } from "./fields-of";

const objects = savedObjects({ excludedUsers: ["homes-dev"], archiveBuckets: ["archive"] });
const day = { from: new Date("2026-01-30T00:00:00Z"), to: new Date("2026-01-31T00:00:00Z") };
const all = [DASHBOARD_ID, SECURITY_DASHBOARD_ID].flatMap((id) => panelQueries(objects, id, day));

describe("a panel's query", () => {
  test("of an area chart is what Kibana sends: series over the whole time range, in about fifty steps", () => {
    expect(panel("eventName_AreaChart").body).toEqual({
      size: 0,
      track_total_hits: true,
      query: {
        bool: {
          must: [],
          filter: [
            {
              range: {
                eventTime: {
                  gte: "2026-01-30T00:00:00.000Z",
                  lte: "2026-01-31T00:00:00.000Z",
                  format: "strict_date_optional_time",
                },
              },
            },
          ],
          should: [],
          must_not: [],
        },
      },
      aggs: {
        2: {
          terms: { field: "eventName.keyword", size: 5, order: { _count: "desc" } },
          aggs: {
            3: { date_histogram: { field: "eventTime", fixed_interval: "30m", time_zone: "UTC", min_doc_count: 1 } },
          },
        },
      },
    });
  });

  test("leaves the excluded users out", () => {
    expect(panel("userName_TagCloud").body.aggs).toEqual({
      2: {
        terms: {
          field: "userIdentity.userName.keyword",
          size: 15,
          order: { _count: "desc" },
          exclude: "homes\\-dev",
        },
      },
    });
  });

  test("has the figures in the innermost buckets, and a figure that gives the order beside its terms", () => {
    expect(panel("newNetworks_Table").body.aggs).toEqual({
      2: {
        terms: { field: "sourceIPAddress.keyword", size: 50, order: { 3: "desc" }, shard_size: 10_000 },
        aggs: { 3: { min: { field: "eventTime" } }, 4: { cardinality: { field: "userIdentity.arn.keyword" } } },
      },
    });
    expect(panel("deniedCalls_Table").body.aggs).toMatchObject({
      2: { terms: { missing: "__missing__" }, aggs: { 3: { aggs: { 9: { max: { field: "eventTime" } } } } } },
    });
  });

  test("asks the index pattern's indices, and knows where it stands and what it aggregates", () => {
    expect(panel("Region_PieChart")).toMatchObject({
      index: "cwl-*",
      title: "Region_PieChart",
      type: "pie",
      field: "awsRegion.keyword",
      fields: ["awsRegion.keyword"],
      place: { x: 12, y: 0, w: 12, h: 8 },
    });
  });

  test("asks for all records in steps of a day where there is no time range", () => {
    const { body } = panelQueries(objects, DASHBOARD_ID)[0]!;
    expect(JSON.stringify(body)).not.toContain('"range"');
    expect(JSON.stringify(body)).toContain('"fixed_interval":"86400000ms"');
  });

  test.each(all.map((query) => [query.id, query] as const))(
    "%s: its fields are mapped and can be aggregated",
    (_, query) => {
      const fields = new Map(kibanaFields().map((field) => [field.name, field]));
      for (const name of query.fields) expect(fields.get(name)).toMatchObject({ aggregatable: true });
      for (const name of query.queries.flatMap(fieldsOf)) expect(fields.get(name)).toMatchObject({ searchable: true });
    },
  );
});

describe("reading an answer", () => {
  test("gives a row for each series and step of time", () => {
    const answer = {
      hits: { total: { value: 3 } },
      aggregations: {
        2: {
          buckets: [
            { key: "RunInstances", doc_count: 2, 3: { buckets: [{ key: 0, doc_count: 2 }] } },
            { key: "GetUser", doc_count: 1, 3: { buckets: [{ key: 1_800_000, doc_count: 1 }] } },
          ],
        },
      },
    };
    const query = panel("eventName_AreaChart");
    expect(query.columns.map(({ label, kind }) => [label, kind])).toEqual([
      ["eventName", "term"],
      ["eventTime", "time"],
      ["Count", "number"],
    ]);
    expect(query.read(answer)).toEqual([
      ["RunInstances", 0, 2],
      ["GetUser", 1_800_000, 1],
    ]);
  });

  test("names records without the field as the visualization does, and adds the figures", () => {
    const bucket = {
      key: "__missing__",
      doc_count: 4,
      3: { buckets: [{ key: "GetUser", doc_count: 4, 9: { value: 5 } }] },
    };
    const answer = { hits: { total: 4 }, aggregations: { 2: { buckets: [bucket] } } };
    expect(panel("deniedCalls_Table").read(answer)).toEqual([["(none)", "GetUser", 4, 5]]);
  });

  test("finds a panel empty that has no record: no index at all, no buckets, or nothing but zeros", () => {
    const query = panel("securityFigures_Metric");
    const zeros = { "Denied calls": { doc_count: 0 }, "Root at work": { doc_count: 0 } };
    const answers = [
      { hits: { total: { value: 0 } } },
      { hits: { total: { value: 9 } }, aggregations: { 2: { buckets: {} } } },
      { hits: { total: { value: 9 } }, aggregations: { 2: { buckets: zeros } } },
    ];
    for (const answer of answers) expect(isEmpty(query, query.read(answer))).toBe(true);
    const one = { hits: { total: { value: 9 } }, aggregations: { 2: { buckets: { a: { doc_count: 1 } } } } };
    expect(isEmpty(query, query.read(one))).toBe(false);
  });
});

describe("what is not derived is an error that names it, never a wrong query", () => {
  test.each<[string, string, (object: SavedObject) => SavedObject]>([
    ["another aggregation", "significant_terms", (it) => edit(it, "visState", '"terms"', '"significant_terms"')],
    ["another query language", "kuery", (it) => editSource(it, "lucene", "kuery", '"query":""', '"query":"a:b"')],
    ["filters beside the query", "filters", (it) => editSource(it, '"filter":[]', '"filter":[{}]')],
    ["a fixed interval", "1h", (it) => edit(it, "visState", '"interval":"auto"', '"interval":"1h"')],
    ["a reference that is missing", "searchSourceJSON.index", (it) => ({ ...it, references: [] })],
  ])("%s", (_, named, change) => {
    const changed = objects.map((each) => (each.id === "eventName_AreaChart" ? change(each) : each));
    expect(() => panelQueries(changed, DASHBOARD_ID, day)).toThrow(named);
  });

  test("a dashboard or a visualization that is not there", () => {
    expect(() => panelQueries(objects, "nobody's")).toThrow('dashboard "nobody\'s"');
    const without = objects.filter(({ id }) => id !== "Owner_PieChart");
    expect(() => panelQueries(without, DASHBOARD_ID)).toThrow('visualization "Owner_PieChart"');
  });
});

describe("the automatic interval", () => {
  test.each([
    [15 * 60_000, { fixed_interval: "30s" }],
    [3_600_000, { calendar_interval: "1m" }],
    [86_400_000, { fixed_interval: "30m" }],
    [7 * 86_400_000, { fixed_interval: "3h" }],
    [30 * 86_400_000, { fixed_interval: "12h" }],
    [90 * 86_400_000, { calendar_interval: "1d" }],
    [365 * 86_400_000, { calendar_interval: "1w" }],
    [10 * 365 * 86_400_000, { calendar_interval: "1M" }],
  ])("of %d ms is what Kibana 7.10 takes", (length, interval) => {
    expect(autoInterval(length)).toEqual(interval);
  });

  test("only grows with the time range", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4e11 }), fc.integer({ min: 1, max: 4e11 }), (a, b) => {
        const [shorter, longer] = [Math.min(a, b), Math.max(a, b)].map((length) => milliseconds(autoInterval(length)));
        expect(shorter).toBeLessThanOrEqual(longer!);
      }),
    );
  });
});

function panel(id: string): PanelQuery {
  return all.find((query) => query.id === id)!;
}

function edit(object: SavedObject, attribute: string, from: string, to: string): SavedObject {
  const value = String(object.attributes[attribute]);
  expect(value).toContain(from);
  return { ...object, attributes: { ...object.attributes, [attribute]: value.replaceAll(from, to) } };
}

function editSource(object: SavedObject, ...pairs: string[]): SavedObject {
  let { searchSourceJSON } = object.attributes.kibanaSavedObjectMeta as { searchSourceJSON: string };
  for (let index = 0; index < pairs.length; index += 2)
    searchSourceJSON = searchSourceJSON.replace(pairs[index]!, pairs[index + 1]!);
  return { ...object, attributes: { ...object.attributes, kibanaSavedObjectMeta: { searchSourceJSON } } };
}

function milliseconds(interval: object): number {
  const [, count, unit] = /^(\d+)(ms|[smhdwMy])$/.exec(String(Object.values(interval)[0]))!;
  const units = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 7 * 864e5, M: 30 * 864e5, y: 365 * 864e5 };
  return Number(count) * units[unit as keyof typeof units];
}
