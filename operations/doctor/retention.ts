import type { IsmPolicy } from "../../lambda/gateway/ism";
import { differences, inWords } from "./differences";
import { some, type Finding } from "./finding";
import type { RetentionAsked } from "./indices";

/** The retention policy as the domain has it. */
export interface DeployedPolicy {
  readonly seqNo: number;
  /** When it was last written. Milliseconds since 1970. */
  readonly updated: number;
  /** The age at which it deletes an index, in milliseconds; undefined: it deletes none. */
  readonly deletesAfterMs: number | undefined;
  readonly states: readonly object[];
  /** As a list, whichever way the engine gives it. */
  readonly templates: readonly object[];
  readonly defaultState: string;
}

/** A policy as Index State Management answers it: `GET .../policies/<name>`. */
export interface PolicyAnswer {
  readonly _seq_no: number;
  readonly policy: {
    readonly last_updated_time?: number;
    readonly default_state: string;
    readonly states: readonly StateAnswer[];
    readonly ism_template?: unknown;
  };
}

interface StateAnswer {
  readonly name: string;
  readonly actions?: readonly Readonly<Record<string, unknown>>[];
  readonly transitions?: readonly {
    readonly state_name: string;
    readonly conditions?: Readonly<Record<string, unknown>>;
  }[];
}

export function readPolicy({ _seq_no, policy }: PolicyAnswer): DeployedPolicy {
  const { states, ism_template: template, last_updated_time: updated = 0 } = policy;
  const deleting = states.filter(({ actions = [] }) => actions.some((action) => "delete" in action));
  const ages = states
    .flatMap(({ transitions = [] }) => transitions)
    .filter(({ state_name }) => deleting.some(({ name }) => name === state_name))
    .map(({ conditions }) => milliseconds(conditions?.min_index_age));
  return {
    seqNo: _seq_no,
    updated,
    deletesAfterMs: ages.find((age) => age !== undefined),
    states,
    templates: template === undefined || template === null ? [] : [template].flat(),
    defaultState: policy.default_state,
  };
}

/** Whether the policy is there, and does what the configuration asks for. */
export function retentionFindings(
  policy: DeployedPolicy | undefined,
  expected: IsmPolicy,
  { policy: name, days }: RetentionAsked,
): Finding[] {
  const remedy = "npm run deploy -- search, which writes it and attaches it to every index";
  if (policy === undefined) {
    const message = `The retention policy ${name} is missing: no index is deleted after ${days} days.`;
    return [{ code: "policy-missing", subject: name, message, remedy }];
  }
  // The plugins add to what they are given: times, retries, empty lists.
  const told = differences(
    { default_state: expected.default_state, states: expected.states, ism_template: [expected.ism_template].flat() },
    { default_state: policy.defaultState, states: policy.states, ism_template: policy.templates },
  ).filter(({ expected: wanted, actual }) => wanted !== undefined || !saysNothing(actual));
  const changed = told.filter(({ path }) => !/(^|\.)(last_updated_time|retry(\..*)?)$/.test(path));
  if (changed.length === 0) return [];
  const message = `The retention policy ${name} is not the one for ${days} days: ${some(changed.map(inWords))}.`;
  return [{ code: "policy-changed", subject: name, message, remedy }];
}

const UNITS_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

function milliseconds(time: unknown): number | undefined {
  const [, amount, unit] = /^(\d+)(d|h|m|s|ms)$/.exec(typeof time === "string" ? time : "") ?? [];
  return amount === undefined ? undefined : Number(amount) * UNITS_MS[unit!]!;
}

function saysNothing(value: unknown): boolean {
  return value === null || value === false || (Array.isArray(value) && value.length === 0);
}
