import { isEmpty, type PanelQuery, type Row, type SearchAnswer } from "../../modules/dashboards";
import { areaChart, barChart, pieChart } from "./chart";
import { tagCloud } from "./cloud";
import { metric, tableDrawing } from "./figures";
import { COLOURS, count, escape, round } from "./look";

/** A panel with the engine's answer to its query. */
export interface AnsweredPanel {
  readonly query: PanelQuery;
  readonly answer: SearchAnswer;
}

/** A panel as it is drawn: an SVG element of the given size, without a heading. */
export interface Drawing {
  readonly svg: string;
  readonly rows: readonly Row[];
  readonly isEmpty: boolean;
  /** What is seen, in words. */
  readonly summary: string;
}

type Draw = (query: PanelQuery, rows: readonly Row[], size: Size) => string | Promise<string>;

interface Size {
  readonly width: number;
  readonly height: number;
}

const DRAW: Readonly<Record<string, Draw>> = {
  area: areaChart,
  pie: pieChart,
  horizontal_bar: barChart,
  tagcloud: tagCloud,
  metric,
  table: tableDrawing,
};

/**
 * Draws a panel from the engine's answer, by the type of its visualization.
 *
 * @param size width and height in pixels
 * @throws Error for a type that is not drawn here
 */
export async function drawPanel({ query, answer }: AnsweredPanel, size: Size): Promise<Drawing> {
  const draw = DRAW[query.type];
  if (!draw) throw new Error(`${query.id}: a visualization of type "${query.type}" is not drawn here`);
  const rows = query.read(answer);
  const summary = `${query.title}: ${summaryOf(query, rows)}`;
  if (isEmpty(query, rows)) return { svg: noData(size), rows, isEmpty: true, summary };
  const svg = await draw(query, rows, { width: round(size.width), height: round(size.height) });
  const label = `<svg role="img" aria-label="${escape(summary)}" font-family="inherit" `;
  return { svg: svg.replace("<svg ", label), rows, isEmpty: false, summary };
}

function noData({ width, height }: Size): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}">` +
    `<text x="${width / 2}" y="${height / 2}" text-anchor="middle" font-size="14" fill="${COLOURS.faint}">No data</text></svg>`
  );
}

/** The largest terms with their counts, for those who do not see the drawing. */
function summaryOf({ columns }: PanelQuery, rows: readonly Row[]): string {
  const term = columns.findIndex(({ kind }) => kind === "term");
  const counted = columns.findIndex(({ kind }) => kind === "number");
  const totals = new Map<string, number>();
  for (const row of rows) totals.set(String(row[term]), (totals.get(String(row[term])) ?? 0) + Number(row[counted]));
  const largest = [...totals].sort(([, a], [, b]) => b - a).slice(0, 5);
  return largest.length === 0 ? "no data" : largest.map(([name, n]) => `${name} ${count(n)}`).join(", ");
}
