import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { DomainReply, DomainRequest } from "../../../lambda/gateway/domain";
import type { GatewayReply } from "../../../lambda/gateway/gateway";
import type { ProviderExchange } from "./memory-domain";
import { ENGINES, recording, TOKEN, type Ask, type EngineVersion } from "./support";

/** What a call of the provider is about. */
export type Kind =
  | "info"
  | "index template"
  | "lifecycle policy"
  | "saved objects"
  | "component template"
  | "pipeline"
  | "cluster settings"
  | "another policy"
  | "another space";

const USED: readonly Kind[] = ["info", "index template", "lifecycle policy", "saved objects"];

/** A recorded session of the real provider, and what comes of it before the gateway. */
export interface Scenario {
  /** The file in __tests__/contracts/elasticstack, without its ending. */
  readonly name: string;
  /** What the gateway lets through and answers as recorded: where not said otherwise, with the recorded status. */
  readonly accepted: readonly Kind[];
  /** What it refuses with 403, because the product has no such thing. */
  readonly refused: readonly Kind[];
  /** The status of accepted calls, where it is another than the recorded one. */
  readonly status?: Partial<Record<Kind, number>>;
  /** Shows a wrong token. */
  readonly wrongToken?: boolean;
  /** What the domain answers to calls of a kind, in their order; the last for good, or, with `passes`, once. */
  readonly fault?: { readonly kind: Kind; readonly replies: readonly DomainReply[]; readonly passes?: boolean };
}

const FULL: Pick<Scenario, "accepted" | "refused"> = {
  accepted: USED,
  refused: ["component template", "pipeline", "cluster settings"],
};
const REFRESH: Pick<Scenario, "accepted" | "refused"> = {
  accepted: ["info", "index template", "lifecycle policy"],
  refused: ["component template", "pipeline", "cluster settings"],
};
const TEMPLATE: Pick<Scenario, "accepted" | "refused"> = { accepted: ["index template"], refused: [] };
const TEMPLATE_AND_INFO: Pick<Scenario, "accepted" | "refused"> = { accepted: ["info", "index template"], refused: [] };
const IMPORT: Pick<Scenario, "accepted" | "refused"> = { accepted: ["saved objects"], refused: [] };
const NOTHING: Pick<Scenario, "accepted" | "refused"> = { accepted: [], refused: [] };

const injected = (status: number): DomainReply => ({
  status,
  text: JSON.stringify({ error: { type: "gateway_exception", reason: `injected ${status}` }, status }),
});
const imported = (status: number, body: object): DomainReply => ({ status, text: JSON.stringify(body) });

/**
 * Every recorded session: accepted, with the product's names in place of the recorded ones, or refused. Component
 * templates, pipelines, cluster settings and spaces are none of the product's.
 */
