import { EngineClient, type EngineAnswer } from "../../../sandbox/domain/engine-client";
import { IsmStandIn, type StandInReply } from "../../../sandbox/domain/ism";
import { overlap } from "../../../sandbox/domain/ism-policy";
import { KibanaStandIn } from "../../../sandbox/domain/kibana";
import { ENGINES, ismRecording, recording, type EngineVersion, type IsmExchange } from "../../lambda/gateway/support";

/** An engine in memory, as far as the stand-ins ask one: documents, and no index of anybody else. */
class DocumentsInMemory extends EngineClient {
  private readonly documents = new Map<string, unknown>();

  constructor() {
    super("http://127.0.0.1:9");
  }

  override send(
    _method: string,
    _path: string,
    _headers?: object,
    body: Buffer = Buffer.alloc(0),
  ): Promise<EngineAnswer> {
    const lines = body.toString("utf8").trim().split("\n");
    for (let i = 0; i < lines.length; i += 2) {
      const { index } = JSON.parse(lines[i]!) as { index: { _id: string } };
      this.documents.set(index._id, JSON.parse(lines[i + 1]!));
    }
    return Promise.resolve({ status: 200, headers: {}, body: Buffer.from("{}") });
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as the client has it
  override json<T>(_method: string, path: string): Promise<{ status: number; body: T }> {
    const id = /\/_doc\/([^?]+)/.exec(path)?.[1];
    if (id === undefined) return Promise.resolve({ status: 200, body: {} as T });
    const source = this.documents.get(decodeURIComponent(id));
    return Promise.resolve({ status: source === undefined ? 404 : 200, body: { _source: source } as T });
  }
}

function ism(
  engine: EngineVersion,
): (exchange: Pick<IsmExchange, "method" | "path" | "request">) => Promise<StandInReply> {
  const standIn = new IsmStandIn(new DocumentsInMemory(), engine === "OpenSearch_2.19" ? "opensearch" : "opendistro", {
    now: () => 0,
    at: (time) => time,
  });
  return ({ method, path, request }) => {
    const [bare = "", query] = path.split("?");
    const text = request === null ? "" : typeof request === "string" ? request : JSON.stringify(request);
    return standIn.reply(method, bare, new URLSearchParams(query), Buffer.from(text));
  };
}

describe.each(ENGINES)("the stand-in for Index State Management of %s", (engine) => {
  const base = engine === "OpenSearch_2.19" ? "/_plugins/_ism/policies/" : "/_opendistro/_ism/policies/";
  const writes = ismRecording(engine).filter(
    ({ method, path }) => method === "PUT" && path.startsWith(base) && !path.includes("?"),
  );
  const titled = (exchanges: IsmExchange[]) => exchanges.map((exchange) => [exchange.note, exchange] as const);

  test.each(titled(writes.filter(({ status }) => status === 201)))(
    "takes what the plugin took: %s",
    async (_, exchange) => {
      const { status, body } = await ism(engine)(exchange);
      expect(status).toBe(201);
      // Of these actions, which the product has not, the plugin fills in more.
      if (/allocation|notification|rollup|timeout/.test(exchange.note)) return;
      expect(timeless(body)).toMatchObject(timeless(exchange.response) as object);
    },
  );

  test.each(titled(writes.filter(({ status, note }) => status === 400 && !/overlap/.test(note))))(
    "refuses what the plugin refused, for its reason: %s",
    async (_, exchange) => {
      const { status, body } = await ism(engine)(exchange);
      expect(status).toBe(400);
      const reason = (response: unknown) =>
        (response as { error: { type: string; reason: string } }).error.reason.split("\n")[0];
      expect(reason(body)).toBe(reason(exchange.response));
    },
  );

  test("refuses two templates that overlap at equal priority", async () => {
    const reply = ism(engine);
    const policy = (patterns: string[], priority: number) => {
      const template = { index_patterns: patterns, priority };
      return {
        policy: {
          description: "d",
          default_state: "a",
          states: [{ name: "a" }],
          ism_template: engine === "OpenSearch_2.19" ? [template] : template,
        },
      };
    };
    const put = (id: string, request: object) => reply({ method: "PUT", path: `${base}${id}`, request });
    expect((await put("first", policy(["cwl-*"], 100))).status).toBe(201);
    expect((await put("second", policy(["cwl-*"], 1))).status).toBe(201);
    const recorded = writes.find(({ note }) => /overlaps at the same priority/.test(note))!;
    const { status, body } = await put("clash", policy(["cwl-2*"], 100));
    expect({ status, body }).toMatchObject({ status: recorded.status, body: {} });
    expect((body as { error: object }).error).toMatchObject({
      reason: (recorded.response as { error: { reason: string } }).error.reason,
    });
  });

  test.each(titled(writes.filter(({ status }) => status === 409).slice(0, 1)))(
    "wants the pair for a second write: %s",
    async (_, exchange) => {
      const reply = ism(engine);
      await reply(exchange);
      expect((await reply(exchange)).status).toBe(409);
    },
  );
});

test.each([
  ["cwl-*", "cwl-2*", true],
  ["cwl-*", "*", true],
  ["a*c", "ab*", true],
  ["*a", "b*", true],
  ["cwl-*", "cw-*", false],
  ["a", "ab", false],
  ["a*", "ab", true],
])("patterns %s and %s overlap: %s", (a, b, expected) => {
  expect([overlap(a, b), overlap(b, a)]).toEqual([expected, expected]);
});

interface KibanaExchange {
  readonly n: number;
  readonly note: string;
  readonly method: string;
  readonly path: string;
  readonly request_headers: Readonly<Record<string, string>>;
  readonly request_body: string | null;
  readonly status: number | null;
  readonly response_body: string | null;
}

describe("the stand-in for Kibana answers imports as recorded", () => {
  /** What the product never sends, or what needs another Kibana than a domain's. */
  const LEFT_OUT = new Map<number, string>([
    [2, "Kibana that is not ready"],
    [7, "another version's header"],
    [16, "no boundary"],
    [17, "no body"],
    [18, "createNewCopies"],
    [19, "other values of overwrite"],
    [20, "other parameters"],
    [22, "spaces"],
    [23, "no base path"],
    [29, "a list of objects in one line"],
    [30, "never answered"],
    [31, "null in a line"],
    [39, "never answered"],
    [44, "migrations of old forms"],
    [63, "createNewCopies"],
    [85, "a version that is none"],
    [94, "never answered"],
    [95, "never answered"],
    [104, "migrations of old forms"],
    [107, "migrations of old forms"],
    [109, "migrations of old forms"],
    [125, "advanced settings"],
    [126, "advanced settings"],
    [130, "no base path"],
    [131, "other limits"],
    [132, "other limits"],
    [133, "other limits"],
  ]);
  const imports = recording<KibanaExchange>("kibana", "kibana-oss-7.10.2.jsonl").filter(
    ({ n, method, path }) =>
      method === "POST" && path.split("?")[0]!.endsWith("/api/saved_objects/_import") && !LEFT_OUT.has(n),
  );
  /** Objects that stood before: the recording's own order is not replayed. */
  const NEEDS: Readonly<Record<number, readonly number[]>> = {
    57: [56],
    59: [56],
    86: [78],
    87: [78],
    89: [87],
    91: [78],
    92: [78],
  };
  const all = recording<KibanaExchange>("kibana", "kibana-oss-7.10.2.jsonl");

  test("in every case that matters here", () => {
    expect(imports.length).toBeGreaterThan(55);
  });

  test.each(imports.map((exchange) => [exchange.n, exchange.note, exchange] as const))(
    "%i %s",
    async (n, _, exchange) => {
      const kibana = new KibanaStandIn(new DocumentsInMemory(), "/_plugin/kibana", () => 0);
      const send = ({ path, request_headers: headers, request_body: body }: KibanaExchange) => {
        const [bare = "", query] = path.split("?");
        const full = bare.startsWith("/_plugin/kibana") ? bare : `/_plugin/kibana${bare}`;
        return kibana.reply("POST", full, new URLSearchParams(query), headers, Buffer.from(body ?? ""));
      };
      for (const before of NEEDS[n] ?? []) await send(all[before]!);
      const { status, body } = await send(exchange);
      const recorded = JSON.parse(exchange.response_body!) as Record<string, unknown>;
      expect(status).toBe(exchange.status);
      if (status === 200) {
        expect(summary(body)).toEqual(summary(recorded));
      }
    },
  );

  function summary(body: unknown): object {
    const {
      success,
      successCount,
      errors = [],
    } = body as {
      success: boolean;
      successCount: number;
      errors?: { type: string; id: string; error: { type?: string } }[];
    };
    return {
      success,
      successCount,
      errors: errors.map(({ type, id, error }) => `${type}:${id} ${error.type ?? "unknown"}`).sort(),
    };
  }
});

/** Without what differs each time: times, versions, numbers. */
function timeless(body: unknown): unknown {
  return JSON.parse(
    JSON.stringify(body, (key, value: unknown) =>
      ["last_updated_time", "_seq_no", "_version", "_primary_term", "schema_version"].includes(key) ? undefined : value,
    ),
  );
}
