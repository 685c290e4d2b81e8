import { INDEX_PATTERN, kibanaFields } from "../fields";
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
    title: INDEX_PATTERN,
    timeFieldName: TIME_FIELD,
    fields: JSON.stringify(kibanaFields()),
    fieldFormatMap: JSON.stringify(fieldFormats()),
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

/** Fields whose value leads, by a click, to everything else with that value. */
const TRAILS = ["userIdentity.arn", "userIdentity.accessKeyId", "sourceIPAddress"];

/**
 * How values are shown. Times to the second, as CloudTrail gives them; a principal, an access key or an address links to
 * its own trail in Discover. Account ids need nothing: they are strings, and so never get thousands separators.
 */
function fieldFormats(): Record<string, object> {
  const date = { id: "date", params: { pattern: "YYYY-MM-DD HH:mm:ss" } };
  const dates = kibanaFields().filter((field) => field.type === "date");
  const names = new Set(kibanaFields().map((field) => field.name));
  return {
    ...Object.fromEntries(dates.map((field) => [field.name, date])),
    ...Object.fromEntries(
      TRAILS.flatMap((field) =>
        [field, `${field}.keyword`].filter((name) => names.has(name)).map((name) => [name, trailLink(field)]),
      ),
    ),
  };
}

/** A link within Kibana: `..` is the only beginning that holds under every base path (`/_plugin/kibana`, `/_dashboards`). */
function trailLink(field: string): object {
  const columns = "awsRegion,eventSource,eventName,sourceIPAddress,errorCode";
  const query = `'${field}.keyword:%22{{value}}%22'`;
  const state = `(columns:!(${columns}),index:${INDEX_PATTERN_ID},query:(language:lucene,query:${query}))`;
  const urlTemplate = `../app/discover#/?_g=(time:(from:now-7d,to:now))&_a=${state}`;
  return { id: "url", params: { type: "a", urlTemplate, labelTemplate: "{{value}}", openLinkInCurrentTab: false } };
}
