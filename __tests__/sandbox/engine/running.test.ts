import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { clearEngine, EngineInUse, lookAtEngine } from "../../../sandbox/engine/running";

let server: Server;
let url: string;
let root: object;
let indices: string[];
let requests: string[];

beforeEach(async () => {
  root = { version: { number: "7.10.2" } };
  indices = [];
  requests = [];
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const answer = request.url === "/" ? root : Object.fromEntries(indices.map((name) => [name, {}]));
    response.end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

test.each([
  [{ number: "7.10.2" }, "Elasticsearch_7.10"],
  [{ number: "2.19.1", distribution: "opensearch" }, "OpenSearch_2.19"],
  [{ number: "3.1.0", distribution: "opensearch" }, "OpenSearch_3.1"],
])("an engine that answers %j is %s for AWS", async (version, engineVersion) => {
  root = { version };
  expect(await lookAtEngine(`${url}/`)).toEqual({ url, engineVersion });
});

test("an engine that no domain can be is refused", async () => {
  root = { version: { number: "8.15.0" } };
  await expect(lookAtEngine(url)).rejects.toThrow("is Elasticsearch 8.15.0; a domain has 7.10, or OpenSearch");
});

test("an engine with indices of the product's names is left alone", async () => {
  indices = ["cwl-2026.01.30", ".kibana"];
  const error = await lookAtEngine(url).catch((problem: unknown) => problem);
  expect(error).toBeInstanceOf(EngineInUse);
  expect(String(error)).toContain("cwl-2026.01.30, .kibana");
});

test("nobody there is said with the address", async () => {
  await expect(lookAtEngine("http://127.0.0.1:9")).rejects.toThrow("http://127.0.0.1:9 does not answer");
});

test("everything of the product's names is removed, and nothing else", async () => {
  indices = ["cwl-2026.01.30", ".kibana_1"];
  await clearEngine(url);
  expect(requests.filter((request) => request.startsWith("DELETE"))).toEqual([
    "DELETE /cwl-2026.01.30",
    "DELETE /.kibana_1",
  ]);
});
