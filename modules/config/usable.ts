import type { z } from "zod";
import { pathOf } from "./explain";
import { isMap, related, valueAt, type Path } from "./path";
import { crossProblems, type RuleProblem } from "./rules";
import { configSchema, withNames, type Config } from "./schema";

/** Each round takes out what the last one left incomplete; a value is at most this deep. */
const ROUNDS = 8;

/**
 * What the rules between values say of a file in which single values are wrong: those are taken out or replaced by
 * some that break no rule, and what follows from them is not reported.
 *
 * @param issues what is wrong with single values
 */
export function rulesOnTheRest(raw: unknown, issues: readonly z.core.$ZodIssue[]): RuleProblem[] {
  const config = usablePart(raw, issues);
  if (config === undefined) return [];
  // An unknown key says nothing of its neighbours.
  const broken = issues.filter(({ code }) => code !== "unrecognized_keys").map(pathOf);
  return crossProblems(config).filter(
    ({ path, follows = [path] }) => !follows.some((from) => broken.some((at) => at.length > 0 && related(from, at))),
  );
}

function usablePart(raw: unknown, issues: readonly z.core.$ZodIssue[]): Config | undefined {
  if (!isMap(raw)) return undefined;
  const copy = structuredClone(raw);
  const standIn = standIns();
  let found = issues;
  for (let round = 0; round < ROUNDS; round++) {
    takeOut(copy, found, standIn);
    const result = configSchema.safeParse(copy);
    if (result.success) return withNames(result.data);
    found = result.error.issues;
  }
  return undefined;
}

function takeOut(copy: Record<string, unknown>, issues: readonly z.core.$ZodIssue[], standIn: StandIn): void {
  const shortened = new Set<unknown[]>();
  for (const issue of issues) {
    const path = pathOf(issue);
    const paths = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
    for (const at of paths) {
      const value = standIn(at);
      const list = set(copy, at, value);
      if (list !== undefined && value === undefined) shortened.add(list);
    }
  }
  // Only now: positions must stay until everything is taken out.
  for (const list of shortened) list.splice(0, list.length, ...list.filter((entry) => entry !== undefined));
}

/** Puts a value in a place, or takes the place out. What is missing already is missing in something that must go. */
function set(copy: Record<string, unknown>, path: Path, value: unknown): unknown[] | undefined {
  const key = path.at(-1);
  if (key === undefined) return undefined;
  const parent = valueAt(copy, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const list: unknown[] = parent;
    list[Number(key)] = value;
    return list;
  }
  if (!isMap(parent)) return undefined;
  if (value !== undefined) parent[key] = value;
  else if (Object.hasOwn(parent, key)) Reflect.deleteProperty(parent, key);
  else return set(copy, path.slice(0, -1), undefined);
  return undefined;
}

type StandIn = (path: Path) => unknown;

/** Values for what must be there, each different, so that they break no rule. */
function standIns(): StandIn {
  let count = 0;
  const accountId = () => String(900_000_000_000 + count++);
  const account = () => ({ accountId: accountId(), name: "stand-in", roleName: "stand-in", stack: 900 - count });
  return (path) => {
    const inMembers = path[0] === "members";
    const key = path[inMembers ? 2 : 1];
    if (path[0] === "region" && path.length === 1) return "us-east-1";
    if (path[0] === "kibana")
      return path.length === 1 ? { allowedCidrs: [] } : pathIs(path, "allowedCidrs") ? [] : undefined;
    if (path[0] === "management" && path.length === 1) return { accountId: accountId(), name: "stand-in" };
    if (inMembers && path.length === 2) return account();
    if (path[0] !== "management" && !inMembers) return undefined;
    if (key === "accountId") return accountId();
    if (key === "name" || key === "roleName") return "stand-in";
    if (key === "stack") return account().stack;
    return undefined;
  };
}

function pathIs(path: Path, key: string): boolean {
  return path.length === 2 && path[1] === key;
}
