import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../../modules/config";
import {
  applySearchStack,
  destroySearchStack,
  planSearchStack,
  type SearchStackOptions,
} from "../../../sandbox/elasticstack";
import type { Synthesized } from "../../../sandbox/terraform";
import type { TrustingClient } from "../../../sandbox/tls";
import { MemoryDomain } from "../../lambda/gateway/memory-domain";
import { ENGINES, json, settings, testGateway, TOKEN, type EngineVersion } from "../../lambda/gateway/support";
import { exampleConfig, synthesizedStacks } from "../../support/stacks";
import { stack } from "./configurations";

const GATEWAY_URL = "https://gateway.test";
const POLICY = "elasticstack_elasticsearch_index_lifecycle";
const TEMPLATE = "elasticstack_elasticsearch_index_template";
const OBJECTS = "elasticstack_kibana_import_saved_objects";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stand-in-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.each(ENGINES)("the product's stack, through the gateway before %s", (engine) => {
  it("is applied, policy before template before saved objects, and a second plan is empty", async () => {
    const { given, imports } = gateway(engine);
    expect(kinds(await applySearchStack(given(searchStack())))).toEqual([
      [POLICY, "create"],
      [TEMPLATE, "create"],
      [OBJECTS, "create"],
    ]);
    expect((await planSearchStack(given(searchStack()))).changes).toEqual([]);
    expect(await applySearchStack(given(searchStack()))).toEqual([]);
    expect(imports()).toBe(1);
  });

  it("shows in the plan what was changed by hand, and puts it right", async () => {
    const { given, domain } = gateway(engine);
    await applySearchStack(given(searchStack()));
    const template = domain.templates.get("cloudtrail") as { priority: number };
    domain.templates.set("cloudtrail", { ...template, priority: 7 });
    expect(kinds((await planSearchStack(given(searchStack()))).changes)).toEqual([[TEMPLATE, "update"]]);
    await applySearchStack(given(searchStack()));
    expect((domain.templates.get("cloudtrail") as { priority: number }).priority).toBe(template.priority);
  });

  it("updates what a changed configuration touches, and nothing else", async () => {
    const { given, imports } = gateway(engine);
    await applySearchStack(given(searchStack()));
    const longer = searchStack((config) => ({ ...config, search: { ...config.search, retentionDays: 400 } }));
    expect(kinds(await applySearchStack(given(longer)))).toEqual([[POLICY, "update"]]);
    const others = searchStack((config) => ({ ...config, kibana: { ...config.kibana, excludedUsers: ["auditor"] } }));
    expect(kinds(await applySearchStack(given(others)))).toEqual([
      [POLICY, "update"],
      [OBJECTS, "update"],
    ]);
    expect(imports()).toBe(2);
  });

  it("is destroyed but for the saved objects, dependent resources first", async () => {
    const { given, domain, writes } = gateway(engine);
    await applySearchStack(given(searchStack()));
    await destroySearchStack(given(searchStack()));
    expect(domain.templates.size).toBe(0);
    expect(writes().slice(-2)).toEqual(["DELETE /es/_index_template/cloudtrail", "DELETE /es/_ilm/policy/cloudtrail"]);
    expect(kinds((await planSearchStack(given(searchStack()))).changes)).toHaveLength(3);
  });

  it("deletes nothing twice: what is gone is forgotten", async () => {
    const { given, domain, writes } = gateway(engine);
    await applySearchStack(given(searchStack()));
    domain.templates.clear();
    await destroySearchStack(given(searchStack()));
    expect(writes().filter((write) => write.startsWith("DELETE"))).toEqual(["DELETE /es/_ilm/policy/cloudtrail"]);
  });
});

it("sends the token as the password, and keeps it out of the state", async () => {
  const { given, seen } = gateway("Elasticsearch_7.10");
  await applySearchStack(given(searchStack()));
  const [user, password] = Buffer.from(seen[0]!.replace("Basic ", ""), "base64").toString().split(":");
  expect([user, password]).toEqual(["terraform", TOKEN]);
  expect(statSync(join(folder, "state.json")).mode & 0o777).toBe(0o600);
});

it("a resource of another name is made anew, one that is no longer configured is deleted", async () => {
  const calls: string[] = [];
  const client = keeping(calls);
  const given = (stackJson: Synthesized) => options(stackJson, client);
  await applySearchStack(given(stack({ elasticsearch_index_lifecycle: { a: policy("a"), b: policy("b") } })));
  calls.length = 0;
  const changes = await applySearchStack(given(stack({ elasticsearch_index_lifecycle: { a: policy("c") } })));
  expect(changes.map(({ action }) => action)).toEqual(["delete", "replace"]);
  expect(calls.filter((call) => !call.startsWith("GET"))).toEqual([
    "DELETE /es/_ilm/policy/b",
    "DELETE /es/_ilm/policy/a",
    "PUT /es/_ilm/policy/c",
  ]);
});

