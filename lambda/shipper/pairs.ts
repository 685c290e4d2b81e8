/** The most pairs that one subtree gives. */
export const MAX_PAIRS = 512;
/** The most characters of one pair; longer ones are cut. */
export const MAX_PAIR_LENGTH = 1024;
/** The most levels that are followed. */
export const MAX_DEPTH = 32;

/** The searchable form of a free-form part of a record. */
export interface Pairs {
  readonly pairs: string[];
  /** Whether some were left out or cut. */
  readonly truncated: boolean;
}

/**
 * Lists a value's leaves as `path=value`, levels joined by dots, positions in lists left out, so that
 * `{ipPermissions: [{fromPort: 22}]}` is found by `ipPermissions.fromPort=22`. Nulls and empty objects have no pair.
 * Equal pairs are listed once. Bounded in count, length and depth.
 */
export function toPairs(value: unknown): Pairs {
  const found = new Set<string>();
  let truncated = false;
  const walk = (at: unknown, path: string | undefined, depth: number): void => {
    if (at === null || at === undefined) return;
    if (typeof at !== "object") {
      const pair = `${path ?? ""}=${(at as string | number | boolean).toString()}`;
      if (pair.length > MAX_PAIR_LENGTH) truncated = true;
      const kept = pair.length > MAX_PAIR_LENGTH ? cut(pair) : pair;
      if (found.size < MAX_PAIRS) found.add(kept);
      else if (!found.has(kept)) truncated = true;
    } else if (depth === MAX_DEPTH) {
      truncated = true;
    } else if (Array.isArray(at)) {
      for (const entry of at) {
        if (truncated && found.size >= MAX_PAIRS) return;
        walk(entry, path, depth + 1);
      }
    } else {
      for (const key of Object.keys(at)) {
        if (truncated && found.size >= MAX_PAIRS) return;
        walk((at as Record<string, unknown>)[key], path === undefined ? key : `${path}.${key}`, depth + 1);
      }
    }
  };
  walk(value, undefined, 0);
  return { pairs: [...found], truncated };
}

/** Cuts without leaving half of a surrogate pair at the end. */
function cut(pair: string): string {
  const last = pair.charCodeAt(MAX_PAIR_LENGTH - 1);
  return pair.slice(0, last >= 0xd800 && last <= 0xdbff ? MAX_PAIR_LENGTH - 1 : MAX_PAIR_LENGTH);
}
