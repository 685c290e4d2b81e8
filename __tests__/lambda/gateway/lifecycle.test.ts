import { DRIFT_MARKER } from "../../../lambda/gateway/ism";
import type { DomainReply, DomainRequest } from "../../../lambda/gateway/domain";
import { MemoryDomain } from "./memory-domain";
import {
  ENGINES,
  ilmBody,
  ismRecording,
  json,
  recordedReply,
  settings,
  testGateway,
  type EngineVersion,
  type IsmExchange,
  type TestGateway,
} from "./support";

const PATH = "/es/_ilm/policy/cloudtrail";

describe.each(ENGINES)("a retention policy on %s", (engine) => {
  let domain: MemoryDomain;
  let gateway: TestGateway;
  const write = (days: number) => gateway.ask({ method: "PUT", path: PATH, body: ilmBody(days) });

  beforeEach(() => {
    domain = new MemoryDomain(engine);
    gateway = testGateway(domain.reply, settings({ ENGINE_VERSION: engine }));
  });

  test("that is not there is 404, on a domain that never had one and after its deletion", async () => {
    for (const method of ["GET", "DELETE"]) {
      expect(await gateway.ask({ method, path: PATH })).toMatchObject({ status: 404, json: { status: 404 } });
    }
    await write(90);
    expect(await gateway.ask({ method: "DELETE", path: PATH })).toMatchObject({
      status: 200,
      json: { acknowledged: true },
    });
    expect(await gateway.ask({ path: PATH })).toMatchObject({ status: 404 });
  });

  test("is created, and read back word for word with its version and date", async () => {
    expect(await write(90)).toMatchObject({ status: 200, json: { acknowledged: true } });
    expect((await gateway.ask({ path: PATH })).json).toEqual({
      cloudtrail: {
        version: 1,
        modified_date: new Date(domain.engine.now).toISOString(),
        policy: (JSON.parse(ilmBody(90)) as { policy: object }).policy,
      },
    });
  });

  test("is updated over itself", async () => {
    await write(90);
    expect(await write(30)).toMatchObject({ status: 200 });
    expect((await gateway.ask({ path: PATH })).json).toMatchObject({
      cloudtrail: { version: 2, policy: { phases: { delete: { min_age: "30d" } } } },
    });
  });

  test("reaches existing, managed and later indices, and no others", async () => {
    await domain.createIndex("cwl-2025.12.31");
    await domain.createIndex("other-1");
    await write(90);
    await domain.createIndex("cwl-2026.01.01");
    expect(await domain.passDays(89)).toEqual([]);
    expect(await domain.passDays(1)).toEqual(["cwl-2025.12.31", "cwl-2026.01.01"]);
    expect(await domain.passDays(365)).toEqual([]);
  });

  test("shortened from 90 to 30 days deletes what is due then and keeps the rest", async () => {
    await domain.createIndex("cwl-2025.11.01");
    await write(90);
    await domain.passDays(40);
    await domain.createIndex("cwl-2026.02.10");
    await domain.passDays(1);
    await write(30);
    expect(await domain.passDays(1)).toEqual(["cwl-2025.11.01"]);
    expect(await domain.passDays(27)).toEqual([]);
    expect(await domain.passDays(1)).toEqual(["cwl-2026.02.10"]);
  });

  test("that is deleted leaves its indices unmanaged", async () => {
    await domain.createIndex("cwl-2025.12.31");
    await write(1);
    await gateway.ask({ method: "DELETE", path: PATH });
    expect(await domain.passDays(10)).toEqual([]);
  });

  test("changed by hand shows as drift, and the next write undoes it", async () => {
    await write(90);
    const path = `${engine === "OpenSearch_2.19" ? "/_plugins" : "/_opendistro"}/_ism/policies/cloudtrail`;
    const current = JSON.parse((await domain.reply(toDomain("GET", path))).text) as {
      _seq_no: number;
      policy: { states: { transitions: { conditions: object }[] }[] };
    };
    current.policy.states[0]!.transitions[0]!.conditions = { min_index_age: "1d" };
    const query = { if_seq_no: String(current._seq_no), if_primary_term: "1" };
    await domain.reply({ ...toDomain("PUT", path), query, body: JSON.stringify({ policy: current.policy }) });

    const policy = async () =>
      ((await gateway.ask({ path: PATH })).json.cloudtrail as { policy: { _meta?: object } }).policy;
    expect((await policy())._meta).toHaveProperty(DRIFT_MARKER);
    await write(90);
    expect(await policy()).toEqual((JSON.parse(ilmBody(90)) as { policy: object }).policy);
  });

  test("is never asked for by a path with a raw star", async () => {
    await write(90);
    const paths = gateway.calls.map(({ path }) => path);
    expect(paths.filter((path) => path.includes("*"))).toEqual([]);
    expect(paths.filter((path) => path.endsWith("/cwl-%2A"))).toHaveLength(2);
  });
});

