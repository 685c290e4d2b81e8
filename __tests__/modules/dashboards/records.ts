import { randomUUID } from "node:crypto";
import type { TrailRecord } from "./index-records";

/** The time range of the records below. */
export const DAY = { from: new Date("2026-01-30T00:00:00Z"), to: new Date("2026-01-31T00:00:00Z") };

/** User names with what is special in a regular expression of Lucene's. */
export const ODD_NAMES = [
  "a.b",
  "a+b@example.com",
  "x#y",
  "(all)",
  "~",
  "<1-9>",
  'say "hi"',
  "back\\slash",
  "a|b",
  "azb",
];

/** A few records of a day, with something for each panel of both dashboards. */
export function recordsOfADay(): TrailRecord[] {
  return [
    ...Array.from({ length: 24 }, (_, hour) => call("ec2", "DescribeInstances", { hour, readOnly: true })),
    call("ec2", "RunInstances", { hour: 3, awsRegion: "sa-east-1", ...denied("Client.UnauthorizedOperation") }),
    call("s3", "GetObject", { hour: 4, readOnly: true, ...denied("AccessDenied") }),
    call("kms", "Decrypt", { hour: 5, userIdentity: { type: "AWSService", invokedBy: "lambda.amazonaws.com" } }),
    call("sts", "AssumeRole", { hour: 6, sourceIPAddress: "2001:db8::1", userIdentity: role("deployer") }),
    call("iam", "CreateAccessKey", { hour: 7, userIdentity: root() }),
    call("iam", "CreateUser", { hour: 8 }),
    call("cloudtrail", "StopLogging", { hour: 9 }),
    call("logs", "DeleteSubscriptionFilter", { hour: 10 }),
    call("s3", "PutBucketPolicy", { hour: 11, requestParameters: { bucketName: "archive" } }),
    call("s3", "PutBucketPolicy", { hour: 11, requestParameters: { bucketName: "somebody-else's" } }),
    call("es", "UpdateDomainConfig", { hour: 12 }),
    signIn("Failure", { hour: 13, additionalEventData: { MFAUsed: "No" } }),
    signIn("Success", { hour: 14, additionalEventData: { MFAUsed: "No" } }),
    signIn("Success", { hour: 15, additionalEventData: { MFAUsed: "Yes" } }),
    // A federated sign-in says "No", whatever the identity provider has asked for.
    signIn("Success", { hour: 16, additionalEventData: { MFAUsed: "No" }, userIdentity: role("federated") }),
    ...ODD_NAMES.map((userName) =>
      call("sqs", "SendMessage", { hour: 17, userIdentity: { type: "IAMUser", userName } }),
    ),
    // From before CloudTrail said what only reads.
    { ...call("iam", "ListUsers", { hour: 18 }), readOnly: undefined },
  ];
}

type Fields = TrailRecord & { readonly hour: number };

function call(service: string, eventName: string, { hour, ...fields }: Fields): TrailRecord {
  return {
    eventVersion: "1.11",
    eventID: randomUUID(),
    eventTime: new Date(DAY.from.getTime() + hour * 3_600_000).toISOString().replace(".000", ""),
    eventSource: `${service}.amazonaws.com`,
    eventName,
    awsRegion: "ap-northeast-1",
    sourceIPAddress: "203.0.113.7",
    userIdentity: {
      type: "IAMUser",
      arn: "arn:aws:iam::111111111111:user/hanako",
      accountId: "111111111111",
      userName: "hanako",
    },
    readOnly: false,
    eventType: "AwsApiCall",
    ...fields,
  };
}

function signIn(result: "Success" | "Failure", fields: Fields): TrailRecord {
  return call("signin", "ConsoleLogin", {
    eventType: "AwsConsoleSignIn",
    responseElements: { ConsoleLogin: result },
    ...(result === "Failure" && { errorMessage: "Failed authentication" }),
    ...fields,
  });
}

function denied(errorCode: string): object {
  return { errorCode, errorMessage: "You are not authorized to perform this operation." };
}

function root(): object {
  return { type: "Root", arn: "arn:aws:iam::111111111111:root", accountId: "111111111111" };
}

function role(userName: string): object {
  return {
    type: "AssumedRole",
    arn: `arn:aws:sts::111111111111:assumed-role/${userName}/session`,
    sessionContext: { sessionIssuer: { type: "Role", userName } },
  };
}
