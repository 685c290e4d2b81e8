import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { IsmPolicy } from "../../../lambda/gateway/ism";
import { expectedOf } from "../../../operations/doctor/expected";
import { readPolicy, retentionFindings, type PolicyAnswer } from "../../../operations/doctor/retention";
import { savedObjectFindings } from "../../../operations/doctor/saved-objects";
import { mappingFindings, templateFindings } from "../../../operations/doctor/template";
import type { SavedObject } from "../../../modules/dashboards";
import { exampleConfig, resourceOf, synthesizedStacks } from "../../support/stacks";
import { DAY_MS, RETENTION } from "./facts";

const config = exampleConfig();
const expected = expectedOf(config);

describe("what doctor expects is what the stack `search` puts there", () => {
  test.each([
    ["as in the example", config],
    ["on one node", { ...config, search: { ...config.search, instanceCount: 1, zoneAwareness: false } }],
    ["with another retention", { ...config, search: { ...config.search, retentionDays: 30 } }],
    ["with excluded users", { ...config, kibana: { ...config.kibana, excludedUsers: ["monitoring"] } }],
  ])("%s", (_, changed) => {
    const { search } = synthesizedStacks(changed);
    const { template, retention, savedObjects } = expectedOf(changed);
    const resource = resourceOf(search, "elasticstack_elasticsearch_index_template");
    const { settings, mappings } = resource.template as { settings: string; mappings: string };
    expect({
      index_patterns: resource.index_patterns,
      priority: resource.priority,
      template: { settings: parsed(settings), mappings: parsed(mappings) },
    }).toEqual(template);
    const lifecycle = resourceOf(search, "elasticstack_elasticsearch_index_lifecycle");
    const { min_age } = lifecycle.delete as { min_age: string };
    expect(JSON.stringify(retention.states)).toContain(`"min_index_age":"${min_age}"`);
    const { file_contents } = resourceOf(search, "elasticstack_kibana_import_saved_objects");
    const imported = String(file_contents).trim().split("\n").map(parsed);
    expect(imported).toEqual(savedObjects);
  });
});

describe("the retention policy", () => {
  const stored = (changes: Partial<PolicyAnswer["policy"]> = {}): PolicyAnswer => ({
    _seq_no: 4,
    policy: {
      // What the plugin adds by itself.
      ...{ policy_id: "cloudtrail", schema_version: 21, error_notification: null },
      last_updated_time: 1_800_000_000_000,
      default_state: expected.retention.default_state,
      states: expected.retention.states,
      ism_template: [{ index_patterns: ["cwl-*"], priority: 100, last_updated_time: 1_800_000_000_000 }],
      ...changes,
    },
  });
  const found = (answer: PolicyAnswer | undefined) =>
    retentionFindings(answer && readPolicy(answer), expected.retention, RETENTION);

  test("has no findings as it is written, with what the plugin adds", () => {
    expect(found(stored())).toEqual([]);
  });

  test("nor with its template as the one object that Open Distro gives back", () => {
    expect(found(stored({ ism_template: { index_patterns: ["cwl-*"], priority: 100 } }))).toEqual([]);
  });

  test.each(["ism/opendistro-1.13.2-es7.10.2", "ism/opensearch-2.19.1"])(
    "nor any as the plugin was recorded to give it back (%s)",
    (file) => {
      const written = new Map<string, IsmPolicy>();
      const looked: string[] = [];
      for (const { method, path, request, status, response } of recording<IsmExchange>(file)) {
        const name = /_ism\/policies\/([^/?]+)/.exec(path)?.[1] ?? "";
        if (method === "PUT" && status < 300 && request) written.set(name, request.policy);
        const policy = written.get(name);
        // Of these two the plugin fills in defaults; the product has neither.
        if (method !== "GET" || status !== 200 || !policy || /notification|rollup/.test(JSON.stringify(policy)))
          continue;
        const wanted = { ...policy, ism_template: (policy.ism_template as IsmPolicy["ism_template"] | null) ?? [] };
        expect(retentionFindings(readPolicy(response as PolicyAnswer), wanted, RETENTION)).toEqual([]);
        looked.push(name);
      }
      expect(looked.length).toBeGreaterThan(5);
    },
  );

  test("that is missing is named", () => {
    expect(found(undefined)).toMatchObject([{ code: "policy-missing", subject: "cloudtrail" }]);
  });

  test.each([
    ["another age", { states: replaced('"90d"', '"91d"') }, /is 91d, not 90d/],
    ["no deletion", { states: replaced('"delete":{}', '"close":{}') }, /delete/],
    ["no template", { ism_template: null }, /ism_template/],
    ["another pattern", { ism_template: [{ index_patterns: ["other-*"], priority: 100 }] }, /is other-\*, not cwl-\*/],
    ["another first state", { default_state: "delete" }, /default_state/],
  ])("that was changed by hand (%s) is named", (_, changes, message) => {
    const findings = found(stored(changes));
    expect(findings.map(({ code }) => code)).toEqual(["policy-changed"]);
    expect(findings[0]!.message).toMatch(message);
  });

  test("deletes after the age that leads to its deletion", () => {
    expect(readPolicy(stored()).deletesAfterMs).toBe(90 * DAY_MS);
    expect(readPolicy(stored({ states: replaced('"90d"', '"36h"') })).deletesAfterMs).toBe(1.5 * DAY_MS);
    expect(readPolicy(stored({ states: [] })).deletesAfterMs).toBeUndefined();
  });

  function replaced(text: string, by: string): PolicyAnswer["policy"]["states"] {
    return JSON.parse(JSON.stringify(expected.retention.states).replace(text, by)) as PolicyAnswer["policy"]["states"];
  }
});