function toDomain(method: DomainRequest["method"], path: string): DomainRequest {
  return { method, path, repeatable: true, deadline: 0 };
}

/** A domain whose answers to some calls are given, in order, the last one for good; all others as a domain in memory. */
function answering(
  engine: EngineVersion,
  call: RegExp,
  ...answers: DomainReply[]
): { gateway: TestGateway; domain: MemoryDomain } {
  const domain = new MemoryDomain(engine);
  const left = [...answers];
  const gateway = testGateway(
    (request) => {
      if (!call.test(`${request.method} ${request.path}`)) return domain.reply(request);
      return left.length > 1 ? left.shift()! : left[0]!;
    },
    settings({ ENGINE_VERSION: engine }),
  );
  return { gateway, domain };
}

describe.each(ENGINES)("what the real plugin of %s was seen to answer", (engine) => {
  const recorded = ismRecording(engine);
  const ism = engine === "OpenSearch_2.19" ? "/_plugins/_ism" : "/_opendistro/_ism";
  const of = (method: string, what: string, wanted: (status: number) => boolean): IsmExchange[] =>
    recorded.filter(
      (exchange) =>
        exchange.method === method && exchange.path.startsWith(`${ism}/${what}/`) && wanted(exchange.status),
    );
  const titled = (exchanges: IsmExchange[]) => exchanges.map((exchange) => [exchange.note, exchange] as const);
  const write = (gateway: TestGateway) => gateway.ask({ method: "PUT", path: PATH, body: ilmBody(90) });
  const reasonOf = ({ response }: IsmExchange) =>
    (response as { error?: { reason?: string } }).error?.reason ??
    (typeof response === "string" ? response : undefined);

  test.each(titled(of("PUT", "policies", (status) => status === 400 || status === 403)))(
    "to a write: %s",
    async (_, exchange) => {
      const { gateway } = answering(engine, /^PUT .*policies/, recordedReply(exchange));
      const reply = await write(gateway);
      expect(reply.status).toBe(exchange.status);
      expect((reply.json.error as { reason: string }).reason).toContain(reasonOf(exchange)!.slice(0, 200));
    },
  );

  test("to a write that somebody overtook: it is read and written again", async () => {
    const conflicts = of("PUT", "policies", (status) => status === 409);
    expect(conflicts.length).toBeGreaterThan(2);
    for (const conflict of conflicts) {
      const accepted = of("PUT", "policies", (status) => status < 300)[0]!;
      const { gateway } = answering(engine, /^PUT .*policies/, recordedReply(conflict), recordedReply(accepted));
      expect((await write(gateway)).status).toBe(200);
      expect(gateway.calls.filter(({ method }) => method === "PUT")).toHaveLength(2);
      // Each time with what was read before.
      expect(gateway.calls.slice(0, 4).map(({ method }) => method)).toEqual(["GET", "PUT", "GET", "PUT"]);
    }
  });

  test("to a write that is overtaken again and again: 409 after five tries", async () => {
    const conflict = of("PUT", "policies", (status) => status === 409)[0]!;
    const { gateway } = answering(engine, /^PUT .*policies/, recordedReply(conflict));
    expect(await write(gateway)).toMatchObject({
      status: 409,
      json: { error: { type: "version_conflict_engine_exception" } },
    });
    expect(gateway.calls.filter(({ method }) => method === "PUT")).toHaveLength(5);
  });

  test.each(titled(of("GET", "policies", (status) => status === 404)))("to a read: %s", async (_, exchange) => {
    const { gateway } = answering(engine, /^GET .*policies/, recordedReply(exchange));
    expect(await gateway.ask({ path: PATH })).toMatchObject({ status: 404 });
    expect(await gateway.ask({ method: "DELETE", path: PATH })).toMatchObject({ status: 404 });
    // To write a policy that is not there is to create it.
    expect(await write(gateway)).toMatchObject({ status: 200 });
    expect(gateway.calls.find(({ method }) => method === "PUT")!.query).toBeUndefined();
  });

  test.each(titled(of("DELETE", "policies", (status) => status === 404)))("to a deletion: %s", async (_, exchange) => {
    const { gateway } = answering(engine, /^DELETE .*policies/, recordedReply(exchange));
    await write(gateway);
    // It was there a moment ago: whoever deleted it did what was asked for.
    expect(await gateway.ask({ method: "DELETE", path: PATH })).toMatchObject({ status: 200 });
  });

  const EXPECTED: Record<string, RegExp> = {
    add: /already has a policy/,
    change_policy: /not being managed/,
    remove: /does not have a policy to remove/,
  };

  test.each(
    ["add", "change_policy", "remove"].flatMap((verb) =>
      of("POST", verb, (status) => status === 200).map((exchange) => [verb, exchange.note, exchange] as const),
    ),
  )("to %s: %s", async (verb, _, exchange) => {
    const { failed_indices: failed } = exchange.response as {
      failed_indices: { index_name: string; reason: string }[];
    };
    const others = failed.filter(({ reason }) => !EXPECTED[verb]!.test(reason));
    const { gateway } = answering(engine, new RegExp(`^POST .*/${verb}/`), recordedReply(exchange));
    const written = await write(gateway);
    const reply = verb === "remove" ? await gateway.ask({ method: "DELETE", path: PATH }) : written;
    if (others.length === 0) expect(reply.status).toBe(200);
    else {
      expect(reply.status).toBe(409);
      for (const { index_name: name, reason } of others.slice(0, 10)) {
        expect((reply.json.error as { reason: string }).reason).toContain(`${name} (${reason})`);
      }
    }
  });

  test("to a pattern that matches nothing: that is no failure", async () => {
    for (const verb of ["add", "change_policy", "remove"]) {
      const nothing = recorded.filter(
        ({ note, path }) => /matches nothing/.test(note) && path.includes(`_ism/${verb}/`),
      );
      expect(verb === "remove" ? 1 : nothing.length).toBeGreaterThan(0);
      for (const exchange of nothing) {
        const { gateway } = answering(engine, new RegExp(`^POST .*/${verb}/`), recordedReply(exchange));
        expect((await write(gateway)).status).toBe(200);
        expect((await gateway.ask({ method: "DELETE", path: PATH })).status).toBe(200);
      }
    }
  });

  test.each(
    titled(
      recorded.filter(({ path, status }) => path.includes("_ism/") && status >= 400 && !/explain|retry/.test(path)),
    ),
  )("is told in the provider's own form, and as gone only where it is: %s", async (_, exchange) => {
    const isMissing =
      exchange.status === 404 &&
      /Policy.*not found|\[\.opendistro-ism-config\]|"result":"not_found"/.test(JSON.stringify(exchange.response));
    const { gateway } = answering(engine, /^GET .*policies/, recordedReply(exchange));
    const reply = await gateway.ask({ path: PATH });
    if (!isMissing) expect(reply.status).not.toBe(404);
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.json).toMatchObject({
      error: { type: expect.stringMatching(/./) as string, reason: expect.stringMatching(/./) as string },
      status: reply.status,
    });
    expect(reply.headers["content-type"]).toContain("json");
  });
});

test("an index that cannot be attached is named, with what to do", async () => {
  const { gateway } = answering(
    "Elasticsearch_7.10",
    /^POST .*\/add\//,
    json(200, {
      updated_indices: 0,
      failures: true,
      failed_indices: Array.from({ length: 12 }, (_, i) => ({
        index_name: `cwl-${i}`,
        index_uuid: "u",
        reason: "This index is closed",
      })),
    }),
  );
  const reply = await gateway.ask({ method: "PUT", path: PATH, body: ilmBody(90) });
  expect(reply).toMatchObject({ status: 409, json: { error: { type: "policy_attachment_exception" } } });
  expect((reply.json.error as { reason: string }).reason).toMatch(
    /cwl-0 \(This index is closed\), .*cwl-9 \(This index is closed\) and 2 more\. Put that right/,
  );
});

test("a plugin that the domain does not have is 501, not gone", async () => {
  const { gateway } = answering(
    "OpenSearch_2.19",
    /_ism/,
    json(400, { error: "no handler found for uri [/_plugins/_ism/policies/cloudtrail] and method [GET]" }),
  );
  expect(await gateway.ask({ path: PATH })).toMatchObject({ status: 501 });
});