export const SCENARIOS: readonly Scenario[] = [
  // First apply, second plan, update, destroy.
  { name: "apply-es7", ...FULL },
  { name: "apply-os2", ...FULL },
  { name: "cdktf-apply-es7-7.10.2", ...FULL },
  { name: "cdktf-apply-os2-2.19.1", ...FULL },
  { name: "plan2-es7", ...REFRESH },
  { name: "plan2-os2", ...REFRESH },
  { name: "update-es7", ...REFRESH },
  { name: "update-os2", ...REFRESH },
  { name: "destroy-es7", ...REFRESH },
  { name: "destroy-os2", ...REFRESH },
  // Something deleted by hand.
  { name: "refresh-deleted-es7", ...REFRESH },
  { name: "reapply-deleted-es7", ...REFRESH },
  // Lifecycle policies: one of the product's name, and another beside it.
  { name: "ilm-create-7.10.2", accepted: ["info", "lifecycle policy"], refused: [] },
  { name: "ilm-create-8.15.0", accepted: ["info", "lifecycle policy"], refused: ["another policy"] },
  { name: "ilm-plan", accepted: ["lifecycle policy"], refused: ["another policy"] },
  { name: "ilm-update", accepted: ["info", "lifecycle policy"], refused: ["another policy"] },
  { name: "ilm-destroy-force", accepted: ["lifecycle policy"], refused: ["another policy"] },
  // Saved objects. Kibana's 200 for a failure becomes 400: the provider would keep it as if it had worked.
  { name: "import-create", ...IMPORT },
  { name: "import-update", ...IMPORT },
  { name: "import-replan", ...NOTHING },
  { name: "import-destroy", ...NOTHING },
  { name: "import-space", accepted: [], refused: ["another space"] },
  {
    name: "import-failed",
    ...IMPORT,
    status: { "saved objects": 400 },
    fault: { kind: "saved objects", replies: [imported(200, recordedBody("import-failed"))] },
  },
  {
    name: "import-partial",
    ...IMPORT,
    status: { "saved objects": 400 },
    fault: { kind: "saved objects", replies: [imported(200, recordedBody("import-partial"))] },
  },
  {
    name: "import-error-400",
    ...IMPORT,
    fault: { kind: "saved objects", replies: [imported(400, recordedBody("import-error-400"))] },
  },
  { name: "import-existing-template", ...TEMPLATE },
  // Credentials. The file imported there holds one empty object, which is no saved object.
  { name: "auth-api-key", accepted: ["info", "saved objects"], refused: [], status: { "saved objects": 400 } },
  { name: "auth-bearer", accepted: ["info", "saved objects"], refused: [], status: { "saved objects": 400 } },
  { name: "auth-wrong", ...NOTHING, wrongToken: true },
  { name: "auth-refused-refresh", ...NOTHING, wrongToken: true },
  // Errors. What passes is waited out by the gateway, which the provider does not.
  { name: "error-create-401", ...NOTHING, wrongToken: true },
  { name: "error-create-403", ...TEMPLATE, fault: { kind: "index template", replies: [injected(403)] } },
  { name: "error-create-429", ...TEMPLATE, fault: { kind: "index template", replies: [injected(429)] } },
  { name: "error-create-503", ...TEMPLATE, fault: { kind: "index template", replies: [injected(503)] } },
  {
    name: "error-create-503-retried",
    ...TEMPLATE_AND_INFO,
    status: { "index template": 200 },
    fault: { kind: "index template", replies: [injected(503), injected(503)], passes: true },
  },
  { name: "error-create-info-503", ...TEMPLATE_AND_INFO, fault: { kind: "info", replies: [injected(503)] } },
  { name: "error-refresh-401", ...NOTHING, wrongToken: true },
  { name: "error-refresh-404", ...TEMPLATE },
  { name: "error-refresh-429", ...TEMPLATE, fault: { kind: "index template", replies: [injected(429)] } },
  { name: "error-refresh-503", ...TEMPLATE, fault: { kind: "index template", replies: [injected(503)] } },
  // The provider stopped there for want of a header, or for a vendor's content type; here it may go on.
  { name: "no-product-header", ...TEMPLATE },
  { name: "no-product-header-plan", ...TEMPLATE },
  { name: "vendor-content-type", ...TEMPLATE },
  { name: "version-pass-es7", ...TEMPLATE_AND_INFO },
  { name: "version-8.15.0-es7", ...TEMPLATE_AND_INFO },
  // The attachment of lifecycle policies by a component template: ISM attaches by patterns.
  { name: "attachment-pass-es7", ...TEMPLATE_AND_INFO },
  { name: "attachment-8.15.0-es7", accepted: ["info", "index template"], refused: ["component template"] },
  { name: "attachment-destroy-es7", ...TEMPLATE_AND_INFO },
  { name: "cluster-settings-create-es7", accepted: ["info"], refused: ["cluster settings"] },
  { name: "cluster-settings-create-os2", accepted: ["info"], refused: ["cluster settings"] },
  { name: "cluster-settings-update-es7", accepted: [], refused: ["cluster settings"] },
  { name: "cluster-settings-update-os2", accepted: [], refused: ["cluster settings"] },
  { name: "unknown-endpoint-create", accepted: USED, refused: ["component template"] },
  { name: "unknown-endpoint-replan", ...NOTHING },
];

