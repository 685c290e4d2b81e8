import { differences, inWords, lacking } from "./differences";
import type { TemplateBody } from "./expected";
import { some, type Finding } from "./finding";

/** Whether the index template is the product's. */
export function templateFindings(found: TemplateBody | undefined, expected: TemplateBody, name: string): Finding[] {
  const remedy = "npm run deploy -- search; indices that are there already keep what they were made with";
  if (found === undefined) {
    const message = `The index template ${name} is missing: the next day's index guesses its mapping.`;
    return [{ code: "template-missing", subject: name, message, remedy }];
  }
  const changed = [
    ...differences(
      { index_patterns: expected.index_patterns, priority: expected.priority },
      { index_patterns: found.index_patterns, priority: found.priority },
    ).map(inWords),
    ...differences(flat(expected.template.settings), flat(found.template.settings)).map(
      (difference) => `setting ${inWords(difference)}`,
    ),
    ...fieldDifferences(expected.template.mappings, found.template.mappings),
  ];
  if (changed.length === 0) return [];
  const message = `The index template ${name} is not the product's: ${some(changed)}.`;
  return [{ code: "template-changed", subject: name, message, remedy }];
}

/** Whether an index has the fields of the product's template, under the same types. */
export function mappingFindings(index: string, mapping: object, expected: TemplateBody): Finding[] {
  const wanted = fieldsOf(expected.template.mappings ?? {});
  const there = fieldsOf(mapping);
  const missing = [...wanted.keys()].filter((field) => !there.has(field));
  const other = [...wanted].filter(([field, type]) => there.has(field) && lacking(type, there.get(field)).length > 0);
  if (missing.length + other.length === 0) return [];
  const parts = [
    ...(missing.length === 0 ? [] : [`lacks ${some(missing)}`]),
    ...(other.length === 0 ? [] : [`has another mapping for ${some(other.map(([field]) => field))}`]),
  ];
  return [
    {
      code: "mapping-behind",
      subject: index,
      message: `Today's index ${index} ${parts.join(" and ")}: records of today are not found by these fields.`,
      remedy: "nothing, if the template was changed today: tomorrow's index has them",
    },
  ];
}

function fieldDifferences(expected: object = {}, found: object = {}): string[] {
  const wanted = fieldsOf(expected);
  const there = fieldsOf(found);
  return [
    ...differences({ ...expected, properties: undefined }, { ...found, properties: undefined }).map(inWords),
    ...[...wanted].flatMap(([field, type]) => {
      if (!there.has(field)) return [`the field ${field} is missing`];
      return differences(type, there.get(field)).map((difference) => `field ${field}: ${inWords(difference)}`);
    }),
    ...[...there.keys()]
      .filter((field) => !wanted.has(field))
      .map((field) => `the field ${field} is not the product's`),
  ];
}

interface Mapping {
  readonly properties?: Readonly<Record<string, Mapping>>;
}

/** Every field of a mapping by its path, without the objects that only hold others. */
function fieldsOf(mapping: object, prefix = ""): Map<string, object> {
  return new Map(
    Object.entries((mapping as Mapping).properties ?? {}).flatMap(([name, { properties, ...type }]) => [
      ...(Object.keys(type).length > 0 && !isPlainObject(type) ? [[prefix + name, type] as [string, object]] : []),
      ...fieldsOf({ properties }, `${prefix}${name}.`),
    ]),
  );
}

/** `type: object` says nothing beside properties. */
function isPlainObject(type: object): boolean {
  return JSON.stringify(type) === '{"type":"object"}';
}

/** Settings by their names with dots, whether they came nested or not. */
function flat(settings: object = {}, prefix = ""): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]: [string, unknown]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.entries(flat(value, `${prefix}${key}.`))
        : [[prefix + key, value] as [string, unknown]],
    ),
  );
}
