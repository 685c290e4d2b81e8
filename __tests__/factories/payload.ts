import { gzipSync } from "node:zlib";
import type { LogEvent, LogSource } from "../../lambda/shipper/decode";

export const ACCOUNT = "111122223333";

export const LOG_SOURCE: LogSource = {
  owner: ACCOUNT,
  logGroup: "CloudTrail/DefaultLogGroup",
  logStream: `${ACCOUNT}_CloudTrail_eu-west-1`,
};

/** When the tests take place. */
export const NOW = Date.parse("2026-02-01T12:00:00Z");

let made = 0;

/** A record like those of CloudTrail: a call that was answered today, with an id of its own. */
export function record(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  made += 1;
  return {
    eventVersion: "1.08",
    userIdentity: { type: "IAMUser", accountId: ACCOUNT, userName: "alice", arn: `arn:aws:iam::${ACCOUNT}:user/alice` },
    eventTime: "2026-02-01T11:59:00Z",
    eventSource: "ec2.amazonaws.com",
    eventName: "RunInstances",
    awsRegion: "eu-west-1",
    sourceIPAddress: "198.51.100.7",
    userAgent: "aws-cli/2.15.0",
    requestParameters: { instanceType: "t3.micro", instancesSet: { items: [{ minCount: 1, maxCount: 1 }] } },
    responseElements: null,
    requestID: `00000000-0000-4000-8000-${String(made).padStart(12, "0")}`,
    eventID: `10000000-0000-4000-8000-${String(made).padStart(12, "0")}`,
    readOnly: false,
    eventType: "AwsApiCall",
    recipientAccountId: ACCOUNT,
    ...overrides,
  };
}

/** A log event that carries a line, or a record as JSON. */
export function logEvent(message: string | Readonly<Record<string, unknown>>): LogEvent {
  return {
    id: "37000000000000000000000000000000000000000000000000000001",
    timestamp: NOW - 30_000,
    message: typeof message === "string" ? message : JSON.stringify(message),
  };
}

/** What Lambda is given for a subscription: these lines as log events. */
export function payload(messages: readonly string[], owner = ACCOUNT): { awslogs: { data: string } } {
  return packed({
    messageType: "DATA_MESSAGE",
    owner,
    logGroup: LOG_SOURCE.logGroup,
    logStream: LOG_SOURCE.logStream,
    subscriptionFilters: ["LogsToElasticsearch_cloudtrail"],
    logEvents: messages.map((message, at) => ({ ...logEvent(message), id: String(at) })),
  });
}

/** These lines as log events, and behind them what is no JSON. */
export function brokenAfter(messages: readonly string[]): { awslogs: { data: string } } {
  const logEvents = [...messages.map(logEvent), {}];
  return zipped(JSON.stringify({ messageType: "DATA_MESSAGE", ...LOG_SOURCE, logEvents }).replace("{}]", '{"id":x}]'));
}

/** A payload of any content, packed as CloudWatch Logs does. */
export function packed(content: unknown): { awslogs: { data: string } } {
  return zipped(JSON.stringify(content));
}

/** A payload of any text. */
export function zipped(text: string): { awslogs: { data: string } } {
  return { awslogs: { data: gzipSync(text, { level: 1 }).toString("base64") } };
}
