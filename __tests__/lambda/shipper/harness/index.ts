import { INDEX_PATTERN, indexTemplateMappings, indexTemplateSettings } from "../../../../modules/fields";

/** A document as the index holds it. */
export interface Document {
  readonly _index: string;
  readonly _id: string;
  readonly _source: Readonly<Record<string, unknown>>;
}

/** The indices of a real engine, looked at without the shipper. */
export class Indices {
  constructor(private readonly url: string) {}

  /** Puts the product's index template there. */
  async prepare(): Promise<void> {
    await this.ask("/_index_template/cloudtrail", "PUT", {
      index_patterns: [INDEX_PATTERN],
      template: { settings: indexTemplateSettings({ replicas: 0 }), mappings: indexTemplateMappings() },
    });
  }

  async clear(): Promise<void> {
    const indices = await this.ask<Record<string, unknown>>(`/${INDEX_PATTERN}`);
    for (const index of Object.keys(indices)) await this.ask(`/${index}`, "DELETE");
  }

  /** Every document of the daily indices. */
  async documents(index = INDEX_PATTERN): Promise<Document[]> {
    await this.ask(`/${index}/_refresh`, "POST");
    const found: Document[] = [];
    interface Page {
      readonly _scroll_id: string;
      readonly hits: { readonly hits: readonly Document[] };
    }
    let page = await this.ask<Page>(`/${index}/_search?scroll=1m`, "POST", { size: 2_000, sort: ["_doc"] });
    while (page.hits.hits.length > 0) {
      found.push(...page.hits.hits);
      page = await this.ask<Page>("/_search/scroll", "POST", { scroll: "1m", scroll_id: page._scroll_id });
    }
    return found;
  }

  /** A document's text, byte by byte as it was sent. */
  async source(index: string, id: string): Promise<string> {
    const reply = await fetch(`${this.url}/${index}/_source/${encodeURIComponent(id)}`);
    return reply.text();
  }

  /** Ids that a query finds, in order. */
  async find(query: object, index = INDEX_PATTERN): Promise<string[]> {
    const { hits } = await this.ask<{ hits: { hits: Document[] } }>(`/${index}/_search`, "POST", {
      query,
      size: 10_000,
      _source: false,
    });
    return hits.hits.map(({ _id }) => _id).sort();
  }

  async ask<T = unknown>(path: string, method = "GET", body?: object | string): Promise<T> {
    const reply = await fetch(`${this.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      headers: { "content-type": typeof body === "string" ? "application/x-ndjson" : "application/json" },
    });
    const text = await reply.text();
    if (reply.status === 429) {
      // The engine's memory is small here.
      await new Promise((resolve) => setTimeout(resolve, 500));
      return this.ask(path, method, body);
    }
    if (!reply.ok) throw new Error(`${method} ${path} answered ${reply.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as T;
  }
}
