import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Agent } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { signedDomain, type Credentials } from "./domain";
import { bodyTooLarge, GatewayError } from "./errors";
import { createGateway, MAX_BODY_BYTES, MAX_DURATION_MS, type LogLine } from "./gateway";
import type { Settings } from "./settings";

/** A gateway on this machine. */
export interface LocalGateway {
  /** `http://127.0.0.1:<port>`, what the provider's endpoints begin with. */
  readonly url: string;
  /** Lets the calls under way end, then frees the port. */
  close(): Promise<void>;
}

/**
 * Starts the gateway on loopback: for people who want no public address. The same request handler as in Lambda; it
 * wants the token all the same, because every user and every page of a browser on the machine reaches the port.
 *
 * @param o.credentials of whoever may use the gateway's paths in the domain; asked at each request
 * @param o.port 0: any free one
 * @param o.log @default one JSON line on stderr for each call
 */
export async function startLocalGateway(o: {
  readonly settings: Settings;
  readonly credentials: () => Promise<Credentials>;
  readonly port: number;
  /** For connections to the domain. */
  readonly agent?: Agent;
  readonly log?: (line: LogLine) => void;
}): Promise<LocalGateway> {
  const { settings } = o;
  const gateway = createGateway({
    settings,
    domain: signedDomain({
      endpoint: settings.searchEndpoint,
      region: settings.region,
      credentials: o.credentials,
      agent: o.agent,
    }),
    clock: { now: Date.now, sleep: (ms) => sleep(ms), random: Math.random },
    log: o.log ?? ((line) => process.stderr.write(`${JSON.stringify(line)}\n`)),
  });
  const server = createServer((incoming, outgoing) => {
    const [path = "", query = ""] = splitOnce(incoming.url ?? "", "?");
    void gateway({
      method: incoming.method ?? "",
      path,
      query,
      headers: Object.fromEntries(
        Object.entries(incoming.headers).map(([name, value]) => [name, [value].flat().join(",")]),
      ),
      sourceIp: incoming.socket.remoteAddress ?? "",
      body: () => readBody(incoming).catch(cutShort),
      deadline: Date.now() + MAX_DURATION_MS,
    }).then((reply) => {
      // What was not read of the request is not worth reading: the connection ends with the reply.
      const headers = incoming.complete ? reply.headers : { ...reply.headers, connection: "close" };
      outgoing.writeHead(reply.status, headers).end(reply.body);
    });
  });
  await listen(server, o.port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeIdleConnections();
      await once(server, "close");
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw bodyTooLarge(MAX_BODY_BYTES);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A client that went away in the middle of its body is no fault of the gateway. */
function cutShort(error: unknown): never {
  if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") throw error;
  throw new GatewayError(400, "parse_exception", "the request was cut short");
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
