import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { decide, type Caller } from "../aws";
import type { Certificates } from "../certificates";
import { EngineClient, type EngineAnswer } from "./engine-client";
import { IsmStandIn, type DomainClock, type StandInReply } from "./ism";
import { KibanaStandIn } from "./kibana";
import { withVolume } from "./volume";
import { givenSignature, signatureProblem, type GivenSignature } from "./signature";

/** What a domain needs to know of the AWS that it is in. Asked at each request: policies may change in between. */
export interface DomainAws {
  /** Who is behind an access key, with the role's policies as deployed. */
  caller(accessKeyId: string): Promise<Caller | undefined>;
  /** The domain's access policy as deployed. */
  accessPolicy(): Promise<object | undefined>;
}

export interface DomainFrontOptions {
  readonly engineUrl: string;
  /** `Elasticsearch_7.10` or `OpenSearch_2.19`: decides paths and dialect. */
  readonly engineVersion: string;
  /** arn:aws:es:<region>:<account>:domain/<name> */
  readonly domainArn: string;
  readonly certificates: Certificates;
}

/** Requests, as a domain's own metrics would count them. */
export interface DomainCounts {
  requests: number;
  refused: number;
  bulkRequests: number;
  bytes: number;
}

/** A search domain as Amazon runs it: TLS, signatures, an access policy, and a real engine behind. */
export interface DomainFront {
  /** host:port, as DescribeDomain gives it. */
  readonly endpoint: string;
  readonly counts: DomainCounts;
  /**
   * Another door to the same domain: whoever comes through it comes from the given network address, as if the internet
   * lay between.
   *
   * @returns host:port
   */
  doorFrom(sourceIp: string): Promise<string>;
  /** Connects the domain to the AWS that knows callers and policies. */
  connect(aws: DomainAws): void;
  /** Turns the clock of index state management forward. */
  turnClock(ms: number): void;
  /** The size of the node's volume, which is otherwise the machine's own: bytes. */
  setVolume(bytes: number): void;
  /** One run of the index state management job. */
  runIsm(): Promise<{ readonly deleted: readonly string[] }>;
  stop(): Promise<void>;
}

// https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html
const MAX_BODY_BYTES = 10 * 1024 * 1024;

