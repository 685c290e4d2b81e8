import fc from "fast-check";
import { dialectOf } from "../../../lambda/gateway/dialect";
import { DRIFT_MARKER, readIlm, toIlm, toIsm, type IlmPolicy } from "../../../lambda/gateway/ism";
import { ENGINES, ismRecording, type EngineVersion } from "./support";

const dialect = (engine: EngineVersion) => dialectOf(engine)!;
const RETENTION: IlmPolicy = {
  phases: { delete: { min_age: "90d", actions: { delete: { delete_searchable_snapshot: true } } } },
};
const RETRY = { count: 3, backoff: "exponential", delay: "1m" };

/** What is refused, and why. */
function refusal(ilm: IlmPolicy, engine: EngineVersion = "OpenSearch_2.19"): { status: number; reason: string } {
  try {
    toIsm(ilm, "cwl-*", dialect(engine));
  } catch (error) {
    return error as { status: number; reason: string };
  }
  throw new Error("the policy was taken");
}

describe.each(ENGINES)("for %s", (engine) => {
  test("a retention becomes a state that waits and a state that deletes", () => {
    const { description, ...policy } = toIsm(RETENTION, "cwl-*", dialect(engine));
    const template = { index_patterns: ["cwl-*"], priority: 100 };
    expect(policy).toEqual({
      default_state: "hot",
      states: [
        {
          name: "hot",
          actions: [],
          transitions: [{ state_name: "delete", conditions: { min_index_age: "90d" } }],
        },
        { name: "delete", actions: [{ retry: RETRY, delete: {} }], transitions: [] },
      ],
      ism_template: engine === "OpenSearch_2.19" ? [template] : template,
    });
    expect(description).toContain("Written by Terraform");
  });

  test("a policy of all that ISM has is translated, in the order in which Elasticsearch acts", () => {
    const { states } = toIsm(
      {
        phases: {
          delete: { min_age: "30d", actions: { delete: {} } },
          warm: {
            min_age: "7d",
            actions: {
              forcemerge: { max_num_segments: 1 },
              allocate: { number_of_replicas: 0, include: {} },
              readonly: {},
              migrate: { enabled: false },
              set_priority: { priority: 50 },
            },
          },
          hot: { actions: { set_priority: { priority: 100 } } },
        },
      },
      "cwl-*",
      dialect(engine),
    );
    expect(states).toEqual([
      {
        name: "hot",
        actions: [{ retry: RETRY, index_priority: { priority: 100 } }],
        transitions: [{ state_name: "warm", conditions: { min_index_age: "7d" } }],
      },
      {
        name: "warm",
        actions: [
          { retry: RETRY, index_priority: { priority: 50 } },
          { retry: RETRY, read_only: {} },
          { retry: RETRY, replica_count: { number_of_replicas: 0 } },
          { retry: RETRY, force_merge: { max_num_segments: 1 } },
        ],
        transitions: [{ state_name: "delete", conditions: { min_index_age: "30d" } }],
      },
      { name: "delete", actions: [{ retry: RETRY, delete: {} }], transitions: [] },
    ]);
  });

  test("a first phase that comes later is waited for in an empty state of another name", () => {
    const { default_state, states } = toIsm(
      { phases: { hot: { min_age: "1h", actions: { readonly: {} } } } },
      "cwl-*",
      dialect(engine),
    );
    expect(default_state).toBe("initial");
    expect(states.map(({ name }) => name)).toEqual(["initial", "hot"]);
  });

  test("rollover by itself is rollover", () => {
    const { states } = toIsm(
      { phases: { hot: { actions: { rollover: { max_age: "1d", max_docs: 5, max_size: "1gb" } } } } },
      "cwl-*",
      dialect(engine),
    );
    expect(states[0]!.actions).toEqual([
      { retry: RETRY, rollover: { min_index_age: "1d", min_doc_count: 5, min_size: "1gb" } },
    ]);
  });
});

