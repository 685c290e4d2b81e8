import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import type { TrustingClient } from "../../../sandbox/tls";

/** One line of a recording. */
interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly request_headers: Readonly<Record<string, string>>;
  readonly request_body: unknown;
  readonly status: number;
  readonly response_headers: IncomingHttpHeaders;
  readonly response_body: unknown;
}

const GATEWAY_URL = "https://gateway.test";

/** Answers as the recording shows, and compares every request with the recorded one, byte for byte. */
export class Player implements Pick<TrustingClient, "fetch"> {
  static readonly url = GATEWAY_URL;
  private readonly waiting: Exchange[];

  /** @param names of the recordings that follow each other */
  constructor(...names: readonly string[]) {
    this.waiting = names.flatMap(recording);
  }

  fetch: TrustingClient["fetch"] = (url, options) => {
    const { method = "GET", headers = {}, body } = options ?? {};
    const path = url.slice(GATEWAY_URL.length);
    // Calls of one apply run in parallel: only the order of calls with the same method and path is fixed.
    const at = this.waiting.findIndex((exchange) => exchange.method === method && exchange.path === path);
    if (at === -1) throw new Error(`${method} ${path} is not in the recording, or not that often`);
    const [exchange] = this.waiting.splice(at, 1) as [Exchange];
    const sent = normalised(headers as Record<string, string>, body);
    expect({ path, ...sent }).toEqual({ path, headers: wantedHeaders(exchange), body: wantedBody(exchange) });
    const { response_body: answer, response_headers, status } = exchange;
    const text = typeof answer === "string" ? answer : JSON.stringify(answer);
    return Promise.resolve({ status, headers: response_headers, text });
  };

  /** Recorded calls that nobody made. */
  get left(): string[] {
    return this.waiting.map(({ method, path }) => `${method} ${path}`);
  }
}

function recording(name: string): Exchange[] {
  const file = join(__dirname, "..", "..", "contracts", "elasticstack", `${name}.jsonl`);
  const text = readFileSync(file, "utf8").trim();
  return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line) as Exchange);
}

/** The proxy that recorded replaced what is secret or different each time. */
function normalised(headers: Record<string, string>, body: string | undefined) {
  const { authorization = "", "content-length": length, ...others } = headers;
  expect(authorization).toMatch(/^Basic \S+$/);
  if (length !== undefined) expect(Number(length)).toBe(Buffer.byteLength(body ?? ""));
  const boundary = /boundary=([0-9a-f]{60})$/.exec(others["content-type"] ?? "")?.[1];
  return boundary === undefined
    ? { headers: others, body }
    : {
        headers: { ...others, "content-type": "multipart/form-data; boundary=BOUNDARY" },
        body: body?.replaceAll(boundary, "BOUNDARY"),
      };
}

/** But for what the connection decides: this one does not ask for packed answers. */
function wantedHeaders({ request_headers }: Exchange): Record<string, string> {
  const left = ["authorization", "accept-encoding"];
  return Object.fromEntries(Object.entries(request_headers).filter(([name]) => !left.includes(name)));
}

function wantedBody({ request_body: body }: Exchange): string | undefined {
  if (body === null) return undefined;
  return typeof body === "string" ? body : JSON.stringify(body);
}
