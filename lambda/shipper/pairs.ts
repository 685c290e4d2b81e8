/** The most pairs that one subtree gives. */
export const MAX_PAIRS = 512;
/** The most characters of one pair; longer ones are cut. */
export const MAX_PAIR_LENGTH = 1024;
/** The most levels that are followed. */
export const MAX_DEPTH = 32;

/** The searchable form of a free-form part of a record. */
export interface Pairs {
  readonly pairs: readonly string[];
  /** Whether some were left out or cut. */
  readonly truncated: boolean;
}

/**
 * Lists a value's leaves as `path=value`, levels joined by dots, positions in lists left out, so that
 * `{ipPermissions: [{fromPort: 22}]}` is found by `ipPermissions.fromPort=22`. Nulls and empty objects have no pair.
 * Equal pairs are listed once. Bounded in count, length and depth.
 */
export function toPairs(value: unknown): Pairs {
  const found: Found = { pairs: [], known: undefined, truncated: false };
  walk(value, undefined, 0, found);
  return { pairs: found.pairs, truncated: found.truncated };
}

interface Found {
  readonly pairs: string[];
  /** The pairs once more, for looking up, where they are many. */
  known: Set<string> | undefined;
  truncated: boolean;
}

/** Up to here a look at each is faster than a set. */
const FEW = 16;

function walk(at: unknown, path: string | undefined, depth: number, found: Found): void {
  if (at === null || at === undefined) return;
  if (typeof at !== "object") {
    add(`${path ?? ""}=${(at as string | number | boolean).toString()}`, found);
  } else if (depth === MAX_DEPTH) {
    found.truncated = true;
  } else if (Array.isArray(at)) {
    for (const entry of at) {
      if (isFull(found)) return;
      walk(entry, path, depth + 1, found);
    }
  } else {
    // Not Object.keys, which makes a list of each object's names: JSON's objects inherit nothing that would be counted.
    for (const key in at) {
      if (isFull(found)) return;
      walk(
        (at as Record<string, unknown>)[key],
        bounded(path === undefined ? key : `${path}.${key}`),
        depth + 1,
        found,
      );
    }
  }
}

/** What is behind a pair's end is cut anyway: a long name is not to be copied for each of thousands of values. */
function bounded(path: string): string {
  return path.length > MAX_PAIR_LENGTH ? path.slice(0, MAX_PAIR_LENGTH + 1) : path;
}

/** Nothing that comes now could change the outcome. */
function isFull({ pairs, truncated }: Found): boolean {
  return truncated && pairs.length >= MAX_PAIRS;
}

function add(pair: string, found: Found): void {
  const isLong = pair.length > MAX_PAIR_LENGTH;
  if (isLong) found.truncated = true;
  const kept = isLong ? cut(pair) : pair;
  if (found.known?.has(kept) ?? found.pairs.includes(kept)) return;
  if (found.pairs.length === MAX_PAIRS) {
    found.truncated = true;
    return;
  }
  found.pairs.push(kept);
  if (found.known) found.known.add(kept);
  else if (found.pairs.length > FEW) found.known = new Set(found.pairs);
}

/** Cuts without leaving half of a surrogate pair at the end. */
function cut(pair: string): string {
  const last = pair.charCodeAt(MAX_PAIR_LENGTH - 1);
  return pair.slice(0, last >= 0xd800 && last <= 0xdbff ? MAX_PAIR_LENGTH - 1 : MAX_PAIR_LENGTH);
}
