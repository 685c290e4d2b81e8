/** Where a value stands in a configuration: keys, and positions in lists. */
export type Path = readonly (string | number)[];

/** The path as people write it: `members[1].accountId`. Keys that are no plain words are quoted. */
export function pathText(path: Path): string {
  return path.map(stepText).join("").replace(/^\./, "") || "the file";
}

/** The value at a path, or undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      at !== null && typeof at === "object" && Object.hasOwn(at, step)
        ? (at as Record<string | number, unknown>)[step]
        : undefined,
    value,
  );
}

/** Whether two paths are the same, or one leads to the other. */
export function related(one: Path, other: Path): boolean {
  return one.slice(0, other.length).every((step, index) => step === other[index]);
}

/** Whether a value is a map, as YAML's are read. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function stepText(step: string | number): string {
  if (typeof step === "number") return `[${step}]`;
  return /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}