export async function startDomainFront(options: DomainFrontOptions): Promise<DomainFront> {
  const { engineVersion, certificates } = options;
  const isElasticsearch = engineVersion.startsWith("Elasticsearch");
  const engine = new EngineClient(options.engineUrl);
  const clock = new TurnedClock();
  const ism = new IsmStandIn(engine, isElasticsearch ? "opendistro" : "opensearch", clock);
  const kibana = new KibanaStandIn(engine, isElasticsearch ? "/_plugin/kibana" : "/_dashboards", () => clock.now());
  const counts: DomainCounts = { requests: 0, refused: 0, bulkRequests: 0, bytes: 0 };
  let aws: DomainAws | undefined;
  let volume: number | undefined;

  const handle = async (request: IncomingMessage, response: ServerResponse, sourceIp?: string): Promise<void> => {
    counts.requests += 1;
    const body = await readBody(request);
    if (body === undefined) {
      send(response, { status: 413, body: "" });
      return;
    }
    counts.bytes += body.length;
    const refusal = aws ? await refuse(request, body, sourceIp, options.domainArn, aws) : unavailable();
    if (refusal) {
      counts.refused += 1;
      send(response, refusal);
      return;
    }
    const [path, query] = request.url!.split("?", 2) as [string, string | undefined];
    const method = request.method!;
    const parameters = new URLSearchParams(query);
    if (ism.handles(path)) {
      send(response, await ism.reply(method, path, parameters, body));
    } else if (kibana.handles(path)) {
      send(response, await kibana.reply(method, path, parameters, request.headers, body));
    } else {
      if (path.endsWith("/_bulk")) counts.bulkRequests += 1;
      const answer = await forward(engine, request, body);
      reply(response, path === "/_cat/allocation" && volume !== undefined ? withVolume(answer, volume) : answer);
    }
  };

  const servers: Server[] = [];
  const listen = async (sourceIp?: string): Promise<string> => {
    const server = createServer(
      { cert: readFileSync(certificates.certFile), key: readFileSync(certificates.keyFile), keepAliveTimeout: 60_000 },
      (request, response) => {
        handle(request, response, sourceIp).catch((error: unknown) => {
          if (!response.headersSent) send(response, { status: 502, body: { message: String(error) } });
          else response.destroy();
        });
      },
    );
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  return {
    endpoint: await listen(),
    counts,
    doorFrom: listen,
    connect: (connected) => {
      aws = connected;
    },
    setVolume: (bytes) => {
      volume = bytes;
    },
    turnClock: (ms) => clock.turn(ms),
    runIsm: () => ism.runJob(),
    stop: async () => {
      engine.close();
      await Promise.all(servers.map(close));
    },
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** A clock that is turned forward, and knows what it showed at any moment since. */
class TurnedClock implements DomainClock {
  private readonly turns: { readonly when: number; readonly ms: number }[] = [];

  now(): number {
    return this.at(Date.now());
  }

  at(machineTime: number): number {
    return this.turns.reduce((time, { when, ms }) => (when <= machineTime ? time + ms : time), machineTime);
  }

  turn(ms: number): void {
    this.turns.push({ when: Date.now(), ms });
  }
}

/** Why a request is not let in, as a domain says it; undefined where it is. */
async function refuse(
  request: IncomingMessage,
  body: Buffer,
  sourceIp: string | undefined,
  domainArn: string,
  aws: DomainAws,
): Promise<StandInReply | undefined> {
  const given = givenSignature(request.headers);
  if (!given && request.headers.authorization?.startsWith("AWS4-")) {
    return { status: 403, body: { message: "Authorization header is not in the form of signature version 4" } };
  }
  const caller = given ? await aws.caller(given.accessKeyId) : undefined;
  if (given) {
    const problem = await callerProblem(request, body, given, caller);
    if (problem !== undefined) return { status: 403, body: { message: problem } };
  }
  const action = `es:ESHttp${capitalised(request.method!)}`;
  const path = decodePath(request.url!.split("?")[0]!);
  const decision = await decide({
    principal: caller?.arn,
    identityPolicies: caller?.policies ?? [],
    action,
    resource: { arn: `${domainArn}${path}`, accountId: domainArn.split(":")[4]! },
    context: {
      ...(caller && { "aws:PrincipalArn": caller.roleArn ?? caller.arn, "aws:PrincipalAccount": caller.accountId }),
      "aws:SourceIp": sourceIp ?? (request.socket.remoteAddress ?? "").replace(/^::ffff:/, ""),
      "aws:SecureTransport": "true",
    },
    resourcePolicy: await aws.accessPolicy(),
  });
  if (decision.allowed) return undefined;
  const who = caller?.arn ?? "anonymous";
  return {
    status: 403,
    body: {
      Message: `User: ${who} is not authorized to perform: ${action} because no resource-based policy allows the ${action} action`,
    },
  };
}

async function callerProblem(
  request: IncomingMessage,
  body: Buffer,
  given: GivenSignature,
  caller: Caller | undefined,
): Promise<string | undefined> {
  if (!caller) return "The security token included in the request is invalid.";
  if (given.service !== "es") return `Credential should be scoped to correct service: 'es'.`;
  return signatureProblem(
    { method: request.method!, url: request.url!, headers: request.headers, body },
    given,
    { accessKeyId: given.accessKeyId, secretAccessKey: caller.secretAccessKey, sessionToken: caller.sessionToken },
    Date.now(),
  );
}

function forward(engine: EngineClient, request: IncomingMessage, body: Buffer): Promise<EngineAnswer> {
  const kept = ["content-type", "content-encoding", "accept", "accept-encoding"];
  const headers = Object.fromEntries(
    kept.flatMap((name) => (request.headers[name] ? [[name, request.headers[name]]] : [])),
  );
  return engine.send(request.method!, request.url!, headers, body);
}

function reply(response: ServerResponse, answer: EngineAnswer): void {
  const { "content-type": type, "content-encoding": encoding } = answer.headers;
  response.writeHead(answer.status, {
    ...(type === undefined ? {} : { "content-type": type }),
    ...(encoding === undefined ? {} : { "content-encoding": encoding }),
    "content-length": answer.body.length,
  });
  response.end(answer.body);
}

/** The body; undefined if it is larger than a domain takes. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk as Buffer);
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, body }: StandInReply): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=UTF-8",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

function unavailable(): StandInReply {
  return { status: 503, body: { message: "the domain is not ready" } };
}

function capitalised(method: string): string {
  return method[0]!.toUpperCase() + method.slice(1).toLowerCase();
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
