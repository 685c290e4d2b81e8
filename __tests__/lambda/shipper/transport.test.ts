import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import {
  environmentCredentials,
  signedTransport,
  type SignedRequest,
  type Transport,
} from "../../../lambda/shipper/transport";
import { makeCertificates } from "../../../sandbox/certificates";

const folder = mkdtempSync(join(tmpdir(), "transport-"));
const { caFile, certFile, keyFile } = makeCertificates(folder);
const ca = readFileSync(caFile, "utf8");

let listener: RequestListener;
let server: Server;
let host: string;
const env: NodeJS.ProcessEnv = {
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_SESSION_TOKEN: "token",
};
const transport: Transport = signedTransport(environmentCredentials(env), ca);

beforeAll(async () => {
  server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (request, response) =>
    listener(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function send(overrides: Partial<SignedRequest> = {}, by: Transport = transport) {
  const given: SignedRequest = {
    service: "es",
    region: "eu-west-1",
    method: "POST",
    host,
    path: "/_bulk",
    headers: { "content-type": "application/x-ndjson" },
    body: Buffer.from("{}\n"),
    timeoutMs: 2_000,
    ...overrides,
  };
  return by(given);
}

describe("a request", () => {
  test("arrives whole and signed in the service's and the region's name", async () => {
    let seen: IncomingMessage | undefined;
    let body: Buffer | undefined;
    listener = (request, response) => {
      seen = request;
      void buffer(request).then((bytes) => {
        body = bytes;
        response.writeHead(201).end("très bien");
      });
    };
    expect(await send()).toEqual({ status: 201, text: "très bien" });
    expect(body!.toString()).toBe("{}\n");
    expect(seen!.headers).toMatchObject({ host, "content-length": "3", "x-amz-security-token": "token" });
    expect(seen!.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/es\/aws4_request, SignedHeaders=[^,]*host[^,]*, Signature=[0-9a-f]{64}$/,
    );
    await send({ service: "s3", method: "PUT", path: "/bucket/a/b.gz" });
    expect(seen!.headers["x-amz-content-sha256"]).toMatch(/^[0-9a-f]{64}$/);
  });

  test("is signed with credentials as they are now", async () => {
    const keys: unknown[] = [];
    listener = (request, response) => {
      keys.push(/Credential=(\w+)/.exec(request.headers.authorization!)![1]);
      response.end();
    };
    await send();
    env.AWS_ACCESS_KEY_ID = "RENEWED";
    await send();
    expect(keys).toEqual(["AKIDEXAMPLE", "RENEWED"]);
  });

  test("goes to nobody whose certificate is not trusted", async () => {
    await expect(send({}, signedTransport(environmentCredentials(env)))).rejects.toThrow(
      /certificate|unable to verify/,
    );
  });

  test("uses one connection for several, one after the other", async () => {
    const ports = new Set<unknown>();
    listener = (request, response) => {
      ports.add(request.socket.remotePort);
      response.end();
    };
    for (let count = 0; count < 3; count++) await send();
    expect(ports.size).toBe(1);
  });

  test.each<[string, RequestListener]>([
    ["is reset", (request) => request.socket.destroy()],
    [
      "is answered in part",
      (_, response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("part", () => response.destroy());
      },
    ],
  ])("that %s rejects", async (_, given) => {
    listener = given;
    await expect(send()).rejects.toThrow();
  });

  test.each<[string, RequestListener]>([
    ["nothing comes", () => undefined],
    ["the answer trickles", (_, response) => void setInterval(() => response.write("x"), 20).unref()],
  ])("is given up in time when %s", async (_, given) => {
    listener = given;
    await expect(send({ timeoutMs: 100 })).rejects.toThrow(/no answer within 100 ms|cut off|aborted/);
  });
});
