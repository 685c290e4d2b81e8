import { once } from "node:events";
import { Agent, request as httpsRequest } from "node:https";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { Sha256Node } from "@smithy/core/checksum";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import { GatewayError } from "./errors";

export type Method = "GET" | "PUT" | "POST" | "DELETE";

/** A request to the search domain. */
export interface DomainRequest {
  readonly method: Method;
  /** Percent-encoded, see {@link encodeSegment}. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Whether sending it twice does no harm, so that it may be sent again after a broken connection. */
  readonly repeatable: boolean;
  /** When the reply must be there, in milliseconds since 1970. */
  readonly deadline: number;
}

export interface DomainReply {
  readonly status: number;
  readonly text: string;
}

/** Sends a request to the domain. Rejects where no whole reply came. */
export type Domain = (request: DomainRequest) => Promise<DomainReply>;

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * A part of a path, as Amazon's services want it: a raw `*` or `,` in a signed path is refused, because they
 * canonicalise both as `%2A` and `%2C`, whatever was signed.
 */
export function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * The domain itself: TLS always, signed with SigV4 for the service `es`.
 *
 * @param endpoint host, with a port where it is not 443
 * @param credentials asked at each request, so that renewed ones are used
 */
export function signedDomain(o: {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: () => Promise<Credentials>;
  readonly agent?: Agent;
}): Domain {
  const agent = o.agent ?? new Agent({ keepAlive: true });
  const signer = new SignatureV4({
    credentials: o.credentials,
    region: o.region,
    service: "es",
    sha256: Sha256Node,
  });
  const { hostname, port } = new URL(`https://${o.endpoint}`);
  return async ({ method, path, query = {}, headers = {}, body, deadline }) => {
    const { headers: signed } = await signer.sign(
      new HttpRequest({
        protocol: "https:",
        method,
        hostname,
        path,
        query,
        headers: { host: o.endpoint, ...headers },
        body,
      }),
    );
    const search = new URLSearchParams(query).toString();
    const outgoing = httpsRequest({
      agent,
      hostname,
      port: port === "" ? 443 : port,
      method,
      path: search === "" ? path : `${path}?${search}`,
      headers: { ...signed, "content-length": Buffer.byteLength(body ?? "") },
      // For the whole exchange: a socket's own time-out starts again with each byte.
      signal: AbortSignal.timeout(Math.max(1, deadline - Date.now())),
    });
    outgoing.end(body);
    // Once the reply has begun, its stream is what fails.
    outgoing.on("error", () => undefined);
    const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
    return { status: incoming.statusCode ?? 0, text: await text(incoming) };
  };
}

export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4000;

/**
 * Waits out what passes: throttling (429), a domain that is not ready (503), broken connections. The provider itself
 * tries 429 never and 503 three times without a pause, so it is done here, with growing pauses until the deadline.
 *
 * @throws GatewayError 502 or 504 where no reply came
 */
export function patient(domain: Domain, clock: Clock): Domain {
  return async (request) => {
    for (let attempt = 0; ; attempt++) {
      const outcome = await domain(request).catch((error: unknown) => failure(request, error, clock));
      const passes =
        outcome instanceof GatewayError ? request.repeatable : outcome.status === 429 || outcome.status === 503;
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * (0.5 + clock.random() / 2);
      if (!passes || clock.now() + pause >= request.deadline) {
        if (outcome instanceof GatewayError) throw outcome;
        return outcome;
      }
      await clock.sleep(pause);
    }
  };
}

function failure(request: DomainRequest, error: unknown, { now }: Clock): GatewayError {
  if (error instanceof GatewayError) return error;
  if (now() >= request.deadline || (error instanceof Error && error.name === "AbortError")) {
    return new GatewayError(504, "timeout_exception", "The domain did not answer in time");
  }
  const { code, message } = error as NodeJS.ErrnoException;
  return new GatewayError(502, "connect_exception", `The domain cannot be reached: ${code ?? message}`);
}
