import { readFileSync } from "node:fs";
import { join } from "node:path";
import { configJsonSchema, configurationTable, parseConfig } from "../../../modules/config";
import { settings, type JsonSchema } from "../../../modules/config/json-schema";

const ROOT = join(__dirname, "../../..");
const EXAMPLE = readFileSync(join(ROOT, "cloudtrail.example.yaml"), "utf8");
const paths = settings().map(({ path }) => path);

test("the committed JSON Schema is what the source makes (npm run config:schema)", () => {
  const committed: unknown = JSON.parse(readFileSync(join(ROOT, "modules/config/cloudtrail.schema.json"), "utf8"));
  expect(committed).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});

test("every key has a description and says what it takes", () => {
  const bare = settings().filter(({ schema }) => (schema.description ?? "").length < 5);
  expect(bare.map(({ path }) => path)).toEqual([]);
  const sections = Object.entries(configJsonSchema().properties ?? {}).filter(([, schema]) => !schema.description);
  expect(sections).toEqual([]);
  expect(paths.length).toBeGreaterThan(60);
});

test("no map of the schema takes unknown keys", () => {
  const open: JsonSchema[] = [];
  const visit = (schema: JsonSchema): void => {
    if (schema.properties !== undefined && schema.additionalProperties !== false) open.push(schema);
    [
      ...Object.values(schema.properties ?? {}),
      ...(schema.oneOf ?? []),
      ...(schema.items ? [schema.items] : []),
    ].forEach(visit);
  };
  visit(configJsonSchema());
  expect(open).toEqual([]);
});

test("only account ids and names, region and Kibana's networks are required of everybody", () => {
  const required = settings().filter((setting) => setting.required && setting.only === undefined);
  expect(required.map(({ path }) => path)).toEqual([
    "region",
    "management.accountId",
    "management.name",
    "members[].accountId",
    "members[].name",
    "kibana.allowedCidrs",
  ]);
});

describe("cloudtrail.example.yaml", () => {
  test("tells editors where its schema is", () => {
    expect(EXAMPLE.split("\n")[0]).toBe("# yaml-language-server: $schema=./modules/config/cloudtrail.schema.json");
  });

  test("is valid, and warns only of what a user must put in", () => {
    expect(parseConfig(EXAMPLE).warnings).toEqual([expect.stringContaining("put in your own")]);
  });

  test.each(paths)("shows %s, with a comment", (path) => {
    const [section = "", ...rest] = path.replace("[]", "").replace(/\.\*$/, "").split(".");
    const text = sectionOf(section);
    if (rest.length === 0) return;
    const lines = text.split("\n");
    const at = lines.findIndex((line) => new RegExp(`^\\s*(# +)?(- )?${rest.at(-1) ?? ""}:`).test(line));
    expect(at).toBeGreaterThanOrEqual(0);
    expect(`${lines[at - 1] ?? ""}\n${lines[at] ?? ""}`).toMatch(/# /);
  });

  test.each(settings().filter(({ schema }) => ["string", "number", "boolean"].includes(typeof schema.default)))(
    "shows the default of $path, or says that it does not",
    ({ path, schema }) => {
      const [section = "", key = ""] = path.split(/\[?\]?\./);
      const line = sectionOf(section)
        .split("\n")
        .find((candidate) => new RegExp(`^\\s*(# +)?(- )?${path.split(".").at(-1) ?? key}:`).test(candidate));
      expect(line).toMatch(new RegExp(`: ${String(schema.default).replace(/[.]/g, "\\.")}( #|$)`));
    },
  );
});

describe("the configuration table", () => {
  const rows = configurationTable().split("\n");

  test("has a row of four cells for every key", () => {
    expect(rows).toHaveLength(paths.length + 2);
    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(6);
  });

  test("shows meaning, default and range", () => {
    expect(rows).toContain(
      "| `archive.standardIaAfterDays` | Days until an object moves to STANDARD_IA. S3 refuses fewer than 30. | `30` | a whole number of days from 30 to 36500 |",
    );
  });
});

/** The part of the example that a top-level key opens. */
function sectionOf(key: string): string {
  const [, text] = new RegExp(`\\n(${key}:[^]*?)(?=\\n\\S|$)`).exec(EXAMPLE) ?? [];
  expect(text).toBeDefined();
  return text ?? "";
}