describe("what ISM cannot express is refused with 400 and its reason:", () => {
  const warm = (actions: Record<string, Record<string, unknown>>): IlmPolicy => ({
    phases: { warm: { actions } },
  });

  test.each([
    ["shrink", warm({ shrink: { number_of_shards: 1 } }), /shrink \(phase warm\)/],
    ["freeze", warm({ freeze: {} }), /freeze: .*\(phase warm\)/],
    ["searchable snapshots", warm({ searchable_snapshot: { snapshot_repository: "r" } }), /searchable_snapshot: /],
    ["waiting for a snapshot", warm({ wait_for_snapshot: { policy: "p" } }), /wait_for_snapshot: /],
    ["downsample", warm({ downsample: {} }), /downsample \(/],
    ["unfollow", warm({ unfollow: {} }), /unfollow: /],
    ["tiers", warm({ migrate: {} }), /no data tiers/],
    ["an action that nobody knows", warm({ explode: {} }), /explode \(phase warm\)/],
    [
      "an option that ISM lacks",
      warm({ forcemerge: { index_codec: "x", max_num_segments: 1 } }),
      /forcemerge with index_codec = "x"/,
    ],
    [
      "allocation by attributes",
      warm({ allocate: { require: { box: "warm" } } }),
      /allocate with require = \{"box":"warm"\}/,
    ],
    ["an option of null", warm({ set_priority: { priority: null } }), /set_priority with priority = null/],
    ["an action that says nothing", warm({ forcemerge: {} }), /\[forcemerge\] says nothing/],
    ["an unknown phase", { phases: { lukewarm: {} } }, /phase \[lukewarm\] is not known/],
    ["no phase", { phases: {} }, /no phase/],
    [
      "a time that is none",
      { phases: { delete: { min_age: "3 weeks" } } },
      /min_age \[3 weeks\] of phase \[delete\] is no time/,
    ],
  ] as [string, IlmPolicy, RegExp][])("%s", (_, ilm, reason) => {
    for (const engine of ENGINES) {
      expect(refusal(ilm, engine)).toMatchObject({ status: 400, reason: expect.stringMatching(reason) as string });
    }
  });

  test("rollover with later phases, where ISM cannot count from the rollover", () => {
    const ilm: IlmPolicy = {
      phases: { hot: { actions: { rollover: { max_age: "1d" } } }, delete: { min_age: "9d", actions: { delete: {} } } },
    };
    expect(refusal(ilm, "Elasticsearch_7.10")).toMatchObject({
      status: 400,
      reason: expect.stringMatching(/rollover with later phases/) as string,
    });
    expect(toIsm(ilm, "cwl-*", dialect("OpenSearch_2.19")).states[0]!.transitions).toEqual([
      { state_name: "delete", conditions: { min_rollover_age: "9d" } },
    ]);
  });

  test("another pattern: 403", () => {
    for (const patterns of [["*"], ["cwl-*", "x-*"], [], "cwl-*"]) {
      expect(refusal({ ...RETENTION, _meta: { index_patterns: patterns } })).toMatchObject({ status: 403 });
    }
    expect(() =>
      toIsm({ ...RETENTION, _meta: { index_patterns: ["cwl-*"], owner: "logs" } }, "cwl-*", dialect("OpenSearch_2.19")),
    ).not.toThrow();
  });
});

test.each([
  "",
  "x",
  "[]",
  "{}",
  '{"policy":1}',
  '{"policy":{"phases":[]}}',
  '{"policy":{"phases":{"hot":1}}}',
  '{"policy":{"phases":{},"name":"x"}}',
  '{"policy":{"phases":{"hot":{"actions":{"delete":1}}}}}',
  '{"policy":{"phases":{"hot":{"min_age":1}}}}',
  '{"policy":{"phases":{},"_meta":[]}}',
])("%j is no lifecycle policy: 400", (body) => {
  expect(() => readIlm(body)).toThrow("the body is no lifecycle policy");
});

/** Policies that ISM can express in both dialects. */
const age = fc.tuple(fc.nat(400), fc.constantFrom("d", "h", "m", "s", "ms")).map(([n, unit]) => `${n}${unit}`);
const options = (actions: Record<string, fc.Arbitrary<Record<string, unknown>>>) =>
  fc.record(actions, { requiredKeys: [] });
const phase = (actions: Record<string, fc.Arbitrary<Record<string, unknown>>>) =>
  fc.record({ min_age: age, actions: options(actions) }, { requiredKeys: [] });
const COMMON = {
  set_priority: fc.record({ priority: fc.nat(1000) }),
  readonly: fc.constant({}),
  allocate: fc.record({ number_of_replicas: fc.nat(3) }),
  forcemerge: fc.record({ max_num_segments: fc.integer({ min: 1, max: 9 }) }),
  migrate: fc.constant({ enabled: false }),
};
const expressible: fc.Arbitrary<IlmPolicy> = fc
  .record(
    {
      phases: fc.record(
        {
          hot: phase({ set_priority: COMMON.set_priority, readonly: COMMON.readonly }),
          warm: phase(COMMON),
          cold: phase(COMMON),
          delete: phase({ delete: fc.record({ delete_searchable_snapshot: fc.boolean() }, { requiredKeys: [] }) }),
        },
        { requiredKeys: [] },
      ),
      _meta: fc.record({ owner: fc.string(), n: fc.integer() }, { requiredKeys: [] }),
    },
    { requiredKeys: ["phases"] },
  )
  .filter(({ phases }) => Object.keys(phases).length > 0) as fc.Arbitrary<IlmPolicy>;

/** Every path of keys in a policy, lists being one step. */
function keyPaths(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => keyPaths(item, `${path}[]`));
  if (typeof value !== "object" || value === null) return [path];
  const entries = Object.entries(value);
  return entries.length === 0 ? [path] : entries.flatMap(([key, inner]) => keyPaths(inner, `${path}.${key}`));
}

