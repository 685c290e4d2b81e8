import fc from "fast-check";
import { halves, readReply, toBatches, withoutContent, type Verdict } from "../../../lambda/shipper/bulk";
import type { Action } from "../../../lambda/shipper/document";
import { LOG_SOURCE, logEvent } from "../../factories/payload";

function action(id: string, source = "{}", index = "cwl-2026.02.01"): Action {
  return { id, index, source, logEvent: logEvent(""), logSource: LOG_SOURCE, isEnvelope: false };
}

const ACTIONS = ["a", "b", "c"].map((id) => action(id));

function reply(...items: unknown[]): string {
  return JSON.stringify({ took: 1, errors: true, items });
}

function item(_id: string, status: unknown, error?: unknown, _index = "cwl-2026.02.01"): object {
  return { create: { _index, _id, status, ...(error === undefined ? {} : { error }) } };
}

function verdicts(text: string, actions: readonly Action[] = ACTIONS): readonly Verdict[] {
  const read = readReply(actions, 200, text);
  if (read.kind !== "items") throw new Error(`the reply was read as ${read.kind}`);
  return read.verdicts;
}

const kinds = (text: string, actions?: readonly Action[]) => verdicts(text, actions).map(({ kind }) => kind);
const only = (status: unknown, error?: unknown) => verdicts(reply(item("a", status, error)), [ACTIONS[0]!])[0];

describe("bodies", () => {
  test("are create actions and documents in turn, each on a line", () => {
    const [batch] = toBatches([action('q"', '{"a":1}'), action("b", '{"b":2}')], 1000);
    expect(batch!.body.toString()).toBe(
      '{"create":{"_index":"cwl-2026.02.01","_id":"q\\""}}\n{"a":1}\n{"create":{"_index":"cwl-2026.02.01","_id":"b"}}\n{"b":2}\n',
    );
  });

  test("stay under the limit in bytes, hold every action once and in order; an action above the limit is alone", () => {
    const sources = fc.array(fc.string({ unit: "binary", maxLength: 200 }));
    fc.assert(
      fc.property(sources, fc.integer({ min: 1, max: 1000 }), (texts, limit) => {
        const actions = texts.map((text, at) => action(String(at), JSON.stringify(text)));
        const batches = Array.from(toBatches(actions, limit), (batch) => ({ ...batch, body: batch.body.toString() }));
        expect(batches.flatMap((batch) => batch.actions)).toEqual(actions);
        for (const batch of batches) {
          expect(batch.actions.length).toBeGreaterThan(0);
          if (batch.actions.length > 1) expect(Buffer.byteLength(batch.body)).toBeLessThanOrEqual(limit);
          const documents = batch.body.split("\n").filter((_, line) => line % 2 === 1);
          expect(documents).toEqual(batch.actions.map(({ source }) => source.toWellFormed()));
        }
      }),
    );
  });

  test("that were refused whole are halved", () => {
    expect(halves(ACTIONS)).toEqual([ACTIONS.slice(0, 2), ACTIONS.slice(2)]);
  });
});