describe("the index template", () => {
  type Change = (template: Template) => void;
  interface Template {
    index_patterns: string[];
    priority: number;
    template: { settings: { index: Record<string, unknown> }; mappings: Mappings };
  }
  interface Mappings {
    dynamic: unknown;
    properties: Record<string, { type?: string; properties?: Record<string, unknown> }>;
  }
  const changed = (change: Change): Template => {
    const template = structuredClone(expected.template) as unknown as Template;
    change(template);
    return template;
  };
  const found = (change: Change) => templateFindings(changed(change), expected.template, "cloudtrail");

  test("has no findings as the engine gives it back: settings and mapping as texts", () => {
    const findings = found(({ template }) => {
      template.mappings.dynamic = "false";
      template.settings.index["number_of_shards"] = 1;
    });
    expect(findings).toEqual([]);
  });

  test("that is missing is named", () => {
    expect(templateFindings(undefined, expected.template, "cloudtrail")).toMatchObject([{ code: "template-missing" }]);
  });

  test.each<[string, Change, RegExp]>([
    [
      "another type",
      ({ template }) => (template.mappings.properties.eventName = { type: "keyword" }),
      /eventName: type/,
    ],
    ["a field less", ({ template }) => delete template.mappings.properties.errorCode, /field errorCode is missing/],
    ["a field more", ({ template }) => (template.mappings.properties.mine = { type: "ip" }), /field mine is not the/],
    [
      "a field less, deeper",
      ({ template }) => delete template.mappings.properties.userIdentity!.properties!.arn,
      /field userIdentity\.arn is missing/,
    ],
    ["an open mapping", ({ template }) => (template.mappings.dynamic = true), /dynamic is true, not false/],
    ["more shards", ({ template }) => (template.settings.index.number_of_shards = "5"), /number_of_shards is 5, not 1/],
    ["a setting more", ({ template }) => (template.settings.index.hidden = true), /setting index\.hidden/],
    ["other indices", (template) => (template.index_patterns = ["x-*"]), /index_patterns/],
    ["another priority", (template) => (template.priority = 5), /priority is 5, not 100/],
  ])("that was changed by hand (%s) is named", (_, change, message) => {
    const findings = found(change);
    expect(findings.map(({ code }) => code)).toEqual(["template-changed"]);
    expect(findings[0]!.message).toMatch(message);
  });

  test("today's index that lacks fields of it is named with them, and one that has more is well", () => {
    const mapping = (change: Change) => changed(change).template.mappings;
    const more = mapping(({ template }) => (template.mappings.properties.mine = { type: "ip" }));
    expect(mappingFindings("cwl-2026.05.20", more, expected.template)).toEqual([]);
    const less = mapping(({ template }) => {
      delete template.mappings.properties.errorCode;
      template.mappings.properties.eventName = { type: "keyword" };
    });
    const findings = mappingFindings("cwl-2026.05.20", less, expected.template);
    expect(findings).toMatchObject([{ code: "mapping-behind", subject: "cwl-2026.05.20" }]);
    expect(findings[0]!.message).toMatch(/lacks errorCode and has another mapping for eventName/);
  });
});

