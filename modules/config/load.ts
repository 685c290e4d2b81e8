import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { LineCounter, parseDocument, type Document } from "yaml";
import type { z } from "zod";
import { ConfigError, type Problem } from "./problems";
import { crossProblems, warnings } from "./rules";
import { configSchema, withNames, type Config } from "./schema";

const DEFAULT_FILE = "cloudtrail.yaml";

/** A configuration that can be used, and what is probably not meant in it. */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
  /** The file it came from. */
  readonly file: string;
}

type Path = readonly (string | number)[];

/**
 * Reads `cloudtrail.yaml` in the working directory, or the file that CLOUDTRAIL_CONFIG names.
 *
 * @throws ConfigError with every problem, also where there is no file
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, cwd = process.cwd()): LoadedConfig {
  const named = env.CLOUDTRAIL_CONFIG;
  const file = resolve(cwd, named === undefined || named === "" ? DEFAULT_FILE : named);
  let yaml: string;
  try {
    yaml = readFileSync(file, "utf8");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : String(error);
    throw new ConfigError(file, [
      {
        path: named === undefined || named === "" ? DEFAULT_FILE : "CLOUDTRAIL_CONFIG",
        message: reason,
        remedy: `Copy cloudtrail.example.yaml to ${DEFAULT_FILE} and fill in your accounts, or name your file in CLOUDTRAIL_CONFIG`,
      },
    ]);
  }
  return parseConfig(yaml, file);
}

/**
 * Reads a configuration from its YAML text.
 *
 * @param file what messages call the text
 * @throws ConfigError with every problem: of the YAML, of single values, and of values that do not go together. Values
 * that are wrong by themselves do not hide problems of the others.
 */
export function parseConfig(yaml: string, file = DEFAULT_FILE): LoadedConfig {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      path: "YAML",
      line: lines.linePos(error.pos[0]).line,
      message: error.message,
    }));
    throw new ConfigError(file, problems);
  }
  const raw = toPlain(document, file);
  const result = configSchema.safeParse(raw);
  const locate = (path: Path): Pick<Problem, "line"> => lineOf(document, lines, path);
  if (result.success) {
    const config = withNames(result.data);
    const problems = crossProblems(config).map((problem) => ({ ...problem, ...locate(parsePath(problem.path)) }));
    if (problems.length > 0) throw new ConfigError(file, problems);
    return { config, warnings: warnings(config), file };
  }
  const single = result.error.issues.flatMap((issue) => issueProblems(issue, raw, locate));
  const crossed = withoutBroken(raw, result.error.issues)
    .filter(({ path }) => !single.some((problem) => problem.path === path))
    .map((problem) => ({ ...problem, ...locate(parsePath(problem.path)) }));
  throw new ConfigError(
    file,
    [...single, ...crossed].sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
  );
}

function toPlain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new ConfigError(file, [{ path: "YAML", message: (error as Error).message }]);
  }
}

/** One problem for each unknown key, one for each wrong value. */
function issueProblems(
  issue: z.core.$ZodIssue,
  raw: unknown,
  locate: (path: Path) => Pick<Problem, "line">,
): Problem[] {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: pathText([...path, key]),
      ...locate([...path, key]),
      message: "there is no such key",
      remedy: "See cloudtrail.example.yaml for those there are",
    }));
  }
  if (issue.code === "invalid_key") {
    const message = issue.issues.map((inner) => inner.message).join(", ");
    return [{ path: pathText(path), ...locate(path), message: `the key must be ${message}` }];
  }
  const value = valueAt(raw, path);
  if (value === undefined) {
    return [{ path: pathText(path), ...locate(path.slice(0, -1)), message: `is missing: ${issue.message}` }];
  }
  return [{ path: pathText(path), ...locate(path), value: shorten(value), message: issue.message }];
}

/** What the rules between values say of the parts that are right by themselves. */
function withoutBroken(raw: unknown, issues: readonly z.core.$ZodIssue[]): Problem[] {
  const copy: unknown = structuredClone(raw);
  if (!isObject(copy)) return [];
  // Positions in lists must stay: a broken entry is replaced by one that breaks no rule.
  let spare = 0;
  const placeholder = () => ({
    accountId: String(900_000_000_000 + spare++),
    name: "placeholder",
    roleName: "placeholder",
    stack: 1_000_000 + spare,
  });
  for (const issue of issues) {
    const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
    if (issue.code === "unrecognized_keys") issue.keys.forEach((key) => remove(copy, [...path, key]));
    else remove(copy, path);
  }
  copy.region ??= "us-east-1";
  copy.kibana = isObject(copy.kibana) ? { allowedCidrs: [], ...copy.kibana } : { allowedCidrs: [] };
  copy.management = complete(copy.management, placeholder());
  if (Array.isArray(copy.members)) {
    copy.members = copy.members.map((member: unknown) => complete(member, placeholder()));
  }
  const again = configSchema.safeParse(copy);
  return again.success ? crossProblems(withNames(again.data)) : [];
}

function complete(account: unknown, { accountId, name, ...rest }: Record<string, unknown>): unknown {
  return isObject(account) ? { accountId, name, ...account } : { accountId, name, ...rest };
}

function remove(value: unknown, path: Path): void {
  const parent = valueAt(value, path.slice(0, -1));
  const key = path.at(-1);
  if (key === undefined) return;
  if (Array.isArray(parent)) parent[Number(key)] = null;
  else if (isObject(parent)) Reflect.deleteProperty(parent, key);
  // A list of plain texts must not keep the hole.
  if (Array.isArray(parent) && path.at(-2) !== "members") {
    const holder = valueAt(value, path.slice(0, -2));
    const name = path.at(-2);
    if (isObject(holder) && name !== undefined) holder[name] = parent.filter((entry) => entry !== null);
  }
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      at !== null && typeof at === "object" && Object.hasOwn(at, step)
        ? (at as Record<string, unknown>)[step]
        : undefined,
    value,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shorten(value: unknown): string {
  const shown = JSON.stringify(value);
  return shown.length > 60 ? `${shown.slice(0, 57)}...` : shown;
}

function lineOf(document: Document, lines: LineCounter, path: Path): Pick<Problem, "line"> {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] | null } | undefined;
    if (node?.range) return { line: lines.linePos(node.range[0]).line };
  }
  return {};
}

function pathText(path: Path): string {
  return (
    path.reduce<string>(
      (shown, step) => (typeof step === "number" ? `${shown}[${step}]` : shown === "" ? step : `${shown}.${step}`),
      "",
    ) || "the file"
  );
}

function parsePath(text: string): Path {
  return [...text.matchAll(/[^.[\]]+/g)].map(([step]) => (/^\d+$/.test(step) ? Number(step) : step));
}
