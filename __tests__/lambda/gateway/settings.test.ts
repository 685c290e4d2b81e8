import { readSettings } from "../../../lambda/gateway/settings";
import { ENVIRONMENT, settings } from "./support";

test("everything that is missing is named at once", () => {
  expect(() => readSettings({})).toThrow(
    "The gateway's environment is not right: ENGINE_VERSION is not set; SEARCH_ENDPOINT is not set; AWS_REGION is not set; GATEWAY_TOKEN_SHA256 is not set; INDEX_TEMPLATE is not set; INDEX_PATTERN is not set; RETENTION_POLICY is not set",
  );
});

test.each([
  [{ ENGINE_VERSION: "7.10" }, /ENGINE_VERSION 7.10 is neither Elasticsearch_X.Y nor OpenSearch_X.Y/],
  [{ GATEWAY_TOKEN_SHA256: "the token itself" }, /GATEWAY_TOKEN_SHA256 is not of the form/],
  [{ INDEX_TEMPLATE: "a/b" }, /INDEX_TEMPLATE is not of the form/],
  [{ RETENTION_POLICY: ".." }, /RETENTION_POLICY is not of the form/],
  [{ INDEX_PATTERN: "*" }, /INDEX_PATTERN is not of the form/],
  [{ INDEX_PATTERN: "cwl-*,other" }, /INDEX_PATTERN is not of the form/],
  [{ ALLOWED_CIDRS: "203.0.113.0/33,office" }, /203.0.113.0\/33 is no network.*office is no network/],
])("%j is refused by name", (env, message) => {
  expect(() => readSettings({ ...ENVIRONMENT, ...env })).toThrow(message);
});

test("the engine's version decides the paths of ISM and Kibana", () => {
  expect(settings({ ENGINE_VERSION: "Elasticsearch_7.10" }).dialect).toMatchObject({
    ismPath: "/_opendistro/_ism",
    kibanaPath: "/_plugin/kibana",
    ismTemplate: "object",
  });
  for (const version of ["OpenSearch_1.3", "OpenSearch_2.19", "OpenSearch_3.1"]) {
    expect(settings({ ENGINE_VERSION: version }).dialect).toMatchObject({
      ismPath: "/_plugins/_ism",
      kibanaPath: "/_dashboards",
      ismTemplate: "array",
    });
  }
});

test("without networks the gateway is open to any, with the token", () => {
  expect(settings().allowedNetworks).toBeUndefined();
  expect(settings({ ALLOWED_CIDRS: "" }).allowedNetworks).toBeUndefined();
  const networks = settings({ ALLOWED_CIDRS: "203.0.113.0/24, 2001:db8::/32" }).allowedNetworks!;
  expect(networks.check("203.0.113.9", "ipv4")).toBe(true);
  expect(networks.check("2001:db8::1", "ipv6")).toBe(true);
  expect(networks.check("198.51.100.1", "ipv4")).toBe(false);
});