describe("Kibana's saved objects", () => {
  type Change = (object: SavedObject) => SavedObject;
  const found = (type: string, id: string, change: Change) =>
    savedObjectFindings(
      expected.savedObjects.map((object) => (object.type === type && object.id === id ? change(object) : object)),
      expected.savedObjects,
    );
  const attribute =
    (name: string, change: (value: string) => unknown): Change =>
    (object) => ({ ...object, attributes: { ...object.attributes, [name]: change(String(object.attributes[name])) } });

  test("have no findings as they were imported, users' own beside them", () => {
    const own = { ...expected.savedObjects[0]!, id: "mine" };
    expect(savedObjectFindings([...expected.savedObjects, own], expected.savedObjects)).toEqual([]);
  });

  test("nor as Kibana keeps them: with attributes of its own, JSON in another spelling, fields counted", () => {
    const respelt = expected.savedObjects.map((object) => ({
      ...object,
      attributes: Object.fromEntries(
        Object.entries({ ...object.attributes, hits: 0 }).map(([name, value]) => [
          name,
          typeof value !== "string" || !/^[[{]/.test(value)
            ? value
            : JSON.stringify(
                name === "fields"
                  ? (JSON.parse(value) as object[]).map((field) => ({ ...field, count: 3 })).reverse()
                  : JSON.parse(value),
                undefined,
                1,
              ),
        ]),
      ),
    }));
    expect(savedObjectFindings(respelt, expected.savedObjects)).toEqual([]);
  });

  test("nor as a real Kibana 7.10.2 was recorded to keep what was imported", () => {
    const exchanges = recording<{ note: string; request_body: string | null; response_body: string }>(
      "kibana/kibana-oss-7.10.2",
    );
    const imported = exchanges.find(({ note }) => note === "the same again with overwrite=true")!;
    const wanted = imported
      .request_body!.split(/\r?\n/)
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as SavedObject);
    const kept = exchanges.find(({ note }) => note === "... what Kibana made of it all")!;
    const { saved_objects } = JSON.parse(kept.response_body) as { saved_objects: SavedObject[] };
    expect(wanted).toHaveLength(9);
    expect(savedObjectFindings(saved_objects, wanted)).toEqual([]);
  });

  test("each that is missing is named by its title", () => {
    const without = expected.savedObjects.filter(({ type }) => type !== "dashboard");
    expect(savedObjectFindings(without, expected.savedObjects)).toMatchObject([
      { code: "saved-object-missing", subject: "CloudTrail" },
      { code: "saved-object-missing", subject: "CloudTrail security" },
    ]);
  });

  test.each<[string, string, string, Change]>([
    [
      "a panel's kind",
      "visualization",
      "Region_PieChart",
      attribute("visState", (text) => text.replace("pie", "line")),
    ],
    ["a panel's title", "visualization", "Region_PieChart", attribute("title", () => "Mine")],
    ["a dashboard's panels", "dashboard", "CloudTrail", attribute("panelsJSON", () => "[]")],
    ["a dashboard's reference", "dashboard", "CloudTrail", (object) => ({ ...object, references: [] })],
    ["the index pattern's time field", "index-pattern", "cwl-star", attribute("timeFieldName", () => "@timestamp")],
    ["the index pattern's fields", "index-pattern", "cwl-star", attribute("fields", () => "[]")],
    ["a text that is no JSON any more", "visualization", "Region_PieChart", attribute("visState", () => "{")],
  ])("a change of %s is named", (_, type, id, change) => {
    expect(found(type, id, change).map(({ code }) => code)).toEqual(["saved-object-changed"]);
  });
});

interface IsmExchange {
  readonly method: string;
  readonly path: string;
  readonly request: { readonly policy: IsmPolicy } | null;
  readonly status: number;
  readonly response: unknown;
}

/** Exchanges with the real programs, one a line. */
function recording<T>(name: string): T[] {
  return readFileSync(join(__dirname, "..", "..", "contracts", `${name}.jsonl`), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}

function parsed(text: string): unknown {
  return JSON.parse(text.replaceAll("$${", "${").replaceAll("%%{", "%{"));
}
