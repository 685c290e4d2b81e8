import { apiKeyTransport, type ApiKeySettings } from "../lambda/shipper/api-key";
import { signedTransport, type Credentials, type SignedRequest, type Transport } from "../lambda/shipper/transport";
import { INDEX_PATTERN } from "../modules/fields";
import type { Destination } from "./delivery";

export interface DomainClientOptions {
  /** Host of the domain, with a port where it is not 443. Always TLS. */
  readonly endpoint: string;
  readonly region: string;
  /** The operator role's. Asked at each request, so that renewed ones are used. */
  readonly credentials: () => Promise<Credentials>;
  /** The secret with the API key of an Elastic Stack. @default the credentials' signature, as domains want it */
  readonly apiKey?: ApiKeySettings;
  /** Certificate authorities in PEM form. @default those that node trusts */
  readonly ca?: string;
  /** Milliseconds until a request is given up. @default 60,000 */
  readonly timeoutMs?: number;
}

/** The domain did not do what it was asked. The message has its own reason, shortened. */
export class DomainError extends Error {
  override readonly name = "DomainError";

  constructor(
    readonly status: number,
    what: string,
    text: string,
  ) {
    super(`${what}: the domain answered ${status}: ${text.slice(0, 300)}`);
  }
}

/** A record as the index holds it. */
export interface IndexedRecord {
  readonly _index: string;
  readonly _id: string;
  readonly _source: Readonly<Record<string, unknown>>;
}

interface Page {
  readonly _scroll_id: string;
  readonly hits: { readonly hits: readonly IndexedRecord[] };
}

const KEPT_FOR = "2m";

/** The search domain as operators reach it: signed, over TLS, within what the access policy lets them do. */
export class DomainClient {
  private readonly transport: Transport;

  constructor(private readonly options: DomainClientOptions) {
    const signed = signedTransport(options.credentials, options.ca);
    this.transport = options.apiKey === undefined ? signed : apiKeyTransport(signed, options.apiKey);
  }

  /**
   * One request.
   *
   * @param path begins with a slash; `*` and `,` may stand in it as they are
   * @returns the reply's JSON
   * @throws DomainError for a status of 400 or more
   */
  async request<T>(method: SignedRequest["method"], path: string, body?: object): Promise<T> {
    return this.send(method, path, "application/json", body === undefined ? "" : JSON.stringify(body));
  }

  /**
   * Bulk actions.
   *
   * @param lines newline-delimited JSON
   * @throws DomainError also for a single action that failed, but for one whose document was not there
   */
  async bulk(lines: string): Promise<void> {
    interface Item {
      readonly status: number;
    }
    const { items } = await this.send<{ items: Record<string, Item>[] }>(
      "POST",
      "/_bulk",
      "application/x-ndjson",
      lines,
    );
    for (const { status } of items.flatMap((item) => Object.values(item))) {
      if (status >= 400 && status !== 404) throw new DomainError(status, "a bulk action", "it was not taken");
    }
  }

  private async send<T>(method: SignedRequest["method"], path: string, type: string, body: string): Promise<T> {
    const { status, text } = await this.transport({
      service: "es",
      region: this.options.region,
      method,
      host: this.options.endpoint,
      path: canonical(path),
      headers: body === "" ? {} : { "content-type": type },
      body: Buffer.from(body),
      timeoutMs: this.options.timeoutMs ?? 60_000,
    });
    if (status >= 400) throw new DomainError(status, `${method} ${path}`, text);
    return JSON.parse(text) as T;
  }

  /** What the shipper's core needs to write records here, in the same way as the functions do. */
  get delivery(): Destination {
    const { endpoint, region } = this.options;
    return { transport: this.transport, searchEndpoint: endpoint, searchRegion: region };
  }

  /** One search over the daily indices. */
  search<T>(body: object, index = INDEX_PATTERN): Promise<T> {
    return this.request("POST", `/${index}/_search`, body);
  }

  /**
   * Every record that a query finds, in no order, page by page.
   *
   * @param body a search's body: `query`, `_source`; `size` is the page's
   */
  async *scan(body: object, index = INDEX_PATTERN): AsyncGenerator<readonly IndexedRecord[]> {
    const first = { size: 2_000, sort: ["_doc"], ...body };
    let page = await this.request<Page>("POST", `/${index}/_search?scroll=${KEPT_FOR}`, first);
    while (page.hits.hits.length > 0) {
      yield page.hits.hits;
      page = await this.request<Page>("POST", "/_search/scroll", { scroll: KEPT_FOR, scroll_id: page._scroll_id });
    }
  }
}

/** Amazon's services take `*` and `,` of a signed path for their percent-encoded forms. */
function canonical(path: string): string {
  return path.replaceAll("*", "%2A").replaceAll(",", "%2C");
}
