import { parse, stringify } from "yaml";
import { ConfigError, parseConfig, type LoadedConfig, type Problem } from "../../../modules/config";

/** A configuration with nothing wrong in it, as an object to be spoilt. */
export function valid(): Record<string, unknown> {
  return {
    region: "ap-northeast-1",
    management: { accountId: "111111111111", name: "security" },
    members: [
      { accountId: "222222222222", name: "production", roleName: "OrganizationAccountAccessRole" },
      { accountId: "333333333333", name: "staging", profile: "staging-admin" },
    ],
    kibana: { allowedCidrs: ["9.9.9.0/24"] },
  };
}

/** Parses the valid configuration with other top-level keys. */
export function parseWith(change: Record<string, unknown>): LoadedConfig {
  return parseConfig(stringify({ ...valid(), ...change }));
}

/** The problems of the valid configuration with other top-level keys. */
export function problemsWith(change: Record<string, unknown>): readonly Problem[] {
  return problemsOf(stringify({ ...valid(), ...change }));
}

/** The problems of a YAML text; none where it is valid. */
export function problemsOf(yaml: string): readonly Problem[] {
  try {
    parseConfig(yaml);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** Entries for as many members, each in the given stack. */
export function manyMembers(count: number, stack?: (index: number) => number): unknown[] {
  return Array.from({ length: count }, (_, index) => ({
    accountId: String(200_000_000_000 + index),
    name: `account ${index}`,
    roleName: "OrganizationAccountAccessRole",
    ...(stack === undefined ? {} : { stack: stack(index) }),
  }));
}

/** A YAML text as plain data. */
export function fromYaml(text: string): unknown {
  return parse(text);
}
