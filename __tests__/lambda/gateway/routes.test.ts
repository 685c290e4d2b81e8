import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { routeOf } from "../../../lambda/gateway/routes";
import { json, testGateway } from "./support";

const NAMES = { indexTemplate: "cloudtrail", retentionPolicy: "cloudtrail" };

/** Everything that is let through. */
const ALLOWED = [
  ["GET", "/es", ""],
  ["GET", "/es/", ""],
  ["GET", "/es/_index_template/cloudtrail", ""],
  ["PUT", "/es/_index_template/cloudtrail", ""],
  ["DELETE", "/es/_index_template/cloudtrail", ""],
  ["GET", "/es/_ilm/policy/cloudtrail", ""],
  ["PUT", "/es/_ilm/policy/cloudtrail", ""],
  ["DELETE", "/es/_ilm/policy/cloudtrail", ""],
  ["POST", "/kibana/api/saved_objects/_import", ""],
  ["POST", "/kibana/api/saved_objects/_import", "overwrite=true"],
  ["POST", "/kibana/api/saved_objects/_import", "overwrite=false"],
] as const;

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"];

function isListed(method: string, path: string, query: string): boolean {
  return ALLOWED.some(([m, p, q]) => m === method && p === path && q === query);
}

describe("the allow-list", () => {
  test.each(ALLOWED)("lets %s %s?%s through", (method, path, query) => {
    expect(routeOf(method, path, query, NAMES)).toBeDefined();
  });

  test.each([...new Set(ALLOWED.map(([, path]) => path))])("has no other method for %s", (path) => {
    const taken = METHODS.filter((method) => routeOf(method, path, "", NAMES));
    expect(taken.sort()).toEqual(METHODS.filter((method) => isListed(method, path, "")).sort());
  });

  test.each([
    ["another index template", "/es/_index_template/other"],
    ["all index templates", "/es/_index_template"],
    ["all index templates", "/es/_index_template/*"],
    ["two index templates", "/es/_index_template/cloudtrail,other"],
    ["another policy", "/es/_ilm/policy/other"],
    ["a legacy template", "/es/_template/cloudtrail"],
    ["a component template", "/es/_component_template/cloudtrail"],
    ["a policy of the domain's own kind", "/es/_plugins/_ism/policies/cloudtrail"],
    ["a policy of the domain's own kind", "/es/_opendistro/_ism/policies/cloudtrail"],
    ["a search", "/es/cwl-*/_search"],
    ["a document", "/es/cwl-2026.01.01/_doc/1"],
    ["Kibana's status", "/kibana/api/status"],
    ["saved objects", "/kibana/api/saved_objects/_find"],
    ["an export", "/kibana/api/saved_objects/_export"],
    ["another space", "/kibana/s/ops/api/saved_objects/_import"],
    ["the console's proxy", "/kibana/api/console/proxy"],
    ["no side", "/_index_template/cloudtrail"],
    ["nothing", ""],
    ["another side", "/es2/"],
  ])("leaves out %s: %s", (_, path) => {
    for (const method of METHODS) expect(routeOf(method, path, "", NAMES)).toBeUndefined();
  });

  test.each([
    "/es/_index_template/cloudtrail/",
    "/es//_index_template/cloudtrail",
    "//es/_index_template/cloudtrail",
    "/es/./_index_template/cloudtrail",
    "/es/x/../_index_template/cloudtrail",
    "/es/_index_template/../_search",
    "/es/_index_template%2Fcloudtrail",
    "/es/_index_template%2fcloudtrail",
    "/es/_index_template/cloudtrail%2F..%2F..%2F_search",
    "/es/_index_template/cloudtrail%00",
    "/es/_index_template/cloudtrail%20",
    "/es/_index_template/cloudtrail;x",
    "/es/_index_template/cloudtrail?x",
    "/es/_index_template/cloudtrail%3Fx",
    "/es/_index_template/cloudtrail#x",
    "/es/_index_template/%2563loudtrail",
    "/es/_INDEX_TEMPLATE/cloudtrail",
    "/ES/_index_template/cloudtrail",
    "/es/_index_template/CloudTrail",
    "/es\\_index_template\\cloudtrail",
    "/es/_index_template/cloudtrail\r\n",
    "/es/_index_template/%E3%83%",
    "/es/_index_template/%zz",
    "http://elsewhere/es/",
  ])("is not taken in by %j", (path) => {
    for (const method of METHODS) expect(routeOf(method, path, "", NAMES)).toBeUndefined();
  });

  test.each([
    ["GET", "/es/", "pretty"],
    ["PUT", "/es/_index_template/cloudtrail", "create=true"],
    ["GET", "/es/_index_template/cloudtrail", "source={}"],
    ["POST", "/kibana/api/saved_objects/_import", "overwrite=true&createNewCopies=true"],
    ["POST", "/kibana/api/saved_objects/_import", "overwrite=true&overwrite=true"],
    ["POST", "/kibana/api/saved_objects/_import", "overwrite=TRUE"],
    ["POST", "/kibana/api/saved_objects/_import", "overwrite=%74rue"],
    ["POST", "/kibana/api/saved_objects/_import", "createNewCopies=true"],
  ])("takes no other parameters: %s %s?%s", (method, path, query) => {
    expect(routeOf(method, path, query, NAMES)).toBeUndefined();
  });

  test("reads an encoded character as that character, once", () => {
    expect(routeOf("GET", "/es/_index_template/%63loudtrail", "", NAMES)).toEqual({ kind: "template", method: "GET" });
  });
});

