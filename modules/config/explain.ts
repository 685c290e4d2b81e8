import leven from "leven";
import type { z } from "zod";
import { networkOf } from "./cidr";
import { schemaAt } from "./json-schema";
import { pathText, valueAt, type Path } from "./path";
import type { Problem } from "./problems";

/** Where a value stands in the file. */
export interface Place {
  /** Counted from 1. */
  readonly line?: number;
  /** The value as it is written there; absent where it is no scalar. */
  readonly text?: string;
}

/**
 * Turns what the schema found into problems: one for each unknown key, one for each wrong or missing value.
 *
 * @param raw the file's content
 */
export function explain(issues: readonly z.core.$ZodIssue[], raw: unknown, place: (path: Path) => Place): Problem[] {
  return issues.flatMap((issue) => {
    const path = pathOf(issue);
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(path, key, raw, place));
    if (issue.code === "invalid_key") return [invalidKey(issue, path, place)];
    return [invalidValue(issue, path, raw, place)];
  });
}

/** The place that an issue is about. */
export function pathOf(issue: z.core.$ZodIssue): (string | number)[] {
  return issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
}

function unknownKey(path: Path, key: string, raw: unknown, place: (path: Path) => Place): Problem {
  const known = Object.keys(schemaAt(path, raw)?.schema.properties ?? {});
  const near = known.find((candidate) => leven(candidate.toLowerCase(), key.toLowerCase()) <= 2);
  return {
    path: pathText([...path, key]),
    line: place([...path, key]).line,
    message: "there is no such key",
    remedy: near === undefined ? `Remove it; there are ${known.join(", ")}` : `Perhaps ${near} is meant`,
  };
}

function invalidKey(issue: z.core.$ZodIssueInvalidKey, path: Path, place: (path: Path) => Place): Problem {
  return {
    path: pathText(path),
    line: place(path).line,
    message: `the key must be ${issue.issues.map((inner) => inner.message).join(", ")}`,
    remedy: "Rename it",
  };
}

function invalidValue(issue: z.core.$ZodIssue, path: Path, raw: unknown, place: (path: Path) => Place): Problem {
  const value = valueAt(raw, path);
  const { line, text } = place(path);
  const setting = schemaAt(path, raw);
  const message = `must be ${issue.message}`;
  if (value === undefined) {
    const remedy = `Add ${String(path.at(-1) ?? "the settings")}, as in cloudtrail.example.yaml`;
    return { path: pathText(path), line, message: `is missing; ${message}`, remedy };
  }
  return {
    path: pathText(path),
    line,
    value: isSecret(path, value) ? "a text that is not shown" : shown(value, text),
    message,
    remedy: nearNetwork(value) ?? remedyFor(path, setting),
  };
}

function remedyFor(path: Path, setting: ReturnType<typeof schemaAt>): string {
  if (setting === undefined || setting.required) return "Correct it";
  if (typeof path.at(-1) === "number") return "Correct it or remove the entry";
  const { default: byDefault } = setting.schema;
  return byDefault === undefined || typeof byDefault === "object"
    ? "Correct it or remove the key"
    : `Correct it or remove the key for the default, ${JSON.stringify(byDefault)}`;
}

/** A network written with the address of a machine in it. */
function nearNetwork(value: unknown): string | undefined {
  const network = typeof value === "string" ? networkOf(value) : undefined;
  return network === undefined ? undefined : `Perhaps ${network} is meant`;
}

/** Credentials in the wrong place stay out of logs: an external id, an AWS access key, a long random text. */
function isSecret(path: Path, value: unknown): boolean {
  if (typeof value !== "string") return false;
  if (/secret|token|password|externalId/i.test(String(path.at(-1)))) return true;
  return /\b(AKIA|ASIA)[A-Z0-9]{12,}/.test(value) || /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w+/=-]{32,}$/.test(value);
}

const LONGEST = 60;

function shown(value: unknown, text: string | undefined): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  const whole = typeof value === "string" ? JSON.stringify(value) : (text ?? JSON.stringify(value));
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST - 3)}...` : whole;
}
