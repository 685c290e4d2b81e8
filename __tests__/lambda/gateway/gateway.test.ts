import fc from "fast-check";
import { createGateway, MAX_BODY_BYTES } from "../../../lambda/gateway/gateway";
import { bodyTooLarge } from "../../../lambda/gateway/errors";
import { basic, json, settings, testGateway, TestClock, TOKEN, unreachable } from "./support";

const INFO = {
  name: "n",
  cluster_name: "c",
  cluster_uuid: "u",
  version: { number: "7.10.2" },
  tagline: "You Know, for Search",
};
const TEMPLATE = "/es/_index_template/cloudtrail";

describe("the first question of the provider", () => {
  test("is answered with the engine's own version, and with the header without which it goes no further", async () => {
    const gateway = testGateway(() => json(200, INFO));
    for (const path of ["/es/", "/es"]) {
      expect(await gateway.ask({ path })).toMatchObject({
        status: 200,
        headers: { "x-elastic-product": "Elasticsearch", "content-type": "application/json" },
        json: INFO,
      });
    }
    expect(gateway.calls.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /", "GET /"]);
  });

  test("errors carry the header too", async () => {
    expect((await testGateway(() => json(500, {})).ask({})).headers).toHaveProperty("x-elastic-product");
    expect((await testGateway(unreachable).ask({ headers: { authorization: "" } })).headers).toHaveProperty(
      "x-elastic-product",
    );
  });
});

describe("an error of the domain is told in the provider's form, with the domain's own reason:", () => {
  test.each([
    [
      "the engine's",
      400,
      { error: { type: "mapper_parsing_exception", reason: "no type" }, status: 400 },
      400,
      "mapper_parsing_exception",
      "no type",
    ],
    [
      "the engine's, with its cause",
      400,
      { error: { type: "a", reason: "outer", caused_by: { reason: "inner" } } },
      400,
      "a",
      "outer (inner)",
    ],
    [
      "the engine's, as a string",
      405,
      { error: "Incorrect HTTP method" },
      501,
      "not_supported_exception",
      "Incorrect HTTP method",
    ],
    [
      "Amazon's refusal",
      403,
      { Message: "User: x is not authorized" },
      403,
      "domain_refused_exception",
      "refuses the gateway: User: x is not authorized",
    ],
    [
      "Amazon's, with a small letter",
      403,
      { message: "The security token is expired" },
      403,
      "domain_refused_exception",
      "token is expired",
    ],
    [
      "a wrong signature, which would look like a wrong token",
      401,
      { message: "no" },
      403,
      "domain_refused_exception",
      "refuses the gateway: no",
    ],
    [
      "a 404 that is none of the template's",
      404,
      { error: { type: "index_not_found_exception", reason: "no such index [x]" } },
      502,
      "index_not_found_exception",
      "Unexpected 404",
    ],
    [
      "a bare string",
      403,
      "You have actions that are not allowed",
      403,
      "domain_refused_exception",
      "actions that are not allowed",
    ],
    ["an empty object", 400, {}, 400, "domain_exception", "{}"],
    [
      "a body that is too large for it",
      413,
      { Message: "Request size exceeded" },
      413,
      "domain_exception",
      "Request size exceeded",
    ],
    ["a success that is none", 200, "fine", 502, "domain_exception", "not what it should be"],
  ])("%s", async (_, status, body, expected, type, reason) => {
    const reply = await testGateway(() => json(status, body)).ask({ path: TEMPLATE });
    expect(reply.status).toBe(expected);
    expect(reply.json).toMatchObject({ error: { type }, status: expected });
    expect((reply.json.error as { reason: string }).reason).toContain(reason);
  });

  test.each([
    [
      "HTML",
      500,
      "<html><head><style>b{}</style></head><body><h1>Internal</h1>\n<p>Error</p></body></html>",
      "Internal Error",
    ],
    ["nothing", 500, "", "status 500 without a body"],
    ["no JSON at all", 400, "x".repeat(5000), "x".repeat(1000) + "..."],
  ])("%s", async (_, status, text, reason) => {
    const reply = await testGateway(() => ({ status, text })).ask({ path: TEMPLATE });
    expect(reply.json).toMatchObject({ error: { reason }, status });
  });

  test("a redirect to a login page", async () => {
    const reply = await testGateway(() => ({ status: 302, text: "" })).ask({ path: TEMPLATE });
    expect(reply).toMatchObject({ status: 502, json: { error: { type: "domain_redirect_exception" } } });
  });

  test("whatever it is: JSON, never a 404 that means gone, never a success", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 300, max: 599 }), fc.oneof(fc.string(), fc.json()), async (status, text) => {
        fc.pre(![429, 503].includes(status));
        const reply = await testGateway(() => ({ status, text })).ask({ path: TEMPLATE });
        expect(reply.status).toBeGreaterThanOrEqual(400);
        expect(reply.status).not.toBe(404);
        expect(reply.json).toHaveProperty("error.reason");
      }),
      { numRuns: 300 },
    );
  });
});

