/**
 * What a security engineer asks for, as Lucene queries: shared by the security dashboard and the saved searches, so
 * that a figure and the records behind it always agree. Exact values are asked of the `.keyword` fields.
 */

/** Calls that somebody was not allowed to make; the services have spelled it in several ways. */
export const DENIED =
  "errorCode.keyword:(AccessDenied* OR *Unauthorized* OR *NotAuthorized* OR AuthorizationError* OR Forbidden*)";

/** Root itself at work: neither a service on its behalf nor an event that a service caused. */
export const ROOT =
  "userIdentity.type.keyword:Root AND NOT _exists_:userIdentity.invokedBy.keyword AND NOT eventType.keyword:AwsServiceEvent";

export const SIGN_IN = "eventSource.keyword:signin.amazonaws.com AND eventName.keyword:(ConsoleLogin OR SwitchRole)";

export const FAILED_SIGN_IN = 'eventName.keyword:ConsoleLogin AND @responseElements:"ConsoleLogin=Failure"';

/** Users and root only: who comes from an identity provider has done MFA there, and CloudTrail cannot know. */
export const SIGN_IN_WITHOUT_MFA =
  'eventName.keyword:ConsoleLogin AND @responseElements:"ConsoleLogin=Success" AND @additionalEventData:"MFAUsed=No"' +
  " AND userIdentity.type.keyword:(IAMUser OR Root)";

/** Calls that only look. Older records do not say so; their names do. */
export const READING =
  "(readOnly:true OR (eventName.keyword:(Get* OR List* OR Describe* OR Lookup*) AND NOT _exists_:readOnly))";

/** Calls that change something. */
export const CHANGING = `NOT ${READING}`;

/** Identities and what they may do, in IAM, IAM Identity Center and Organizations. */
export const IAM_CHANGE =
  "eventSource.keyword:(iam.amazonaws.com OR sso.amazonaws.com OR sso-directory.amazonaws.com OR" +
  ` identitystore.amazonaws.com OR organizations.amazonaws.com) AND ${CHANGING}`;

export const TRAIL_CHANGE = `eventSource.keyword:cloudtrail.amazonaws.com AND ${CHANGING}`;

/** What could stop or divert the way of the records; new groups and streams are everyday. */
export const LOG_GROUP_CHANGE =
  "eventSource.keyword:logs.amazonaws.com AND eventName.keyword:(DeleteLog* OR *RetentionPolicy OR" +
  " *SubscriptionFilter OR *ResourcePolicy OR *Destination* OR *KmsKey) AND NOT readOnly:true";

export const SEARCH_DOMAIN_CHANGE = `eventSource.keyword:es.amazonaws.com AND ${CHANGING}`;

/**
 * Changes to the buckets that hold the evidence.
 *
 * @param buckets their names; none means any bucket
 */
export function archiveChange(buckets: readonly string[]): string {
  const change = "eventSource.keyword:s3.amazonaws.com AND eventName.keyword:(PutBucket* OR DeleteBucket*)";
  if (buckets.length === 0) return change;
  return `${change} AND @requestParameters:(${buckets.map((name) => `"bucketName=${name}"`).join(" OR ")})`;
}

/** Calls that came from an address, not from an AWS service. */
export const FROM_AN_ADDRESS = "_exists_:sourceIPAddress.ip";

/** Several queries, any of which may match. */
export function either(...queries: readonly string[]): string {
  return queries.map((query) => `(${query})`).join(" OR ");
}
