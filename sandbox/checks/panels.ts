import {
  DASHBOARD_ID,
  panelQueries,
  SECURITY_DASHBOARD_ID,
  type SavedObject,
  type SearchAnswer,
  type TimeRange,
} from "../../modules/dashboards";
import type { AnsweredPanel } from "../page";
import type { Sandbox } from "../sandbox";

/** A dashboard as somebody sees it who opens it now. */
export interface AnsweredDashboard {
  readonly id: string;
  readonly title: string;
  readonly panels: readonly AnsweredPanel[];
}

export interface Answers {
  readonly dashboards: readonly AnsweredDashboard[];
  readonly range: TimeRange;
  readonly records: number;
}

/**
 * Opens both dashboards as somebody in an allowed network: the saved objects come from where the import put them, and
 * each panel's own query goes to the domain.
 */
export async function askPanels(sandbox: Sandbox): Promise<Answers> {
  const objects = await importedObjects(sandbox);
  const { range, records } = await extent(sandbox);
  const dashboards = await Promise.all(
    [DASHBOARD_ID, SECURITY_DASHBOARD_ID].map(async (id) => {
      const title = objects.find((object) => object.type === "dashboard" && object.id === id)?.attributes.title;
      const panels: AnsweredPanel[] = [];
      for (const query of panelQueries(objects, id, range)) {
        panels.push({ query, answer: await search<SearchAnswer>(sandbox, query.index, query.body) });
      }
      return { id, title: String(title), panels };
    }),
  );
  return { dashboards, range, records };
}

/** What Kibana has after the import. */
async function importedObjects(sandbox: Sandbox): Promise<SavedObject[]> {
  const kibana = sandbox.engine.engineVersion.startsWith("Elasticsearch") ? "_plugin/kibana" : "_dashboards";
  const types = ["index-pattern", "search", "visualization", "dashboard"].map((type) => `type=${type}`).join("&");
  const path = `${kibana}/api/saved_objects/_find?${types}&per_page=1000`;
  return (await ask<{ saved_objects: SavedObject[] }>(sandbox, "GET", path)).saved_objects;
}

/** From the first to the last record, to the end of its second. */
async function extent(sandbox: Sandbox): Promise<{ range: TimeRange; records: number }> {
  interface Extent {
    hits: { total: { value: number } };
    aggregations?: Record<"first" | "last", { value: number | null }>;
  }
  const aggs = { first: { min: { field: "eventTime" } }, last: { max: { field: "eventTime" } } };
  const { hits, aggregations } = await search<Extent>(sandbox, "cwl-*", { size: 0, track_total_hits: true, aggs });
  const now = Date.now();
  return {
    range: {
      from: new Date(aggregations?.first.value ?? now),
      to: new Date((aggregations?.last.value ?? now) + 1_000),
    },
    records: hits.total.value,
  };
}

function search<T>(sandbox: Sandbox, index: string, body: object): Promise<T> {
  return ask(sandbox, "POST", `${encodeURIComponent(index)}/_search`, body);
}

async function ask<T>(sandbox: Sandbox, method: string, path: string, body?: object): Promise<T> {
  const { status, text } = await sandbox.client.fetch(`https://${await sandbox.peoplesDoor()}/${path}`, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (status !== 200) throw new Error(`${method} ${path} was answered with ${status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}
