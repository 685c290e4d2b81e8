import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../../support/command";
import { KMS_KEY, PARAMETER, SECRET } from "../../support/elastic";
import { fromYaml, parseWith, problemsWith } from "./mistakes";

const ELASTIC = {
  elasticsearch: "https://logs.es.example:9243",
  kibana: "https://logs.kb.example",
  apiKeyArn: SECRET,
  apiKeyKmsKeyArn: KMS_KEY,
};

const problems = (elastic: object, search: object = { target: "elastic" }) =>
  problemsWith({ search: { ...search, elastic } });

test("an Elastic Stack needs its addresses and the key's place; the copies have a default", () => {
  const { config } = parseWith({ search: { target: "elastic", elastic: ELASTIC } });
  expect(config.search.elastic).toEqual({ ...ELASTIC, replicas: 1 });
  expect(problems({}).map(({ path }) => path)).toEqual([
    "search.elastic.elasticsearch",
    "search.elastic.kibana",
    "search.elastic.apiKeyArn",
  ]);
});

test("a parameter of SSM will do", () => {
  expect(problems({ ...ELASTIC, apiKeyArn: PARAMETER })).toEqual([]);
});

test.each([
  ["elasticsearch", "http://logs.es.example"],
  ["elasticsearch", "https://logs.es.example/path"],
  ["elasticsearch", "https://user:password@logs.es.example"],
  ["kibana", "logs.kb.example"],
  // Without the six characters of Secrets Manager a policy would match another secret, or none.
  ["apiKeyArn", "arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:cloudtrail"],
  ["apiKeyArn", "arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:cloudtrail-*"],
  ["apiKeyArn", "arn:aws:s3:::bucket/key"],
  // A policy cannot name an alias.
  ["apiKeyKmsKeyArn", "arn:aws:kms:ap-northeast-1:111111111111:alias/elastic"],
  ["replicas", 3],
])("%s: %s is refused", (key, value) => {
  expect(problems({ ...ELASTIC, [key]: value })).toEqual([
    expect.objectContaining({ path: `search.elastic.${key}` }) as object,
  ]);
});

test("the API key itself, put where its ARN belongs, is refused and not shown", () => {
  const key = "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==";
  const [problem] = problems({ ...ELASTIC, apiKeyArn: key });
  expect(problem).toMatchObject({ path: "search.elastic.apiKeyArn" });
  expect(JSON.stringify(problem)).not.toContain(key);
});

test("the target without its settings, and the settings without the target", () => {
  expect(problemsWith({ search: { target: "elastic" } })).toEqual([
    expect.objectContaining({ path: "search.elastic", message: "is missing; search.target is elastic" }) as object,
  ]);
  expect(problems(ELASTIC, {})).toEqual([
    expect.objectContaining({
      path: "search.elastic",
      message: "has a meaning only with search.target: elastic",
    }) as object,
  ]);
});

test("members cannot read a secret that AWS's own key encrypts", () => {
  const { elasticsearch, kibana, apiKeyArn } = ELASTIC;
  const rest = { elasticsearch, kibana, apiKeyArn };
  expect(problems(rest)).toEqual([expect.objectContaining({ path: "search.elastic.apiKeyKmsKeyArn" }) as object]);
  expect(problemsWith({ members: [], search: { target: "elastic", elastic: rest } })).toEqual([]);
});

test("a gateway before an Elastic Stack is refused", () => {
  expect(problems(ELASTIC, { target: "elastic", gateway: "local" })).toEqual([
    expect.objectContaining({ path: "search.gateway" }) as object,
  ]);
});

test("networks of Kibana are warned about: they are a domain's", () => {
  const search = { target: "elastic", elastic: ELASTIC };
  expect(parseWith({ search }).warnings).toEqual([expect.stringContaining("kibana.allowedCidrs has no meaning")]);
  expect(parseWith({ search, kibana: { allowedCidrs: [] } }).warnings).toEqual([]);
});

test("the example of docs/elastic.md is valid", () => {
  const [, yaml = ""] = /```yaml\n([^]*?)```/.exec(readFileSync(join(PROJECT, "docs", "elastic.md"), "utf8")) ?? [];
  expect(problemsWith(fromYaml(yaml) as Record<string, unknown>)).toEqual([]);
  expect(yaml).toContain("target: elastic");
});

test.each([
  ["cloud", { management: { accountId: "111111111111", name: "security" }, members: [] }],
  ["s3", {}],
])("the README's example of the backend %s is valid", (type, others) => {
  const readme = readFileSync(join(PROJECT, "README.md"), "utf8");
  const examples = [...readme.matchAll(/```yaml\n(terraform: .*)\n```/g)].map(([, yaml]) => yaml!);
  const yaml = examples.find((example) => example.includes(`type: ${type},`));
  expect(problemsWith({ ...others, ...(fromYaml(yaml ?? "x: y") as Record<string, unknown>) })).toEqual([]);
});