describe("items of a reply", () => {
  test("201 is delivered, 409 was there already", () => {
    expect(
      kinds(reply(item("a", 201), item("b", 409, { type: "version_conflict_engine_exception" }), item("c", 200))),
    ).toEqual(["delivered", "duplicate", "delivered"]);
  });

  test.each([
    [429, { type: "es_rejected_execution_exception", reason: "rejected execution" }],
    [
      429,
      { type: "cluster_block_exception", reason: "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded]" },
    ],
    [
      403,
      { type: "cluster_block_exception", reason: "index [x] blocked by: [FORBIDDEN/10/cluster create-index blocked]" },
    ],
    [
      403,
      {
        type: "index_create_block_exception",
        reason: "blocked by: [FORBIDDEN/10/cluster create-index blocked (api)];",
      },
    ],
    [401, "Unauthorized"],
    [404, { type: "index_not_found_exception", reason: "no such index" }],
    [408, { type: "timeout", reason: "" }],
    [500, { type: "node_disconnected", reason: "" }],
    [503, { type: "unavailable_shards_exception", reason: "primary shard is not active" }],
    [504, null],
    [302, null],
    [
      400,
      {
        type: "validation_exception",
        reason:
          "Validation Failed: 1: this action would add [2] total shards, but this cluster currently has [1000]/[1000] maximum shards open;",
      },
    ],
    [
      400,
      {
        type: "illegal_argument_exception",
        reason: "Validation Failed: 1: this action would add [1] shards, but this cluster has [9]/[9]",
      },
    ],
    ["201", null],
    [null, null],
    [undefined, undefined],
  ])("status %j may pass the next time: %j", (status, error) => {
    expect(only(status, error)?.kind).toBe("retryable");
  });

  test.each([
    [400, { type: "mapper_parsing_exception", reason: "failed to parse" }],
    [400, { type: "illegal_argument_exception", reason: "Document contains at least one immense term" }],
    [400, "a plain string"],
    [400, { type: 5, reason: [] }],
    [413, null],
    [415, { type: "content" }],
    [
      400,
      {
        type: "mapper_parsing_exception",
        reason: "failed to parse",
        caused_by: { reason: "Duplicate field 'this action would add [1] shards'" },
      },
    ],
  ])("status %j never passes: %j", (status, error) => {
    expect(only(status, error)?.kind).toBe("permanent");
  });

  test("whose reason quotes a long record are read in no time worth speaking of", () => {
    const reason = `failed to parse [${"would add 1 ".repeat(20_000)}] x shards`;
    expect(only(400, { type: "mapper_parsing_exception", reason })?.kind).toBe("permanent");
  });

  test("are matched by id, not by position", () => {
    expect(kinds(reply(item("c", 400, {}), item("a", 201), item("b", 503, {})))).toEqual([
      "delivered",
      "retryable",
      "permanent",
    ]);
  });

  test("that nobody asked for are nobody's", () => {
    expect(kinds(reply(item("x", 400, {}), item("a", 201), item("y", 201), item("b", 201), item("c", 201)))).toEqual([
      "delivered",
      "delivered",
      "delivered",
    ]);
  });

  test("that are missing are not delivered", () => {
    expect(verdicts(reply(item("b", 201)))[0]).toEqual({ kind: "retryable", detail: "no item in the reply" });
  });

  test("of another index are those of another document", () => {
    const actions = [action("a", "{}", "cwl-undated"), action("a")];
    const items = [item("a", 400, {}), item("a", 201, undefined, "cwl-undated")];
    expect(kinds(reply(...items), actions)).toEqual(["delivered", "permanent"]);
  });

  test("without an index are matched by id alone", () => {
    expect(kinds(reply({ create: { _id: "a", status: 201 } }), [ACTIONS[0]!])).toEqual(["delivered"]);
  });

  test("of one record twice in a body: one is delivered, the other was there", () => {
    const twice = [ACTIONS[0]!, ACTIONS[0]!];
    expect(kinds(reply(item("a", 201), item("a", 409, {})), twice)).toEqual(["delivered", "duplicate"]);
    expect(kinds(reply(item("a", 409, {}), item("a", 409, {})), twice)).toEqual(["duplicate", "duplicate"]);
  });

  test("say why, with the cause, but nothing of the request that the parser prints after it", () => {
    const error = {
      type: "mapper_parsing_exception",
      reason: "failed to parse",
      caused_by: { reason: "Duplicate field 'a'\n at [Source: (byte[])\"POST /_bulk HTTP/1.1 authorization: secret" },
    };
    expect(only(400, error)).toEqual({
      kind: "permanent",
      detail: "400 mapper_parsing_exception: failed to parse (Duplicate field 'a')",
    });
  });

  test("say in a log no more than status and type", () => {
    expect(withoutContent("400 mapper_parsing_exception: failed to parse field, preview: 'secret'")).toBe(
      "400 mapper_parsing_exception",
    );
    expect(withoutContent("out of time")).toBe("out of time");
    const failed = only(400, "secret: all of it");
    expect(failed?.kind === "permanent" && withoutContent(failed.detail)).toBe("400 error");
  });
});

