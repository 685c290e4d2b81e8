import fc from "fast-check";
import { checkTemplate } from "../../../lambda/gateway/template";
import { indexTemplateMappings, indexTemplateSettings } from "../../../modules/fields";
import { MemoryDomain } from "./memory-domain";
import { ENGINES, settings, testGateway, unreachable } from "./support";

const OWN = {
  index_patterns: ["cwl-*"],
  priority: 100,
  composed_of: [],
  template: { settings: indexTemplateSettings({ replicas: 1 }), mappings: indexTemplateMappings() },
};

const check = (template: unknown) => JSON.parse(checkTemplate(JSON.stringify(template), "cwl-*")) as unknown;
const refusal = (template: unknown) => {
  try {
    check(template);
  } catch (error) {
    return error;
  }
  throw new Error("the template was taken");
};

test("the product's own template is sent on as it came", () => {
  expect(check(OWN)).toEqual(OWN);
  expect(check({ ...OWN, _meta: { a: 1 }, version: 2 })).toEqual({ ...OWN, _meta: { a: 1 }, version: 2 });
  expect(check({ index_patterns: ["cwl-*"] })).toEqual({ index_patterns: ["cwl-*"] });
});

test.each([
  ["another pattern", { ...OWN, index_patterns: ["*"] }],
  ["a second pattern", { ...OWN, index_patterns: ["cwl-*", "other-*"] }],
  ["no pattern", { ...OWN, index_patterns: [] }],
  ["a pattern that is no list", { ...OWN, index_patterns: "cwl-*" }],
  ["an alias", { ...OWN, template: { aliases: { everything: {} } } }],
  ["a data stream", { ...OWN, data_stream: {} }],
  ["a component template", { ...OWN, composed_of: ["other"] }],
  ["a component template that may be missing", { ...OWN, ignore_missing_component_templates: ["other"] }],
  ["a lifecycle", { ...OWN, template: { lifecycle: {} } }],
  ["a pipeline", { ...OWN, template: { settings: { index: { default_pipeline: "p" } } } }],
  ["a pipeline, dotted", { ...OWN, template: { settings: { "index.default_pipeline": "p" } } }],
  ["a pipeline without the prefix", { ...OWN, template: { settings: { final_pipeline: "p" } } }],
  ["a script", { ...OWN, template: { mappings: { properties: { a: { type: "long", script: "1" } } } } }],
  ["runtime fields", { ...OWN, template: { mappings: { runtime: { a: { type: "long" } } } } }],
  ["derived fields", { ...OWN, template: { mappings: { properties: { a: { properties: {}, derived: {} } } } } }],
  [
    "a script in a dynamic template",
    { ...OWN, template: { mappings: { dynamic_templates: [{ a: { mapping: { script: "1" } } }] } } },
  ],
])("%s is refused with 403", (_, template) => {
  expect(refusal(template)).toMatchObject({
    status: 403,
    reason: expect.stringMatching(/only the product's own/) as string,
  });
});

test("a field may be called script", () => {
  const template = {
    ...OWN,
    template: { mappings: { properties: { script: { properties: { runtime: { type: "text" } } } } } },
  };
  expect(check(template)).toEqual(template);
});

test.each([undefined, null, 1, "x", [], { index_patterns: ["cwl-*"], template: [] }])(
  "%j is no template: 400",
  (body) => {
    expect(refusal(body ?? null)).toMatchObject({ status: 400 });
  },
);

test("whatever else is in the body, nothing but the product's template reaches the domain", async () => {
  const anything = fc.oneof(
    fc.object(),
    fc.record({ index_patterns: fc.array(fc.constantFrom("cwl-*", "*")), template: fc.object() }),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (body) => {
      const gateway = testGateway(({ body: sent }) => {
        expect(JSON.parse(String(sent))).toMatchObject({ index_patterns: ["cwl-*"] });
        return { status: 200, text: '{"acknowledged":true}' };
      });
      const reply = await gateway.ask({ method: "PUT", path: "/es/_index_template/cloudtrail", body });
      expect([200, 400, 403]).toContain(reply.status);
      expect(gateway.calls.length).toBe(reply.status === 200 ? 1 : 0);
    }),
    { numRuns: 300 },
  );
});

describe.each(ENGINES)("before %s", (engine) => {
  const path = "/es/_index_template/cloudtrail";
  const gateway = () => {
    const domain = new MemoryDomain(engine);
    return testGateway(domain.reply, settings({ ENGINE_VERSION: engine }));
  };

  test("a template is written, read as a list of one, and deleted", async () => {
    const own = gateway();
    expect(await own.ask({ method: "PUT", path, body: OWN })).toMatchObject({
      status: 200,
      json: { acknowledged: true },
    });
    expect((await own.ask({ path })).json).toEqual({
      index_templates: [{ name: "cloudtrail", index_template: OWN }],
    });
    expect(await own.ask({ method: "DELETE", path })).toMatchObject({ status: 200, json: { acknowledged: true } });
  });

  test("a template that is gone is 404, so that Terraform makes it anew", async () => {
    const own = gateway();
    for (const method of ["GET", "DELETE"]) {
      expect(await own.ask({ method, path })).toMatchObject({
        status: 404,
        json: { error: { type: "resource_not_found_exception" }, status: 404 },
      });
    }
  });
});

test("the vendor's content type stays with the gateway: engines before 8 refuse it", async () => {
  const gateway = testGateway(() => ({ status: 200, text: '{"acknowledged":true}' }));
  const vendor = "application/vnd.elasticsearch+json;compatible-with=8";
  await gateway.ask({
    method: "PUT",
    path: "/es/_index_template/cloudtrail",
    headers: { "content-type": vendor, accept: vendor },
    body: OWN,
  });
  expect(gateway.calls[0]!.headers).toEqual({ "content-type": "application/json" });
});

test("a body that is no JSON reaches nothing", async () => {
  const gateway = testGateway(unreachable);
  const reply = await gateway.ask({
    method: "PUT",
    path: "/es/_index_template/cloudtrail",
    body: '{"index_patterns":',
  });
  expect(reply).toMatchObject({ status: 400, json: { error: { type: "parse_exception" } } });
});
