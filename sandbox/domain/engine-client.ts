import { Agent, request, type IncomingHttpHeaders } from "node:http";

export interface EngineAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The engine behind the front, over kept connections. */
export class EngineClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 32 });

  /** @param url http://host:port, credentials for basic authentication where the engine wants them */
  constructor(private readonly url: string) {}

  send(
    method: string,
    path: string,
    headers: IncomingHttpHeaders = {},
    body: Buffer = Buffer.alloc(0),
  ): Promise<EngineAnswer> {
    const { hostname, port, username, password } = new URL(this.url);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          agent: this.agent,
          hostname,
          port,
          method,
          path,
          headers: { ...headers, "content-length": String(body.length) },
          ...(username === "" ? {} : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` }),
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () => {
            resolve({ status: incoming.statusCode ?? 502, headers: incoming.headers, body: Buffer.concat(chunks) });
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  /** JSON in, JSON out. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller says what it asked for
  async json<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const answer = await this.send(method, path, { "content-type": "application/json" }, sent);
    const text = answer.body.toString("utf8");
    return { status: answer.status, body: (text === "" ? null : JSON.parse(text)) as T };
  }

  close(): void {
    this.agent.destroy();
  }
}
