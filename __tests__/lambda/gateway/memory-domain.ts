import type { DomainReply, DomainRequest } from "../../../lambda/gateway/domain";
import { EngineClient } from "../../../sandbox/domain/engine-client";
import { IsmStandIn } from "../../../sandbox/domain/ism";
import { json, recording, type EngineVersion } from "./support";

/** One exchange of the real provider with a real engine. */
export interface ProviderExchange {
  readonly method: string;
  /** With the prefix of the side and the query. */
  readonly path: string;
  readonly auth_scheme: string;
  readonly request_headers: Readonly<Record<string, string>>;
  readonly request_body: unknown;
  readonly status: number;
  readonly response_headers: Readonly<Record<string, string>>;
  readonly response_body: unknown;
}

const INFO: Record<EngineVersion, unknown> = {
  "Elasticsearch_7.10": info("cdktf-apply-es7-7.10.2"),
  "OpenSearch_2.19": info("cdktf-apply-os2-2.19.1"),
};

/** A domain in memory: the stand-in for Index State Management, and index templates that are kept as they come. */
export class MemoryDomain {
  readonly engine = new MemoryEngine();
  readonly templates = new Map<string, unknown>();
  private readonly ism: IsmStandIn;

  constructor(private readonly version: EngineVersion) {
    this.ism = new IsmStandIn(this.engine, version.startsWith("Elasticsearch") ? "opendistro" : "opensearch", {
      now: () => this.engine.now,
      at: (time) => time,
    });
  }

  /** What the domain answers. */
  readonly reply = async (request: DomainRequest): Promise<DomainReply> => {
    const { method, path } = request;
    if (path === "/") return json(200, INFO[this.version]);
    if (path.startsWith("/_index_template/")) return this.template(request);
    if (this.ism.handles(path)) {
      const body = Buffer.from(request.body ?? "");
      const { status, body: answer } = await this.ism.reply(method, path, new URLSearchParams(request.query), body);
      return { status, text: typeof answer === "string" ? answer : JSON.stringify(answer) };
    }
    throw new Error(`${method} ${path} is nothing that the gateway should ask for`);
  };

  /** An index is made. The plugin attaches a policy by its templates then, and only then. */
  async createIndex(name: string): Promise<void> {
    this.engine.create(name);
    await this.ism.noticeIndices();
  }

  /** Some days pass, and the plugin's job runs at the end of each. @returns the indices that it deleted */
  async passDays(days: number): Promise<string[]> {
    const deleted: string[] = [];
    for (let day = 0; day < days; day++) {
      this.engine.now += 86_400_000;
      deleted.push(...(await this.ism.runJob()).deleted);
    }
    return deleted;
  }

  private template({ method, path, body }: DomainRequest): DomainReply {
    const name = path.split("/").pop()!;
    if (method === "PUT") this.templates.set(name, asKept(JSON.parse(String(body)) as Template));
    else if (!this.templates.has(name)) return notFound(name);
    if (method === "GET") {
      return json(200, { index_templates: [{ name, index_template: this.templates.get(name) }] });
    }
    if (method === "DELETE") this.templates.delete(name);
    return json(200, { acknowledged: true });
  }
}

/** Indices without an engine: what the stand-in for Index State Management asks one for. */
class MemoryEngine extends EngineClient {
  now = Date.UTC(2026, 0, 1);
  private readonly created = new Map<string, number>();

  constructor() {
    super("http://127.0.0.1:9");
  }

  create(name: string): void {
    this.created.set(name, this.now++);
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as the client has it
  override json<T>(method: string, path: string): Promise<{ status: number; body: T }> {
    const [names = ""] = path.slice(1).split("/");
    const pattern = decodeURIComponent(names.split("?")[0]!);
    const prefix = pattern.replace(/\*$/, "");
    const found = [...this.created].filter(([name]) =>
      pattern.endsWith("*") ? name.startsWith(prefix) : name === prefix,
    );
    if (method === "DELETE") found.forEach(([name]) => this.created.delete(name));
    const body = Object.fromEntries(
      found.map(([name, at]) => [
        name,
        { settings: { "index.uuid": `uuid-${name}`, "index.creation_date": String(at) } },
      ]),
    );
    return Promise.resolve({ status: 200, body: body as T });
  }
}

interface Template {
  readonly template?: { readonly settings?: object };
}

/** Engines keep settings as texts. */
function asKept(template: Template): Template {
  const settings = template.template?.settings;
  if (settings === undefined) return template;
  const texts = JSON.parse(JSON.stringify(settings), (_, value: unknown) =>
    typeof value === "number" ? String(value) : value,
  ) as object;
  return { ...template, template: { ...template.template, settings: texts } };
}

function info(scenario: string): unknown {
  return recording<ProviderExchange>("elasticstack", `${scenario}.jsonl`).find(({ path }) => path === "/es/")!
    .response_body;
}

function notFound(name: string): DomainReply {
  const type = "resource_not_found_exception";
  const reason = `index template matching [${name}] not found`;
  return json(404, { error: { root_cause: [{ type, reason }], type, reason }, status: 404 });
}