/** The engines that a session is replayed before: the one that it was recorded with, where its name says so. */
export function enginesOf({ name }: Scenario): readonly EngineVersion[] {
  if (/\bes7\b/.test(name)) return ["Elasticsearch_7.10"];
  if (/\bos2\b/.test(name)) return ["OpenSearch_2.19"];
  return ENGINES;
}

/** The names of all recordings. */
export function recordedSessions(): string[] {
  return readdirSync(join(__dirname, "..", "..", "contracts", "elasticstack"))
    .filter((file) => file.endsWith(".jsonl"))
    .map((file) => file.replace(/\.jsonl$/, ""));
}

/** A call of a session, under the product's names. */
export interface Call {
  readonly kind: Kind;
  readonly title: string;
  readonly ask: Ask;
  readonly recorded: { readonly status: number; readonly body: unknown };
}

/** A session's calls in their order. */
export function callsOf({ name, wrongToken = false }: Scenario): Call[] {
  return recording<ProviderExchange>("elasticstack", `${name}.jsonl`).map((exchange) => {
    const [path = "", query = ""] = productPath(exchange.path).split("?");
    const authorization = credentials(exchange.auth_scheme, wrongToken ? `${TOKEN}?` : TOKEN);
    return {
      kind: kindOf(path),
      title: `${exchange.method} ${path}`,
      ask: {
        method: exchange.method,
        path,
        query,
        headers: { ...exchange.request_headers, authorization },
        body: productBody(exchange.request_body) ?? undefined,
      },
      recorded: { status: exchange.status, body: productBody(exchange.response_body) },
    };
  });
}

/** What must stand before a session is replayed: what it reads or deletes without having written it. */
export function standingBefore(calls: readonly Call[]): Ask[] {
  return (["index template", "lifecycle policy"] as const).flatMap((kind) => {
    const [first] = calls.filter((call) => call.kind === kind);
    if (first?.ask.method !== "GET" || first.recorded.status !== 200) return [];
    const { index_templates: templates, cloudtrail } = first.recorded.body as {
      index_templates?: { index_template: object }[];
      cloudtrail?: { policy: object };
    };
    const body = templates?.[0]!.index_template ?? { policy: cloudtrail!.policy };
    return [{ method: "PUT", path: first.ask.path!, body }];
  });
}

/** The status that a call gets. */
export function expectedStatus(scenario: Scenario, { kind, recorded }: Call): number {
  if (scenario.wrongToken === true) return 401;
  if (scenario.refused.includes(kind)) return 403;
  return scenario.status?.[kind] ?? recorded.status;
}

/** Puts a scenario's fault before a domain. */
export function faulty(
  { fault }: Scenario,
  domain: (request: DomainRequest) => Promise<DomainReply>,
): (request: DomainRequest) => Promise<DomainReply> {
  let next = 0;
  return async (request) => {
    if (fault === undefined || domainKind(request.path) !== fault.kind) return domain(request);
    const reply = fault.replies[next] ?? (fault.passes === true ? undefined : fault.replies.at(-1));
    next++;
    return reply ?? domain(request);
  };
}

