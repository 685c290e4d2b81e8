import { toSeconds, type Caller } from "./callers";
import type { Dice } from "./dice";
import type { CloudTrailRecord } from "./record";

/** A call as CloudTrail would notice it. */
export interface Call {
  readonly time: Date;
  readonly by: Caller;
  /** Service and name, as policies write them: `s3:ListBuckets`. */
  readonly call: string;
  /** The account whose trail notes it. */
  readonly account: string;
  /** By default the diary's, and us-east-1 for services that are global. */
  readonly region?: string;
  readonly request?: object;
  readonly response?: object;
  /** The error that the service answers with. */
  readonly error?: { readonly code: string; readonly message: string };
  /** The resource that the caller may not touch: the error of a call that was not allowed. */
  readonly deniedOn?: string;
  /** Why not, where it is not for want of a permission. */
  readonly because?: string;
  /** Further fields of the record; what is undefined here is left out of it. */
  readonly more?: Readonly<Record<string, unknown>>;
}

const GLOBAL = new Set(["iam", "organizations", "signin", "cloudfront", "route53", "account"]);
const READING = /^(Get|List|Describe|Lookup|Head|BatchGet|AssumeRole|Decrypt|GenerateDataKey|Simulate|Search)/;
/** Services that say which version of their API was called. */
const API_VERSIONS: Readonly<Record<string, string>> = {
  autoscaling: "2011-01-01",
  cloudfront: "2020-05-31",
  elasticloadbalancing: "2015-12-01",
  lambda: "20150331",
};

/** Writes down calls as CloudTrail's records, in its form and order of fields. */
export class Diary {
  private readonly records: { time: number; record: CloudTrailRecord }[] = [];

  constructor(
    readonly dice: Dice,
    private readonly region: string,
  ) {}

  /** How many calls were noted. */
  get length(): number {
    return this.records.length;
  }

  /** Everything that was noted, by time. */
  pages(): CloudTrailRecord[] {
    return [...this.records].sort((a, b) => a.time - b.time).map(({ record }) => record);
  }

  note(call: Call): void {
    const [service = "", name = ""] = call.call.split(":");
    const error = call.error ?? denial(call, service);
    const answered = error === undefined;
    const byService = !/^[\d.:a-f]+$/.test(call.by.sourceIPAddress);
    const host = GLOBAL.has(service)
      ? `${service}.amazonaws.com`
      : `${service}.${call.region ?? this.region}.amazonaws.com`;
    const record: CloudTrailRecord = {
      eventVersion: "1.11",
      userIdentity: call.by.userIdentity,
      eventTime: toSeconds(call.time),
      eventSource: `${service}.amazonaws.com`,
      eventName: name,
      awsRegion: call.region ?? (GLOBAL.has(service) ? "us-east-1" : this.region),
      sourceIPAddress: call.by.sourceIPAddress,
      userAgent: call.by.userAgent,
      ...(answered ? {} : { errorCode: error.code, errorMessage: error.message }),
      requestParameters: call.request ?? null,
      responseElements: answered ? (call.response ?? null) : null,
      requestID: this.dice.uuid(),
      eventID: this.dice.uuid(),
      readOnly: READING.test(name),
      eventType: "AwsApiCall",
      ...(API_VERSIONS[service] === undefined ? {} : { apiVersion: API_VERSIONS[service] }),
      managementEvent: true,
      recipientAccountId: call.account,
      eventCategory: "Management",
      ...(byService
        ? {}
        : {
            tlsDetails: {
              tlsVersion: "TLSv1.3",
              cipherSuite: "TLS_AES_128_GCM_SHA256",
              clientProvidedHostHeader: host,
            },
          }),
      ...call.more,
    };
    const present = Object.entries(record).filter(([, value]) => value !== undefined);
    this.records.push({ time: call.time.getTime(), record: Object.fromEntries(present) });
  }
}

function denial({ by, call, deniedOn, because }: Call, service: string): Call["error"] {
  if (deniedOn === undefined) return undefined;
  const arn = String(by.userIdentity.arn);
  const reason = because ?? `no identity-based policy allows the ${call} action`;
  return {
    code:
      service === "ec2"
        ? "Client.UnauthorizedOperation"
        : service === "sts" || service === "iam" || service === "s3"
          ? "AccessDenied"
          : "AccessDeniedException",
    message: `${service === "ec2" ? "You are not authorized to perform this operation. " : ""}User: ${arn} is not authorized to perform: ${call} on resource: ${deniedOn} because ${reason}`,
  };
}
