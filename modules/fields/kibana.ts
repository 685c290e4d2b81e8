import { FIELDS, type Field } from "./list";

/** A field as an index pattern of Kibana 7.10 and OpenSearch Dashboards lists it. */
export interface KibanaField {
  readonly name: string;
  readonly type: "string" | "date" | "ip" | "number" | "_source";
  readonly esTypes?: readonly string[];
  readonly count: 0;
  readonly scripted: false;
  readonly searchable: boolean;
  readonly aggregatable: boolean;
  readonly readFromDocValues: boolean;
  readonly subType?: { readonly multi: { readonly parent: string } };
}

/**
 * The field list of the index pattern. It is written into the saved object, because otherwise each browser fetches it at
 * first opening and keeps, for good, whatever was mapped at that moment.
 */
export function kibanaFields(): KibanaField[] {
  return [
    field("_id", "string", "_id", { aggregatable: true, readFromDocValues: false }),
    field("_index", "string", "_index", { aggregatable: true, readFromDocValues: false }),
    {
      ...field("_score", "number", "", { searchable: false, aggregatable: false, readFromDocValues: false }),
      esTypes: [],
    },
    field("_source", "_source", "_source", { searchable: false, aggregatable: false, readFromDocValues: false }),
    field("_type", "string", "_type", { aggregatable: true, readFromDocValues: false }),
    ...FIELDS.flatMap(kibanaFieldsOf).sort((a, b) => (a.name < b.name ? -1 : 1)),
  ];
}

function kibanaFieldsOf({ path, kind }: Field): KibanaField[] {
  const multi = { subType: { multi: { parent: path } } };
  const full = field(path, "string", "text", { aggregatable: false, readFromDocValues: false });
  const exact = field(path, "string", "keyword");
  const keyword = { ...field(`${path}.keyword`, "string", "keyword"), ...multi };
  switch (kind) {
    case "text":
      return [full, keyword];
    case "message":
      return [full];
    case "date":
      return [field(path, "date", "date")];
    case "address":
      return [exact, keyword, { ...field(`${path}.ip`, "ip", "ip"), ...multi }];
    case "flag":
    case "pairs":
      return [exact];
  }
}

function field(
  name: string,
  type: KibanaField["type"],
  esType: string,
  flags: Partial<Pick<KibanaField, "searchable" | "aggregatable" | "readFromDocValues">> = {},
): KibanaField {
  return {
    name,
    type,
    esTypes: [esType],
    count: 0,
    scripted: false,
    searchable: true,
    aggregatable: true,
    readFromDocValues: true,
    ...flags,
  };
}
