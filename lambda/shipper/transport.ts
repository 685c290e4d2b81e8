import { createHash, createHmac, type BinaryLike } from "node:crypto";
import { Agent, request } from "node:https";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";

/** A request to an AWS service, over TLS. */
export interface SignedRequest {
  readonly service: "es" | "s3" | "secretsmanager" | "ssm";
  readonly region: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly host: string;
  /** The path, percent-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What lets the request in, instead of a signature. */
  readonly authorization?: string;
  readonly body: Buffer;
  /** Milliseconds until the request is given up. */
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends a request. Rejects where no whole answer came: reset, cut off, out of time. */
export type Transport = (request: SignedRequest) => Promise<Answer>;

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

// Replies are a line for each item; nothing that is larger is read further.
const MAX_REPLY_BYTES = 64 * 1024 * 1024;

/**
 * The transport of a container: signed, TLS always, a few kept connections.
 *
 * @param credentials asked at each request, so that renewed ones are used
 * @param ca certificate authorities in PEM form; by default those that node trusts
 */
export function signedTransport(credentials: () => Promise<Credentials>, ca?: string): Transport {
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ...(ca === undefined ? {} : { ca }) });
  return async (given) => {
    const { authorization } = given;
    const headers =
      authorization === undefined
        ? await sign(given, await credentials())
        : { host: given.host, ...given.headers, authorization };
    return send(given, headers, agent);
  };
}

/** The credentials of a Lambda function's role, from its environment. */
export function environmentCredentials(env: NodeJS.ProcessEnv): () => Promise<Credentials> {
  return () =>
    Promise.resolve({
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
      ...(env.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: env.AWS_SESSION_TOKEN }),
    });
}

async function sign(given: SignedRequest, credentials: Credentials): Promise<Record<string, string>> {
  const [path, query] = given.path.split("?", 2) as [string, string | undefined];
  const signer = new SignatureV4({
    credentials,
    region: given.region,
    service: given.service,
    sha256: NodeSha256,
    // S3 is the one service that takes the path as it is.
    uriEscapePath: given.service !== "s3",
  });
  const signed = await signer.sign(
    new HttpRequest({
      method: given.method,
      protocol: "https:",
      hostname: given.host,
      path,
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: { host: given.host, ...given.headers },
      body: given.body,
    }),
  );
  return signed.headers;
}

function send(given: SignedRequest, headers: Record<string, string>, agent: Agent): Promise<Answer> {
  const [hostname, port] = given.host.split(":", 2) as [string, string | undefined];
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        agent,
        hostname,
        port: port ?? 443,
        method: given.method,
        path: given.path,
        headers: { ...headers, "content-length": given.body.length },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        incoming.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_REPLY_BYTES) incoming.destroy(new Error(`the reply is larger than ${MAX_REPLY_BYTES} bytes`));
          chunks.push(chunk);
        });
        incoming.on("end", () => {
          finish();
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
        });
        incoming.on("aborted", () => fail(new Error("the reply was cut off")));
        incoming.on("error", fail);
      },
    );
    // For the whole exchange: a socket's own time-out starts again with each byte.
    const timer = setTimeout(
      () => outgoing.destroy(new Error(`no answer within ${given.timeoutMs} ms`)),
      given.timeoutMs,
    );
    const finish = () => clearTimeout(timer);
    const fail = (error: Error) => {
      finish();
      reject(error);
    };
    outgoing.on("error", fail);
    outgoing.end(given.body);
  });
}

/** SHA-256 by node itself: several times as fast as in JavaScript. */
class NodeSha256 {
  private readonly hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", toBinary(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(toBinary(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.hash.digest()));
  }

  reset(): void {
    throw new Error("a hash is used once");
  }
}

function toBinary(data: string | ArrayBuffer | ArrayBufferView): BinaryLike {
  return data instanceof ArrayBuffer ? Buffer.from(data) : (data as BinaryLike);
}
