/** What several runs came to. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** @throws RangeError for no runs at all */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("no runs, no median");
  const sorted = [...values].sort((a, b) => a - b);
  return { median: median(sorted), min: sorted[0]!, max: sorted.at(-1)!, runs: sorted.length };
}

/**
 * The middle value; of an even number of values, what lies between the middle two.
 *
 * @param values what was measured: times, sizes, counts and their quotients, none below zero
 */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("no values, no median");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle]!;
  if (sorted.length % 2 === 1) return upper;
  const lower = sorted[middle - 1]!;
  return lower + (upper - lower) / 2;
}

/**
 * The quotient of two series, pair by pair: of what was measured at nearly the same time, so that a machine that slows
 * down for a while slows both down.
 *
 * @throws RangeError if they differ in length
 */
export function ratios(values: readonly number[], references: readonly number[]): number[] {
  if (values.length !== references.length) throw new RangeError("a pair needs two");
  return values.map((value, at) => value / references[at]!);
}

/** Three significant digits, or all of the whole ones: more would claim a precision that no run has. */
export function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
