import { onIndexPattern } from "./index-pattern";
import { savedObject, type SavedObject } from "./saved-object";

/** One aggregation of a visualization, as Kibana writes it into `visState`. */
export interface Agg {
  readonly id: string;
  readonly enabled: boolean;
  readonly type: "count" | "cardinality" | "min" | "max" | "terms" | "date_histogram" | "filters";
  readonly params: Readonly<Record<string, unknown>>;
  /** What the aggregation is in the drawing: `metric`; `segment` (slice, word, x axis); `group` (series); `bucket` (column). */
  readonly schema: "metric" | "segment" | "group" | "bucket";
}

/** A visualization before it is written: what to draw, of which records. */
export interface VisualizationProps {
  readonly id: string;
  /** @default the id, as in the article */
  readonly title?: string;
  readonly description?: string;
  /** Lucene query on the records. @default every record */
  readonly query?: string;
  readonly type: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly aggs: readonly Agg[];
}

export function visualization(props: VisualizationProps): SavedObject {
  const title = props.title ?? props.id;
  const { searchSourceJSON, reference } = onIndexPattern(props.query ?? "");
  const attributes = {
    title,
    description: props.description ?? "",
    version: 1,
    uiStateJSON: "{}",
    visState: JSON.stringify({ title, type: props.type, params: props.params, aggs: props.aggs }),
    kibanaSavedObjectMeta: { searchSourceJSON },
  };
  return savedObject("visualization", props.id, attributes, [reference]);
}

/** The number of records: the measure of nearly every panel. Its id is what `orderBy` means by "1". */
export const COUNT: Agg = { id: "1", enabled: true, type: "count", params: {}, schema: "metric" };

export interface TermsProps {
  readonly id: string;
  readonly schema: Agg["schema"];
  readonly field: string;
  /** How many terms at most. */
  readonly size: number;
  /** Heading in place of Kibana's own ("field: Descending"). */
  readonly label?: string;
  /** Id of the metric to order by, or `_key`. @default "1", the count */
  readonly orderBy?: string;
  /** @default "desc" */
  readonly order?: "asc" | "desc";
  /** Lucene regular expression of terms to leave out. */
  readonly exclude?: string;
  /** Collects the records without the field under this label. @default they are left out */
  readonly missing?: string;
  /**
   * How many terms each shard hands up, where the order is none that shards can cut by (ascending counts, the latest
   * first call). @default the engine's, about one and a half times the size
   */
  readonly shardSize?: number;
}

export function terms(props: TermsProps): Agg {
  const { id, schema, field, size, label, orderBy = "1", order = "desc", exclude, missing, shardSize } = props;
  const params = {
    field,
    orderBy,
    order,
    size,
    otherBucket: false,
    otherBucketLabel: "Other",
    missingBucket: missing !== undefined,
    missingBucketLabel: missing ?? "Missing",
    ...(exclude && { exclude }),
    ...(label && { customLabel: label }),
    // Kibana's "JSON input": added to the request as it is.
    ...(shardSize && { json: JSON.stringify({ shard_size: shardSize }) }),
  };
  return { id, enabled: true, type: "terms", params, schema };
}

/** Records over time, in steps that Kibana chooses by the length of the time range. */
export function overTime(id: string, field: string): Agg {
  const params = {
    field,
    useNormalizedEsInterval: true,
    scaleMetricValues: false,
    interval: "auto",
    drop_partials: false,
    min_doc_count: 1,
    extended_bounds: {},
  };
  return { id, enabled: true, type: "date_histogram", params, schema: "segment" };
}

/** A bucket for each named Lucene query. */
export function filters(id: string, schema: Agg["schema"], queries: Readonly<Record<string, string>>): Agg {
  const list = Object.entries(queries).map(([label, query]) => ({ input: { query, language: "lucene" }, label }));
  return { id, enabled: true, type: "filters", params: { filters: list }, schema };
}

/** A figure of a field's values: the earliest, the latest, how many different ones. */
export function figure(id: string, type: "min" | "max" | "cardinality", field: string, label: string): Agg {
  return { id, enabled: true, type, params: { field, customLabel: label }, schema: "metric" };
}

/** Stacked areas, legend on the right. */
export const AREA = xy({ type: "area", valuePosition: "left", categoryPosition: "bottom" });

/** Stacked bars that grow to the right, so that long names stay readable. */
export const HORIZONTAL_BAR = xy({ type: "histogram", valuePosition: "bottom", categoryPosition: "left" });

export const PIE = {
  type: "pie",
  addTooltip: true,
  addLegend: true,
  legendPosition: "right",
  isDonut: false,
  labels: { show: false, values: true, last_level: true, truncate: 100 },
};

/** Words as large as they are frequent; sizes in pixels. */
export function tagCloud(minFontSize: number, maxFontSize: number): object & Record<string, unknown> {
  return { scale: "linear", orientation: "single", minFontSize, maxFontSize, showLabel: true };
}

/** Rows and columns, the rows in the order of their buckets. */
export const TABLE = {
  perPage: 10,
  showPartialRows: false,
  showMetricsAtAllLevels: false,
  sort: { columnIndex: null, direction: null },
  showTotal: false,
  totalFunc: "sum",
  percentageCol: "",
};

/** Plain figures side by side. */
export const METRIC = {
  type: "metric",
  addTooltip: true,
  addLegend: false,
  metric: {
    percentageMode: false,
    useRanges: false,
    colorSchema: "Green to Red",
    metricColorMode: "None",
    colorsRange: [{ from: 0, to: 10_000 }],
    labels: { show: true },
    invertColors: false,
    style: { bgFill: "#000", bgColor: false, labelColor: false, subText: "", fontSize: 36 },
  },
};

interface XyProps {
  readonly type: "area" | "histogram";
  readonly valuePosition: "left" | "bottom";
  readonly categoryPosition: "left" | "bottom";
}

function xy({ type, valuePosition, categoryPosition }: XyProps): Readonly<Record<string, unknown>> {
  const categoryLabels =
    categoryPosition === "left" ? { rotate: 0, filter: false, truncate: 200 } : { filter: true, truncate: 100 };
  const valueLabels = valuePosition === "bottom" ? { rotate: 75, filter: true } : { rotate: 0, filter: false };
  return {
    type,
    grid: { categoryLines: false },
    categoryAxes: [
      {
        id: "CategoryAxis-1",
        type: "category",
        position: categoryPosition,
        show: true,
        style: {},
        scale: { type: "linear" },
        labels: { show: true, ...categoryLabels },
        title: {},
      },
    ],
    valueAxes: [
      {
        id: "ValueAxis-1",
        name: valuePosition === "left" ? "LeftAxis-1" : "BottomAxis-1",
        type: "value",
        position: valuePosition,
        show: true,
        style: {},
        scale: { type: "linear", mode: "normal" },
        labels: { show: true, ...valueLabels, truncate: 100 },
        title: { text: "Count" },
      },
    ],
    seriesParams: [
      {
        show: true,
        type,
        mode: "stacked",
        data: { label: "Count", id: "1" },
        drawLinesBetweenPoints: true,
        lineWidth: 2,
        showCircles: true,
        interpolate: "linear",
        valueAxis: "ValueAxis-1",
      },
    ],
    addTooltip: true,
    addLegend: true,
    legendPosition: "right",
    times: [],
    addTimeMarker: false,
    thresholdLine: { show: false, value: 10, width: 1, style: "full", color: "#E7664C" },
    labels: {},
  };
}
