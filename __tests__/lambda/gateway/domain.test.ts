import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { encodeSegment, patient, signedDomain, type Credentials, type Domain } from "../../../lambda/gateway/domain";
import { makeCertificates, type Certificates } from "../../../sandbox/certificates";
import { givenSignature, signatureProblem } from "../../../sandbox/domain/signature";
import { TestClock } from "./support";

describe("a part of a path", () => {
  test.each([
    ["cwl-*", "cwl-%2A"],
    ["a,b", "a%2Cb"],
    ["a/b", "a%2Fb"],
    ["it's (so)!", "it%27s%20%28so%29%21"],
    ["日", "%E6%97%A5"],
    ["a-b_c.d~e", "a-b_c.d~e"],
  ])("%s is written %s", (segment, written) => expect(encodeSegment(segment)).toBe(written));

  test("is decoded to itself, and has no character that a signature would have to encode again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (segment) => {
        expect(decodeURIComponent(encodeSegment(segment))).toBe(segment);
        expect(encodeSegment(segment)).toMatch(/^([A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/);
      }),
    );
  });
});

describe("a domain", () => {
  const folder = mkdtempSync(join(tmpdir(), "gateway-domain-"));
  const credentials: Credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "session" };
  let certificates: Certificates;
  let server: Server;
  let endpoint: string;
  let agent: Agent;
  let answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

  beforeAll(async () => {
    certificates = makeCertificates(folder);
    agent = new Agent({ ca: readFileSync(certificates.caFile), keepAlive: true });
    server = createServer(
      { cert: readFileSync(certificates.certFile), key: readFileSync(certificates.keyFile) },
      (request, response) => void buffer(request).then((body) => answer(request, response, body)),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    agent.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  const domain = (o: Partial<Parameters<typeof signedDomain>[0]> = {}) =>
    signedDomain({ endpoint, region: "ap-northeast-1", credentials: () => Promise.resolve(credentials), agent, ...o });
  const soon = () => Date.now() + 5_000;

  test.each([
    ["GET", "/", {}, undefined],
    ["POST", "/_opendistro/_ism/add/cwl-%2A", {}, '{"policy_id":"cloudtrail"}'],
    ["PUT", "/_plugins/_ism/policies/cloudtrail", { if_seq_no: "3", if_primary_term: "1" }, '{"policy":"日本語"}'],
    ["DELETE", "/_index_template/cloudtrail", {}, undefined],
    ["POST", "/_plugin/kibana/api/saved_objects/_import", { overwrite: "true" }, Buffer.from([0, 255, 13, 10, 128])],
  ] as const)(
    "is sent %s %s, signed for es in its region by the role of that moment",
    async (method, path, query, body) => {
      const seen: { url: string; problem: string | undefined; region: string; service: string; body: Buffer }[] = [];
      answer = (request, response, received) => {
        const given = givenSignature(request.headers)!;
        void signatureProblem(
          { method, url: request.url!, headers: request.headers, body: received },
          given,
          credentials,
          Date.now(),
        ).then((problem) => {
          seen.push({ url: request.url!, problem, region: given.region, service: given.service, body: received });
          response.writeHead(201, { "content-type": "application/json" }).end('{"日":1}');
        });
      };
      const reply = await domain()({ method, path, query, body, repeatable: true, deadline: soon() });
      expect(reply).toEqual({ status: 201, text: '{"日":1}' });
      const parameters = new URLSearchParams(query).toString();
      expect(seen).toEqual([
        {
          url: parameters === "" ? path : `${path}?${parameters}`,
          problem: undefined,
          region: "ap-northeast-1",
          service: "es",
          body: Buffer.from(body ?? ""),
        },
      ]);
    },
  );

  test("asks for the credentials at each request: Lambda renews them", async () => {
    answer = (request, response) => response.end(givenSignature(request.headers)!.accessKeyId);
    let count = 0;
    const renewing = domain({ credentials: () => Promise.resolve({ ...credentials, accessKeyId: `KEY${++count}` }) });
    const ask = async () => (await renewing({ method: "GET", path: "/", repeatable: true, deadline: soon() })).text;
    expect([await ask(), await ask()]).toEqual(["KEY1", "KEY2"]);
  });

  test("with a certificate of nobody that is trusted is not spoken to", async () => {
    answer = () => {
      throw new Error("it was");
    };
    const stranger = domain({ agent: new Agent() })({ method: "GET", path: "/", repeatable: true, deadline: soon() });
    await expect(stranger).rejects.toMatchObject({
      code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/) as string,
    });
  });

  test("that never answers is given up at the deadline, also in the middle of its reply", async () => {
    for (const silent of [() => undefined, (response: ServerResponse) => void response.writeHead(200).write("{")]) {
      answer = (_, response) => silent(response);
      const started = Date.now();
      const asked = patient(domain(), { now: Date.now, random: () => 1, sleep: () => Promise.resolve() })({
        method: "GET",
        path: "/",
        repeatable: true,
        deadline: Date.now() + 200,
      });
      await expect(asked).rejects.toMatchObject({ status: 504 });
      expect(Date.now() - started).toBeLessThan(2_000);
    }
  });
});

describe("patience", () => {
  const request = { method: "POST", path: "/x", repeatable: false, deadline: 0 } as const;
  const broken: Domain = () => Promise.reject(Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }));

  test("has an end for what must not be sent twice", async () => {
    const clock = new TestClock();
    await expect(patient(broken, clock)({ ...request, deadline: clock.now() + 28_000 })).rejects.toMatchObject({
      status: 502,
      reason: "The domain cannot be reached: ECONNRESET",
    });
    expect(clock.naps).toEqual([]);
  });

  test("is for throttling also there: what was throttled was not done", async () => {
    const clock = new TestClock();
    let calls = 0;
    const throttled: Domain = () => Promise.resolve({ status: ++calls < 3 ? 429 : 200, text: "{}" });
    const reply = await patient(throttled, clock)({ ...request, deadline: clock.now() + 28_000 });
    expect(reply.status).toBe(200);
  });

  test("never passes the deadline", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 28_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (left, random) => {
          const clock = Object.assign(new TestClock(), { random: () => random });
          const deadline = clock.now() + left;
          const reply = await patient(
            () => Promise.resolve({ status: 503, text: "" }),
            clock,
          )({ ...request, deadline });
          expect(reply.status).toBe(503);
          expect(clock.now()).toBeLessThanOrEqual(deadline);
        },
      ),
    );
  });
});
