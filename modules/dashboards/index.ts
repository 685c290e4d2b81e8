import { articleDashboard } from "./article";
import { indexPattern } from "./index-pattern";
import type { SavedObject } from "./saved-object";

export { DASHBOARD_ID } from "./article";
export { INDEX_PATTERN_ID, TIME_FIELD } from "./index-pattern";
export { type PanelQuery, panelQueries, type TimeRange } from "./panel-queries";
export { type Reference, type SavedObject, toNdjson } from "./saved-object";

export interface SavedObjectsProps {
  /** User names that userName_TagCloud leaves out, word for word (`kibana.excludedUsers`): monitoring, for example. */
  readonly excludedUsers: readonly string[];
}

/**
 * Everything that Kibana gets: index pattern, visualizations, dashboards. References are complete and ids never change,
 * so that importing again overwrites and adds nothing.
 */
export function savedObjects(props: SavedObjectsProps): SavedObject[] {
  return [indexPattern(), ...articleDashboard(props.excludedUsers)];
}
