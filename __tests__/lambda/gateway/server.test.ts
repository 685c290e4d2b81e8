import { connect, type AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import type { LogLine } from "../../../lambda/gateway/gateway";
import { startLocalGateway, type LocalGateway } from "../../../lambda/gateway/server";
import { basic, settings, TOKEN } from "./support";

let gateway: LocalGateway;
const lines: LogLine[] = [];

beforeAll(async () => {
  gateway = await startLocalGateway({
    // Nothing listens there, and no call here comes so far.
    settings: settings({ SEARCH_ENDPOINT: "127.0.0.1:9" }),
    credentials: () => Promise.reject(new Error("no call should be signed")),
    port: 0,
    log: (line) => lines.push(line),
  });
});

afterAll(() => gateway.close());

const ask = (path: string) => fetch(`${gateway.url}${path}`, { headers: { authorization: basic(TOKEN) } });

test("listens on the loopback only", async () => {
  expect(gateway.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const others = Object.values(networkInterfaces())
    .flat()
    .filter((address) => address?.family === "IPv4" && !address.internal);
  for (const address of others) {
    const refused = await new Promise((resolve) => {
      const socket = connect(Number(new URL(gateway.url).port), address!.address);
      socket.once("error", () => resolve(true));
      socket.once("connect", () => {
        socket.destroy();
        resolve(false);
      });
    });
    expect(refused).toBe(true);
  }
});

test("wants the token, because every page of a browser on the machine reaches it", async () => {
  const reply = await fetch(`${gateway.url}/es/`);
  expect(reply.status).toBe(401);
  expect(reply.headers.get("x-elastic-product")).toBe("Elasticsearch");
  expect(await reply.json()).toMatchObject({ status: 401 });
});

test("lets nothing through that is not on the list, and logs it", async () => {
  lines.length = 0;
  expect((await ask("/es/_search?q=secret")).status).toBe(403);
  expect(lines).toEqual([
    { method: "GET", path: "/es/_search", status: 403, durationMs: expect.any(Number) as number },
  ]);
});

test("hands the path on as it came, undecoded", async () => {
  expect((await ask("/es/_index_template%2Fcloudtrail")).status).toBe(403);
  // A client that normalises would have made /es/ of it.
  const raw = await rawRequest(
    `GET /es/x/../ HTTP/1.1\r\nhost: x\r\nauthorization: ${basic(TOKEN)}\r\nconnection: close\r\n\r\n`,
  );
  expect(raw).toMatch(/^HTTP\/1\.1 403 /);
});

test("stops reading a body at 4.5 MB and ends the connection", async () => {
  const head = `PUT /es/_ilm/policy/cloudtrail HTTP/1.1\r\nhost: x\r\nauthorization: ${basic(TOKEN)}\r\ncontent-length: 90000000\r\n\r\n`;
  const raw = await rawRequest(head, Buffer.alloc(5_000_000, " "));
  expect(raw).toMatch(/^HTTP\/1\.1 413 /);
  expect(raw.toLowerCase()).toContain("connection: close");
});

test("a client that goes away in the middle of its body harms nobody", async () => {
  lines.length = 0;
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  socket.write(
    `PUT /es/_ilm/policy/cloudtrail HTTP/1.1\r\nhost: x\r\nauthorization: ${basic(TOKEN)}\r\ncontent-length: 100\r\n\r\n{`,
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(lines.map(({ status }) => status)).toEqual([400]);
});

test("frees its port when it is closed", async () => {
  const other = await startLocalGateway({
    settings: settings(),
    credentials: () => Promise.reject(new Error("no call should be signed")),
    port: 0,
    log: () => undefined,
  });
  const port = Number(new URL(other.url).port);
  await other.close();
  const server = createServer().listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  expect((server.address() as AddressInfo).port).toBe(port);
  await new Promise((resolve) => server.close(resolve));
});

test("a port that is taken is an error, not silence", async () => {
  const port = Number(new URL(gateway.url).port);
  const second = startLocalGateway({
    settings: settings(),
    credentials: () => Promise.reject(new Error("no call should be signed")),
    port,
  });
  await expect(second).rejects.toMatchObject({ code: "EADDRINUSE" });
});

async function rawRequest(head: string, body?: Buffer): Promise<string> {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  // What is sent after the server has answered is refused: that is what is wanted.
  socket.on("error", () => undefined);
  socket.write(head);
  if (body) socket.write(body);
  return text(socket).catch(() => "");
}
