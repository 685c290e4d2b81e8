/** A policy as it is attached to a role or user. */
export interface NamedPolicy {
  readonly name: string;
  readonly document: object;
}

/** Whose an access key is. */
export interface Caller {
  readonly accountId: string;
  /** ARN of the user or of the role session, as it shows in CloudTrail. */
  readonly arn: string;
  /** ARN of the role, of a session. */
  readonly roleArn?: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** The identity's own policies as they are now. */
  readonly policies: readonly NamedPolicy[];
}

/** Keys of AWS, as the SDK's clients take them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Numbers of one function since the start. */
export interface FunctionCounts {
  /** Times that it ran, retries included. */
  readonly runs: number;
  readonly failures: number;
  /** Runs that were second or third tries of an asynchronous event. */
  readonly retries: number;
  /** Events that were given up and kept by the on-failure destination. */
  readonly kept: number;
  /** Events that were given up and lost, the destination having refused them or there being none. */
  readonly lost: number;
  /** Times that the function's log could not be written, because its role may not. */
  readonly unwrittenLogs: number;
  /** Deliveries that CloudWatch Logs skipped, because it may not invoke the function. */
  readonly skippedDeliveries: number;
  /** What the last failure said. */
  readonly lastError?: string;
  /** Why the last denial was one. */
  readonly lastDenial?: string;
}

/** A call of Terraform's. */
export interface RecordedCall {
  /** The account that it was made in. */
  readonly accountId: string;
  /** As policies name it, but for API Gateway, whose policies name the method: `logs:CreateLogGroup`. */
  readonly action: string;
  readonly method: string;
  /** The request's path, without a query. */
  readonly path: string;
  /** The beginning of the body. */
  readonly body: string;
}
