import type { Place } from "./dashboard";
import { autoInterval } from "./interval";
import type { SavedObject, SavedObjectType } from "./saved-object";
import type { Agg } from "./visualization";

/** What a panel asks the engine, and how it reads the answer: derived from its saved objects as Kibana does it. */
export interface PanelQuery {
  /** Id of the visualization. */
  readonly id: string;
  /** Heading of the panel. */
  readonly title: string;
  readonly description: string;
  /** Type of the visualization: area, pie, tagcloud, table and so on. */
  readonly type: string;
  /** How it is drawn: the visualization's own parameters. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Where it stands on the dashboard. */
  readonly place: Place;
  /** The indices to ask. */
  readonly index: string;
  /** Every field that it aggregates on, in the order of the aggregations. */
  readonly fields: readonly string[];
  /** The field of the first buckets; undefined where they are made by queries. */
  readonly field: string | undefined;
  /** Every Lucene query in it, so that a test can look at the fields they name. */
  readonly queries: readonly string[];
  /** The columns of what `read` returns. */
  readonly columns: readonly Column[];
  /** Body of the engine's `_search`. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Rows of the engine's answer: a value for each column, in the order of the buckets; none means an empty panel. */
  read(answer: SearchAnswer): Row[];
}

export interface Column {
  readonly label: string;
  /** What the column is in the drawing. */
  readonly schema: Agg["schema"];
  /** `time` values are milliseconds since 1970 (UTC). */
  readonly kind: "term" | "time" | "number";
}

export type Row = (string | number)[];

/** Whether a panel would show nothing: no rows, or not one record counted in them. */
export function isEmpty(panel: Pick<PanelQuery, "columns">, rows: readonly Row[]): boolean {
  const counted = panel.columns.findIndex((column) => column.kind === "number");
  return !rows.some((row) => Number(row[counted]) > 0);
}

/** The part of the engine's answer that is read. */
export interface SearchAnswer {
  readonly hits?: { readonly total?: number | { readonly value: number } };
  readonly aggregations?: Readonly<Record<string, AggregationAnswer>>;
}

export interface TimeRange {
  readonly from: Date;
  readonly to: Date;
}

interface AggregationAnswer {
  readonly value?: number | null;
  readonly buckets?: readonly Bucket[] | Readonly<Record<string, Bucket>>;
}

type Bucket = { readonly key?: string | number; readonly doc_count: number } & Readonly<Record<string, unknown>>;

/** In place of an absent field, as Kibana asks for it. */
const MISSING = "__missing__";

/** Step of a date histogram where no time range says what `auto` is. */
const DAY = 86_400_000;

/**
 * The queries of a dashboard's panels, in the order of its panels.
 *
 * @param objects the saved objects, with everything that the dashboard refers to
 * @param timeRange what the time picker would say; without it the panels ask for all records, in steps of a day
 * @throws Error naming the object, if a reference leads nowhere or something in it is not derived here
 */
export function panelQueries(
  objects: readonly SavedObject[],
  dashboardId: string,
  timeRange?: TimeRange,
): PanelQuery[] {
  const dashboard = find(objects, "dashboard", dashboardId);
  const panels = parse(dashboard.attributes.panelsJSON) as StoredPanel[];
  const ofDashboard = luceneOf(dashboard, searchSource(dashboard));
  return panels.map((panel) => {
    const visualization = follow(objects, dashboard, panel.panelRefName);
    return panelQuery(objects, visualization, panel, ofDashboard, timeRange);
  });
}

interface StoredPanel {
  readonly gridData: Place;
  readonly panelRefName: string;
  readonly title?: string;
}

interface SearchSource {
  readonly query?: { readonly query: string; readonly language: string };
  readonly filter?: readonly unknown[];
  readonly indexRefName?: string;
}

interface VisState {
  readonly title: string;
  readonly type: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly aggs: readonly Agg[];
}

