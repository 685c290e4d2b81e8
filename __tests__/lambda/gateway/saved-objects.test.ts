import fc from "fast-check";
import { savedObjects, toNdjson } from "../../../modules/dashboards";
import {
  ENGINES,
  json,
  recordedReply,
  recording,
  settings,
  testGateway,
  unreachable,
  type TestGateway,
} from "./support";

/** One exchange with a real Kibana 7.10.2. */
interface KibanaExchange {
  readonly n: number;
  readonly note: string;
  readonly method: string;
  readonly path: string;
  readonly request_headers: Readonly<Record<string, string>>;
  readonly request_body: string | null;
  /** null: it never answered. */
  readonly status: number | null;
  readonly response_body: string | null;
}

const PATH = "/kibana/api/saved_objects/_import";
const BOUNDARY = "BOUNDARY";

/** The form as the provider sends it. */
function form(file: string | Buffer, name = "file", fileName = "export.ndjson"): Buffer {
  return Buffer.concat([
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"; filename="${fileName}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
    ),
    Buffer.from(file),
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
}

function send(gateway: TestGateway, body: Buffer, contentType = `multipart/form-data; boundary=${BOUNDARY}`) {
  return gateway.ask({
    method: "POST",
    path: PATH,
    query: "overwrite=true",
    headers: { "content-type": contentType },
    body,
  });
}

const OBJECT = '{"id":"i","type":"index-pattern","attributes":{"title":"cwl-*"},"references":[]}';
const SUCCESS = json(200, { successCount: 1, success: true });

describe.each(ENGINES)("before %s", (engine) => {
  test("the product's own objects go on byte for byte, to its Kibana, with what it demands", async () => {
    const gateway = testGateway(() => SUCCESS, settings({ ENGINE_VERSION: engine }));
    const body = form(toNdjson(savedObjects({ excludedUsers: ["日本語", "a'b"] })));
    expect(await send(gateway, body)).toMatchObject({ status: 200, json: { success: true } });
    expect(gateway.calls).toEqual([
      expect.objectContaining({
        method: "POST",
        path: `${engine === "OpenSearch_2.19" ? "/_dashboards" : "/_plugin/kibana"}/api/saved_objects/_import`,
        query: { overwrite: "true" },
        headers: {
          "content-type": `multipart/form-data; boundary=${BOUNDARY}`,
          "kbn-xsrf": "true",
          "osd-xsrf": "true",
        },
      }),
    ]);
    expect(body.equals(gateway.calls[0]!.body as Buffer)).toBe(true);
  });
});

describe("what a real Kibana was asked and answered", () => {
  const imports = recording<KibanaExchange>("kibana", "kibana-oss-7.10.2.jsonl").filter(
    ({ method, path, request_body: body }) =>
      method === "POST" && path.split("?")[0]!.endsWith("/api/saved_objects/_import") && body !== null,
  );

  test("is recorded in every case that matters", () => {
    expect(imports.length).toBeGreaterThan(80);
    expect(imports.filter(({ status }) => status === null).length).toBeGreaterThan(3);
  });

  test.each(imports.map((exchange) => [`${exchange.n} ${exchange.note}`, exchange] as const))(
    "%s",
    async (_, exchange) => {
      const { status, response_body: answer, request_headers: headers, request_body: body } = exchange;
      const recorded = { status: status ?? 0, response: answer ?? "" };
      const gateway = testGateway(() => (status === null ? unreachable(gateway.calls[0]!) : recordedReply(recorded)));
      const reply = await send(gateway, Buffer.from(body!), headers["content-type"]);
      const worked = status === 200 && (JSON.parse(answer!) as { success: boolean }).success;
      if (gateway.calls.length === 0) {
        // Refused before it was sent: with the reason, and nothing that Kibana would have taken from an export.
        expect([400, 403, 415]).toContain(reply.status);
      } else if (worked) {
        expect(reply).toMatchObject({ status: 200, json: { success: true } });
        expect(reply.body).toBe(answer);
      } else {
        // Also where Kibana said 200: the provider would keep it as if it had worked, and never try again.
        expect(reply.status).toBeGreaterThanOrEqual(400);
      }
      expect(reply.headers["content-type"]).toContain("json");
      if (reply.status >= 400) {
        expect(reply.json).toMatchObject({ statusCode: reply.status, message: expect.stringMatching(/./) as string });
        // A 404 is Terraform's word for gone.
        expect(reply.status).not.toBe(404);
      }
    },
  );

  test("of all that Kibana took, only what is no object with type, id and attributes is refused here", () => {
    const refusedHere = ["29", "125", "126"];
    const taken = imports.filter(
      ({ status, response_body: answer }) => status === 200 && (JSON.parse(answer!) as { success: boolean }).success,
    );
    return Promise.all(
      taken.map(async ({ n, request_headers: headers, request_body: body }) => {
        const gateway = testGateway(() => SUCCESS);
        const reply = await send(gateway, Buffer.from(body!), headers["content-type"]);
        expect([n, reply.status === 200]).toEqual([n, !refusedHere.includes(String(n))]);
      }),
    );
  });

  test("what it never answered is refused at once, with the line", async () => {
    for (const { request_headers: headers, request_body: body } of imports.filter(({ status }) => status === null)) {
      const gateway = testGateway(unreachable);
      const reply = await send(gateway, Buffer.from(body!), headers["content-type"]);
      expect(reply).toMatchObject({
        status: 400,
        json: { message: expect.stringMatching(/^Line \d+ is no/) as string },
      });
    }
  });
});

describe("an import that failed is told with what and why", () => {
  test.each([
    [
      {
        type: "visualization",
        id: "v",
        error: { type: "missing_references", references: [{ type: "index-pattern", id: "i" }] },
      },
      "visualization v: missing_references (index-pattern i)",
    ],
    [{ type: "dashboard", id: "d", error: { type: "conflict" } }, "dashboard d: conflict"],
    [
      { type: "search", id: "s", error: { type: "unknown", message: "strict", statusCode: 400 } },
      "search s: unknown (strict)",
    ],
    ["odd", "undefined undefined: undefined"],
  ])("%j", async (error, text) => {
    const gateway = testGateway(() => json(200, { success: false, successCount: 3, errors: [error] }));
    expect(await send(gateway, form(OBJECT))).toMatchObject({
      status: 400,
      json: { message: `Saved objects were not imported: ${text}` },
    });
  });

  test("ten of many", async () => {
    const errors = Array.from({ length: 12 }, (_, i) => ({ type: "search", id: `s${i}`, error: { type: "conflict" } }));
    const gateway = testGateway(() => json(200, { success: false, errors }));
    expect((await send(gateway, form(OBJECT))).json.message).toMatch(/s9: conflict and 2 more$/);
  });
});

describe("is refused before it is sent:", () => {
  test.each([
    ["another content type", form(OBJECT), "application/json", 415],
    ["a form without boundary", form(OBJECT), "multipart/form-data", 415],
    ["no content type", form(OBJECT), "", 415],
    ["another boundary", form(OBJECT), "multipart/form-data; boundary=other", 400],
    ["an empty body", Buffer.alloc(0), undefined, 400],
    ["a form that does not end", form(OBJECT).subarray(0, -10), undefined, 400],
    ["another part", form(OBJECT, "upload"), undefined, 400],
    [
      "two parts",
      Buffer.concat([form(OBJECT).subarray(0, -`--${BOUNDARY}--\r\n`.length), form(OBJECT)]),
      undefined,
      400,
    ],
    ["another type", form('{"id":"7.10.2","type":"config","attributes":{}}'), undefined, 403],
    ["another type in the second line", form(`${OBJECT}\n{"id":"x","type":"space","attributes":{}}`), undefined, 403],
    ["no JSON", form("{"), undefined, 400],
    ["the article's raw form", form('{"_id":"CloudTrail","_type":"dashboard","_source":{}}'), undefined, 400],
    ["an empty id", form('{"id":"","type":"search","attributes":{}}'), undefined, 400],
  ])("%s", async (_, body, contentType, status) => {
    const gateway = testGateway(unreachable);
    expect((await send(gateway, body, contentType)).status).toBe(status);
  });

  test("anything at all that is no form of saved objects, without a crash", async () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.string().map((text) => form(text)),
      fc.array(fc.json(), { maxLength: 3 }).map((lines) => form(lines.join("\n"))),
    );
    await fc.assert(
      fc.asyncProperty(
        anything,
        fc.constantFrom(undefined, "multipart/form-data; boundary=", 'multipart/form-data; boundary="x'),
        async (body, type) => {
          const gateway = testGateway(() => SUCCESS);
          const reply = await send(gateway, body, type);
          if (gateway.calls.length === 0) expect([400, 403, 415]).toContain(reply.status);
          else expect(form("").length).toBeLessThanOrEqual(body.length);
        },
      ),
      { numRuns: 500 },
    );
  });
});

test("the details that end a real export are no object, and no mistake", async () => {
  const gateway = testGateway(() => SUCCESS);
  const file = `${OBJECT}\n{"exportedCount":1,"missingRefCount":0,"missingReferences":[]}\n`;
  expect((await send(gateway, form(file))).status).toBe(200);
});

test("without overwrite it is sent once only: a second one would meet the first one's objects", async () => {
  const gateway = testGateway(() => SUCCESS);
  await gateway.ask({
    method: "POST",
    path: PATH,
    headers: { "content-type": `multipart/form-data; boundary=${BOUNDARY}` },
    body: form(OBJECT),
  });
  expect(gateway.calls[0]).toMatchObject({ query: {}, repeatable: false });
});

test("a domain without such a path is 501, never 404", async () => {
  const gateway = testGateway(() => json(404, { statusCode: 404, error: "Not Found", message: "Not Found" }));
  expect(await send(gateway, form(OBJECT))).toMatchObject({ status: 501 });
});
