import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import type { DomainReply, DomainRequest } from "../../../lambda/gateway/domain";
import { basic, ENVIRONMENT, TOKEN } from "./support";

const mockCalls: DomainRequest[] = [];
let mockCredentials: (() => Promise<unknown>) | undefined;
jest.mock<object>("../../../lambda/gateway/domain", () => ({
  ...jest.requireActual<object>("../../../lambda/gateway/domain"),
  signedDomain: (o: { credentials: () => Promise<unknown> }) => {
    mockCredentials = o.credentials;
    return (request: DomainRequest): Promise<DomainReply> => {
      mockCalls.push(request);
      return Promise.resolve({ status: 200, text: '{"success":true,"acknowledged":true}' });
    };
  },
}));

type Handler = typeof import("../../../lambda/gateway/handler").handler;
let handler: Handler;
const before = { ...process.env };

beforeAll(() => {
  Object.assign(process.env, ENVIRONMENT, {
    AWS_ACCESS_KEY_ID: "key",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "session",
  });
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- after the environment, which it reads when it is loaded
  ({ handler } = require("../../../lambda/gateway/handler") as { handler: Handler });
});

afterAll(() => {
  process.env = before;
});

beforeEach(() => {
  mockCalls.length = 0;
  jest.spyOn(process.stdout, "write").mockReturnValue(true);
});

afterEach(() => jest.restoreAllMocks());

/** An event of an HTTP API, as its documentation shows it. */
function event(
  change: Partial<APIGatewayProxyEventV2> & { method?: string; sourceIp?: string } = {},
): APIGatewayProxyEventV2 {
  const { method = "GET", sourceIp = "203.0.113.10", ...rest } = change;
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: "/es/",
    rawQueryString: "",
    headers: { authorization: basic(TOKEN) },
    requestContext: {
      accountId: "111111111111",
      apiId: "api",
      domainName: "api.execute-api.ap-northeast-1.amazonaws.com",
      domainPrefix: "api",
      http: { method, path: rest.rawPath ?? "/es/", protocol: "HTTP/1.1", sourceIp, userAgent: "test" },
      requestId: "id",
      routeKey: "$default",
      stage: "$default",
      time: "12/Mar/2020:19:03:58 +0000",
      timeEpoch: 1583348638390,
    },
    isBase64Encoded: false,
    ...rest,
  };
}

const context = (remainingMs = 29_000) => ({ getRemainingTimeInMillis: () => remainingMs }) as Context;

test("a call of the HTTP API is answered in the form of payload 2.0", async () => {
  expect(await handler(event(), context())).toEqual({
    statusCode: 200,
    headers: { "content-type": "application/json", "cache-control": "no-store", "x-elastic-product": "Elasticsearch" },
    body: '{"success":true,"acknowledged":true}',
  });
});

test("a wrong token is 401, without a call to the domain", async () => {
  const reply = await handler(event({ headers: { authorization: basic("wrong") } }), context());
  expect(reply.statusCode).toBe(401);
  expect(mockCalls).toEqual([]);
});

test.each([true, false])("a body reaches the domain byte for byte (in base64: %s)", async (isBase64Encoded) => {
  const line = '{"id":"i","type":"search","attributes":{"title":"日本語 é \u2028"},"references":[]}';
  const form = Buffer.from(
    `--B\r\nContent-Disposition: form-data; name="file"; filename="export.ndjson"\r\nContent-Type: application/octet-stream\r\n\r\n${line}\n\r\n--B--\r\n`,
  );
  const reply = await handler(
    event({
      method: "POST",
      rawPath: "/kibana/api/saved_objects/_import",
      rawQueryString: "overwrite=true",
      headers: { authorization: basic(TOKEN), "content-type": "multipart/form-data; boundary=B" },
      body: form.toString(isBase64Encoded ? "base64" : "utf8"),
      isBase64Encoded,
    }),
    context(),
  );
  expect(reply.statusCode).toBe(200);
  expect(form.equals(mockCalls[0]!.body as Buffer)).toBe(true);
});

test("a body of more than 4.5 MB is 413", async () => {
  const put = (size: number) =>
    handler(
      event({
        method: "PUT",
        rawPath: "/es/_ilm/policy/cloudtrail",
        body: Buffer.alloc(size, " ").toString("base64"),
        isBase64Encoded: true,
      }),
      context(),
    );
  expect((await put(4_500_001)).statusCode).toBe(413);
  expect((await put(4_500_000)).statusCode).toBe(400);
});

test("a request without a body has an empty one", async () => {
  const reply = await handler(event({ method: "PUT", rawPath: "/es/_index_template/cloudtrail" }), context());
  expect(reply.statusCode).toBe(400);
});

test("the domain is given until half a second before Lambda would stop the function, and never beyond 28 s", async () => {
  const deadline = async (remainingMs: number) => {
    await handler(event(), context(remainingMs));
    return mockCalls.pop()!.deadline - Date.now();
  };
  expect(await deadline(5_000)).toBeGreaterThan(4_000);
  expect(await deadline(5_000)).toBeLessThanOrEqual(4_500);
  expect(await deadline(900_000)).toBeLessThanOrEqual(28_000);
});

test("the function signs as its role, with the credentials of that moment", async () => {
  expect(await mockCredentials!()).toEqual({ accessKeyId: "key", secretAccessKey: "secret", sessionToken: "session" });
  process.env.AWS_ACCESS_KEY_ID = "renewed";
  expect(await mockCredentials!()).toMatchObject({ accessKeyId: "renewed" });
});

test("each call is one line of JSON in the function's log", async () => {
  const written = jest.spyOn(process.stdout, "write");
  await handler(event(), context());
  const lines = written.mock.calls.map(([line]) => JSON.parse(String(line)) as unknown);
  expect(lines).toEqual([{ method: "GET", path: "/es/", status: 200, durationMs: expect.any(Number) as number }]);
});