describe.each(ENGINES)("held against the recordings of %s", (engine) => {
  const writes = ismRecording(engine).filter(
    ({ method, path }) => method === "PUT" && /^\/(_plugins|_opendistro)\/_ism\/policies\/./.test(path),
  );
  const accepted = writes
    .filter(({ status }) => status < 300)
    .map(({ request }) => (request as { policy: object }).policy);
  const known = new Set(accepted.flatMap((policy) => keyPaths(policy)));

  test("there are enough of them", () => {
    expect(accepted.length).toBeGreaterThan(15);
    expect(writes.length - accepted.length).toBeGreaterThan(10);
  });

  test("whatever is written has only what the real plugin took, word for word or in kind", () => {
    fc.assert(
      fc.property(expressible, (ilm) => {
        const policy = toIsm(ilm, "cwl-*", dialect(engine));
        expect([...new Set(keyPaths(policy))].filter((path) => !known.has(path))).toEqual([]);
        const names = policy.states.map(({ name }) => name);
        // The plugin's own rules, each of them seen in a rejection.
        expect(new Set(names).size).toBe(names.length);
        expect(names).toContain(policy.default_state);
        for (const { transitions, actions } of policy.states) {
          for (const { state_name: to, conditions = {} } of transitions) {
            expect(names).toContain(to);
            expect(Object.keys(conditions).length).toBeLessThanOrEqual(1);
            for (const time of Object.values(conditions)) expect(time).toMatch(/^\d+(d|h|m|s|ms)$/);
          }
          for (const action of actions) expect(Object.keys(action)).toHaveLength(2);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("no name is written that it rejected", () => {
    const rejected = new Set(
      writes.flatMap(({ response }) => /Invalid field: \[(\w+)\]/.exec(JSON.stringify(response))?.[1] ?? []),
    );
    expect(rejected.size).toBeGreaterThan(2);
    fc.assert(
      fc.property(expressible, (ilm) => {
        const names = keyPaths(toIsm(ilm, "cwl-*", dialect(engine))).flatMap((path) => path.split(/[.[\]]+/));
        expect(names.filter((name) => rejected.has(name))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test("each recorded reply to a read is understood: somebody else's policy shows as one", () => {
    const reads = ismRecording(engine).filter(
      ({ method, path, status }) => method === "GET" && /_ism\/policies\/[^?]+$/.test(path) && status === 200,
    );
    expect(reads.length).toBeGreaterThan(5);
    for (const { response } of reads) {
      const ilm = toIlm((response as { policy: Record<string, unknown> }).policy, "cwl-*", dialect(engine));
      expect(ilm._meta).toHaveProperty(DRIFT_MARKER, "the policy was not written by Terraform");
    }
  });
});

/** The policy as the plugins give it back: with all that they add, as recorded. */
function asStored(policy: object, engine: EngineVersion): Record<string, unknown> {
  const {
    states,
    ism_template: template,
    ...rest
  } = JSON.parse(JSON.stringify(policy)) as {
    states: { actions: Record<string, unknown>[]; transitions: object[] }[];
    ism_template: object | object[];
  };
  const timed = [template].flat().map((one) => ({ ...one, last_updated_time: 1_795_450_508_826 }));
  return {
    policy_id: "cloudtrail",
    last_updated_time: 1_795_450_508_826,
    schema_version: 21,
    error_notification: null,
    ...rest,
    states: states.map((state) => ({
      ...state,
      actions: state.actions.map((action) => ({
        ...action,
        ...("rollover" in action ? { rollover: { ...(action.rollover as object), copy_alias: false } } : {}),
      })),
    })),
    ism_template: engine === "OpenSearch_2.19" ? timed : timed[0],
  };
}

describe.each(ENGINES)("read back from %s", (engine) => {
  const stored = (ilm: IlmPolicy) => asStored(toIsm(ilm, "cwl-*", dialect(engine)), engine);
  const read = (policy: Record<string, unknown>) => toIlm(policy, "cwl-*", dialect(engine));

  test("a policy is word for word what Terraform wrote", () => {
    fc.assert(
      fc.property(expressible, (ilm) => {
        expect(JSON.stringify(read(stored(ilm)))).toBe(JSON.stringify(ilm));
      }),
      { numRuns: 150 },
    );
  });

  type Stored = { states: { transitions: { conditions: object }[]; actions: object[] }[] } & Record<string, unknown>;
  test.each([
    ["another age", (p: Stored) => (p.states[0]!.transitions[0]!.conditions = { min_index_age: "91d" })],
    ["another condition", (p: Stored) => (p.states[0]!.transitions[0]!.conditions = { min_doc_count: 1 })],
    ["a condition more", (p: Stored) => Object.assign(p.states[0]!.transitions[0]!.conditions, { min_size: "1gb" })],
    ["no transition", (p: Stored) => (p.states[0]!.transitions = [])],
    ["an action more", (p: Stored) => p.states[0]!.actions.push({ read_only: {} })],
    ["an action less", (p: Stored) => (p.states[1]!.actions = [])],
    ["a state more", (p: Stored) => p.states.push({ ...p.states[1]! })],
    ["another first state", (p: Stored) => (p.default_state = "delete")],
    ["another pattern", (p: Stored) => (p.ism_template = [{ index_patterns: ["*"], priority: 100 }])],
    ["no template", (p: Stored) => (p.ism_template = null)],
  ])("a change by hand shows: %s", (_, change) => {
    const policy = stored(RETENTION) as Stored;
    change(policy);
    expect(read(policy)).toEqual({
      ...RETENTION,
      _meta: { [DRIFT_MARKER]: "the policy's states or index patterns are not those that Terraform wrote" },
    });
  });

  test("what the plugin adds, and the same time in another unit, are no change", () => {
    const policy = stored(RETENTION) as Stored;
    policy.states[0]!.transitions[0]!.conditions = { min_index_age: "2160h" };
    expect(read(policy)).toEqual(RETENTION);
  });
});
