/**
 * How a field is indexed.
 *
 * - `text`: full text with positions, and a sub-field `.keyword` for exact values, panels and sorting
 * - `flag`: true or false; indexed as keyword, because a boolean field would reject a record that says "yes"
 * - `date`: what is no date stays in the document and out of the index
 * - `address`: keyword, with the sub-fields `.keyword` and `.ip` (network searches; what is no address is left out of it)
 * - `pairs`: keyword array of `path=value`, made by the shipper from a free-form subtree
 * - `message`: full text only, for raw lines
 */
export type FieldKind = "text" | "flag" | "date" | "address" | "pairs" | "message";

/** One searchable field. */
export interface Field {
  /** Its path in the document, dots between the levels. */
  readonly path: string;
  readonly kind: FieldKind;
  /** What it tells, for docs/fields.md. */
  readonly about: string;
}

/** A part of a record whose shape depends on the API call: kept whole, not indexed itself, searchable by its pairs. */
export interface Subtree {
  readonly path: string;
  /** The field that holds the pairs. */
  readonly pairs: string;
  readonly about: string;
}

/** Pairs of whatever a record has at its top level that is in none of the lists. */
export const OTHER_PAIRS = "@other";

/** Says that pairs were left out or cut: `<pairs field>_truncated: true`. */
export const TRUNCATED_SUFFIX = "_truncated";

/** Where a scalar is put that came in the place of an object. */
export const SCALAR_KEY = "@value";

/** Where the record's own value is put when it uses a name that the shipper adds. */
export const SHADOWED_KEY = "@shadowed";

/** The parts of a record without a fixed shape. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
export const SUBTREES: readonly Subtree[] = [
  subtree("requestParameters", "What the call was given."),
  subtree("responseElements", "What a call that changes something answered."),
  subtree("additionalEventData", "What the service added, such as MFAUsed of a console sign-in."),
  subtree("serviceEventDetails", "Details of an event that a service caused."),
  subtree("insightDetails", "Details of an Insights event."),
  subtree("edgeDeviceDetails", "The edge device that the call was sent to."),
  subtree("eventContext", "What the trail adds on request: tags and condition keys."),
];

/** Free-form parts deeper in the record: kept whole, without pairs. */
export const OPAQUE: readonly string[] = ["userIdentity.sessionContext.webIdFederationData.attributes"];

/** What the shipper adds to a record. */
export const ADDED: readonly Field[] = [
  { path: "@id", kind: "text", about: "Id of the log event in CloudWatch Logs (not the record's: that is eventID)." },
  { path: "@timestamp", kind: "date", about: "When CloudTrail gave the record to CloudWatch Logs." },
  { path: "@owner", kind: "text", about: "Account whose log group the record came through." },
  { path: "@owner_name", kind: "text", about: "That account's name in the configuration." },
  { path: "@log_group", kind: "text", about: "The log group." },
  { path: "@log_stream", kind: "text", about: "The log stream." },
  {
    path: "@error",
    kind: "text",
    about: "Why the document is an envelope: the line was no record, or the engine refused it as it was.",
  },
  { path: "message", kind: "message", about: "In an envelope: the line as it came." },
  ...[
    ...SUBTREES.map(({ path, pairs }) => [pairs, path] as const),
    [OTHER_PAIRS, "fields that are in no list"] as const,
  ].flatMap(([pairs, of]): Field[] => [
    { path: pairs, kind: "pairs", about: `\`path=value\` of ${of}.` },
    {
      path: `${pairs}${TRUNCATED_SUFFIX}`,
      kind: "flag",
      about: `true where pairs of ${of} were left out or cut; the document has them all.`,
    },
  ]),
];

const text = (path: string, about: string): Field => ({ path, kind: "text", about });
const flag = (path: string, about: string): Field => ({ path, kind: "flag", about });
const date = (path: string, about: string): Field => ({ path, kind: "date", about });

