import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { unzipSync } from "fflate";
import { apiKeyTransport } from "../../../lambda/shipper/api-key";
import { readSettings } from "../../../lambda/shipper/settings";
import { environmentCredentials, signedTransport, type Transport } from "../../../lambda/shipper/transport";
import { bundle } from "../../../modules/aws";
import { DomainClient } from "../../../operations/domain-client";
import { makeCertificates } from "../../../sandbox/certificates";
import { payload, record } from "../../factories/payload";
import { SETTINGS, shipContext, shipped } from "../../factories/shipping";
import { PROJECT } from "../../support/command";

const SECRET = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:cloudtrail-elastic-AbCdEf";
const PARAMETER = "arn:aws:ssm:eu-west-1:111111111111:parameter/cloudtrail/elastic";
const KEY = Buffer.from("VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw").toString("base64");
const NEWER = Buffer.from("newer-key-of-the-stack:ui2lp2axTNmsyakw9tvNnw").toString("base64");

const folder = mkdtempSync(join(tmpdir(), "api-key-"));
const { caFile, certFile, keyFile } = makeCertificates(folder);
const env: NodeJS.ProcessEnv = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };
const signed = signedTransport(environmentCredentials(env), readFileSync(caFile, "utf8"));

interface Seen {
  readonly target: string;
  readonly authorization: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** One server is both: the service that keeps the key, and Elasticsearch, which takes `accepted` only. */
let server: Server;
let host: string;
let seen: Seen[];
let kept: { status: number; body: object };
let accepted: string;
let elasticsearch: (key: string) => { status: number; body: object };

beforeAll(async () => {
  server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (request, response) => {
    void buffer(request).then((bytes) => {
      const body = (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
      const authorization = String(request.headers.authorization);
      const target = String(request.headers["x-amz-target"] ?? request.url);
      seen.push({ target, authorization, headers: request.headers, body });
      const answer = request.headers["x-amz-target"] === undefined ? elasticsearch(authorization) : kept;
      response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  seen = [];
  kept = { status: 200, body: { SecretString: KEY } };
  accepted = KEY;
  elasticsearch = (authorization) =>
    authorization === `ApiKey ${accepted}`
      ? { status: 200, body: { errors: false, items: [] } }
      : { status: 401, body: { error: { type: "security_exception", reason: "unable to authenticate" }, status: 401 } };
});

function transportFor(arn: string): Transport {
  return apiKeyTransport(signed, { arn, endpoint: `https://${host}` });
}

function bulk(transport: Transport, service: "es" | "s3" = "es") {
  return transport({
    service,
    region: "eu-west-1",
    method: "POST",
    host,
    path: "/_bulk",
    headers: { "content-type": "application/x-ndjson" },
    body: Buffer.from("{}\n"),
    timeoutMs: 2_000,
  });
}

/** The kinds of requests in their order. */
const targets = () => seen.map(({ target }) => target);

test("Elasticsearch is shown the API key and nothing of AWS's", async () => {
  await expect(bulk(transportFor(SECRET))).resolves.toMatchObject({ status: 200 });
  const [, request] = seen;
  expect(request).toMatchObject({ target: "/_bulk", authorization: `ApiKey ${KEY}`, body: "{}\n" });
  expect(request!.headers).toMatchObject({ host, "content-type": "application/x-ndjson", "content-length": "3" });
  expect(Object.keys(request!.headers).filter((name) => name.startsWith("x-amz"))).toEqual([]);
});

test.each([
  [
    "Secrets Manager",
    SECRET,
    "secretsmanager.GetSecretValue",
    { SecretId: SECRET },
    { SecretString: KEY },
    "secretsmanager",
  ],
  [
    "SSM",
    PARAMETER,
    "AmazonSSM.GetParameter",
    { Name: PARAMETER, WithDecryption: true },
    { Parameter: { Value: KEY } },
    "ssm",
  ],
])("%s is asked by a signed request in the region of the ARN", async (_, arn, target, body, answer, service) => {
  kept = { status: 200, body: answer };
  await expect(bulk(transportFor(arn))).resolves.toMatchObject({ status: 200 });
  expect(seen[0]).toMatchObject({ target, headers: { "content-type": "application/x-amz-json-1.1" } });
  expect(JSON.parse(seen[0]!.body)).toEqual(body);
  expect(seen[0]!.authorization).toMatch(
    new RegExp(`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\\d{8}/eu-west-1/${service}/aws4_request, .*Signature=`),
  );
});

test.each([
  ["the encoded form", KEY],
  ["id:key", "VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw"],
  ["with a line's end", `${KEY}\n`],
  [
    "Elasticsearch's answer to making one",
    JSON.stringify({ id: "VuaCfGcBCdbkQm-e5aOx", name: "shippers", api_key: "ui2lp2axTNmsyakw9tvNnw", encoded: KEY }),
  ],
  [
    "that answer of versions without `encoded`",
    JSON.stringify({ id: "VuaCfGcBCdbkQm-e5aOx", api_key: "ui2lp2axTNmsyakw9tvNnw" }),
  ],
])("the secret may hold %s", async (_, secret) => {
  kept = { status: 200, body: { SecretString: secret } };
  await expect(bulk(transportFor(SECRET))).resolves.toMatchObject({ status: 200 });
});

test("the key is fetched once per container, also by requests at the same time", async () => {
  const transport = transportFor(SECRET);
  await Promise.all([bulk(transport), bulk(transport), bulk(transport)]);
  await bulk(transport);
  expect(targets().filter((target) => target !== "/_bulk")).toHaveLength(1);
});

test("a key that is refused is fetched again", async () => {
  const transport = transportFor(SECRET);
  await bulk(transport);
  accepted = NEWER;
  kept = { status: 200, body: { SecretString: NEWER } };
  expect((await bulk(transport)).status).toBe(401);
  expect((await bulk(transport)).status).toBe(200);
  expect(targets().filter((target) => target !== "/_bulk")).toHaveLength(2);
});

test("what is not for the index is signed as before: dead letters", async () => {
  await bulk(transportFor(SECRET), "s3");
  expect(targets()).toEqual(["/_bulk"]);
  expect(seen[0]!.authorization).toMatch(/^AWS4-HMAC-SHA256 .*\/s3\//);
});

test.each([
  ["the role may not read it", 400, { __type: "AccessDeniedException", Message: "not authorized" }, 401],
  ["it is not there", 400, { __type: "ResourceNotFoundException" }, 401],
  ["the service is busy", 400, { __type: "ThrottlingException" }, 429],
  ["the service fails", 500, { __type: "InternalServiceError" }, 429],
  ["it holds no key", 200, { SecretString: "pass word" }, 401],
  ["it holds something binary", 200, { SecretBinary: "AAAA" }, 401],
])("%s: the index is not called, and the answer says so", async (_, status, body, answered) => {
  kept = { status, body };
  const transport = transportFor(SECRET);
  const answer = await bulk(transport);
  expect(answer.status).toBe(answered);
  expect(answer.text).toContain(SECRET);
  expect(answer.text).not.toContain("pass word");
  kept = { status: 200, body: { SecretString: KEY } };
  expect((await bulk(transport)).status).toBe(200);
  expect(targets().filter((target) => target === "/_bulk")).toHaveLength(1);
});

describe("an invocation", () => {
  const event = payload([JSON.stringify(record())]);
  const context = () => shipContext(transportFor(SECRET), { settings: { ...SETTINGS, searchEndpoint: host } });

  beforeEach(() => {
    const judge = elasticsearch;
    elasticsearch = (authorization) => {
      const judged = judge(authorization);
      if (judged.status !== 200) return judged;
      const ids = [...seen.at(-1)!.body.matchAll(/"_id":"([^"]+)"/g)].map(([, id]) => id);
      return { status: 200, body: { errors: false, items: ids.map((_id) => ({ create: { _id, status: 201 } })) } };
    };
  });

  test("delivers with the newer key where the one it had is refused", async () => {
    accepted = NEWER;
    const given = context();
    const sleep = given.sleep.bind(given);
    const { summary, error } = await shipped(event, {
      ...given,
      sleep: (ms) => {
        kept = { status: 200, body: { SecretString: NEWER } };
        return sleep(ms);
      },
    });
    expect(error).toBeUndefined();
    expect(summary).toMatchObject({ received: 1, delivered: 1, undelivered: 0 });
  });

  test("fails where the stack refuses every key: Lambda keeps the payload", async () => {
    accepted = "another";
    const { summary, error } = await shipped(event, context());
    expect(error?.message).toMatch(/refuses the caller: 401 .*unable to authenticate/);
    expect(summary).toMatchObject({ received: 1, delivered: 0, undelivered: 1, deadLettered: 0 });
  });

  test("fails where the role may not read the key", async () => {
    kept = { status: 400, body: { __type: "AccessDeniedException" } };
    const { error } = await shipped(event, context());
    expect(error?.message).toMatch(/refuses the caller: 401 the API key cannot be read: .*AccessDeniedException/);
    expect(targets()).not.toContain("/_bulk");
  });
});

describe("settings", () => {
  const COMPLETE = {
    SEARCH_ENDPOINT: "logs.example",
    SEARCH_REGION: "eu-west-1",
    DEAD_LETTER_BUCKET: "dead-letters",
    DEAD_LETTER_PREFIX: "111122223333/",
    OWNER_NAMES: "{}",
    MAX_RECORD_AGE_DAYS: "1095",
  };

  test("have no API key where the index is a domain's", () => {
    expect(readSettings(COMPLETE)).not.toHaveProperty("apiKey");
  });

  test.each([
    [SECRET, {}, undefined],
    [SECRET, { AWS_ENDPOINT_URL: "https://all" }, "https://all"],
    [SECRET, { AWS_ENDPOINT_URL: "https://all", AWS_ENDPOINT_URL_SECRETS_MANAGER: "https://own" }, "https://own"],
    [PARAMETER, { AWS_ENDPOINT_URL: "https://all", AWS_ENDPOINT_URL_SSM: "https://own" }, "https://own"],
  ])("%s is asked for at the standard variables' address: %j", (arn, variables, endpoint) => {
    const { apiKey } = readSettings({ ...COMPLETE, ...variables, SEARCH_API_KEY_ARN: arn });
    expect(apiKey).toEqual({ arn, endpoint });
  });

  test("refuse what is no ARN of a secret, such as the key itself", () => {
    expect(() => readSettings({ ...COMPLETE, SEARCH_API_KEY_ARN: KEY })).toThrow(
      "SEARCH_API_KEY_ARN is no ARN of a secret or a parameter",
    );
  });
});

test("the operators' client shows the key as well, and searches with it", async () => {
  const client = new DomainClient({
    endpoint: host,
    region: "eu-west-1",
    credentials: environmentCredentials(env),
    apiKey: { arn: SECRET, endpoint: `https://${host}` },
    ca: readFileSync(caFile, "utf8"),
  });
  await expect(client.search({ query: { match_all: {} } })).resolves.toEqual({ errors: false, items: [] });
  expect(seen[1]).toMatchObject({ target: "/cwl-%2A/_search", authorization: `ApiKey ${KEY}` });
});

describe("the bundled function", () => {
  const { zip } = bundle(join(PROJECT, "lambda", "shipper", "handler.ts"));
  const code = unzipSync(zip)["index.js"]!;

  test("stays under 300 KB", () => {
    expect(code.length).toBeLessThan(300 * 1024);
  });

  test("fetches the key where its environment says, and delivers by it", async () => {
    writeFileSync(join(folder, "index.js"), code);
    const ids: string[] = [];
    const judge = elasticsearch;
    elasticsearch = (authorization) => {
      const judged = judge(authorization);
      const found = [...seen.at(-1)!.body.matchAll(/"_id":"([^"]+)"/g)].map(([, id]) => id!);
      if (judged.status === 200) ids.push(...found);
      return { ...judged, body: { errors: false, items: found.map((_id) => ({ create: { _id, status: 201 } })) } };
    };
    const event = payload([JSON.stringify(record({ eventID: "by-the-bundle" }))]);
    const run = `require("./index.js").handler(${JSON.stringify(event)}, { awsRequestId: "r", getRemainingTimeInMillis: () => 60000 })`;
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", run], {
      cwd: folder,
      env: {
        ...env,
        NODE_EXTRA_CA_CERTS: caFile,
        AWS_ENDPOINT_URL: `https://${host}`,
        SEARCH_ENDPOINT: host,
        SEARCH_REGION: "eu-west-1",
        SEARCH_API_KEY_ARN: SECRET,
        DEAD_LETTER_BUCKET: "dead-letters",
        DEAD_LETTER_PREFIX: "111122223333/",
        OWNER_NAMES: "{}",
        MAX_RECORD_AGE_DAYS: "36500",
      },
    });
    expect(ids).toEqual(["by-the-bundle"]);
    expect(targets()).toEqual(["secretsmanager.GetSecretValue", "/_bulk"]);
    expect(stdout).toContain('"RecordsDelivered":1');
    expect(stdout).not.toContain(KEY);
  });
});
