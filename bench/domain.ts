import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";
import { makeCertificates } from "../sandbox/certificates";

/** What stands for the domain, behind TLS on loopback. */
export interface Domain {
  /** host:port */
  readonly endpoint: string;
  readonly caFile: string;
  /** What was sent since it was last asked. */
  readonly sent: () => Sent;
  readonly stop: () => Promise<void>;
}

/** Bulk requests. */
export interface Sent {
  readonly requests: number;
  readonly wireBytes: number;
  readonly rawBytes: number;
}

/**
 * Starts it. It says of every action that it was created, or hands the requests on to an engine.
 *
 * @param engineUrl the engine
 */
export async function startDomain(folder: string, engineUrl?: string): Promise<Domain> {
  const { caFile, certFile, keyFile } = makeCertificates(folder);
  let sent: Sent = { requests: 0, wireBytes: 0, rawBytes: 0 };
  const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (incoming, outgoing) => {
    void answer(incoming).then(
      ([status, text]) => outgoing.writeHead(status, { "content-type": "application/json" }).end(text),
      (error: unknown) => outgoing.writeHead(502).end(String(error)),
    );
  });

  async function answer(incoming: IncomingMessage): Promise<[status: number, text: string]> {
    const packed = Buffer.concat((await incoming.toArray()) as Buffer[]);
    const body = incoming.headers["content-encoding"] === "gzip" ? gunzipSync(packed) : packed;
    sent = {
      requests: sent.requests + 1,
      wireBytes: sent.wireBytes + packed.length,
      rawBytes: sent.rawBytes + body.length,
    };
    if (engineUrl === undefined) return [200, created(body)];
    const headers = { "content-type": incoming.headers["content-type"] ?? "application/json" };
    const response = await fetch(`${engineUrl}${incoming.url ?? ""}`, { method: incoming.method, headers, body });
    return [response.status, await response.text()];
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    caFile,
    sent: () => {
      const since = sent;
      sent = { requests: 0, wireBytes: 0, rawBytes: 0 };
      return since;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A bulk reply in which each action was created. */
export function created(body: Buffer): string {
  const items = body
    .toString("utf8")
    .split("\n")
    .filter((_, line) => line % 2 === 0)
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { create: { _index: string; _id: string } }).create)
    .map(({ _index, _id }) => ({ create: { _index, _id, status: 201 } }));
  return JSON.stringify({ took: 1, errors: false, items });
}
