/** One place where something is not as it should be. */
export interface Difference {
  /** Keys with dots between them. */
  readonly path: string;
  /** Undefined: it should not be there. */
  readonly expected: unknown;
  /** Undefined: it is not there. */
  readonly actual: unknown;
}

/**
 * Where a value does not have what it should. Scalars are compared as texts, because the engine gives back many numbers
 * and booleans as strings; what is there beyond the expected is let be, but in lists, whose length counts.
 */
export function lacking(expected: unknown, actual: unknown, path = ""): Difference[] {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return [{ path, expected, actual }];
    return expected.flatMap((value, at) => lacking(value, actual[at], join(path, String(at))));
  }
  if (isMap(expected)) {
    if (!isMap(actual)) return [{ path, expected, actual }];
    return Object.entries(expected).flatMap(([key, value]) => lacking(value, actual[key], join(path, key)));
  }
  return String(expected) === String(actual) && (actual !== undefined || expected === undefined)
    ? []
    : [{ path, expected, actual }];
}

/** Where two values differ, in either direction. */
export function differences(expected: unknown, actual: unknown): Difference[] {
  const added = lacking(actual, expected).filter((difference) => difference.actual === undefined);
  return [
    ...lacking(expected, actual),
    ...added.map(({ path, expected: found }) => ({ path, expected: undefined, actual: found })),
  ];
}

/** A difference in words: `codec is default, not best_compression`. */
export function inWords({ path, expected, actual }: Difference): string {
  if (expected === undefined) return `${path} (${short(actual)}) is not the product's`;
  if (actual === undefined) return `${path} is missing`;
  return `${path} is ${short(actual)}, not ${short(expected)}`;
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
