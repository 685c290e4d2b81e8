import { z } from "zod";
import { isMap, type Path } from "./path";
import { configSchema } from "./schema";

/** The part of JSON Schema that the configuration's schema is made of. */
export interface JsonSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly additionalProperties?: boolean | JsonSchema;
  /** What may be there, in words; editors show it instead of a pattern. */
  readonly errorMessage?: string;
}

/** One key that a user may write. */
export interface Setting {
  /** As in the file; `[]` stands for each entry of a list, `.*` for keys of the user's own. */
  readonly path: string;
  /** The kind of backend, or the optional map, that knows the key, where not all do. */
  readonly only?: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

let made: JsonSchema | undefined;

/** The JSON Schema of what a user writes, for editors; made from the same source as the validation. */
export function configJsonSchema(): JsonSchema {
  made ??= {
    // yaml-language-server knows draft 7 best.
    ...(z.toJSONSchema(configSchema, {
      target: "draft-7",
      io: "input",
      override: ({ zodSchema, jsonSchema }) => {
        if (LEAVES.has(zodSchema._zod.def.type)) jsonSchema.errorMessage = `must be ${allowed(zodSchema)}`;
      },
    }) as JsonSchema),
  };
  return made;
}

const LEAVES: ReadonlySet<string> = new Set(["string", "number", "int", "boolean", "enum", "literal"]);

/** What a schema says to a value that it can never take. */
function allowed(schema: z.core.$ZodType): string {
  return z.safeParse(schema, Symbol("nothing")).error?.issues[0]?.message ?? "";
}

/** Every key of the configuration that holds a value, in the order of the schema. */
export function settings(): Setting[] {
  return settingsOf(configJsonSchema(), "", true);
}

function settingsOf(schema: JsonSchema, path: string, required: boolean, only?: string): Setting[] {
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants !== undefined) {
    const types = variants.map((variant) => variant.properties?.type?.const);
    const type = {
      schema: { description: schema.description, default: defaultType(schema), errorMessage: types.join(", ") },
    };
    return [
      { path: `${path}.type`, required: false, ...type },
      ...variants.flatMap((variant, index) =>
        settingsOf(variant, path, required, String(types[index])).filter((setting) => setting.path !== `${path}.type`),
      ),
    ];
  }
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([key, child]) => {
      const childRequired = schema.required?.includes(key) ?? false;
      // A map that may be left out: its keys are for those who write it.
      const isOptionalMap = child.properties !== undefined && !childRequired && child.default === undefined;
      return settingsOf(child, path === "" ? key : `${path}.${key}`, childRequired, isOptionalMap ? key : only);
    });
  }
  if (schema.items?.properties !== undefined) return settingsOf(schema.items, `${path}[]`, required, only);
  return [{ path: isMap(schema.additionalProperties) ? `${path}.*` : path, schema, required, only }];
}

function defaultType({ default: value }: JsonSchema): unknown {
  return isMap(value) ? value.type : undefined;
}

/**
 * What the schema says of a place in a file.
 *
 * @param raw the file's content: it decides between the kinds of backend
 * @returns the schema and whether the key must be there; undefined where there is no such key
 */
export function schemaAt(path: Path, raw: unknown): { schema: JsonSchema; required: boolean } | undefined {
  let schema = variantOf(configJsonSchema(), raw);
  let required = true;
  let value = raw;
  for (const step of path) {
    const next =
      typeof step === "number"
        ? schema.items
        : (schema.properties?.[step] ??
          (typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined));
    if (next === undefined) return undefined;
    required = typeof step === "string" && (schema.required?.includes(step) ?? false);
    value = isMap(value) || Array.isArray(value) ? (value as Record<string | number, unknown>)[step] : undefined;
    schema = variantOf(next, value);
  }
  return { schema, required };
}

function variantOf(schema: JsonSchema, value: unknown): JsonSchema {
  const variants = schema.oneOf ?? schema.anyOf ?? [];
  const type = isMap(value) ? value.type : undefined;
  return variants.find((variant) => variant.properties?.type?.const === type) ?? schema;
}

/** The README's table of all settings, in Markdown. */
export function configurationTable(): string {
  const rows = settings().map(({ path, schema, only, required }) => [
    `\`${path}\`${only === undefined ? "" : ` (${only})`}`,
    schema.description ?? "",
    required ? "**required**" : defaultText(schema.default),
    rangeText(schema),
  ]);
  return [["Key", "Meaning", "Default", "Allowed"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("<", "&lt;")).join(" | ")} |`)
    .join("\n");
}

function defaultText(value: unknown): string {
  if (value === undefined) return "—";
  return typeof value === "string" ? `\`${value}\`` : `\`${JSON.stringify(value)}\``;
}

function rangeText({ items, additionalProperties, errorMessage = "" }: JsonSchema): string {
  const text = items ?? (typeof additionalProperties === "object" ? additionalProperties : undefined);
  const each = (text?.errorMessage ?? errorMessage).replace(/^must be /, "");
  return items === undefined ? each : `a list, each ${each}`;
}
