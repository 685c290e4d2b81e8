import fc from "fast-check";
import { MAX_DEPTH, MAX_PAIR_LENGTH, MAX_PAIRS, toPairs } from "../../../lambda/shipper/pairs";

describe("pairs of a free-form subtree", () => {
  test("are the leaves with their paths, positions in lists left out", () => {
    const value = { ipPermissions: { items: [{ fromPort: 22, cidr: "0.0.0.0/0" }, { fromPort: 443 }] }, dryRun: false };
    expect(toPairs(value)).toEqual({
      pairs: [
        "ipPermissions.items.fromPort=22",
        "ipPermissions.items.cidr=0.0.0.0/0",
        "ipPermissions.items.fromPort=443",
        "dryRun=false",
      ],
      truncated: false,
    });
  });

  test("are listed once, and none for nulls and empty objects", () => {
    expect(toPairs({ a: [1, 1, null, {}, []], b: null })).toEqual({ pairs: ["a=1"], truncated: false });
  });

  test("of a scalar have an empty path, and an empty name stays a level", () => {
    expect(toPairs("text").pairs).toEqual(["=text"]);
    expect(toPairs([{ a: 1 }]).pairs).toEqual(["a=1"]);
    expect(toPairs({ "": { a: 1 } }).pairs).toEqual([".a=1"]);
  });

  test("are bounded in count, and only what is really missing is called truncated", () => {
    const exactly = Array.from({ length: MAX_PAIRS }, (_, at) => at);
    expect(toPairs([...exactly, 0, 1])).toEqual({ pairs: exactly.map((at) => `=${at}`), truncated: false });
    const more = toPairs([...exactly, MAX_PAIRS]);
    expect([more.pairs.length, more.truncated]).toEqual([MAX_PAIRS, true]);
  });

  test("are bounded in length, without half a character at the end", () => {
    const { pairs, truncated } = toPairs({ k: "x".repeat(MAX_PAIR_LENGTH - 3) + "😀".repeat(4) });
    expect([pairs[0]!.length, pairs[0]!.isWellFormed(), truncated]).toEqual([MAX_PAIR_LENGTH - 1, true, true]);
  });

  test("of long names are what they would be if names were not cut on the way", () => {
    const name = fc.oneof(
      fc.string({ unit: "binary", maxLength: 3 }),
      fc.integer({ min: 1_000, max: 1_030 }).map((length) => "n".repeat(length)),
      fc.constant("\u{1f600}".repeat(512)),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, fc.integer({ max: 3 }), fc.dictionary(name, tie("tree"), { maxKeys: 3 })),
    }));
    const whole = (value: unknown, path?: string): string[] =>
      typeof value === "object" && value !== null
        ? Object.entries(value).flatMap(([key, part]) => whole(part, path === undefined ? key : `${path}.${key}`))
        : [`${path ?? ""}=${String(value)}`];
    const cut = (pair: string) => {
      const start = pair.slice(0, MAX_PAIR_LENGTH);
      return pair.length > MAX_PAIR_LENGTH && /[\ud800-\udbff]$/.test(start) ? start.slice(0, -1) : start;
    };
    fc.assert(
      fc.property(tree, (value) => {
        const pairs = whole(value);
        expect(toPairs(value)).toEqual({
          pairs: [...new Set(pairs.map(cut))],
          truncated: pairs.some((pair) => pair.length > MAX_PAIR_LENGTH),
        });
      }),
    );
  });

  test("are bounded in depth", () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
    expect(toPairs(nested(MAX_DEPTH))).toMatchObject({ truncated: false, pairs: [expect.stringMatching(/=1$/)] });
    expect(toPairs(nested(MAX_DEPTH + 1))).toEqual({ truncated: true, pairs: [] });
  });

  test("hold every leaf of any value, unless they are called truncated", () => {
    const leaves = (value: unknown): string[] =>
      typeof value === "object" && value !== null
        ? Object.values(value).flatMap(leaves)
        : value === null
          ? []
          : [JSON.stringify(value)];
    const isOf = (pair: string, leaf: string) =>
      pair.endsWith(`=${leaf.startsWith('"') ? (JSON.parse(leaf) as string) : leaf}`);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { pairs, truncated } = toPairs(value);
        expect(pairs.length).toBeLessThanOrEqual(MAX_PAIRS);
        if (truncated) return;
        for (const leaf of leaves(value)) expect(pairs.some((pair) => isOf(pair, leaf))).toBe(true);
      }),
    );
  });
});
