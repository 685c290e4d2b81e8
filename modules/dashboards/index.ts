import { articleDashboard } from "./article";
import { indexPattern } from "./index-pattern";
import type { SavedObject } from "./saved-object";
import { searches } from "./searches";
import { securityDashboard } from "./security";

export { DASHBOARD_ID } from "./article";
export type { Place } from "./dashboard";
export { INDEX_PATTERN_ID, TIME_FIELD } from "./index-pattern";
export {
  type Column,
  isEmpty,
  type PanelQuery,
  panelQueries,
  type Row,
  type SearchAnswer,
  type TimeRange,
} from "./panel-queries";
export { type Reference, type SavedObject, toNdjson } from "./saved-object";
export { SECURITY_DASHBOARD_ID } from "./security";

export interface SavedObjectsProps {
  /** User names that userName_TagCloud leaves out, word for word (`kibana.excludedUsers`): monitoring, for example. */
  readonly excludedUsers: readonly string[];
  /**
   * Names of the buckets that hold the evidence, the archive's and the dead letters': changes to them are watched.
   *
   * @default every bucket is watched
   */
  readonly archiveBuckets?: readonly string[];
}

/**
 * Everything that Kibana gets: index pattern, saved searches, visualizations, dashboards. References are complete and ids never change,
 * so that importing again overwrites and adds nothing.
 */
export function savedObjects(props: SavedObjectsProps): SavedObject[] {
  const { excludedUsers, archiveBuckets = [] } = props;
  return [
    indexPattern(),
    ...searches(archiveBuckets),
    ...articleDashboard(excludedUsers),
    ...securityDashboard(archiveBuckets),
  ];
}
