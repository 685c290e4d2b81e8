import { savedObjects, toNdjson } from "../../../modules/dashboards";
import { indexTemplateMappings, indexTemplateSettings } from "../../../modules/fields";
import { DRIFT_MARKER } from "../../../lambda/gateway/ism";
import { describeWith } from "../../support/tools";
import { callsOf, checkReply, enginesOf, expectedStatus, faulty, SCENARIOS, standingBefore } from "./provider-sessions";
import { startRealDomain, type RealDomain } from "./real-domain";
import { ENGINES, ilmBody, type EngineVersion } from "./support";

const TEMPLATE = "/es/_index_template/cloudtrail";
const POLICY = "/es/_ilm/policy/cloudtrail";
const DAY_MS = 86_400_000;

describe.each(ENGINES)("before a domain with %s", (engine) => {
  describeWith(["java", "mvn"], "the gateway", () => suite(engine));
});

function suite(version: EngineVersion): void {
  let domain: RealDomain;

  beforeAll(async () => {
    domain = await startRealDomain(version);
  });

  afterAll(() => domain.stop());

  beforeEach(async () => {
    domain.allow((statements) => statements);
    const { ask } = domain.gateway();
    for (const path of [TEMPLATE, POLICY]) expect([200, 404]).toContain((await ask({ method: "DELETE", path })).status);
  });

  test.each(SCENARIOS.filter((scenario) => enginesOf(scenario).includes(version)))(
    "answers the recorded session $name as the provider needs it",
    async (scenario) => {
      const calls = callsOf(scenario);
      const { ask } = domain.gateway();
      for (const standing of standingBefore(calls)) expect(await ask(standing)).toMatchObject({ status: 200 });
      const between = faulty.bind(undefined, scenario);
      const replay = domain.gateway(between);
      for (const call of calls) {
        const requests = domain.front.counts.requests;
        const reply = await replay.ask(call.ask);
        const status = expectedStatus(scenario, call);
        expect([call.title, reply.status, reply.body]).toEqual([call.title, status, expect.any(String)]);
        checkReply(call, reply, status);
        if (status === 401 || scenario.refused.includes(call.kind)) {
          expect(domain.front.counts.requests).toBe(requests);
        }
      }
    },
  );

  test("the product's own template is taken, read back without a difference, and shapes the next index", async () => {
    const { ask } = domain.gateway();
    const template = {
      index_patterns: ["cwl-*"],
      priority: 100,
      composed_of: [],
      template: { settings: indexTemplateSettings({ replicas: 0 }), mappings: indexTemplateMappings() },
    };
    expect(await ask({ method: "PUT", path: TEMPLATE, body: template })).toMatchObject({ status: 200 });
    expect((await ask({ path: TEMPLATE })).json).toEqual({
      index_templates: [{ name: "cloudtrail", index_template: template }],
    });
    await onEngine("PUT", "/cwl-2026.01.01");
    const mapping = await onEngine("GET", "/cwl-2026.01.01/_mapping");
    expect(mapping["cwl-2026.01.01"]).toEqual({
      mappings: { ...indexTemplateMappings(), dynamic: "false" },
    });
    await onEngine("DELETE", "/cwl-2026.01.01");
  });

  test("the product's own saved objects are imported, and again over themselves", async () => {
    const { ask } = domain.gateway();
    const boundary = "BOUNDARY";
    const body = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="export.ndjson"\r\nContent-Type: application/octet-stream\r\n\r\n${toNdjson(savedObjects({ excludedUsers: ["monitoring"] }))}\r\n--${boundary}--\r\n`;
    for (let time = 0; time < 2; time++) {
      const reply = await ask({
        method: "POST",
        path: "/kibana/api/saved_objects/_import",
        query: "overwrite=true",
        headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
        body,
      });
      expect(reply).toMatchObject({ status: 200, json: { success: true } });
    }
  });

  test("a retention of 90 days, shortened to 30, deletes what is due and nothing else", async () => {
    const { ask } = domain.gateway();
    const write = (days: number) => ask({ method: "PUT", path: POLICY, body: ilmBody(days) });
    const indices = async () => Object.keys(await onEngine("GET", "/cwl-*,other-*/_settings")).sort();
    const create = (name: string) => onEngine("PUT", `/${name}`);
    const turn = (days: number) => domain.front.turnClock(days * DAY_MS);
    // Older than the policy, all of them, and two are none of its business.
    for (const name of ["cwl-1", "other-1", "other-cwl-1"]) await create(name);
    turn(40);
    await create("cwl-2");
    turn(40);
    await create("cwl-3");
    expect((await write(90)).status).toBe(200);
    // Attached by the policy's template when it is made.
    await create("cwl-4");
    expect((await domain.front.runIsm()).deleted).toEqual([]);
    turn(10);
    expect((await domain.front.runIsm()).deleted).toEqual(["cwl-1"]);

    expect((await write(30)).status).toBe(200);
    expect((await domain.front.runIsm()).deleted).toEqual(["cwl-2"]);
    expect(await indices()).toEqual(["cwl-3", "cwl-4", "other-1", "other-cwl-1"]);
    await create("cwl-5");
    turn(20);
    expect((await domain.front.runIsm()).deleted).toEqual(["cwl-3", "cwl-4"]);
    turn(10);
    expect((await domain.front.runIsm()).deleted).toEqual(["cwl-5"]);
    expect(await indices()).toEqual(["other-1", "other-cwl-1"]);
    await onEngine("DELETE", "/other-*");
  });

  test("a policy changed by hand shows as drift, and is put right by the next write", async () => {
    const { ask } = domain.gateway();
    await ask({ method: "PUT", path: POLICY, body: ilmBody(90) });
    const read = async () =>
      ((await ask({ path: POLICY })).json.cloudtrail as { policy: { _meta?: Record<string, unknown> } }).policy;
    expect(await read()).not.toHaveProperty("_meta");
    // Somebody else's gateway with another idea of the same policy: it writes the states, not the description.
    const tampering = domain.gateway((signed) => (request) => {
      if (request.method !== "PUT") return signed(request);
      const body = JSON.parse(String(request.body)) as { policy: { states: { transitions: object[] }[] } };
      body.policy.states[0]!.transitions = [{ state_name: "delete", conditions: { min_index_age: "1d" } }];
      return signed({ ...request, body: JSON.stringify(body) });
    });
    await tampering.ask({ method: "PUT", path: POLICY, body: ilmBody(90) });
    expect((await read())._meta).toHaveProperty(DRIFT_MARKER);
    await ask({ method: "PUT", path: POLICY, body: ilmBody(90) });
    expect(await read()).not.toHaveProperty("_meta");
  });

  test("without its statement in the access policy nothing is let through, and the reason is told", async () => {
    domain.allow((statements) => statements.filter(({ Sid }) => Sid !== "Gateway"));
    const { ask } = domain.gateway();
    for (const path of ["/es/", TEMPLATE, POLICY]) {
      const reply = await ask({ path });
      expect(reply).toMatchObject({ status: 403, json: { error: { type: "domain_refused_exception" } } });
      expect((reply.json.error as { reason: string }).reason).toContain("is not authorized to perform: es:ESHttpGet");
    }
  });

  test("what is refused costs the domain nothing", async () => {
    const { ask } = domain.gateway();
    const { requests } = domain.front.counts;
    await ask({ headers: { authorization: "Bearer wrong" } });
    for (const path of [
      "/es/_search",
      "/es/_bulk",
      "/es/cwl-*/_doc/1",
      "/es/_index_template/other",
      "/kibana/api/status",
    ]) {
      for (const method of ["GET", "POST", "PUT", "DELETE"]) expect((await ask({ method, path })).status).toBe(403);
    }
    expect(domain.front.counts.requests).toBe(requests);
  });

  /** Past the domain, as an operator of the sandbox. */
  async function onEngine(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const reply = await fetch(`${domain.engine.url}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    expect([path, reply.status]).toEqual([path, 200]);
    return (await reply.json()) as Record<string, unknown>;
  }
}
