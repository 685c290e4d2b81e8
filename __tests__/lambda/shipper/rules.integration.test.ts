import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT, runCommand } from "../../support/command";

/** A rule of delivery, taken out. */
interface Mutant {
  readonly rule: string;
  /** File of the shipper, and the text that is the rule. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Tests that fail without it, among others. */
  readonly noticed: readonly string[];
}

const MUTANTS: readonly Mutant[] = [
  {
    rule: "the retry of an item's 403",
    file: "bulk.ts",
    from: "new Set([401, 403, 404, 408, 429])",
    to: "new Set([401, 404, 408, 429])",
    noticed: ["delivery tries items again that are blocked with 403: a full disk, pressure on memory"],
  },
  {
    rule: "the retry of a throttled request's 403",
    file: "bulk.ts",
    from: "/throttl|block_exception|too many requests/i.test(text)",
    to: "false",
    noticed: ["delivery waits out a 403 that throttles, however often it comes: it is no refusal of the caller"],
  },
  {
    rule: "409 is success",
    file: "bulk.ts",
    from: 'if (status === 409) return { kind: "duplicate" };',
    to: "",
    noticed: ["delivery of the same records again delivers nothing, and is well"],
  },
  {
    rule: "the match by _id",
    file: "bulk.ts",
    from: "assign(actions, byId(items))",
    to: "assign(actions, new Map(actions.map(({ id }, at) => [id, items.slice(at, at + 1)])))",
    noticed: ["items of a reply are matched by id, not by position"],
  },
  {
    rule: "the split by bytes",
    file: "bulk.ts",
    from: "if (taken.length > 0 && !isRoomFor(start, rest, maxBytes - bytes)) {",
    to: "if (false) {",
    noticed: ["bodies that are too large are split before they are sent"],
  },
  {
    rule: "the split after 413",
    file: "bulk.ts",
    from: 'if (status === 413) return { kind: "split", detail };',
    to: 'if (status === 413) return { kind: "retry", detail };',
    noticed: ["bodies that are too large are split again on 413, also where its body is empty"],
  },
  {
    rule: "an object in the place of a scalar becomes text",
    file: "shape.ts",
    from: 'if (shape === "scalar") return JSON.stringify(text);',
    to: 'if (shape === "scalar") return text;',
    noticed: ["the shape of a value any value fits after it was reshaped, in every mapped field"],
  },
  {
    rule: "a scalar in the place of an object becomes an object",
    file: "shape.ts",
    from: "`{${JSON.stringify(SCALAR_KEY)}:${text}}`",
    to: "text",
    noticed: ["the shape of a value any value fits after it was reshaped, in every mapped field"],
  },
  {
    rule: "the second try as an envelope",
    file: "deliver.ts",
    from: "else envelopes.push(toEnvelope(action, context.settings, verdict.detail));",
    to: "else delivery.rejected.push({ action, detail: verdict.detail });",
    noticed: ["delivery sends what the engine refuses once more as an envelope with the same id"],
  },
];

const TESTS = "__tests__/lambda/shipper/(bulk|deliver|shape)\\.test\\.ts$";

describe("rules of delivery, taken out one at a time", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "rules-test-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("no test fails while all are there", async () => {
    expect(await failures()).toEqual([]);
  });

  test.each(MUTANTS)("$rule", async ({ file, from, to, noticed }) => {
    const source = readFileSync(join(PROJECT, "lambda", "shipper", file), "utf8");
    expect(source.split(from)).toHaveLength(2);
    expect(await failures({ file: join("lambda", "shipper", file), from, to })).toEqual(
      expect.arrayContaining([...noticed]),
    );
  });

  test("docs/decisions names the tests", () => {
    const page = readFileSync(join(PROJECT, "docs", "decisions", "0004-what-each-rule-is-for.md"), "utf8");
    for (const { rule, noticed } of MUTANTS) expect(page).toContain(`| ${rule} | ${noticed.join("; ")} |`);
  });

  /** Names of the shipper's unit tests that fail. */
  async function failures(mutant = { file: "none", from: "", to: "" }): Promise<string[]> {
    const compiler = {
      jsc: { target: "es2022", parser: { syntax: "typescript" } },
      module: { type: "commonjs" },
    };
    const config = {
      rootDir: PROJECT,
      testRegex: [TESTS],
      transform: { "\\.[jt]s$": [join(__dirname, "harness", "mutant.cjs"), { ...mutant, compiler }] },
    };
    const file = join(folder, "results.json");
    const { code } = await runCommand("jest", ["--config", JSON.stringify(config), "--json", "--outputFile", file]);
    const { testResults } = JSON.parse(readFileSync(file, "utf8")) as {
      testResults: { message: string; assertionResults: { fullName: string; status: string }[] }[];
    };
    const failed = testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === "failed").map(({ fullName }) => fullName),
    );
    // A suite that does not load has no results; then there is no rule to speak of.
    expect(testResults.filter(({ assertionResults }) => assertionResults.length === 0)).toEqual([]);
    expect(code).toBe(failed.length === 0 ? 0 : 1);
    return failed;
  }
});
