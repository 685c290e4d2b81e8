import { FIELDS, OPAQUE, SHADOWED_KEY, SUBTREES, type FieldKind } from "./list";

/** A Lucene term has at most 32,766 bytes, and a character at most 4: nothing longer is indexed as one term. */
export const IGNORE_ABOVE = 8191;

const KEYWORD = { type: "keyword", ignore_above: IGNORE_ABOVE } as const;

const TYPES: Record<FieldKind, object> = {
  text: { type: "text", norms: false, fields: { keyword: KEYWORD } },
  flag: KEYWORD,
  date: { type: "date", ignore_malformed: true },
  address: { ...KEYWORD, fields: { ip: { type: "ip", ignore_malformed: true }, keyword: KEYWORD } },
  pairs: KEYWORD,
  message: { type: "text", norms: false },
};

/** Kept in the document, not parsed: whatever is in it cannot be refused. */
const KEPT = { type: "object", enabled: false } as const;

interface ObjectMapping {
  properties: Record<string, object>;
}

/**
 * The mappings of the index template: closed (`dynamic: false`), every field from the one list. The order of the keys
 * is stable, because Terraform compares the text.
 */
export function indexTemplateMappings(): { dynamic: false } & ObjectMapping {
  const root: ObjectMapping = { properties: {} };
  for (const { path, kind } of FIELDS) put(root, path, TYPES[kind]);
  for (const path of [...SUBTREES.map((subtree) => subtree.path), ...OPAQUE, SHADOWED_KEY]) put(root, path, KEPT);
  return { dynamic: false, properties: sorted(root.properties) };
}

/**
 * The settings of the index template.
 *
 * @param replicas copies of each shard, 0 or more: what the number of nodes allows
 * @param lifecyclePolicy ILM policy of each index; none on Amazon domains, whose policies attach themselves
 */
export function indexTemplateSettings({
  replicas,
  lifecyclePolicy,
}: {
  readonly replicas: number;
  readonly lifecyclePolicy?: string;
}): object {
  return {
    index: {
      codec: "best_compression",
      ...(lifecyclePolicy === undefined ? {} : { lifecycle: { name: lifecyclePolicy } }),
      // The article's fix for "Limit of total fields [1000] has been exceeded". The closed mapping stays far below it.
      mapping: { total_fields: { limit: "3000" } },
      // Amazon's default is 5.
      number_of_replicas: String(replicas),
      number_of_shards: "1",
    },
  };
}

function put(root: ObjectMapping, path: string, mapping: object): void {
  const steps = path.startsWith("@") ? [path] : path.split(".");
  const last = steps.pop()!;
  let at = root;
  for (const step of steps) at = at.properties[step] = (at.properties[step] ?? { properties: {} }) as ObjectMapping;
  at.properties[last] = mapping;
}

function sorted(properties: Record<string, object>): Record<string, object> {
  return Object.fromEntries(
    Object.entries(properties)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [
        name,
        "properties" in value && !("type" in value)
          ? { properties: sorted((value as ObjectMapping).properties) }
          : value,
      ]),
  );
}
