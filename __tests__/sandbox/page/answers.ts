import {
  DASHBOARD_ID,
  panelQueries,
  savedObjects,
  SECURITY_DASHBOARD_ID,
  type PanelQuery,
  type SearchAnswer,
} from "../../../modules/dashboards";
import type { AnsweredPanel } from "../../../sandbox/page";

export const HOUR = 3_600_000;
export const START = Date.UTC(2026, 0, 30);

type Body = Readonly<Record<string, unknown>>;
type Aggregations = Readonly<Record<string, Body>>;

/** Every panel of a dashboard, in its order. */
export function panels(dashboardId: string): PanelQuery[] {
  const range = { from: new Date(START), to: new Date(START + 24 * HOUR) };
  return panelQueries(savedObjects({ excludedUsers: [] }), dashboardId, range);
}

export function panel(id: string): PanelQuery {
  return [DASHBOARD_ID, SECURITY_DASHBOARD_ID].flatMap(panels).find((each) => each.id === id)!;
}

export function answered(queries: readonly PanelQuery[], terms?: readonly string[]): AnsweredPanel[] {
  return queries.map((query) => ({ query, answer: answerTo(query, terms) }));
}

/** What an engine would answer to a panel's query: each term a little seldomer than the one before. */
export function answerTo({ body }: PanelQuery, terms: readonly string[] = ["alpha", "beta", "gamma"]): SearchAnswer {
  return { hits: { total: { value: 600 } }, aggregations: inner(body, 600, terms) } as SearchAnswer;
}

export const NOTHING: SearchAnswer = { hits: { total: { value: 0 } }, aggregations: {} };

function inner(body: Body, count: number, terms: readonly string[]): object {
  return Object.fromEntries(
    Object.entries((body.aggs ?? {}) as Aggregations).map(([id, agg]) => [id, answerOf(agg, count, terms)]),
  );
}

function answerOf(agg: Body, count: number, terms: readonly string[]): object {
  if (agg.terms) return { buckets: terms.map((key, at) => bucket({ key }, agg, share(count, at), terms)) };
  if (agg.date_histogram) {
    const times = [0, 1, 3].map((hour) => START + hour * HOUR);
    return { buckets: times.map((key, at) => bucket({ key }, agg, share(count, at), terms)) };
  }
  if (agg.filters) {
    const { filters } = agg.filters as { filters: Record<string, unknown> };
    const named = Object.keys(filters).map((name, at) => [name, bucket({}, agg, share(count, at), terms)]);
    return { buckets: Object.fromEntries(named) as object };
  }
  return { value: agg.cardinality ? 4 : START + 5 * HOUR };
}

function bucket(own: object, agg: Body, count: number, terms: readonly string[]): object {
  return { ...own, doc_count: count, ...inner(agg, count, terms) };
}

function share(count: number, at: number): number {
  return Math.max(1, Math.floor(count / (at + 2)));
}
