import { arns, readSecretStatements, type Place, type SecretProps, type Statement } from "../aws";

/** Where the shipper puts records, and what it shows to be let in. */
export type IndexTarget =
  /** A domain of the management account: the role's own signature. */
  | { readonly kind: "domain"; readonly domainName: string }
  /** An Elastic Stack: an API key, which the shipper reads from a secret. */
  | { readonly kind: "elastic"; readonly apiKey: SecretProps };

export interface ShipperRightsProps {
  /** The source account. */
  readonly at: Place;
  /** The account with the domain and the dead-letter bucket. */
  readonly managementAccountId: string;
  readonly target: IndexTarget;
  readonly deadLetterBucket: string;
  /** The bucket's key, where it has one. */
  readonly deadLetterKmsKeyArn?: string;
  readonly functionName: string;
}

/** What the shipper may do besides writing its own log: put records into the index, and what cannot go there aside. */
export function shipperStatements(props: ShipperRightsProps): Statement[] {
  const { at, managementAccountId, functionName, deadLetterKmsKeyArn } = props;
  const bucket = arns.bucket(at.region, props.deadLetterBucket);
  // Bucket names are global: should ours ever be somebody else's, nothing goes there.
  const Condition = { StringEquals: { "s3:ResourceAccount": managementAccountId } };
  return [
    ...indexStatements(props),
    {
      Sid: "WriteDeadLetters",
      Action: "s3:PutObject",
      Resource: [
        `${bucket}/${at.accountId}/*`,
        // Lambda's own, as the destination of events that failed for good: written in this role's name.
        `${bucket}/aws/lambda/async/${functionName}/*`,
      ],
      Condition,
    },
    { Sid: "ListDeadLetters", Action: "s3:ListBucket", Resource: bucket, Condition },
    ...(deadLetterKmsKeyArn === undefined
      ? []
      : [{ Sid: "EncryptDeadLetters", Action: "kms:GenerateDataKey", Resource: deadLetterKmsKeyArn }]),
  ];
}

function indexStatements({ at, managementAccountId, target }: ShipperRightsProps): Statement[] {
  if (target.kind === "elastic") return readSecretStatements(target.apiKey);
  const domain = arns.domain({ region: at.region, accountId: managementAccountId }, target.domainName);
  return [{ Sid: "IndexRecords", Action: "es:ESHttpPost", Resource: `${domain}/_bulk` }];
}

/** What CloudTrail may do in the source account: the article's two statements. */
export function trailStatements(at: Place, logGroup: string): Statement[] {
  const stream = arns.logStream(at, logGroup, `${at.accountId}_CloudTrail_${at.region}*`);
  return [
    { Sid: "AWSCloudTrailCreateLogStream20141101", Action: ["logs:CreateLogStream"], Resource: [stream] },
    { Sid: "AWSCloudTrailPutLogEvents20141101", Action: ["logs:PutLogEvents"], Resource: [stream] },
  ];
}
