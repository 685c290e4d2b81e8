import { readFileSync } from "node:fs";
import { request as plainRequest, type IncomingHttpHeaders } from "node:http";
import { Agent, request, type RequestOptions } from "node:https";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/** Connections that trust the sandbox's own certificate authority, and nothing else. */
export class TrustingClient {
  private readonly agent: Agent;

  constructor(caFile: string) {
    this.agent = new Agent({ ca: readFileSync(caFile), keepAlive: true });
  }

  /** For AWS SDK clients. */
  requestHandler(): NodeHttpHandler {
    return new NodeHttpHandler({ httpsAgent: this.agent });
  }

  /** One unsigned request, as people's browsers send it; without TLS where the address says so. */
  fetch(
    url: string,
    options: Pick<RequestOptions, "method" | "headers"> & { readonly body?: string } = {},
  ): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
    const { body, ...rest } = options;
    return new Promise((resolve, reject) => {
      const isPlain = url.startsWith("http:");
      const send: typeof plainRequest = isPlain ? plainRequest : request;
      const outgoing = send(url, { ...rest, agent: isPlain ? undefined : this.agent }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
        });
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