describe.each(["elasticsearch-7.10", "opensearch-3"])("of the REST paths of %s", (engine) => {
  const paths = readFileSync(join(__dirname, "..", "..", "contracts", "rest-paths", `${engine}.txt`), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("/"));
  /** What may stand in a path where the API has a parameter. */
  const VALUES = ["cloudtrail", "cwl-*", "_all", "*", "cwl-2026.01.01", "_search"];

  test("none is open but the index template and the lifecycle policy of the product's name", () => {
    const filled = new Set(paths.flatMap((path) => VALUES.map((value) => path.replaceAll(/\{[^}]*\}/g, value))));
    expect(filled.size).toBeGreaterThan(400);
    const open = [...filled].flatMap((path) =>
      METHODS.filter((method) => routeOf(method, `/es${path}`, "", NAMES)).map((method) => `${method} ${path}`),
    );
    const expected = ALLOWED.filter(([, path]) => path.startsWith("/es/"))
      .map(([method, path]) => `${method} ${path.slice(3)}`)
      .filter((call) => filled.has(call.split(" ")[1]!));
    expect(open.sort()).toEqual([...expected].sort());
    expect(open).toContain("PUT /_index_template/cloudtrail");
  });

  test("none is open under Kibana's prefix", () => {
    for (const path of paths) {
      for (const method of METHODS) expect(routeOf(method, `/kibana${path}`, "", NAMES)).toBeUndefined();
    }
  });
});

/** Ways to write a path otherwise, so that a careless comparison, proxy or engine takes it for another. */
const TWISTS: readonly ((path: string, at: number) => string)[] = [
  (path, at) => insert(path, at, "/"),
  (path, at) => insert(path, at, "/./"),
  (path, at) => insert(path, at, "/../"),
  (path, at) => insert(path, at, "/%2e%2e/"),
  (path, at) => insert(path, at, "%2f"),
  (path, at) => insert(path, at, "%252f"),
  (path, at) => insert(path, at, "%00"),
  (path, at) => insert(path, at, "%0d%0a"),
  (path, at) => insert(path, at, ";"),
  (path, at) => insert(path, at, "?"),
  (path, at) => insert(path, at, "\\"),
  (path, at) => insert(path, at, "*"),
  (path, at) => insert(path, at, ","),
  (path, at) => insert(path, at, "%"),
  (path, at) => insert(path, at, "\u212a"),
  (path, at) => path.slice(0, at) + encoded(path.charAt(at)) + path.slice(at + 1),
  (path, at) => path.slice(0, at) + encodeURIComponent(encoded(path.charAt(at))) + path.slice(at + 1),
  (path, at) => path.slice(0, at) + path.charAt(at).toUpperCase() + path.slice(at + 1),
  (path, at) => `${path}${"/..".repeat(at)}/_search`,
  (path, at) => path.slice(0, at),
];

