import {
  DASHBOARD_ID,
  panelQueries,
  SECURITY_DASHBOARD_ID,
  type SavedObject,
  type SearchAnswer,
  type TimeRange,
} from "../../modules/dashboards";
import type { AnsweredPanel } from "../page";
import { ALLOWED_ADDRESS } from "../configuration";
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

interface KibanaDocument {
  readonly _id: string;
  readonly _source: {
    readonly type: string;
    readonly references?: SavedObject["references"];
    readonly [type: string]: unknown;
  };
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
        panels.push({ query, answer: await ask<SearchAnswer>(sandbox, query.index, query.body) });
      }
      return { id, title: String(title), panels };
    }),
  );
  return { dashboards, range, records };
}

/** What the import left in Kibana's index. */
async function importedObjects(sandbox: Sandbox): Promise<SavedObject[]> {
  const { hits } = await ask<{ hits: { hits: KibanaDocument[] } }>(sandbox, ".kibana", { size: 1_000 });
  return hits.hits.map(({ _id, _source }) => {
    const { type, references = [] } = _source;
    return {
      id: _id.slice(type.length + 1),
      type: type as SavedObject["type"],
      attributes: _source[type] as SavedObject["attributes"],
      references,
      migrationVersion: {},
    };
  });
}

/** From the first to the last record, to the end of its second. */
async function extent(sandbox: Sandbox): Promise<{ range: TimeRange; records: number }> {
  interface Extent {
    hits: { total: { value: number } };
    aggregations?: Record<"first" | "last", { value: number | null }>;
  }
  const aggs = { first: { min: { field: "eventTime" } }, last: { max: { field: "eventTime" } } };
  const { hits, aggregations } = await ask<Extent>(sandbox, "cwl-*", { size: 0, track_total_hits: true, aggs });
  const now = Date.now();
  return {
    range: {
      from: new Date(aggregations?.first.value ?? now),
      to: new Date((aggregations?.last.value ?? now) + 1_000),
    },
    records: hits.total.value,
  };
}

async function ask<T>(sandbox: Sandbox, index: string, body: object): Promise<T> {
  const url = `https://${sandbox.domain.endpoint}/${encodeURIComponent(index)}/_search`;
  const { status, text } = await sandbox.client.fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    localAddress: ALLOWED_ADDRESS,
    body: JSON.stringify(body),
  });
  if (status !== 200) throw new Error(`${index}/_search answered ${status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}
