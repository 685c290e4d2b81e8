/**
 * A saved object as Kibana 7.10 exports and imports it, one line of NDJSON each. OpenSearch Dashboards 1 to 3, which
 * began as a copy of Kibana 7.10.2, import the same form.
 */
export interface SavedObject {
  readonly id: string;
  readonly type: SavedObjectType;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The other objects that the attributes mean by name; ids stand only here. */
  readonly references: readonly Reference[];
  /** The form of the attributes. An object in a newer form than the server knows makes it refuse the whole file. */
  readonly migrationVersion: Readonly<Record<string, string>>;
}

export type SavedObjectType = "index-pattern" | "search" | "visualization" | "dashboard";

export interface Reference {
  /** Name by which the attributes mean it. */
  readonly name: string;
  readonly type: SavedObjectType;
  readonly id: string;
}

/** The newest form of each type that Kibana 7.10.2 knows; anything newer is refused with 422. */
const FORM: Readonly<Record<SavedObjectType, string>> = {
  "index-pattern": "7.6.0",
  search: "7.9.3",
  visualization: "7.10.0",
  dashboard: "7.9.3",
};

/** A saved object in Kibana 7.10's form. */
export function savedObject(
  type: SavedObjectType,
  id: string,
  attributes: SavedObject["attributes"],
  references: readonly Reference[] = [],
): SavedObject {
  return { id, type, attributes, references, migrationVersion: { [type]: FORM[type] } };
}

/** The objects as an export file: one a line, the form that the import wants under the name `*.ndjson`. */
export function toNdjson(objects: readonly SavedObject[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join("");
}
