import { createHash } from "node:crypto";
import fc from "fast-check";
import { carriesToken } from "../../../lambda/gateway/authentication";
import { basic, ENVIRONMENT, json, settings, testGateway, TOKEN, unreachable } from "./support";

const SHA256 = Buffer.from(ENVIRONMENT.GATEWAY_TOKEN_SHA256, "hex");

describe("the token", () => {
  test.each([
    ["basic, as the provider's username and password", basic(TOKEN)],
    ["basic, without a user name", `Basic ${Buffer.from(`:${TOKEN}`).toString("base64")}`],
    ["the provider's API key towards Elasticsearch", `APIKey ${TOKEN}`],
    ["the provider's API key towards Kibana", `ApiKey ${TOKEN}`],
    ["bearer", `Bearer ${TOKEN}`],
    ["schemes have no case", `bAsIc ${basic(TOKEN).slice("Basic ".length)}`],
  ])("is taken from %s", (_, header) => {
    expect(carriesToken(header, SHA256)).toBe(true);
  });

  test.each([
    ["nothing", undefined],
    ["an empty header", ""],
    ["the token without a scheme", TOKEN],
    ["another scheme", `Digest ${TOKEN}`],
    ["the token as user name", `Basic ${Buffer.from(`${TOKEN}:`).toString("base64")}`],
    ["basic without a colon", `Basic ${Buffer.from(TOKEN).toString("base64")}`],
    ["the token's hash", `Bearer ${ENVIRONMENT.GATEWAY_TOKEN_SHA256}`],
    ["the token twice", `Bearer ${TOKEN}, Bearer ${TOKEN}`],
    ["another case", `Bearer ${TOKEN.toUpperCase()}`],
  ])("is not found in %s", (_, header) => {
    expect(carriesToken(header, SHA256)).toBe(false);
  });

  test("an empty password opens nothing, even where the empty text is the token", () => {
    const empty = createHash("sha256").update("").digest();
    expect(carriesToken(undefined, empty)).toBe(false);
    expect(carriesToken("Digest x", empty)).toBe(false);
  });

  test("a colon and any other character may be in it", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "binary" }), (token) => {
        // Lone surrogates cannot be sent.
        fc.pre(token.isWellFormed());
        const digest = createHash("sha256").update(token).digest();
        expect(carriesToken(basic(token), digest)).toBe(true);
        expect(carriesToken(basic(`${token}x`), digest)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});

test("a wrong token costs no call to the domain, whatever is asked, and a pause", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("GET", "PUT", "POST", "DELETE", "HEAD"),
      fc.constantFrom("/es/", "/es/_index_template/cloudtrail", "/es/_ilm/policy/cloudtrail", "/es/_search", "/x"),
      fc.oneof(fc.constant(undefined), fc.string(), fc.string().map(basic)),
      async (method, path, authorization) => {
        const gateway = testGateway(unreachable);
        const body = () => Promise.reject(new Error("the body was read"));
        const reply = await gateway.ask({ method, path, headers: { authorization }, body });
        expect(reply.status).toBe(401);
        expect(reply.headers["www-authenticate"]).toBe('Basic realm="gateway"');
        expect(reply.json).toMatchObject({ error: { type: "security_exception" }, status: 401 });
        expect(gateway.calls).toEqual([]);
        expect(gateway.clock.naps).toEqual([300]);
      },
    ),
    { numRuns: 100 },
  );
});

test("a right token from another network is refused without a call to the domain", async () => {
  const open = testGateway(() => json(200, {}), settings({ ALLOWED_CIDRS: "203.0.113.0/24,2001:db8::/32" }));
  for (const sourceIp of ["203.0.113.10", "::ffff:203.0.113.10", "2001:db8::7"]) {
    expect((await open.ask({ sourceIp })).status).toBe(200);
  }
  const closed = testGateway(unreachable, settings({ ALLOWED_CIDRS: "203.0.113.0/24,2001:db8::/32" }));
  for (const sourceIp of ["198.51.100.1", "2001:db9::1", "", "localhost"]) {
    const reply = await closed.ask({ sourceIp });
    expect(reply.status).toBe(403);
    expect(reply.json).toMatchObject({ error: { reason: `the gateway is not open to ${sourceIp}` } });
  }
});
