/** A policy as it is sent. */
export interface Policy {
  readonly [field: string]: unknown;
  readonly description: string;
  readonly default_state: string;
  readonly states: readonly State[];
  readonly ism_template?: unknown;
  readonly error_notification?: unknown;
}

export interface State {
  readonly name: string;
  readonly actions?: readonly Json[];
  readonly transitions?: readonly { readonly state_name: string; readonly conditions?: Json }[];
}

export interface Template {
  readonly index_patterns: readonly string[];
  readonly priority?: number;
}

export type Dialect = "opendistro" | "opensearch";

/** Why the plugin refuses a policy, with its type of error. */
export interface PolicyProblem {
  readonly type: string;
  readonly reason: string;
}

type Json = Record<string, unknown>;

/** What differs between the two generations of the plugin, as recorded. */
const KNOWN: Record<
  Dialect,
  { actionsAre: string; actions: readonly string[]; conditions: readonly string[]; rollover: readonly string[] }
> = {
  opendistro: {
    actionsAre: "Action",
    actions: [
      "delete",
      "force_merge",
      "read_only",
      "read_write",
      "replica_count",
      "index_priority",
      "rollover",
      "open",
      "close",
      "snapshot",
      "notification",
      "allocation",
      "rollup",
    ],
    conditions: ["min_index_age", "min_doc_count", "min_size", "cron"],
    rollover: ["min_size", "min_doc_count", "min_index_age"],
  },
  opensearch: {
    actionsAre: "Actions",
    actions: ["shrink", "alias"],
    conditions: ["min_rollover_age"],
    rollover: ["min_primary_shard_size", "copy_alias"],
  },
};

const POLICY_FIELDS = [
  "policy_id",
  "description",
  "last_updated_time",
  "schema_version",
  "error_notification",
  "default_state",
  "states",
  "ism_template",
  "user",
];

const DURATION = /^(\d+(?:\.\d+)?)(d|h|m|s|ms|micros|nanos)$/;
const UNITS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  micros: 0.001,
  nanos: 0.000001,
};

/** Milliseconds of a time such as `30d`; undefined for what is none. */
export function duration(text: unknown): number | undefined {
  const match = typeof text === "string" ? DURATION.exec(text) : null;
  return match ? Number(match[1]) * UNITS[match[2]!]! : undefined;
}

export function templatesOf(template: unknown): Template[] {
  if (template === undefined || template === null) return [];
  return (Array.isArray(template) ? template : [template]) as Template[];
}

/** Reads the body of a write, as strictly as the plugin does. */
export function readPolicy(body: Buffer, dialect: Dialect): Policy | { readonly problem: PolicyProblem } {
  if (body.length === 0) return { problem: { type: "parse_exception", reason: "request body is required" } };
  let parsed: { policy?: Policy };
  try {
    parsed = JSON.parse(body.toString("utf8")) as { policy?: Policy };
  } catch {
    return {
      problem: {
        type: "json_e_o_f_exception",
        reason: "Unexpected end-of-input within/between Object entries",
      },
    };
  }
  if (parsed.policy === undefined) return { problem: expecting("START_OBJECT", "VALUE_STRING") };
  const problem =
    fieldProblem(parsed.policy) ??
    templateProblem(parsed.policy.ism_template, dialect) ??
    stateProblem(parsed.policy, dialect);
  return problem ? { problem } : parsed.policy;
}

function fieldProblem(policy: Policy): PolicyProblem | undefined {
  const unknown = Object.keys(policy).find((field) => !POLICY_FIELDS.includes(field));
  if (unknown !== undefined) return illegal(`Invalid field: [${unknown}] found in Policy.`);
  if (typeof policy.description !== "string") return illegal("description is null");
  if (policy.states.length === 0) return illegal("Policy must contain at least one State");
  return undefined;
}

function stateProblem(policy: Policy, dialect: Dialect): PolicyProblem | undefined {
  const names = policy.states.map(({ name }) => name);
  for (const { name, actions = [], transitions = [] } of policy.states) {
    for (const action of actions) {
      const problem = actionProblem(action, dialect);
      if (problem) return problem;
    }
    for (const { state_name: target, conditions } of transitions) {
      const problem = conditions && conditionProblem(conditions, dialect);
      if (problem) return problem;
      if (!names.includes(target)) {
        return illegal(`Policy contains a transition in state=${name} pointing to a nonexistent state=${target}`);
      }
    }
  }
  return names.includes(policy.default_state) ? undefined : illegal("Policy must have a valid default state");
}

