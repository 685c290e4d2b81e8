import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Domain, DomainReply, DomainRequest } from "../../../lambda/gateway/domain";
import { createGateway, type GatewayReply, type GatewayRequest, type LogLine } from "../../../lambda/gateway/gateway";
import { readSettings, type Settings } from "../../../lambda/gateway/settings";

export const TOKEN = "a-token-of-at-least-thirty-two-characters";

export const ENGINES = ["Elasticsearch_7.10", "OpenSearch_2.19"] as const;
export type EngineVersion = (typeof ENGINES)[number];

export const ENVIRONMENT = {
  SEARCH_ENDPOINT: "search-cloudtrail.example.com",
  AWS_REGION: "ap-northeast-1",
  ENGINE_VERSION: "Elasticsearch_7.10",
  GATEWAY_TOKEN_SHA256: createHash("sha256").update(TOKEN).digest("hex"),
  INDEX_TEMPLATE: "cloudtrail",
  INDEX_PATTERN: "cwl-*",
  RETENTION_POLICY: "cloudtrail",
};

export function settings(env: Partial<typeof ENVIRONMENT> & { ALLOWED_CIDRS?: string } = {}): Settings {
  return readSettings({ ...ENVIRONMENT, ...env });
}

export function basic(token: string): string {
  return `Basic ${Buffer.from(`terraform:${token}`).toString("base64")}`;
}

/** A clock on which sleeping takes no time. */
export class TestClock implements Clock {
  time = 1_800_000_000_000;
  readonly naps: number[] = [];
  readonly now = () => this.time;
  readonly random = () => 1;
  readonly sleep = (ms: number) => {
    this.naps.push(ms);
    this.time += ms;
    return Promise.resolve();
  };
}

export type Ask = Partial<Omit<GatewayRequest, "body">> & { readonly body?: unknown };

export interface TestGateway {
  ask(request: Ask): Promise<GatewayReply & { readonly json: Record<string, unknown> }>;
  /** What reached the domain. */
  readonly calls: DomainRequest[];
  readonly lines: LogLine[];
  readonly clock: TestClock;
}

/** A gateway before a domain that is a function. */
export function testGateway(
  domain: (request: DomainRequest) => DomainReply | Promise<DomainReply>,
  given: Settings = settings(),
): TestGateway {
  const calls: DomainRequest[] = [];
  const lines: LogLine[] = [];
  const clock = new TestClock();
  const counting: Domain = async (request) => {
    calls.push(request);
    return domain(request);
  };
  const gateway = createGateway({ settings: given, domain: counting, clock, log: (line) => lines.push(line) });
  return {
    calls,
    lines,
    clock,
    ask: (request) => askWith(gateway, clock, request),
  };
}

/** Asks a gateway; what is not said is as it should be. */
export async function askWith(
  gateway: (request: GatewayRequest) => Promise<GatewayReply>,
  clock: Clock,
  { body, headers, ...request }: Ask,
): ReturnType<TestGateway["ask"]> {
  const reply = await gateway({
    method: "GET",
    path: "/es/",
    query: "",
    headers: { authorization: basic(TOKEN), ...headers },
    sourceIp: "203.0.113.10",
    deadline: clock.now() + 28_000,
    ...request,
    body: typeof body === "function" ? (body as GatewayRequest["body"]) : () => Promise.resolve(bytes(body)),
  });
  return { ...reply, json: JSON.parse(reply.body) as Record<string, unknown> };
}

export function json(status: number, body: unknown): DomainReply {
  return { status, text: JSON.stringify(body) };
}

/** A domain that nothing may reach. */
export function unreachable(request: DomainRequest): never {
  throw new Error(`${request.method} ${request.path} reached the domain`);
}

/** The lines of a recording in __tests__/contracts. */
export function recording<T>(...path: string[]): T[] {
  return readFileSync(join(__dirname, "..", "..", "contracts", ...path), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

export const ISM_RECORDINGS: Record<EngineVersion, string> = {
  "Elasticsearch_7.10": "opendistro-1.13.2-es7.10.2.jsonl",
  "OpenSearch_2.19": "opensearch-2.19.1.jsonl",
};

/** One exchange with the real Index State Management plugin. */
export interface IsmExchange {
  readonly note: string;
  readonly method: string;
  readonly path: string;
  readonly request: unknown;
  readonly status: number;
  readonly response: unknown;
}

export function ismRecording(engine: EngineVersion): IsmExchange[] {
  return recording("ism", ISM_RECORDINGS[engine]);
}

/** The reply of an exchange as it was on the wire. */
export function recordedReply({ status, response }: { status: number; response: unknown }): DomainReply {
  return { status, text: typeof response === "string" ? response : JSON.stringify(response) };
}

/** The body that Terraform's provider sends for a retention of so many days. */
export function ilmBody(days: number, meta?: object): string {
  const phases = { delete: { actions: { delete: { delete_searchable_snapshot: true } }, min_age: `${days}d` } };
  return JSON.stringify({ policy: meta ? { _meta: meta, phases } : { phases } });
}

function bytes(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}
