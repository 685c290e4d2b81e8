import type { SavedObject } from "../../modules/dashboards";
import { inWords, lacking, type Difference } from "./differences";
import { some, type Finding } from "./finding";

// Terraform does not see what Kibana has, so a deployment imports only what has changed on this side.
const REMEDY =
  "npm run --silent saved-objects > cloudtrail.ndjson, and import the file in Kibana (Stack Management, Saved Objects), overwriting";

/** Which of the product's saved objects Kibana does not have, or has otherwise. Users' own objects are no matter. */
export function savedObjectFindings(found: readonly SavedObject[], expected: readonly SavedObject[]): Finding[] {
  const byId = new Map(found.map((object) => [`${object.type}:${object.id}`, object]));
  return expected.flatMap((wanted): Finding[] => {
    const subject = titleOf(wanted);
    const what = `The ${wanted.type.replace("-", " ")} ${subject}`;
    const actual = byId.get(`${wanted.type}:${wanted.id}`);
    if (actual === undefined) {
      return [{ code: "saved-object-missing", subject, message: `${what} is missing in Kibana.`, remedy: REMEDY }];
    }
    const changed = changesOf(wanted, actual);
    if (changed.length === 0) return [];
    const message = `${what} was changed in Kibana: ${some(changed.map(inWords), 3)}.`;
    return [
      { code: "saved-object-changed", subject, message, remedy: `${REMEDY}, or save your own under another name` },
    ];
  });
}

function titleOf({ attributes: { title }, id }: SavedObject): string {
  return typeof title === "string" ? title : id;
}

function changesOf(wanted: SavedObject, actual: SavedObject): Difference[] {
  return lacking(comparable(wanted), comparable(actual));
}

/** The object as far as it is the product's: JSON in texts taken apart, references and fields by their names. */
function comparable({ attributes, references }: SavedObject): object {
  return {
    ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, opened(name, value)])),
    references: Object.fromEntries(references.map(({ name, type, id }) => [name, `${type} ${id}`])),
  };
}

function opened(name: string, value: unknown): unknown {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, opened(key, inner)]));
  }
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return name === "fields" && Array.isArray(parsed) ? byName(parsed) : parsed;
  } catch {
    return value;
  }
}

/** Kibana counts how often a field is used in the list of fields itself. */
function byName(fields: readonly { readonly name?: string; readonly count?: number }[]): object {
  return Object.fromEntries(fields.map((field) => [field.name ?? "", { ...field, count: undefined }]));
}
