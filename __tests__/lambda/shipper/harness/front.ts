import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import type { DeadLetter } from "../../../../lambda/shipper/dead-letters";
import { makeCertificates } from "../../../../sandbox/certificates";
import { DEAD_LETTER_BUCKET } from "./deployed-shipper";

/** A bulk reply. */
export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** A bulk request that has arrived. */
export interface BulkRequest {
  /** Action and document lines, without those of items that a fault has taken out. */
  lines: string[];
  /** Passes it on to the engine. */
  readonly forward: () => Promise<Reply>;
  /** Ends the connection without an answer. */
  readonly reset: () => void;
  /** Answers, and ends the connection, however much was announced. */
  readonly cut: (reply: Reply) => void;
}

/** Decides what is answered; undefined where the fault has answered itself. */
export type Behaviour = (request: BulkRequest) => Promise<Reply | undefined>;

/** TLS before a real engine, as a domain has it, and a stand-in for S3 that keeps what is put. */
export interface Front {
  /** Host and port, for the domain and for S3. */
  readonly endpoint: string;
  readonly caFile: string;
  /** What happens to bulk requests. @default they are passed on */
  behaviour: Behaviour;
  /** Whether the bucket refuses an object. @default it takes all */
  bucketRefuses: (key: string) => boolean;
  /** Objects of the bucket by key. */
  readonly objects: Map<string, Buffer>;
  letters(): DeadLetter[];
  /** Item statuses that the engine itself has answered, and how often. */
  readonly statuses: Map<number, number>;
  /**
   * Until all that has arrived is done with. A request that its sender has given up may still reach the engine, as it
   * may a domain.
   */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** Bytes of a request that small instances take. */
const LIMIT = 10 * 1024 * 1024;

export async function startFront(engineUrl: string): Promise<Front> {
  const folder = mkdtempSync(join(tmpdir(), "front-"));
  const { caFile, certFile, keyFile } = makeCertificates(folder);
  const underWay = new Set<Promise<unknown>>();
  const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (incoming, outgoing) => {
    // A connection that a fault has ended is no error of the front's.
    const answered = answer(incoming, outgoing)
      .catch(() => outgoing.destroy())
      .finally(() => underWay.delete(answered));
    underWay.add(answered);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const front: Front = {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    caFile,
    behaviour: ({ forward }) => forward(),
    bucketRefuses: () => false,
    objects: new Map(),
    letters: () =>
      [...front.objects].flatMap(([key, bytes]) =>
        key.endsWith(".ndjson.gz")
          ? gunzipSync(bytes)
              .toString()
              .trimEnd()
              .split("\n")
              .map((line) => JSON.parse(line) as DeadLetter)
          : [],
      ),
    statuses: new Map(),
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
  return front;

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const reply = incoming.url === "/_bulk" ? await bulk(body, incoming, outgoing) : put(incoming.url!, body);
    if (reply) outgoing.writeHead(reply.status, { "content-type": "application/json" }).end(reply.text);
  }

  function put(path: string, body: Buffer): Reply {
    const key = path.slice(`/${DEAD_LETTER_BUCKET}/`.length);
    if (front.bucketRefuses(key)) return { status: 403, text: "<Error><Code>AccessDenied</Code></Error>" };
    front.objects.set(key, body);
    return { status: 200, text: "" };
  }

  function bulk(body: Buffer, incoming: IncomingMessage, outgoing: ServerResponse): Promise<Reply | undefined> {
    const unpacked = gunzipSync(body);
    if (unpacked.length > LIMIT) return Promise.resolve({ status: 413, text: "" });
    const request: BulkRequest = {
      lines: unpacked.toString("utf8").split("\n").slice(0, -1),
      forward: async () => {
        if (request.lines.length === 0) return { status: 200, text: '{"took":0,"errors":false,"items":[]}' };
        const reply = await fetch(`${engineUrl}/_bulk`, {
          method: "POST",
          headers: { "content-type": "application/x-ndjson" },
          body: `${request.lines.join("\n")}\n`,
        });
        const text = await reply.text();
        count(text);
        return { status: reply.status, text };
      },
      reset: () => incoming.socket.destroy(),
      cut: ({ status, text }) => {
        outgoing.writeHead(status, { "content-length": Buffer.byteLength(text) + 100 });
        outgoing.write(text, () => incoming.socket.destroy());
      },
    };
    return front.behaviour(request);
  }

  function count(text: string): void {
    const { items = [] } = JSON.parse(text) as { items?: { create: { status: number } }[] };
    for (const { create } of items) front.statuses.set(create.status, (front.statuses.get(create.status) ?? 0) + 1);
  }
}
