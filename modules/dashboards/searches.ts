import { onIndexPattern, TIME_FIELD } from "./index-pattern";
import {
  archiveChange,
  DENIED,
  either,
  IAM_CHANGE,
  LOG_GROUP_CHANGE,
  ROOT,
  SEARCH_DOMAIN_CHANGE,
  SIGN_IN,
  TRAIL_CHANGE,
} from "./queries";
import { savedObject, type SavedObject } from "./saved-object";

/**
 * Saved searches for Discover: the records behind the security dashboard, with the columns that answer who, what, where
 * and from where.
 *
 * @param archiveBuckets as for the security dashboard
 */
export function searches(archiveBuckets: readonly string[]): SavedObject[] {
  return [
    search({
      id: "calls_Search",
      title: "All calls",
      columns: [
        "@owner_name",
        "awsRegion",
        "eventSource",
        "eventName",
        "userIdentity.arn",
        "sourceIPAddress",
        "errorCode",
      ],
    }),
    search({
      id: "deniedCalls_Search",
      title: "Denied calls",
      query: DENIED,
      columns: ["@owner_name", "userIdentity.arn", "eventSource", "eventName", "errorCode", "errorMessage"],
    }),
    search({
      id: "rootUse_Search",
      title: "Root at work",
      query: ROOT,
      columns: ["@owner_name", "eventSource", "eventName", "sourceIPAddress", "userAgent", "errorCode"],
    }),
    search({
      id: "consoleSignIns_Search",
      title: "Console sign-ins",
      query: SIGN_IN,
      columns: [
        "@owner_name",
        "eventName",
        "userIdentity.type",
        "userIdentity.userName",
        "userIdentity.arn",
        "sourceIPAddress",
        "errorMessage",
        "@responseElements",
        "@additionalEventData",
      ],
    }),
    search({
      id: "iamChanges_Search",
      title: "IAM changes",
      query: IAM_CHANGE,
      columns: ["@owner_name", "userIdentity.arn", "eventName", "@requestParameters", "sourceIPAddress", "errorCode"],
    }),
    search({
      id: "evidenceChanges_Search",
      title: "Changes to trails, log groups, archive and search domain",
      query: either(TRAIL_CHANGE, LOG_GROUP_CHANGE, archiveChange(archiveBuckets), SEARCH_DOMAIN_CHANGE),
      columns: ["@owner_name", "userIdentity.arn", "eventSource", "eventName", "@requestParameters", "errorCode"],
    }),
    search({
      id: "principalTrail_Search",
      title: "One principal's trail",
      description:
        'Put the ARN into the query: userIdentity.arn.keyword:"arn:aws:iam::..." (a click on an ARN does it too).',
      query: "_exists_:userIdentity.arn.keyword",
      columns: [
        "userIdentity.arn",
        "awsRegion",
        "eventSource",
        "eventName",
        "sourceIPAddress",
        "userAgent",
        "errorCode",
      ],
    }),
    search({
      id: "envelopes_Search",
      title: "Records that could not be indexed as they were",
      description: "Lines that were no record, and records that the engine refused: the text is in message.",
      query: "_exists_:@error.keyword",
      columns: ["@owner_name", "@error", "eventName", "message"],
    }),
  ];
}

interface SearchProps {
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  /** @default every record */
  readonly query?: string;
  /** Beside the time, which Discover shows by itself. */
  readonly columns: readonly string[];
}

function search({ id, title, description = "", query = "", columns }: SearchProps): SavedObject {
  const { searchSourceJSON, reference } = onIndexPattern(query, { highlightAll: true, version: true });
  const attributes = {
    title,
    description,
    hits: 0,
    columns,
    sort: [[TIME_FIELD, "desc"]],
    version: 1,
    kibanaSavedObjectMeta: { searchSourceJSON },
  };
  return savedObject("search", id, attributes, [reference]);
}