/** What CloudTrail writes. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
export const RECORD: readonly Field[] = [
  date("eventTime", "When the call was completed (UTC). The daily index is that of this day."),
  text("eventVersion", "Version of the record's format."),
  text("eventSource", "Service that was called."),
  text("eventName", "The API operation."),
  text("awsRegion", "Region that was called."),
  { path: "sourceIPAddress", kind: "address", about: "Address the call came from, or the AWS service that made it." },
  text("userAgent", "Program that made the call."),
  text("errorCode", "Error of a call that failed."),
  text("errorMessage", "Its message."),
  text("requestID", "Id of the request."),
  text("eventID", "Id of the record, and of the document."),
  text("sharedEventID", "Same for the records of one call in several accounts."),
  text("eventType", "AwsApiCall, AwsServiceEvent, AwsConsoleSignIn and so on."),
  text("eventCategory", "Management, Data, Insight or NetworkActivity."),
  text("apiVersion", "Version of the API; full text, because some look like dates and some do not."),
  text("recipientAccountId", "Account that received the event."),
  text("vpcEndpointId", "VPC endpoint of the call."),
  text("vpcEndpointAccountId", "Account of the VPC endpoint."),
  text("sessionCredentialFromConsole", "true for calls by the console."),
  flag("readOnly", "Whether the operation only reads."),
  flag("managementEvent", "Whether it is a management event."),
  text("userIdentity.type", "Root, IAMUser, AssumedRole, AWSService and so on."),
  text("userIdentity.principalId", "Id of the caller."),
  text("userIdentity.arn", "ARN of the caller."),
  text("userIdentity.accountId", "Account of the caller."),
  text("userIdentity.accessKeyId", "Access key of the call."),
  text("userIdentity.userName", "Name of the user."),
  text("userIdentity.invokedBy", "AWS service that called on somebody's behalf."),
  text("userIdentity.identityProvider", "External identity provider."),
  text("userIdentity.credentialId", "Credential of an Identity Center user."),
  text("userIdentity.onBehalfOf.userId", "Identity Center user on whose behalf the call was made."),
  text("userIdentity.onBehalfOf.identityStoreArn", "That user's identity store."),
  text("userIdentity.inScopeOf.issuerType", "Type of the resource that got the credentials."),
  text("userIdentity.inScopeOf.credentialsIssuedTo", "The resource that got the credentials."),
  text("userIdentity.inScopeOf.sourceArn", "The resource that called."),
  text("userIdentity.inScopeOf.sourceAccount", "Its account."),
  date("userIdentity.sessionContext.attributes.creationDate", "When the session began."),
  text("userIdentity.sessionContext.attributes.mfaAuthenticated", "Whether the session was authenticated with MFA."),
  text("userIdentity.sessionContext.sessionIssuer.type", "What issued the session: Role, User, Root."),
  text("userIdentity.sessionContext.sessionIssuer.principalId", "Id of the issuer."),
  text("userIdentity.sessionContext.sessionIssuer.arn", "ARN of the issuer."),
  text("userIdentity.sessionContext.sessionIssuer.accountId", "Account of the issuer."),
  text("userIdentity.sessionContext.sessionIssuer.userName", "Name of the issuer: the role."),
  text("userIdentity.sessionContext.webIdFederationData.federatedProvider", "Provider of a web identity."),
  text("userIdentity.sessionContext.sourceIdentity", "Who began the chain of roles."),
  text("userIdentity.sessionContext.assumedRoot", "Whether it is a root session for a task."),
  text("userIdentity.sessionContext.ec2RoleDelivery", "Version of the instance metadata service."),
  text("userIdentity.sessionContext.ec2IssuedInVpc", "VPC that the instance's credentials were issued in."),
  text("resources.ARN", "Resources that were touched."),
  text("resources.accountId", "Their accounts."),
  text("resources.type", "Their types."),
  text("tlsDetails.tlsVersion", "TLS version of the call."),
  text("tlsDetails.cipherSuite", "Its cipher suite."),
  text("tlsDetails.keyExchange", "Its key exchange."),
  text("tlsDetails.clientProvidedHostHeader", "The host that was called."),
  text("addendum.reason", "Why an earlier record is corrected."),
  text("addendum.updatedFields", "What is corrected."),
  text("addendum.originalRequestID", "The earlier record's request."),
  text("addendum.originalEventID", "The earlier record."),
];

/** Every searchable field: the one source of the index template, the shipper's conversions and the dashboards' fields. */
export const FIELDS: readonly Field[] = [...ADDED, ...RECORD];

function subtree(path: string, about: string): Subtree {
  return { path, pairs: `@${path}`, about };
}
