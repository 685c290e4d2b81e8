import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../../modules/config";
import { applySearchStack, destroySearchStack, planSearchStack } from "../../../sandbox/elasticstack";
import type { Synthesized } from "../../../sandbox/terraform";
import { withElastic } from "../../support/elastic";
import { exampleConfig, synthesizedStacks } from "../../support/stacks";

const KEY = "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==";
const ELASTICSEARCH = "https://logs.es.example:9243";
const KIBANA = "https://logs.kb.example";

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** An Elastic Stack that keeps what it is given, as far as the stack needs it. */
class MemoryElastic {
  readonly sent: Sent[] = [];
  readonly kept = new Map<string, unknown>();

  fetch = (url: string, init: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {}) => {
    const { method = "GET", headers = {}, body = "" } = init;
    this.sent.push({ method, url, authorization: headers.authorization, body: String(body) });
    const [status, answer] = this.answer(method, url, String(body));
    return Promise.resolve({
      status,
      headers: { "content-type": "application/json", "x-elastic-product": "Elasticsearch" },
      text: JSON.stringify(answer),
    });
  };

  private answer(method: string, url: string, body: string): [number, unknown] {
    if (url.startsWith(KIBANA)) return [200, { success: true, successCount: body.split("\n").length }];
    const path = url.slice(ELASTICSEARCH.length);
    const [, kind, name = ""] = /^\/(_index_template|_ilm\/policy)\/(.+)$/.exec(path) ?? [];
    if (path === "/") return [200, { cluster_uuid: "uuid", version: { number: "9.1.0" } }];
    if (kind === undefined) return [400, { error: `no ${path}` }];
    if (method === "PUT") this.kept.set(path, JSON.parse(body));
    else if (!this.kept.has(path)) return [404, { error: "not found" }];
    if (method === "DELETE") this.kept.delete(path);
    if (method !== "GET") return [200, { acknowledged: true }];
    const kept = this.kept.get(path) as Record<string, unknown>;
    return kind === "_index_template"
      ? [200, { index_templates: [{ name, index_template: kept }] }]
      : [200, { [name]: { version: 1, modified_date: "2026-01-01T00:00:00.000Z", ...kept } }];
  }
}

describe("the search stack on an Elastic Stack, by the requests that the provider sends", () => {
  const folder = mkdtempSync(join(tmpdir(), "stand-in-elastic-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const elastic = new MemoryElastic();
  const given = (change: (config: Config) => Config = (config) => config) => ({
    stackJson: synthesizedStacks(exampleConfig((config) => change(withElastic()(config))))
      .search as unknown as Synthesized,
    gatewayUrl: "https://nobody.example",
    token: KEY,
    client: elastic as never,
    stateFile: join(folder, "state.json"),
  });

  test("policy, template and saved objects are created, and a second plan is empty", async () => {
    expect((await applySearchStack(given())).map(({ action }) => action)).toEqual(["create", "create", "create"]);
    expect((await planSearchStack(given())).changes).toEqual([]);
  });

  test("every request goes to the stack itself and shows the API key", () => {
    expect(elastic.sent.length).toBeGreaterThan(5);
    for (const { url, authorization } of elastic.sent) {
      expect([url, authorization]).toEqual(
        url.startsWith(KIBANA)
          ? [`${KIBANA}/api/saved_objects/_import?overwrite=true`, `ApiKey ${KEY}`]
          : [expect.stringMatching(`^${ELASTICSEARCH}/`), `APIKey ${KEY}`],
      );
    }
  });

  test("the lifecycle policy deletes an index 90 days after its creation, and the template attaches it", () => {
    expect(elastic.kept.get("/_ilm/policy/cloudtrail")).toEqual({
      policy: { phases: { delete: { min_age: "90d", actions: { delete: { delete_searchable_snapshot: true } } } } },
    });
    expect(elastic.kept.get("/_index_template/cloudtrail")).toMatchObject({
      index_patterns: ["cwl-*"],
      template: { settings: { index: { lifecycle: { name: "cloudtrail" } } }, mappings: { dynamic: false } },
    });
  });

  test("another retention changes the policy only", async () => {
    const longer = given((config) => ({ ...config, search: { ...config.search, retentionDays: 180 } }));
    expect(await applySearchStack(longer)).toEqual([
      { address: expect.stringContaining("index_lifecycle") as string, action: "update" },
    ]);
    expect(JSON.stringify(elastic.kept.get("/_ilm/policy/cloudtrail"))).toContain('"180d"');
  });

  test("destroy leaves neither template nor policy", async () => {
    await destroySearchStack(given());
    expect([...elastic.kept.keys()]).toEqual([]);
  });
});
