import type { Dialect } from "./dialect";
import { GatewayError, isObject, parse } from "./errors";

/** A lifecycle policy as Elasticsearch and its provider know it. */
export interface IlmPolicy {
  readonly phases: Readonly<Record<string, IlmPhase>>;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

export interface IlmPhase {
  readonly min_age?: string;
  readonly actions?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A policy of Index State Management, as the gateway writes it. */
export interface IsmPolicy {
  readonly description: string;
  readonly default_state: string;
  readonly states: readonly IsmState[];
  readonly ism_template: IsmTemplate | readonly IsmTemplate[];
}

export interface IsmState {
  readonly name: string;
  readonly actions: readonly IsmAction[];
  readonly transitions: readonly {
    readonly state_name: string;
    readonly conditions?: Readonly<Record<string, string>>;
  }[];
}

export type IsmAction = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface IsmTemplate {
  readonly index_patterns: readonly string[];
  readonly priority: number;
}

/**
 * What the reply's `_meta` carries where the policy in the domain is not what Terraform wrote, so that the next plan
 * shows a difference and the next apply puts it right.
 */
export const DRIFT_MARKER = "changed_outside_terraform";

/**
 * The ISM policy that does what an ILM policy says: each phase a state, each change of phase a transition with one
 * condition. The ILM policy is kept in the description, from which {@link toIlm} reads it.
 *
 * @param indexPattern the product's own; the only one that `_meta.index_patterns` may name
 * @throws GatewayError 400 with the reason for what ISM cannot express, 403 for another pattern
 */
export function toIsm(ilm: IlmPolicy, indexPattern: string, dialect: Dialect): IsmPolicy {
  checkPatterns(ilm._meta?.index_patterns, indexPattern);
  const phases = orderedPhases(ilm);
  const rollsOver = phases.some(({ actions }) => "rollover" in actions);
  if (rollsOver && phases.length > 1 && !dialect.rolloverAge) {
    throw unsupported("rollover with later phases: this engine's ISM cannot count from the rollover");
  }
  const states = phases.map(({ name, actions }, i): IsmState => {
    const next = phases[i + 1];
    return {
      name,
      actions: translateActions(name, actions, dialect),
      transitions: next ? [transition(next, rollsOver)] : [],
    };
  });
  const first = phases[0]!;
  if (millis(first.minAge) > 0) {
    // A state's actions run as soon as an index is in it: the waiting is done in an empty state before.
    states.unshift({
      name: first.name === "hot" ? "initial" : "hot",
      actions: [],
      transitions: [transition(first, false)],
    });
  }
  const template: IsmTemplate = { index_patterns: [indexPattern], priority: TEMPLATE_PRIORITY };
  return {
    description: `${DESCRIPTION}${JSON.stringify({ policy: ilm })}`,
    default_state: states[0]!.name,
    states,
    ism_template: dialect.ismTemplate === "array" ? [template] : template,
  };
}

/**
 * The ILM policy that an ISM policy was made from, word for word; with {@link DRIFT_MARKER} in its `_meta` where the
 * policy in the domain is not (or no longer) what the gateway makes of it.
 *
 * @param stored the policy as ISM answers it, with all that it adds
 */
export function toIlm(stored: Readonly<Record<string, unknown>>, indexPattern: string, dialect: Dialect): IlmPolicy {
  const kept = keptPolicy(stored.description);
  if (!kept) return marked({ phases: {} }, "the policy was not written by Terraform");
  try {
    if (isAsWritten(stored, toIsm(kept, indexPattern, dialect))) return kept;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
  }
  return marked(kept, "the policy's states or index patterns are not those that Terraform wrote");
}

/**
 * The ILM policy in a request's body.
 *
 * @throws GatewayError 400
 */
export function readIlm(body: string): IlmPolicy {
  const parsed = parse(body);
  const policy = isObject(parsed) ? parsed.policy : undefined;
  if (!isIlm(policy)) throw invalid("the body is no lifecycle policy");
  return policy;
}

/** The order in which phases follow each other, whatever their order in the JSON. */
const PHASES = ["hot", "warm", "cold", "frozen", "delete"];

// As the later plugins do by themselves. Without it a failed action on Open Distro is final until somebody retries it.
const RETRY = { count: 3, backoff: "exponential", delay: "1m" };

const TEMPLATE_PRIORITY = 100;

const DESCRIPTION = "Written by Terraform through the gateway; changes made here are undone. ";

interface Phase {
  readonly name: string;
  readonly minAge: string;
  readonly actions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function orderedPhases({ phases }: IlmPolicy): Phase[] {
  const unknown = Object.keys(phases).find((name) => !PHASES.includes(name));
  if (unknown !== undefined) throw invalid(`phase [${unknown}] is not known`);
  const ordered = PHASES.flatMap((name): Phase[] => {
    const phase = phases[name];
    if (!phase) return [];
    const minAge = phase.min_age ?? "0ms";
    if (Number.isNaN(millis(minAge))) throw invalid(`min_age [${minAge}] of phase [${name}] is no time`);
    return [{ name, minAge, actions: phase.actions ?? {} }];
  });
  if (ordered.length === 0) throw invalid("the policy has no phase");
  return ordered;
}

function transition({ name, minAge }: Phase, afterRollover: boolean): IsmState["transitions"][number] {
  if (millis(minAge) === 0) return { state_name: name };
  return { state_name: name, conditions: { [afterRollover ? "min_rollover_age" : "min_index_age"]: minAge } };
}

/** In the order in which Elasticsearch runs them, whatever their order in the JSON. */
const ACTIONS = ["set_priority", "rollover", "readonly", "allocate", "migrate", "forcemerge", "delete"];

const REASONS: Readonly<Record<string, string>> = {
  shrink: "shrink",
  freeze: "freeze: the engine has no frozen indices that ISM could make",
  searchable_snapshot: "searchable_snapshot: the domain has no searchable snapshots of that kind",
  wait_for_snapshot: "wait_for_snapshot: the domain has no snapshot policies that ISM could wait for",
  downsample: "downsample",
  unfollow: "unfollow: the domain follows no other cluster",
};

function translateActions(phase: string, actions: Phase["actions"], dialect: Dialect): IsmAction[] {
  for (const name of Object.keys(actions)) {
    if (!ACTIONS.includes(name)) throw unsupported(`${REASONS[name] ?? name} (phase ${phase})`);
  }
  return ACTIONS.flatMap((name) => {
    const options = actions[name];
    const action = options && translateAction(name, options, dialect);
    return action ? [{ retry: RETRY, ...action }] : [];
  });
}

function translateAction(
  name: string,
  options: Readonly<Record<string, unknown>>,
  dialect: Dialect,
): IsmAction | undefined {
  switch (name) {
    case "set_priority":
      return { index_priority: pick(name, options, { priority: "priority" }) };
    case "rollover":
      return {
        rollover: pick(name, options, {
          max_age: "min_index_age",
          max_docs: "min_doc_count",
          max_size: "min_size",
          ...(dialect.rolloverAge ? { max_primary_shard_size: "min_primary_shard_size" } : {}),
        }),
      };
    case "readonly":
      return { read_only: pick(name, options, {}) };
    case "allocate":
      return { replica_count: pick(name, options, { number_of_replicas: "number_of_replicas" }) };
    case "migrate":
      // Elasticsearch moves indices between its data tiers unless told not to; the domain has no such tiers.
      if (options.enabled !== false) throw unsupported("migrate: the domain has no data tiers");
      return undefined;
    case "forcemerge":
      return { force_merge: pick(name, options, { max_num_segments: "max_num_segments" }) };
    default:
      // Whether snapshots go too means nothing where there are none: both values say the same.
      return { delete: pick(name, options, {}, ["delete_searchable_snapshot"]) };
  }
}

/** The options under ISM's names. Empty ones are left out; one that ISM does not have is refused, not dropped. */
function pick(
  action: string,
  options: Readonly<Record<string, unknown>>,
  names: Readonly<Record<string, string>>,
  ignored: readonly string[] = [],
): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const [option, value] of Object.entries(options)) {
    if (ignored.includes(option) || (isObject(value) && Object.keys(value).length === 0)) continue;
    const name = Object.hasOwn(names, option) ? names[option] : undefined;
    if (name === undefined || value === null) throw unsupported(`${action} with ${option} = ${JSON.stringify(value)}`);
    picked[name] = value;
  }
  const [needed] = Object.values(names);
  if (needed !== undefined && Object.keys(picked).length === 0) throw invalid(`action [${action}] says nothing`);
  return picked;
}

function checkPatterns(patterns: unknown, indexPattern: string): void {
  if (patterns === undefined) return;
  if (Array.isArray(patterns) && patterns.length === 1 && patterns[0] === indexPattern) return;
  throw new GatewayError(
    403,
    "security_exception",
    `metadata.index_patterns must be ["${indexPattern}"]: the gateway attaches policies to no other indices`,
  );
}

function keptPolicy(description: unknown): IlmPolicy | undefined {
  if (typeof description !== "string" || !description.startsWith(DESCRIPTION)) return undefined;
  const parsed = parse(description.slice(DESCRIPTION.length));
  return isObject(parsed) && isIlm(parsed.policy) ? parsed.policy : undefined;
}

function isIlm(value: unknown): value is IlmPolicy {
  return (
    isObject(value) &&
    Object.keys(value).every((key) => key === "phases" || key === "_meta") &&
    (value._meta === undefined || isObject(value._meta)) &&
    isObject(value.phases) &&
    Object.values(value.phases).every(isPhase)
  );
}

function isPhase(value: unknown): value is IlmPhase {
  return (
    isObject(value) &&
    Object.keys(value).every((key) => key === "min_age" || key === "actions") &&
    (value.min_age === undefined || typeof value.min_age === "string") &&
    (value.actions === undefined || (isObject(value.actions) && Object.values(value.actions).every(isObject)))
  );
}

function marked(ilm: IlmPolicy, reason: string): IlmPolicy {
  return { ...ilm, _meta: { ...ilm._meta, [DRIFT_MARKER]: reason } };
}

/**
 * Whether a policy read back is the one that was written. The plugins add to it: policy_id, last_updated_time,
 * schema_version, error_notification, times in the template, `copy_alias: false` and the like in actions; and the
 * template is an object or an array whichever way it was written.
 */
function isAsWritten(stored: Readonly<Record<string, unknown>>, written: IsmPolicy): boolean {
  const templates = (value: unknown) => (value === null || value === undefined ? [] : [value].flat());
  return (
    stored.default_state === written.default_state &&
    contains(stored.states, written.states) &&
    contains(templates(stored.ism_template), templates(written.ism_template))
  );
}

/** Whether a value has all that another has, and beyond it nothing but what says nothing (null, false, times). */
function contains(actual: unknown, expected: unknown): boolean {
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((item, i) => contains(actual[i], item))
    );
  }
  if (isObject(expected)) {
    return (
      isObject(actual) &&
      Object.entries(expected).every(([key, value]) => contains(actual[key], value)) &&
      Object.entries(actual).every(([key, value]) => Object.hasOwn(expected, key) || saysNothing(key, value))
    );
  }
  if (actual === expected) return true;
  // The same time in another unit is the same time.
  return typeof actual === "string" && typeof expected === "string" && millis(actual) === millis(expected);
}

function saysNothing(key: string, value: unknown): boolean {
  if (value === null || value === false || key === "last_updated_time") return true;
  return (key === "actions" || key === "transitions") && Array.isArray(value) && value.length === 0;
}

const UNITS: Readonly<Record<string, number>> = {
  nanos: 1e-6,
  micros: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of a time as Elasticsearch writes it, NaN for anything else. */
function millis(time: string): number {
  if (time === "0") return 0;
  const [, amount = "", unit = ""] = /^(\d+)(nanos|micros|ms|s|m|h|d)$/.exec(time) ?? [];
  return Number(amount === "" ? NaN : amount) * (UNITS[unit] ?? NaN);
}

function invalid(reason: string): GatewayError {
  return new GatewayError(400, "illegal_argument_exception", reason);
}

function unsupported(what: string): GatewayError {
  return new GatewayError(
    400,
    "illegal_argument_exception",
    `Amazon's Index State Management cannot do what the lifecycle policy asks for: ${what}`,
  );
}
