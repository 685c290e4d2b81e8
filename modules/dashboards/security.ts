import { dashboard } from "./dashboard";
import { TIME_FIELD } from "./index-pattern";
import {
  archiveChange,
  CHANGING,
  DENIED,
  either,
  FAILED_SIGN_IN,
  FROM_AN_ADDRESS,
  IAM_CHANGE,
  LOG_GROUP_CHANGE,
  READING,
  ROOT,
  SEARCH_DOMAIN_CHANGE,
  SIGN_IN_WITHOUT_MFA,
  TRAIL_CHANGE,
} from "./queries";
import type { SavedObject } from "./saved-object";
import {
  AREA,
  COUNT,
  figure,
  filters,
  HORIZONTAL_BAR,
  METRIC,
  overTime,
  TABLE,
  terms,
  visualization,
} from "./visualization";

/** Id of the dashboard `CloudTrail security`. */
export const SECURITY_DASHBOARD_ID = "CloudTrail-security";

const LAST = figure("9", "max", TIME_FIELD, "Last");
const PRINCIPAL = { field: "userIdentity.arn.keyword", label: "Principal", missing: "(none)" };
const ACCOUNT = { field: "@owner_name.keyword", label: "Account", missing: "(no name)" };
const CALL = { field: "eventName.keyword", label: "Call" };
const ADDRESS = { field: "sourceIPAddress.keyword", label: "From", missing: "(none)" };

/**
 * What a security engineer opens first, and the visualizations on it.
 *
 * @param archiveBuckets names of the buckets that hold the evidence; none means that changes to any bucket are shown
 */
export function securityDashboard(archiveBuckets: readonly string[]): SavedObject[] {
  const changes = {
    IAM: IAM_CHANGE,
    Trails: TRAIL_CHANGE,
    "Log groups": LOG_GROUP_CHANGE,
    [archiveBuckets.length > 0 ? "Archive" : "Buckets"]: archiveChange(archiveBuckets),
    "Search domain": SEARCH_DOMAIN_CHANGE,
  };
  const anyChange = either(...Object.values(changes));

  return [
    visualization({
      id: "securityFigures_Metric",
      title: "At a glance",
      type: "metric",
      params: METRIC,
      aggs: [
        COUNT,
        filters("2", "group", {
          "Denied calls": DENIED,
          "Root at work": ROOT,
          "Failed sign-ins": FAILED_SIGN_IN,
          "Sign-ins without MFA": SIGN_IN_WITHOUT_MFA,
          "Sensitive changes": anyChange,
        }),
      ],
    }),
    visualization({
      id: "deniedCalls_Table",
      title: "Denied calls by principal",
      query: DENIED,
      type: "table",
      params: TABLE,
      aggs: [
        COUNT,
        terms({ id: "2", schema: "bucket", size: 20, ...PRINCIPAL }),
        terms({ id: "3", schema: "bucket", size: 3, ...CALL }),
        LAST,
      ],
    }),
    visualization({
      id: "consoleSignIns_Table",
      title: "Console sign-ins that failed or did without MFA",
      description: "Users and root; MFA of federated sign-ins is known to their identity provider only.",
      query: either(FAILED_SIGN_IN, SIGN_IN_WITHOUT_MFA),
      type: "table",
      params: TABLE,
      aggs: [
        COUNT,
        filters("2", "bucket", { Failed: FAILED_SIGN_IN, "Without MFA": SIGN_IN_WITHOUT_MFA }),
        terms({ id: "3", schema: "bucket", size: 10, ...ACCOUNT }),
        terms({
          id: "4",
          schema: "bucket",
          size: 10,
          field: "userIdentity.userName.keyword",
          label: "User",
          missing: "(no user name)",
        }),
        terms({ id: "5", schema: "bucket", size: 5, ...ADDRESS }),
        LAST,
      ],
    }),
    visualization({
      id: "rootUse_Table",
      title: "Root at work",
      query: ROOT,
      type: "table",
      params: TABLE,
      aggs: [
        COUNT,
        terms({ id: "2", schema: "bucket", size: 20, ...ACCOUNT }),
        terms({ id: "3", schema: "bucket", size: 10, ...CALL }),
        terms({ id: "4", schema: "bucket", size: 5, ...ADDRESS }),
        LAST,
      ],
    }),
    visualization({
      id: "newNetworks_Table",
      title: "Source addresses, newest first",
      description:
        "By their first call within the chosen time range: choose weeks, not hours, to tell new from seldom.",
      query: FROM_AN_ADDRESS,
      type: "table",
      params: TABLE,
      aggs: [
        COUNT,
        terms({
          id: "2",
          schema: "bucket",
          size: 50,
          field: "sourceIPAddress.keyword",
          label: "Address",
          orderBy: "3",
          // Each daily index hands up its newest only: an old address would pass for new unless all are handed up.
          shardSize: 10_000,
        }),
        figure("3", "min", TIME_FIELD, "First"),
        figure("4", "cardinality", PRINCIPAL.field, "Principals"),
      ],
    }),
    visualization({
      id: "sensitiveChanges_AreaChart",
      title: "Changes to IAM, trails, log groups, archive and search domain",
      query: anyChange,
      type: "area",
      params: AREA,
      aggs: [COUNT, filters("2", "group", changes), overTime("3", TIME_FIELD)],
    }),
    visualization({
      id: "sensitiveChanges_Table",
      title: "Who changed what",
      query: anyChange,
      type: "table",
      params: TABLE,
      aggs: [
        COUNT,
        filters("2", "bucket", changes),
        terms({ id: "3", schema: "bucket", size: 10, ...CALL }),
        terms({ id: "4", schema: "bucket", size: 5, ...PRINCIPAL }),
        LAST,
      ],
    }),
    visualization({
      id: "ownerActivity_AreaChart",
      title: "Activity per account",
      type: "area",
      params: AREA,
      aggs: [COUNT, terms({ id: "2", schema: "group", size: 10, ...ACCOUNT }), overTime("3", TIME_FIELD)],
    }),
    visualization({
      id: "regions_BarChart",
      title: "Calls per region, least used first",
      description: "A region that nobody uses has no bar; a bar in a region that you do not use is a question to ask.",
      type: "horizontal_bar",
      params: HORIZONTAL_BAR,
      aggs: [
        COUNT,
        // More than there are regions: so the order by fewest is exact.
        terms({ id: "2", schema: "segment", size: 50, field: "awsRegion.keyword", label: "Region", order: "asc" }),
        filters("3", "group", { Changing: CHANGING, Reading: READING }),
      ],
    }),
    dashboard({
      id: SECURITY_DASHBOARD_ID,
      title: "CloudTrail security",
      description: "What a security engineer opens first.",
      panels: [
        { visualization: "securityFigures_Metric", x: 0, y: 0, w: 48, h: 7 },
        { visualization: "deniedCalls_Table", x: 0, y: 7, w: 24, h: 15 },
        { visualization: "consoleSignIns_Table", x: 24, y: 7, w: 24, h: 15 },
        { visualization: "rootUse_Table", x: 0, y: 22, w: 24, h: 15 },
        { visualization: "newNetworks_Table", x: 24, y: 22, w: 24, h: 15 },
        { visualization: "sensitiveChanges_AreaChart", x: 0, y: 37, w: 24, h: 15 },
        { visualization: "sensitiveChanges_Table", x: 24, y: 37, w: 24, h: 15 },
        { visualization: "ownerActivity_AreaChart", x: 0, y: 52, w: 24, h: 15 },
        { visualization: "regions_BarChart", x: 24, y: 52, w: 24, h: 15 },
      ],
    }),
  ];
}