function panelQuery(
  objects: readonly SavedObject[],
  visualization: SavedObject,
  panel: StoredPanel,
  ofDashboard: string,
  timeRange: TimeRange | undefined,
): PanelQuery {
  const { title, type, params, aggs } = parse(visualization.attributes.visState) as VisState;
  const source = searchSource(visualization);
  const pattern = follow(objects, visualization, source.indexRefName);
  const timeField = String(pattern.attributes.timeFieldName);
  const own = luceneOf(visualization, source);
  const enabled = aggs.filter((agg) => agg.enabled);
  const buckets = enabled.filter((agg) => BUCKET_AGGS.has(agg.type));
  const metrics = enabled.filter((agg) => METRIC_AGGS.has(agg.type));
  for (const agg of enabled)
    if (!BUCKET_AGGS.has(agg.type) && !METRIC_AGGS.has(agg.type))
      throw new Error(`${visualization.id}: aggregation "${agg.type}" is not derived here`);

  const { x, y, w, h } = panel.gridData;
  const fields = enabled.flatMap((agg) => (typeof agg.params.field === "string" ? [agg.params.field] : []));
  return {
    id: visualization.id,
    title: panel.title ?? title,
    description: String(visualization.attributes.description),
    type,
    params,
    place: { x, y, w, h },
    index: String(pattern.attributes.title),
    fields,
    field: fields[0],
    queries: [ofDashboard, own, ...buckets.flatMap((agg) => filtersOf(agg).map((filter) => filter.input.query))].filter(
      (query) => query !== "",
    ),
    columns: [...buckets, ...metrics].map(columnOf),
    body: {
      size: 0,
      track_total_hits: true,
      query: boolQuery([ofDashboard, own], timeRange && rangeQuery(timeField, timeRange)),
      aggs: aggregations(buckets, metrics, timeRange),
    },
    read: (answer) => rowsOf(answer, buckets, metrics),
  };
}

const BUCKET_AGGS: ReadonlySet<string> = new Set<Agg["type"]>(["terms", "date_histogram", "filters"]);
const METRIC_AGGS: ReadonlySet<string> = new Set<Agg["type"]>(["count", "cardinality", "min", "max"]);

/** Buckets within buckets in the order of the visualization; the figures in the innermost, and where they give an order. */
function aggregations(
  [agg, ...inner]: readonly Agg[],
  metrics: readonly Agg[],
  timeRange: TimeRange | undefined,
): Record<string, object> {
  const figures = metrics.filter((metric) => metric.type !== "count");
  const request = (figure: Agg): object => ({ [figure.type]: { field: figure.params.field } });
  if (!agg) return Object.fromEntries(figures.map((figure) => [figure.id, request(figure)]));

  const within = {
    ...Object.fromEntries(figures.filter(({ id }) => id === agg.params.orderBy).map((it) => [it.id, request(it)])),
    ...aggregations(inner, metrics, timeRange),
  };
  const own = bucketRequest(agg, metrics, timeRange);
  return { [agg.id]: Object.keys(within).length > 0 ? { ...own, aggs: within } : own };
}

function bucketRequest(agg: Agg, metrics: readonly Agg[], timeRange: TimeRange | undefined): object {
  const { field, size, order, orderBy, exclude, missingBucket, min_doc_count, json } = agg.params;
  switch (agg.type) {
    case "terms": {
      const figure = metrics.find(({ id }) => id === orderBy);
      const by = figure?.type === "count" ? "_count" : String(orderBy);
      return {
        terms: {
          field,
          size,
          order: { [by]: order },
          ...(exclude !== undefined && { exclude }),
          ...(missingBucket === true && { missing: MISSING }),
          ...(json !== undefined && (parse(json) as object)),
        },
      };
    }
    case "date_histogram":
      return { date_histogram: { field, ...stepOf(agg, timeRange), time_zone: "UTC", min_doc_count } };
    case "filters":
      return {
        filters: {
          filters: Object.fromEntries(filtersOf(agg).map(({ label, input }) => [label, boolQuery([input.query])])),
        },
      };
    default:
      throw new Error(`aggregation "${agg.type}" makes no buckets`);
  }
}

function stepOf(agg: Agg, timeRange: TimeRange | undefined): object {
  if (agg.params.interval !== "auto") throw new Error(`interval "${String(agg.params.interval)}" is not derived here`);
  if (!timeRange) return { fixed_interval: `${DAY}ms` };
  return autoInterval(Math.max(1, timeRange.to.getTime() - timeRange.from.getTime()));
}

interface StoredFilter {
  readonly label: string;
  readonly input: { readonly query: string; readonly language: string };
}

function filtersOf(agg: Agg): readonly StoredFilter[] {
  if (agg.type !== "filters") return [];
  const filters = agg.params.filters as readonly StoredFilter[];
  for (const { input } of filters) onlyLucene(`aggregation ${agg.id}`, input.language);
  return filters;
}