/** Holds an accepted call's reply against what the provider needs, and, where it succeeded, against the recorded one. */
export function checkReply({ kind, ask, recorded }: Call, reply: GatewayReply, status: number): void {
  const body = JSON.parse(reply.body) as Record<string, unknown>;
  expect(reply.headers["content-type"]).toContain("json");
  if (kind !== "saved objects" && kind !== "another space")
    expect(reply.headers["x-elastic-product"]).toBe("Elasticsearch");
  if (status >= 400) {
    const isKibana = kind === "saved objects" || kind === "another space";
    expect(body).toMatchObject(
      isKibana
        ? { statusCode: status, message: expect.any(String) as string }
        : { error: { type: expect.any(String) as string, reason: expect.any(String) as string }, status },
    );
    return;
  }
  if (ask.method === "PUT" || ask.method === "DELETE") expect(body).toMatchObject({ acknowledged: true });
  else if (kind === "info") {
    expect(body).toMatchObject({
      cluster_uuid: expect.any(String) as string,
      version: { number: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string },
    });
  } else if (kind === "index template") expect(body).toEqual(recorded.body);
  else if (kind === "saved objects") {
    const { successCount } = recorded.body as { successCount: number };
    expect(body).toMatchObject({ success: true, successCount });
  } else {
    const { policy } = (recorded.body as { cloudtrail: { policy: object } }).cloudtrail;
    expect(body).toEqual({
      cloudtrail: {
        version: expect.any(Number) as number,
        modified_date: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        policy,
      },
    });
    // Word for word: the provider compares texts.
    expect(JSON.stringify((body.cloudtrail as { policy: object }).policy)).toBe(JSON.stringify(policy));
  }
}

function kindOf(path: string): Kind {
  const kinds: [RegExp, Kind][] = [
    [/^\/es\/$/, "info"],
    [/^\/es\/_index_template\/cloudtrail$/, "index template"],
    [/^\/es\/_ilm\/policy\/cloudtrail$/, "lifecycle policy"],
    [/^\/es\/_ilm\/policy\//, "another policy"],
    [/^\/es\/_component_template\//, "component template"],
    [/^\/es\/_ingest\/pipeline\//, "pipeline"],
    [/^\/es\/_cluster\/settings$/, "cluster settings"],
    [/^\/kibana\/api\/saved_objects\/_import$/, "saved objects"],
    [/^\/kibana\/s\/\w+\//, "another space"],
  ];
  const found = kinds.find(([pattern]) => pattern.test(path));
  if (!found) throw new Error(`${path} is of no kind`);
  return found[1];
}

function domainKind(path: string): Kind | undefined {
  if (path === "/") return "info";
  if (path.startsWith("/_index_template/")) return "index template";
  return path.endsWith("/_import") ? "saved objects" : undefined;
}

/** The recorded names of the template and of the one policy become the product's. */
function productPath(path: string): string {
  return path
    .replace(/^(\/es\/_index_template)\/(cwl|m|v|u)$/, "$1/cloudtrail")
    .replace(/^(\/es\/_ilm\/policy)\/(cwl|plain|u)$/, "$1/cloudtrail");
}

/**
 * A body under the product's names. Component template and pipeline of the recorded template are left out: the product
 * has none, and each call for one is refused by itself.
 */
function productBody(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return body;
  const copy = JSON.parse(JSON.stringify(body)) as Record<string, unknown>;
  if (Array.isArray(copy.index_patterns)) return productTemplate(copy);
  if (Array.isArray(copy.index_templates)) {
    const [{ index_template: template }] = copy.index_templates as [{ index_template: Record<string, unknown> }];
    return { index_templates: [{ name: "cloudtrail", index_template: productTemplate(template) }] };
  }
  const [name, value] = Object.entries(copy)[0] ?? [];
  return name !== undefined && ["cwl", "plain", "u"].includes(name) ? { cloudtrail: value } : copy;
}

function productTemplate(template: Record<string, unknown>): Record<string, unknown> {
  const { settings } = (template.template ?? {}) as { settings?: { index?: Record<string, unknown> } };
  delete settings?.index?.default_pipeline;
  return { ...template, index_patterns: ["cwl-*"], composed_of: [] };
}

function credentials(scheme: string, token: string): string {
  return scheme === "Basic" ? `Basic ${Buffer.from(`terraform:${token}`).toString("base64")}` : `${scheme} ${token}`;
}

function recordedBody(name: string): object {
  return recording<ProviderExchange>("elasticstack", `${name}.jsonl`)[0]!.response_body as object;
}
