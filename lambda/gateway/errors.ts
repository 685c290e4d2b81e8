import { STATUS_CODES } from "node:http";
import type { DomainReply } from "./domain";

/** A refusal or failure, as the provider is told. */
export class GatewayError extends Error {
  /**
   * @param status what the provider makes of it: 404 takes the resource out of its state, 502 to 504 are tried again
   *   three times without a pause, everything else is shown at once
   * @param type as Elasticsearch names errors
   * @param reason what the user reads
   */
  constructor(
    readonly status: number,
    readonly type: string,
    readonly reason: string,
  ) {
    super(reason);
    this.name = "GatewayError";
  }
}

/** Lambda would refuse the invocation itself, without a word that the user understands. */
export function bodyTooLarge(maxBytes: number): GatewayError {
  return new GatewayError(413, "content_too_long_exception", `the gateway takes bodies of at most ${maxBytes} bytes`);
}

/** The two sides of the provider, each with its own form of errors. */
export type Side = "es" | "kibana";

/** An error's body in the form of the side that asked. */
export function errorBody(side: Side, { status, type, reason }: GatewayError): string {
  if (side === "kibana") {
    return JSON.stringify({ statusCode: status, error: STATUS_CODES[status] ?? "Error", message: reason });
  }
  return JSON.stringify({ error: { root_cause: [{ type, reason }], type, reason }, status });
}

/** The error that a reply of the domain amounts to. Never a 404: whether something is gone is the caller's to say. */
export function domainError(reply: DomainReply): GatewayError {
  const { type, reason } = readError(reply);
  const { status } = reply;
  if (isUnsupported(reply)) {
    return new GatewayError(501, "not_supported_exception", `The domain does not know this API: ${reason}`);
  }
  if (status === 401 || status === 403) {
    // A 401 would look as if the gateway's token were wrong.
    return new GatewayError(403, type ?? "domain_refused_exception", `The domain refuses the gateway: ${reason}`);
  }
  if (status >= 300 && status < 400) {
    return new GatewayError(
      502,
      "domain_redirect_exception",
      "The domain answered with a redirect, as it does where it wants people to sign in",
    );
  }
  if (status === 404) return new GatewayError(502, type ?? "domain_exception", `Unexpected 404: ${reason}`);
  if (status >= 400) return new GatewayError(status, type ?? "domain_exception", reason);
  return new GatewayError(502, "domain_exception", `The domain's reply is not what it should be: ${reason}`);
}

/** Whether the engine does not know the path: both engines take it for an index or have no handler. */
function isUnsupported({ status, text }: DomainReply): boolean {
  if (status === 405) return true;
  if (status === 400 && text.includes("no handler found for uri")) return true;
  return status === 404 && /no such index \[_(opendistro|plugins|plugin|dashboards)\]/.test(text);
}

/**
 * Type and reason of an error, whoever wrote it: the engine (`{"error":{"type","reason"}}`, or `error` as a string),
 * Kibana (`{"message"}`), Amazon (`{"Message"}`, or an HTML page), the ISM plugin (a bare string).
 */
export function readError({ status, text }: DomainReply): { type: string | undefined; reason: string } {
  const parsed = parse(text);
  if (typeof parsed === "string") return { type: undefined, reason: cut(parsed) };
  if (isObject(parsed)) {
    const { error, message, Message } = parsed;
    if (isObject(error)) return { type: asText(error.type), reason: reasonOf(error) };
    const reason = asText(message) ?? asText(Message) ?? asText(error) ?? JSON.stringify(parsed);
    return { type: undefined, reason: cut(reason) };
  }
  const plain = text
    .replace(/<(style|script)[\s\S]*?<\/\1>/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return { type: undefined, reason: cut(plain === "" ? `status ${status} without a body` : plain) };
}

function reasonOf(error: Record<string, unknown>): string {
  const reason = asText(error.reason) ?? JSON.stringify(error);
  const cause = isObject(error.caused_by) ? asText(error.caused_by.reason) : undefined;
  return cut(cause === undefined || reason.includes(cause) ? reason : `${reason} (${cause})`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON's value, or undefined for what is no JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function cut(reason: string): string {
  return reason.length > 1000 ? `${reason.slice(0, 1000)}...` : reason;
}
