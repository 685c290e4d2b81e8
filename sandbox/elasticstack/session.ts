import { randomBytes } from "node:crypto";
import type { TrustingClient } from "../tls";

/** The stand-in could not do what it was asked; the message is in the provider's manner: what, and what was answered. */
export class ElasticstackError extends Error {
  override readonly name = "ElasticstackError";
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const VENDOR_JSON = "application/vnd.elasticsearch+json;compatible-with=8";
const TRIES = 4;
/** These the provider sends again, without a pause. */
const RETRIED = new Set([502, 503, 504]);

/** Where one of the two clients sends its requests, and what it shows to be let in. */
export interface Side {
  /** Without a slash at the end. */
  readonly url: string;
  readonly authorization: string;
}

/** The provider's two clients: what they send, byte for byte, and how they take the answers. */
export class Session {
  private known = false;

  constructor(
    private readonly elasticsearchSide: Side,
    private readonly kibanaSide: Side,
    private readonly client: Pick<TrustingClient, "fetch">,
  ) {}

  /** A request to Elasticsearch. 404 is an answer where something is looked for; any other failure is not. */
  async elasticsearch(method: string, path: string, body?: unknown): Promise<Reply> {
    const text = body === undefined ? undefined : toJson(body);
    const headers = {
      "user-agent": "elasticstack-terraform-provider/0.16.3",
      accept: VENDOR_JSON,
      authorization: this.elasticsearchSide.authorization,
      "x-elastic-client-meta": "es=8.19.6,go=1.26.8,t=8.11.0,hc=1.26.8,hl=1",
      ...(text === undefined ? {} : { "content-type": VENDOR_JSON, "content-length": String(Buffer.byteLength(text)) }),
    };
    for (let attempt = 1; ; attempt++) {
      const reply = await this.client.fetch(`${this.elasticsearchSide.url}${path}`, { method, headers, body: text });
      if (RETRIED.has(reply.status) && attempt < TRIES) continue;
      if (reply.status < 300) this.checkProduct(reply.headers["x-elastic-product"]);
      if (reply.status >= 300 && !(reply.status === 404 && method === "GET"))
        throw failure(method, `/es${path}`, reply);
      return { status: reply.status, body: parse(reply.text, `${method} /es${path}`) };
    }
  }

  /** An import of saved objects, as the provider uploads it. */
  async import(query: string, contents: string, space?: string): Promise<unknown> {
    const boundary = randomBytes(30).toString("hex");
    const body = [
      `--${boundary}`,
      'Content-Disposition: form-data; name="file"; filename="export.ndjson"',
      "Content-Type: application/octet-stream",
      "",
      contents,
      `--${boundary}--`,
      "",
    ].join("\r\n");
    const inKibana = `${space === undefined ? "" : `/s/${space}`}/api/saved_objects/_import${query}`;
    const path = `/kibana${inKibana}`;
    const reply = await this.client.fetch(`${this.kibanaSide.url}${inKibana}`, {
      method: "POST",
      headers: {
        "user-agent": "Go-http-client/1.1",
        authorization: this.kibanaSide.authorization,
        "content-type": `multipart/form-data; boundary=${boundary}`,
        "content-length": String(Buffer.byteLength(body)),
        "kbn-xsrf": "true",
      },
      body,
    });
    if (reply.status !== 200) throw failure("POST", path, reply);
    if (!String(reply.headers["content-type"]).includes("json")) {
      throw new ElasticstackError(`POST ${path}: the answer is ${String(reply.headers["content-type"])}, not JSON`);
    }
    return parse(reply.text, `POST ${path}`);
  }

  /** The client refuses whatever does not say that it is Elasticsearch, at its first good answer. */
  private checkProduct(product: string | string[] | undefined): void {
    if (!this.known && product !== "Elasticsearch") {
      throw new ElasticstackError(
        "the client noticed that the server is not Elasticsearch and we do not support this unknown product",
      );
    }
    this.known = true;
  }
}

/** JSON as Go writes maps: keys in order, and what could end a script escaped. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
  return text.replaceAll(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function parse(text: string, what: string): unknown {
  try {
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  } catch {
    throw new ElasticstackError(`${what}: the answer is no JSON: ${text.slice(0, 200)}`);
  }
}

function failure(method: string, path: string, { status, text }: { status: number; text: string }): ElasticstackError {
  return new ElasticstackError(`${method} ${path} was answered with ${status}: ${text.slice(0, 500)}`);
}
