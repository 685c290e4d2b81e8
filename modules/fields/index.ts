export { kibanaFields, type KibanaField } from "./kibana";
export {
  ADDED,
  FIELDS,
  OPAQUE,
  OTHER_PAIRS,
  RECORD,
  SCALAR_KEY,
  SHADOWED_KEY,
  SUBTREES,
  TRUNCATED_SUFFIX,
  type Field,
  type FieldKind,
  type Subtree,
} from "./list";
export { IGNORE_ABOVE, indexTemplateMappings, indexTemplateSettings } from "./mapping";

/** Daily indices are named by this and the UTC day of eventTime: `cwl-2026.01.31`. */
export const INDEX_PREFIX = "cwl-";
/** All of the product's indices. */
export const INDEX_PATTERN = "cwl-*";
/** The index of records whose eventTime is missing, unreadable or out of range. */
export const UNDATED_INDEX = "cwl-undated";
