/** A CloudTrail record as far as the sandbox looks into it. */
export interface CloudTrailRecord {
  readonly [key: string]: unknown;
  readonly eventID?: unknown;
  readonly recipientAccountId?: unknown;
  readonly userIdentity?: unknown;
}

/** A record on its way into a log group. */
export interface LoggedRecord {
  readonly record: CloudTrailRecord;
  /** The record as one line of JSON, as CloudTrail writes it into a log event. */
  readonly message: string;
}