describe("refuses what it would do otherwise than the provider", () => {
  const nobody = { fetch: () => Promise.reject(new Error("a request was sent")) };
  const template = { name: "a", index_patterns: ["a-*"] };

  it.each([
    ["an attribute that it does not send", { ...template, data_stream: {} }, "does not know data_stream"],
    ["more than one of a resource", { ...template, count: 2 }, "does not know count"],
    ["a part of a template", { ...template, template: { alias: [{ name: "b" }] } }, "does not know alias"],
    ["a function", { ...template, metadata: "${jsonencode(1)}" }, "cannot evaluate"],
  ])("%s", async (_, attributes, message) => {
    const given = options(stack({ elasticsearch_index_template: { a: attributes } }), nobody);
    await expect(applySearchStack(given)).rejects.toThrow(message);
  });

  it("a type of resource", async () => {
    const given = options(stack({ kibana_space: { a: { name: "a" } } }), nobody);
    await expect(planSearchStack(given)).rejects.toThrow("does not know elasticstack_kibana_space");
  });
});

it("undoes Terraform's escapes, and escapes what Go escapes in JSON", async () => {
  const bodies: string[] = [];
  const client = keeping([], bodies);
  const metadata = JSON.stringify({ text: "a $${name} %%{if} <b> & $" });
  const resource = { ...policy("a"), metadata };
  await applySearchStack(options(stack({ elasticsearch_index_lifecycle: { a: resource } }), client));
  expect(bodies[0]).toContain('"text":"a ${name} %{if} \\u003cb\\u003e \\u0026 $"');
});

function searchStack(change?: (config: Config) => Config): Synthesized {
  return synthesizedStacks(exampleConfig(change)).search as unknown as Synthesized;
}

function kinds(changes: readonly { address: string; action: string }[]): [string, string][] {
  return changes.map(({ address, action }) => [address.split(".")[0]!, action]);
}

function policy(name: string) {
  return { name, delete: { min_age: "90d", delete: {} } };
}

function options(stackJson: Synthesized, client: SearchStackOptions["client"]): SearchStackOptions {
  return { stackJson, gatewayUrl: GATEWAY_URL, token: TOKEN, client, stateFile: join(folder, "state.json") };
}

/** The deployed gateway's own code, before a domain in memory. */
function gateway(engine: EngineVersion) {
  const domain = new MemoryDomain(engine);
  const writes: string[] = [];
  const seen: string[] = [];
  const deployed = testGateway(
    (request) =>
      request.path.includes("saved_objects") ? json(200, { success: true, successCount: 1 }) : domain.reply(request),
    settings({ ENGINE_VERSION: engine }),
  );
  const fetch: TrustingClient["fetch"] = async (url, options) => {
    const { method = "GET", headers = {}, body } = options ?? {};
    const [path = "", query = ""] = url.slice(GATEWAY_URL.length).split("?");
    const lowered = headers as Record<string, string>;
    seen.push(lowered.authorization!);
    if (method !== "GET") writes.push(`${method} ${path}`);
    const reply = await deployed.ask({ method, path, query, headers: lowered, body });
    return { status: reply.status, headers: reply.headers, text: reply.body };
  };
  return {
    domain,
    seen,
    given: (stackJson: Synthesized) => options(stackJson, { fetch }),
    writes: () => writes,
    imports: () => writes.filter((write) => write.startsWith("POST /kibana/")).length,
  };
}

/** A server that keeps what it is sent. */
function keeping(calls: string[], bodies: string[] = []): SearchStackOptions["client"] {
  const kept = new Map<string, unknown>();
  return {
    fetch: (url, options) => {
      const { method = "GET", body } = options ?? {};
      const path = url.slice(GATEWAY_URL.length);
      const name = path.split("/").pop()!;
      calls.push(`${method} ${path}`);
      if (body !== undefined) bodies.push(body);
      if (method === "PUT") kept.set(path, JSON.parse(body!));
      if (method === "DELETE") kept.delete(path);
      const info = { cluster_uuid: "uuid", version: { number: "7.10.2" } };
      const policies = { [name]: { version: 1, ...(kept.get(path) as object | undefined) } };
      const answer = path === "/es/" ? info : method === "GET" ? policies : { acknowledged: true };
      const status = method === "GET" && path !== "/es/" && !kept.has(path) ? 404 : 200;
      return Promise.resolve({
        status,
        headers: { "x-elastic-product": "Elasticsearch" },
        text: JSON.stringify(answer),
      });
    },
  };
}
