import type { BlockList } from "node:net";
import { carriesToken } from "./authentication";
import { encodeSegment, patient, type Clock, type Domain, type DomainReply } from "./domain";
import { domainError, errorBody, GatewayError, isObject, parse, readError, type Side } from "./errors";
import { lifecycle } from "./lifecycle";
import { KIBANA_PREFIX, routeOf, type Route } from "./routes";
import { checkImport, readImportReply } from "./saved-objects";
import type { Settings } from "./settings";
import { checkTemplate } from "./template";

/** A request, from whichever host it comes. */
export interface GatewayRequest {
  readonly method: string;
  /** As it came, percent-encoded. */
  readonly path: string;
  /** As it came, without the question mark; empty where there is none. */
  readonly query: string;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly sourceIp: string;
  /** Called once the caller is known and the route allowed. Rejects with a GatewayError where the body is too large. */
  readonly body: () => Promise<Buffer>;
  /** When the reply must be given, in milliseconds since 1970. */
  readonly deadline: number;
}

export interface GatewayReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What is logged of a request: never headers, never bodies. */
export interface LogLine {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
}

export interface GatewayDependencies {
  readonly settings: Settings;
  readonly domain: Domain;
  readonly clock: Clock;
  readonly log: (line: LogLine) => void;
}

/** Largest body. Lambda takes 6 MB, which a body of this size is in base64. */
export const MAX_BODY_BYTES = 4.5 * 1000 * 1000;

/** How long an HTTP API waits is 30 s; the reply is given before. */
export const MAX_DURATION_MS = 28_000;

/** Makes guessing slower without holding the function for long. */
const FAILURE_DELAY_MS = 300;

/** The gateway's work: who asks, what for, and how the domain is asked for it. */
export function createGateway(o: GatewayDependencies): (request: GatewayRequest) => Promise<GatewayReply> {
  const { settings, clock } = o;
  const domain = patient(o.domain, clock);
  const ilm = lifecycle(domain, settings, clock);

  return async (request) => {
    const started = clock.now();
    const side: Side = request.path.startsWith(KIBANA_PREFIX) ? "kibana" : "es";
    const reply = await answer(request)
      .then((body) => replyOf(side, 200, body))
      .catch((error: unknown) => refusal(side, error));
    o.log({
      method: request.method.slice(0, 20),
      path: request.path.slice(0, 300),
      status: reply.status,
      durationMs: Math.round(clock.now() - started),
    });
    return reply;
  };

  async function answer(request: GatewayRequest): Promise<string> {
    if (!carriesToken(request.headers.authorization, settings.tokenSha256)) {
      await clock.sleep(FAILURE_DELAY_MS);
      throw new GatewayError(
        401,
        "security_exception",
        "unable to authenticate: the gateway's token is missing or wrong",
      );
    }
    if (!isAllowed(request.sourceIp, settings.allowedNetworks)) {
      throw new GatewayError(403, "security_exception", `the gateway is not open to ${request.sourceIp}`);
    }
    const route = routeOf(request.method, request.path, request.query, settings);
    if (!route) throw new GatewayError(403, "security_exception", "the gateway does not let this call through");
    if (request.headers["content-encoding"] !== undefined) {
      throw new GatewayError(415, "media_type_exception", "the gateway takes bodies only as they are");
    }
    return perform(route, request);
  }

  async function perform(route: Route, { body, headers, deadline }: GatewayRequest): Promise<string> {
    switch (route.kind) {
      case "info":
        return passed(await domain({ method: "GET", path: "/", repeatable: true, deadline }));
      case "template": {
        const path = `/_index_template/${encodeSegment(settings.indexTemplate)}`;
        const content =
          route.method === "PUT"
            ? {
                headers: { "content-type": "application/json" },
                body: checkTemplate((await body()).toString("utf8"), settings.indexPattern),
              }
            : {};
        return passed(await domain({ method: route.method, path, ...content, repeatable: true, deadline }));
      }
      case "lifecycle":
        return performLifecycle(route.method, body, deadline);
      case "import": {
        const content = await body();
        await checkImport(content, headers["content-type"]);
        return readImportReply(
          await domain({
            method: "POST",
            path: `${settings.dialect.kibanaPath}/api/saved_objects/_import`,
            query: route.overwrite ? { overwrite: "true" } : {},
            // Kibana wants the first, OpenSearch Dashboards the second; neither minds the other's.
            headers: { "content-type": headers["content-type"]!, "kbn-xsrf": "true", "osd-xsrf": "true" },
            body: content,
            repeatable: route.overwrite,
            deadline,
          }),
        );
      }
    }
  }

  async function performLifecycle(
    method: "GET" | "PUT" | "DELETE",
    body: GatewayRequest["body"],
    deadline: number,
  ): Promise<string> {
    if (method === "PUT") {
      await ilm.write((await body()).toString("utf8"), deadline);
      return ACKNOWLEDGED;
    }
    if (method === "DELETE") {
      if (await ilm.remove(deadline)) return ACKNOWLEDGED;
    } else {
      const policy = await ilm.read(deadline);
      if (policy) return JSON.stringify(policy);
    }
    throw new GatewayError(
      404,
      "resource_not_found_exception",
      `lifecycle policy [${settings.retentionPolicy}] not found`,
    );
  }
}

const ACKNOWLEDGED = JSON.stringify({ acknowledged: true });

/** The engine's own reply where it is a success, and its 404 where the template is really not there. */
function passed(reply: DomainReply): string {
  if (reply.status >= 200 && reply.status < 300 && isObject(parse(reply.text))) return reply.text;
  const { type, reason } = readError(reply);
  if (
    reply.status === 404 &&
    (type === "resource_not_found_exception" || type === "index_template_missing_exception")
  ) {
    throw new GatewayError(404, type, reason);
  }
  throw domainError(reply);
}

function replyOf(side: Side, status: number, body: string): GatewayReply {
  return {
    status,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      // Without it the provider refuses to go on, after the first write has already been made.
      ...(side === "es" ? { "x-elastic-product": "Elasticsearch" } : {}),
      ...(status === 401 ? { "www-authenticate": 'Basic realm="gateway"' } : {}),
    },
    body,
  };
}

function refusal(side: Side, error: unknown): GatewayReply {
  const known = asGatewayError(error);
  return replyOf(side, known.status, errorBody(side, known));
}

function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  // JSON.parse takes any depth; what then walks through the body does not.
  if (error instanceof RangeError && error.message.includes("call stack")) {
    return new GatewayError(400, "parse_exception", "the body is nested too deeply");
  }
  console.error(error);
  return new GatewayError(500, "gateway_exception", "the gateway failed; its log says why");
}

function isAllowed(sourceIp: string, networks: BlockList | undefined): boolean {
  if (!networks) return true;
  const address = sourceIp.replace(/^::ffff:(?=\d+\.)/i, "");
  return networks.check(address, address.includes(":") ? "ipv6" : "ipv4");
}