describe("what passes is waited out", () => {
  const THROTTLED = { status: 429, text: '{"Message":"Too Many Requests"}' };

  test.each([429, 503])("%i, until the domain answers", async (status) => {
    let left = 3;
    const gateway = testGateway(() => (left-- > 0 ? { ...THROTTLED, status } : json(200, INFO)));
    expect((await gateway.ask({})).status).toBe(200);
    expect(gateway.clock.naps).toEqual([250, 500, 1000]);
  });

  test("until the time is nearly over; then the domain's own answer counts", async () => {
    const gateway = testGateway(() => THROTTLED);
    const reply = await gateway.ask({});
    expect(reply).toMatchObject({ status: 429, json: { error: { reason: "Too Many Requests" } } });
    const waited = gateway.clock.naps.reduce((sum, nap) => sum + nap, 0);
    expect(waited).toBeGreaterThan(20_000);
    expect(waited).toBeLessThan(28_000);
    expect(Math.max(...gateway.clock.naps)).toBe(4_000);
  });

  test("a broken connection, where to send twice does no harm", async () => {
    let broken = true;
    const gateway = testGateway(() => {
      if (!broken) return json(200, INFO);
      broken = false;
      throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    });
    expect((await gateway.ask({})).status).toBe(200);
  });

  test("a domain that cannot be reached is 502 in the end, with the reason and no address", async () => {
    const gateway = testGateway(() => {
      throw Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:443"), { code: "ECONNREFUSED" });
    });
    const reply = await gateway.ask({});
    expect(reply).toMatchObject({
      status: 502,
      json: { error: { reason: "The domain cannot be reached: ECONNREFUSED" } },
    });
  });

  test("a domain that takes too long is 504", async () => {
    const gateway = testGateway(() => {
      gateway.clock.time += 28_000;
      throw new DOMException("aborted", "AbortError");
    });
    expect(await gateway.ask({})).toMatchObject({ status: 504, json: { error: { type: "timeout_exception" } } });
  });
});

describe("bodies", () => {
  test("that are too large are 413 with the limit, and reach nothing", async () => {
    const gateway = testGateway(unreachable);
    const reply = await gateway.ask({
      method: "PUT",
      path: TEMPLATE,
      body: () => Promise.reject(bodyTooLarge(MAX_BODY_BYTES)),
    });
    expect(reply).toMatchObject({
      status: 413,
      json: { error: { reason: "the gateway takes bodies of at most 4500000 bytes" } },
    });
  });

  test("that are compressed are 415: nobody sends them so, and a small one may be huge inside", async () => {
    const gateway = testGateway(unreachable);
    for (const encoding of ["gzip", "identity", ""]) {
      const reply = await gateway.ask({
        method: "PUT",
        path: TEMPLATE,
        headers: { "content-encoding": encoding },
        body: {},
      });
      expect(reply.status).toBe(415);
    }
  });

  test("of millions of brackets do no harm", async () => {
    const gateway = testGateway(unreachable);
    for (const path of [TEMPLATE, "/es/_ilm/policy/cloudtrail"]) {
      const reply = await gateway.ask({ method: "PUT", path, body: Buffer.alloc(1_000_000, "[") });
      expect(reply.status).toBe(400);
    }
  });

  test("nested as deep as JSON may be are refused, not fatal", async () => {
    const deep = (start: string, end: string) => `${start.repeat(100_000)}1${end.repeat(100_000)}`;
    const bodies = [
      `{"index_patterns":["cwl-*"],"template":{"mappings":${deep('{"properties":', "}")}}}`,
      `{"index_patterns":["cwl-*"],"template":{"settings":${deep('{"a":', "}")}}}`,
      `{"index_patterns":["cwl-*"],"template":{"mappings":{"_meta":${deep("[", "]")}}}}`,
    ];
    for (const body of bodies) {
      const gateway = testGateway(() => json(200, { acknowledged: true }));
      const reply = await gateway.ask({ method: "PUT", path: TEMPLATE, body });
      expect(reply.status).toBe(400);
      expect(gateway.calls).toEqual([]);
    }
    const policy = `{"policy":{"phases":{"delete":{"actions":{"delete":{"x":${deep("[", "]")}}}}}}}`;
    expect(
      (await testGateway(unreachable).ask({ method: "PUT", path: "/es/_ilm/policy/cloudtrail", body: policy })).status,
    ).toBe(400);
  });
});

describe("the log", () => {
  test("has method, path, status and duration of each call, and never headers, queries or bodies", async () => {
    const gateway = testGateway(() => json(200, { acknowledged: true }));
    await gateway.ask({
      method: "PUT",
      path: TEMPLATE,
      body: { index_patterns: ["cwl-*"], _meta: { secret: "in the body" } },
    });
    await gateway.ask({ path: TEMPLATE, query: "secret=in-the-query" });
    await gateway.ask({ path: `/es/${"x".repeat(10_000)}`, method: "M".repeat(1000) });
    await gateway.ask({ headers: { authorization: "Bearer wrong-secret" } });
    expect(gateway.lines).toEqual([
      { method: "PUT", path: TEMPLATE, status: 200, durationMs: 0 },
      { method: "GET", path: TEMPLATE, status: 403, durationMs: 0 },
      { method: "M".repeat(20), path: `/es/${"x".repeat(10_000)}`.slice(0, 300), status: 403, durationMs: 0 },
      { method: "GET", path: "/es/", status: 401, durationMs: 300 },
    ]);
    const text = JSON.stringify(gateway.lines);
    expect(text).not.toContain("secret");
    expect(text).not.toContain(TOKEN);
  });

  test("has what went wrong in the gateway itself; the caller is not told", async () => {
    const logged = jest.spyOn(console, "error").mockImplementation();
    const clock = new TestClock();
    const gateway = createGateway({ settings: settings(), domain: unreachable, clock, log: () => undefined });
    const reply = await gateway({
      method: "PUT",
      path: TEMPLATE,
      query: "",
      headers: { authorization: basic(TOKEN) },
      sourceIp: "203.0.113.10",
      deadline: clock.now() + 1000,
      body: () => Promise.reject(new TypeError("a detail of the inside")),
    });
    expect(reply.status).toBe(500);
    expect(reply.body).not.toContain("inside");
    expect(logged).toHaveBeenCalledWith(expect.objectContaining({ message: "a detail of the inside" }));
    logged.mockRestore();
  });
});