describe("a reply as a whole", () => {
  const HTML = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>";

  test.each([
    [413, "", "split"],
    [413, HTML, "split"],
    [
      400,
      '{"error":{"type":"illegal_argument_exception","reason":"Malformed action/metadata line [3]"},"status":400}',
      "split",
    ],
    [400, '{"error":"a plain string","status":400}', "split"],
    [400, '{"error":{"type":"validation_exception","reason":"this action would add [2] total shards, but"}}', "retry"],
    [400, '{"message":"The security token included in the request is expired"}', "refused"],
    [403, '{"Message":"User: arn:aws:sts::1:assumed-role/x is not authorized to perform: es:ESHttpPost"}', "refused"],
    [403, '{"message":"The request signature we calculated does not match the signature you provided."}', "refused"],
    [403, '{"message":"403 Request throttled due to too many requests"}', "retry"],
    [403, '{"error":{"type":"cluster_block_exception","reason":"blocked by: [FORBIDDEN/8/index write]"}}', "retry"],
    [403, '{"error":{"type":"index_create_block_exception","reason":"blocked by: [FORBIDDEN/10/cluster"}}', "retry"],
    [401, "Unauthorized", "refused"],
    [404, "", "retry"],
    [429, "429 Too Many Requests /_bulk", "retry"],
    [500, "", "retry"],
    [502, HTML, "retry"],
    [503, HTML, "retry"],
    [504, "", "retry"],
    [301, "", "retry"],
    [0, "", "retry"],
    [200, HTML, "retry"],
    [200, "", "retry"],
    [200, '{"took":1,"errors":false,"items":[{"create":{"_index":"cwl-2026.02.01","_id":"a","stat', "retry"],
    [200, "null", "retry"],
    [200, '{"items":{}}', "retry"],
  ])("status %i, %j: %s", (status, text, kind) => {
    expect(readReply(ACTIONS, status, text).kind).toBe(kind);
  });

  test("in which each item is refused to the caller is a refusal; in which some are, is not", () => {
    const refused = { type: "security_exception", reason: "no permissions for [indices:data/write/bulk[s]]" };
    const all = ["a", "b", "c"].map((id) => item(id, 403, refused));
    expect(readReply(ACTIONS, 200, reply(...all))).toEqual({
      kind: "refused",
      detail: "403 security_exception: no permissions for [indices:data/write/bulk[s]]",
    });
    expect(kinds(reply(...all.slice(1), item("a", 201)))).toEqual(["delivered", "retryable", "retryable"]);
  });

  test("tells of the engine's error no more than its kind in a log", () => {
    const text = '{"error":{"root_cause":[],"type":"parse_exception","reason":"secret"},"status":400}';
    const { detail } = readReply(ACTIONS, 400, text) as { detail: string };
    expect([detail, withoutContent(detail)]).toEqual(["400 parse_exception: secret", "400 parse_exception"]);
  });

  test("tells status and first bytes of an error page, and of a reply that cannot be read only its size", () => {
    expect(readReply(ACTIONS, 502, HTML)).toEqual({ kind: "retry", detail: `502 ${HTML}` });
    expect(readReply(ACTIONS, 200, '{"items":[{"preview":"secret')).toEqual({
      kind: "retry",
      detail: "200, and a reply of 28 characters that cannot be read",
    });
  });

  test("gives each action one verdict, whatever the engine answers", () => {
    const anyItem = fc.oneof(
      fc.jsonValue(),
      fc
        .tuple(fc.constantFrom("a", "b", "c", "x"), fc.oneof(fc.integer(), fc.jsonValue()), fc.jsonValue())
        .map((parts) => item(...parts)),
      fc.record({ create: fc.jsonValue(), index: fc.jsonValue() }),
    );
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.array(anyItem).map((items) => reply(...items)),
    );
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), text, (status, answer) => {
        const read = readReply(ACTIONS, status, answer);
        if (read.kind === "items") expect(read.verdicts.length).toBe(ACTIONS.length);
        else expect(read.detail).not.toBe("");
      }),
      { numRuns: 150 },
    );
  });
});