function columnOf(agg: Agg): Column {
  const field = typeof agg.params.field === "string" ? agg.params.field.replace(/\.keyword$/, "") : "";
  const label = typeof agg.params.customLabel === "string" ? agg.params.customLabel : LABELS[agg.type](field);
  return { label, schema: agg.schema, kind: kindOf(agg) };
}

const LABELS: Readonly<Record<Agg["type"], (field: string) => string>> = {
  count: () => "Count",
  cardinality: (field) => `Unique count of ${field}`,
  min: (field) => `Min ${field}`,
  max: (field) => `Max ${field}`,
  terms: (field) => field,
  date_histogram: (field) => field,
  filters: () => "filters",
};

// Earliest and latest are of dates only, here; the engine answers them in milliseconds.
function kindOf(agg: Agg): Column["kind"] {
  switch (agg.type) {
    case "terms":
    case "filters":
      return "term";
    case "date_histogram":
    case "min":
    case "max":
      return "time";
    case "count":
    case "cardinality":
      return "number";
  }
}

function rowsOf(answer: SearchAnswer, buckets: readonly Agg[], metrics: readonly Agg[]): Row[] {
  const total = typeof answer.hits?.total === "number" ? answer.hits.total : (answer.hits?.total?.value ?? 0);
  const root: Bucket = { doc_count: total, ...answer.aggregations };
  if (total === 0) return [];
  return rowsWithin(root, buckets, metrics);
}

function rowsWithin(bucket: Bucket, [agg, ...inner]: readonly Agg[], metrics: readonly Agg[]): Row[] {
  if (!agg) return [metrics.map((metric) => figureOf(bucket, metric))];
  const { buckets = [] } = (bucket[agg.id] ?? {}) as AggregationAnswer;
  const named: [string | number, Bucket][] = Array.isArray(buckets)
    ? (buckets as readonly Bucket[]).map((each) => [keyOf(each, agg), each])
    : Object.entries(buckets as Readonly<Record<string, Bucket>>);
  return named.flatMap(([key, each]) => rowsWithin(each, inner, metrics).map((row) => [key, ...row]));
}

function keyOf(bucket: Bucket, agg: Agg): string | number {
  if (bucket.key === MISSING && agg.params.missingBucket === true) return String(agg.params.missingBucketLabel);
  return bucket.key ?? "";
}

function figureOf(bucket: Bucket, metric: Agg): number {
  if (metric.type === "count") return bucket.doc_count;
  return (bucket[metric.id] as AggregationAnswer | undefined)?.value ?? 0;
}

/** As Kibana writes it: each Lucene query must match, the time range filters. */
function boolQuery(queries: readonly string[], filter?: object): object {
  const must = queries
    .filter((query) => query !== "")
    .map((query) => ({ query_string: { query, analyze_wildcard: true } }));
  return { bool: { must, filter: filter ? [filter] : [], should: [], must_not: [] } };
}

function rangeQuery(timeField: string, { from, to }: TimeRange): object {
  return {
    range: { [timeField]: { gte: from.toISOString(), lte: to.toISOString(), format: "strict_date_optional_time" } },
  };
}

function searchSource(object: SavedObject): SearchSource {
  const { searchSourceJSON } = object.attributes.kibanaSavedObjectMeta as { searchSourceJSON: string };
  return parse(searchSourceJSON) as SearchSource;
}

function luceneOf(object: SavedObject, source: SearchSource): string {
  if (source.filter && source.filter.length > 0) throw new Error(`${object.id}: filters are not derived here`);
  if (!source.query || source.query.query === "") return "";
  onlyLucene(object.id, source.query.language);
  return source.query.query;
}

function onlyLucene(where: string, language: string): void {
  if (language !== "lucene") throw new Error(`${where}: query language "${language}" is not derived here`);
}

function follow(objects: readonly SavedObject[], from: SavedObject, name: string | undefined): SavedObject {
  const reference = from.references.find((each) => each.name === name);
  if (!reference) throw new Error(`${from.type} ${from.id}: no reference named "${name ?? ""}"`);
  return find(objects, reference.type, reference.id);
}

function find(objects: readonly SavedObject[], type: SavedObjectType, id: string): SavedObject {
  const object = objects.find((each) => each.type === type && each.id === id);
  if (!object) throw new Error(`${type} "${id}" is not among the saved objects`);
  return object;
}

function parse(json: unknown): unknown {
  return JSON.parse(String(json));
}
