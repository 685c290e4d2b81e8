import * as vega from "vega/build/vega.js";
import { compile, type TopLevelSpec } from "vega-lite";
import type { PanelQuery, Row } from "../../modules/dashboards";
import { COLOURS, count, FONT, SERIES, textWidth } from "./look";

interface Size {
  readonly width: number;
  readonly height: number;
}

const CONFIG = {
  background: "transparent",
  font: FONT,
  axis: {
    labelColor: COLOURS.faint,
    titleColor: COLOURS.faint,
    gridColor: "#2c2f38",
    domainColor: COLOURS.border,
    tickColor: COLOURS.border,
    labelFontSize: 11,
    titleFontWeight: "normal" as const,
  },
  legend: { labelColor: COLOURS.text, labelFontSize: 12, labelLimit: 420, symbolType: "circle", rowPadding: 4 },
  view: { stroke: "transparent" },
};

/** Stacked areas over time, a series for each term. */
export async function areaChart({ columns }: PanelQuery, rows: readonly Row[], size: Size): Promise<string> {
  const series = columns.findIndex(({ schema }) => schema === "group");
  const at = columns.findIndex(({ kind }) => kind === "time");
  const counted = columns.findIndex(({ kind }) => kind === "number");
  const totals = totalsOf(rows, series, counted);
  const times = steps(rows.map((row) => Number(row[at])));
  const known = new Map(rows.map((row) => [`${Number(row[at])} ${row[series]!}`, Number(row[counted])]));
  // A step without records is a zero, not a slope from one neighbour to the other.
  const values = [...totals.keys()].flatMap((name, order) =>
    times.map((t) => ({ t, order, name: labelled(name, totals), n: known.get(`${t} ${name}`) ?? 0 })),
  );
  return draw(
    {
      ...size,
      data: { values },
      mark: { type: "area", line: { strokeWidth: 1.5 }, fillOpacity: 0.55, point: times.length < 3 },
      encoding: {
        x: { field: "t", type: "temporal", scale: { type: "utc" }, title: null, axis: timeAxis(times) },
        y: { field: "n", type: "quantitative", stack: "zero", title: "Count", axis: { tickCount: 5, format: ",d" } },
        order: { field: "order" },
        color: colourOf([...totals.keys()].map((name) => labelled(name, totals))),
      },
    },
    size,
  );
}

/** A pie, a slice for each term. */
export async function pieChart({ columns }: PanelQuery, rows: readonly Row[], size: Size): Promise<string> {
  const slice = columns.findIndex(({ schema }) => schema === "segment");
  const counted = columns.findIndex(({ kind }) => kind === "number");
  const totals = totalsOf(rows, slice, counted);
  const values = [...totals].map(([name, n], order) => ({ name: labelled(name, totals), n, order }));
  return draw(
    {
      ...size,
      data: { values },
      mark: { type: "arc", stroke: COLOURS.panel, strokeWidth: 1.5, outerRadius: size.height / 2 - 4 },
      encoding: {
        theta: { field: "n", type: "quantitative", stack: true },
        order: { field: "order" },
        color: colourOf(values.map(({ name }) => name)),
      },
    },
    size,
  );
}

/** Stacked bars to the right, one for each term in the order of the buckets. */
export async function barChart({ columns }: PanelQuery, rows: readonly Row[], size: Size): Promise<string> {
  const bar = columns.findIndex(({ schema }) => schema === "segment");
  const part = columns.findIndex(({ schema }) => schema === "group");
  const counted = columns.findIndex(({ kind }) => kind === "number");
  const totals = totalsOf(rows, part, counted);
  const bars = totalsOf(rows, bar, counted);
  const values = rows.map((row) => ({
    bar: labelled(String(row[bar]), bars),
    name: labelled(String(row[part]), totals),
    n: Number(row[counted]),
  }));
  const thickness = (size.height - 40) / bars.size;
  return draw(
    {
      ...size,
      data: { values },
      mark: { type: "bar", height: Math.min(26, thickness * 0.75) },
      encoding: {
        y: {
          field: "bar",
          type: "nominal",
          sort: [...bars.keys()].map((name) => labelled(name, bars)),
          title: null,
          axis: { labelFontSize: Math.max(6, Math.min(11, thickness * 0.9)), labelOverlap: false },
        },
        x: { field: "n", type: "quantitative", title: null, axis: { tickCount: 6, format: ",d" } },
        color: colourOf([...totals.keys()].map((name) => labelled(name, totals))),
      },
    },
    size,
  );
}

function colourOf(names: readonly string[]): object {
  return {
    field: "name",
    type: "nominal",
    title: null,
    scale: { domain: names, range: names.map((_, index) => SERIES[index % SERIES.length]) },
  };
}

/** Counts for each name, in the order of the buckets. */
function totalsOf(rows: readonly Row[], name: number, counted: number): Map<string, number> {
  const totals = new Map<string, number>();
  for (const row of rows) totals.set(String(row[name]), (totals.get(String(row[name])) ?? 0) + Number(row[counted]));
  return totals;
}

function labelled(name: string, totals: ReadonlyMap<string, number>): string {
  return `${name}  ${count(totals.get(name) ?? 0)}`;
}

/** The times themselves, and between them those at the same distance where that is not too many. */
function steps(times: readonly number[]): number[] {
  const known = [...new Set(times)].sort((a, b) => a - b);
  const gaps = known.slice(1).map((at, index) => at - known[index]!);
  const step = Math.min(...gaps);
  const first = known[0] ?? 0;
  const last = known.at(-1) ?? 0;
  const even = known.every((at) => (at - first) % step === 0) && (last - first) / step <= 500;
  if (!even) return known;
  return Array.from({ length: Math.round((last - first) / step) + 1 }, (_, index) => first + index * step);
}

/** Labels as fine as the time range is short. */
function timeAxis(times: readonly number[]): object {
  const days = (times.at(-1)! - times[0]!) / 86_400_000;
  const format = days < 2 ? "%H:%M" : days < 120 ? "%d %b" : "%b %Y";
  return { format, tickCount: 8, labelOverlap: "greedy", labelFlush: true };
}

// Without a canvas vega takes every letter for as wide as an m, and leaves half of the legend's room empty.
vega.textMetrics.width = (item, text) => textWidth(String(text)) * (item.fontSize ?? 11);

async function draw(spec: object, { width, height }: Size): Promise<string> {
  const full = { ...spec, autosize: { type: "fit", contains: "padding" }, padding: 4, config: CONFIG } as TopLevelSpec;
  const view = new vega.View(vega.parse(compile(full).spec), { renderer: "none" });
  try {
    const svg = await view.toSVG();
    // Vega writes its own size; the drawing has to have exactly that of its panel.
    return svg.replace(/^<svg[^>]*>/, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}">`);
  } finally {
    view.finalize();
  }
}