function actionProblem(action: Json, dialect: Dialect): PolicyProblem | undefined {
  const known = knownTo(dialect, "actions");
  const unknown = Object.keys(action).find((name) => !["retry", "timeout", ...known].includes(name));
  if (unknown !== undefined) return illegal(`Invalid field: [${unknown}] found in ${KNOWN[dialect].actionsAre}.`);
  const { retry, rollover } = action as { retry?: { count?: number }; rollover?: Json };
  if (dialect === "opendistro" && retry?.count === 0) return illegal("Count for ActionRetry must be greater than 0");
  const field = Object.keys(rollover ?? {}).find((name) => !knownTo(dialect, "rollover").includes(name));
  return field === undefined ? undefined : illegal(`Invalid field: [${field}] found in RolloverActionConfig.`);
}

function conditionProblem(conditions: Json, dialect: Dialect): PolicyProblem | undefined {
  const unknown = Object.keys(conditions).find((name) => !knownTo(dialect, "conditions").includes(name));
  if (unknown !== undefined) return illegal(`Invalid field: [${unknown}] found in Conditions.`);
  const age = conditions.min_index_age ?? conditions.min_rollover_age;
  if (age !== undefined && duration(age) === undefined) {
    const text = typeof age === "string" ? age : JSON.stringify(age);
    return illegal(
      /^\d+\s+\w+$/.test(text)
        ? `failed to parse [${text}]`
        : `failed to parse setting [min_index_age] with value [${text}] as a time value: unit is missing or unrecognized`,
    );
  }
  return Object.keys(conditions).length === 1
    ? undefined
    : illegal("Cannot provide more than one Transition condition");
}

function templateProblem(template: unknown, dialect: Dialect): PolicyProblem | undefined {
  if (dialect === "opendistro" && Array.isArray(template)) return expecting("START_OBJECT", "START_ARRAY");
  for (const { index_patterns: patterns, priority = 0 } of templatesOf(template) as Partial<Template>[]) {
    if (typeof patterns === "string") return expecting("START_ARRAY", "VALUE_STRING");
    if (patterns === undefined || patterns.length === 0) return illegal("Requires at least one index pattern");
    if (priority < 0) return illegal("Requires priority to be >= 0");
    const bad = patterns.flatMap((pattern) => [
      ...(pattern.startsWith("_") ? [`index_pattern [${pattern}] must not start with '_'`] : []),
      ...(/[ "\\<|,>/?]/.test(pattern)
        ? [`index_pattern [${pattern}] must not contain the following characters [ , ", *, \\, <, |, ,, >, /, ?]`]
        : []),
    ]);
    if (bad.length > 0) {
      const list = bad.map((text, i) => `${i + 1}: ${text};`).join("");
      return { type: "index_management_exception", reason: `Validation Failed: ${list}` };
    }
  }
  return undefined;
}

/** Whether some index name matches both patterns. */
export function overlap(a: string, b: string): boolean {
  if (a === "" || b === "") return [a, b].every((rest) => /^\**$/.test(rest));
  if (a.startsWith("*")) return overlap(a.slice(1), b) || overlap(a, b.slice(1));
  if (b.startsWith("*")) return overlap(b, a);
  return a[0] === b[0] && overlap(a.slice(1), b.slice(1));
}

/** The later generation knows what the earlier one does, and more. */
function knownTo(dialect: Dialect, what: "actions" | "conditions" | "rollover"): readonly string[] {
  return dialect === "opendistro" ? KNOWN.opendistro[what] : [...KNOWN.opendistro[what], ...KNOWN.opensearch[what]];
}

function illegal(reason: string): PolicyProblem {
  return { type: "illegal_argument_exception", reason };
}

function expecting(wanted: string, found: string): PolicyProblem {
  return {
    type: "parsing_exception",
    reason: `Failed to parse object: expecting token of type [${wanted}] but found [${found}]`,
  };
}
