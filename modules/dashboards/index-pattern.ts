import { kibanaFields } from "../fields";
import { type Reference, savedObject, type SavedObject } from "./saved-object";

/** Id of the index pattern that every search and visualization refers to. */
export const INDEX_PATTERN_ID = "cwl-star";

/** The field that the time picker works on. */
export const TIME_FIELD = "eventTime";

/**
 * The index pattern `cwl-*` with its list of fields. Without the list each browser would fetch one at its first visit
 * and store it for good: fields that no index had at that moment would stay unknown, and without any index Kibana
 * asks a thousand times over.
 */
export function indexPattern(): SavedObject {
  return savedObject("index-pattern", INDEX_PATTERN_ID, {
    title: "cwl-*",
    timeFieldName: TIME_FIELD,
    fields: JSON.stringify(kibanaFields()),
    fieldFormatMap: JSON.stringify({}),
  });
}

/** What a search or visualization carries to stand on the index pattern, and under which name it refers to it. */
export function onIndexPattern(query: string, rest: object = {}): { searchSourceJSON: string; reference: Reference } {
  const name = "kibanaSavedObjectMeta.searchSourceJSON.index";
  return {
    searchSourceJSON: JSON.stringify({ query: { query, language: "lucene" }, filter: [], indexRefName: name, ...rest }),
    reference: { name, type: "index-pattern", id: INDEX_PATTERN_ID },
  };
}