const twistedPath = fc
  .tuple(
    fc.constantFrom(
      ...new Set(ALLOWED.map(([, path]) => path)),
      "/es/cwl-*/_search",
      "/es/_bulk",
      "/kibana/api/status",
    ),
    fc.array(fc.tuple(fc.constantFrom(...TWISTS), fc.nat()), { maxLength: 3 }),
  )
  .map(([path, twists]) => twists.reduce<string>((text, [twist, at]) => twist(text, at % (text.length + 1)), path));

const anyMethod = fc.oneof(fc.constantFrom(...METHODS, "get", "Put", "", "GET "), fc.string({ maxLength: 8 }));
const anyPath = fc.oneof(twistedPath, twistedPath, fc.webPath(), fc.string());
const anyQuery = fc.oneof(
  fc.constantFrom("", "", "overwrite=true", "overwrite=false", "overwrite=true&path=/_search", "q=*", "_method=DELETE"),
  fc.webQueryParameters(),
  fc.string(),
);

test("however it is written, only what is on the list has a route", () => {
  fc.assert(
    fc.property(anyMethod, anyPath, anyQuery, (method, path, query) => {
      if (!routeOf(method, path, query, NAMES)) return;
      expect(isListed(method, decodeURIComponent(path), query)).toBe(true);
      // Nothing is left to decode a second time, and no slash came out of the first.
      expect(decodeURIComponent(path)).not.toContain("%");
      expect(path).not.toMatch(/%2f/i);
    }),
    { numRuns: 20_000 },
  );
});

test("what has no route gets 403 and reaches neither body nor domain, whatever headers and bodies come with it", async () => {
  const hostile = fc.dictionary(
    fc.constantFrom(
      "x-http-method-override",
      "x-original-url",
      "x-rewrite-url",
      "host",
      "content-length",
      "expect",
      "x",
    ),
    fc.oneof(
      fc.constantFrom("DELETE", "/_search", "elsewhere", "100-continue"),
      fc.string(),
      fc.constant("x".repeat(100_000)),
    ),
  );
  await fc.assert(
    fc.asyncProperty(anyMethod, anyPath, anyQuery, hostile, async (method, path, query, headers) => {
      fc.pre(routeOf(method, path, query, NAMES) === undefined);
      const gateway = testGateway(() => json(200, {}));
      let wasRead = false;
      const body = () => {
        wasRead = true;
        return Promise.resolve(Buffer.alloc(0));
      };
      const reply = await gateway.ask({ method, path, query, headers, body });
      expect(reply.status).toBe(403);
      expect(gateway.calls).toEqual([]);
      expect(wasRead).toBe(false);
    }),
    { numRuns: 1_000 },
  );
});

/** Everything that the gateway may ever ask a domain for. */
const DOMAIN_CALLS = [
  /^GET \/$/,
  /^(GET|PUT|DELETE) \/_index_template\/cloudtrail$/,
  /^(GET|PUT|DELETE) \/_opendistro\/_ism\/policies\/cloudtrail$/,
  /^POST \/_opendistro\/_ism\/(add|change_policy|remove)\/cwl-%2A$/,
  /^POST \/_plugin\/kibana\/api\/saved_objects\/_import$/,
];

test("what has a route reaches only the gateway's own paths, whatever is in the body", async () => {
  const anyBody = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ index_patterns: fc.constant(["cwl-*"]), path: fc.constantFrom("/_search", "../_bulk") })
      .map((value) => JSON.stringify(value)),
    fc
      .record({ policy: fc.record({ phases: fc.dictionary(fc.string(), fc.object()), _meta: fc.object() }) })
      .map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...ALLOWED), anyBody, async ([method, path, query], text) => {
      const gateway = testGateway(() => json(404, { error: { type: "x", reason: "x" } }));
      const reply = await gateway.ask({
        method,
        path,
        query,
        headers: { "content-type": "multipart/form-data; boundary=x" },
        body: () => Promise.resolve(Buffer.from(text)),
      });
      expect(reply.status).toBeGreaterThanOrEqual(400);
      for (const call of gateway.calls) {
        expect(DOMAIN_CALLS.filter((allowed) => allowed.test(`${call.method} ${call.path}`))).toHaveLength(1);
      }
    }),
    { numRuns: 300 },
  );
});

function insert(path: string, at: number, text: string): string {
  return path.slice(0, at) + text + path.slice(at);
}

function encoded(character: string): string {
  return character === "" ? "" : `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
