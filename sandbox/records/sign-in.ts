import type { Caller } from "./callers";
import type { Diary } from "./diary";

export interface SignIn {
  readonly time: Date;
  readonly by: Caller;
  readonly account: string;
  readonly mfa: boolean;
  /** The password was wrong. */
  readonly failed?: boolean;
}

/** Somebody signs in to the console: an event of its own kind, which has no request id. */
export function consoleSignIn(diary: Diary, { time, by, account, mfa, failed = false }: SignIn): void {
  const { type, principalId, accountId, userName, arn, sessionContext } = by.userIdentity as Readonly<
    Record<string, unknown>
  > & { readonly userName?: string };
  const isRole = type === "AssumedRole";
  // Nobody is somebody before the password was right.
  const userIdentity = failed
    ? { type, principalId, accountId, accessKeyId: "", userName }
    : { type, principalId, arn, accountId, ...(isRole ? { sessionContext } : { userName }) };
  const present = Object.entries(userIdentity).filter(([, value]) => value !== undefined);
  diary.note({
    time,
    by: { ...by, userIdentity: Object.fromEntries(present) },
    call: "signin:ConsoleLogin",
    account,
    response: { ConsoleLogin: failed ? "Failure" : "Success" },
    more: {
      ...(failed ? { errorMessage: "Failed authentication" } : {}),
      additionalEventData: {
        LoginTo: "https://console.aws.amazon.com/console/home?hashArgs=%23&isauthcode=true",
        MobileVersion: "No",
        // Who comes from an identity provider has done it there, and CloudTrail cannot know.
        MFAUsed: mfa && !isRole && !failed ? "Yes" : "No",
        ...(mfa && !isRole && !failed ? { MFAIdentifier: `arn:aws:iam::${account}:mfa/${userName ?? "root"}` } : {}),
      },
      eventType: "AwsConsoleSignIn",
      requestID: undefined,
      readOnly: false,
      tlsDetails: {
        tlsVersion: "TLSv1.3",
        cipherSuite: "TLS_AES_128_GCM_SHA256",
        clientProvidedHostHeader: "signin.aws.amazon.com",
      },
    },
  });
}
