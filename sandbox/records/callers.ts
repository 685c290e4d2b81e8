import { createHash } from "node:crypto";

/** Who makes calls, from where and with what. */
export interface Caller {
  readonly userIdentity: Readonly<Record<string, unknown>>;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
}

/** Where people and machines call from. */
export interface Origin {
  readonly address: string;
  readonly agent: string;
}

const PARTITION = "arn:aws";

/** A user of IAM with an access key, or in the console. */
export function iamUser(
  accountId: string,
  userName: string,
  origin: Origin,
  session?: { readonly mfa: boolean; readonly since: Date },
): Caller {
  const arn = `${PARTITION}:iam::${accountId}:user/${userName}`;
  return {
    userIdentity: {
      type: "IAMUser",
      principalId: uniqueId("AIDA", arn),
      arn,
      accountId,
      // A session of the console works with temporary credentials.
      accessKeyId: uniqueId(session === undefined ? "AKIA" : "ASIA", `${arn} key`),
      userName,
      ...(session === undefined
        ? {}
        : {
            sessionContext: {
              attributes: { creationDate: toSeconds(session.since), mfaAuthenticated: String(session.mfa) },
            },
          }),
    },
    sourceIPAddress: origin.address,
    userAgent: origin.agent,
  };
}

/** The temporary credentials of a role. */
export function roleSession(
  accountId: string,
  role: string,
  sessionName: string,
  origin: Origin,
  o: {
    readonly since: Date;
    readonly mfa?: boolean;
    readonly path?: string;
    readonly invokedBy?: string;
    readonly context?: object;
  },
): Caller {
  const arn = `${PARTITION}:iam::${accountId}:role${o.path ?? "/"}${role}`;
  const roleId = uniqueId("AROA", arn);
  const session = `${PARTITION}:sts::${accountId}:assumed-role/${role}/${sessionName}`;
  return {
    userIdentity: {
      type: "AssumedRole",
      principalId: `${roleId}:${sessionName}`,
      arn: session,
      accountId,
      accessKeyId: uniqueId("ASIA", `${session} ${o.since.toISOString()}`),
      sessionContext: {
        sessionIssuer: { type: "Role", principalId: roleId, arn, accountId, userName: role },
        ...o.context,
        attributes: { creationDate: toSeconds(o.since), mfaAuthenticated: String(o.mfa ?? false) },
      },
      ...(o.invokedBy === undefined ? {} : { invokedBy: o.invokedBy }),
    },
    sourceIPAddress: origin.address,
    userAgent: origin.agent,
  };
}

/** An AWS service that works with a role of the account, such as `autoscaling.amazonaws.com` with its service-linked one. */
export function serviceInRole(
  accountId: string,
  service: string,
  role: string,
  sessionName: string,
  since: Date,
): Caller {
  const path = role.startsWith("AWSServiceRoleFor") ? `/aws-service-role/${service}/` : "/";
  return roleSession(
    accountId,
    role,
    sessionName,
    { address: service, agent: service },
    { since, path, invokedBy: service },
  );
}

/** An AWS service in its own name. */
export function service(name: string): Caller {
  return { userIdentity: { type: "AWSService", invokedBy: name }, sourceIPAddress: name, userAgent: name };
}

/** An account's root user. */
export function rootUser(
  accountId: string,
  origin: Origin,
  session?: { readonly mfa: boolean; readonly since: Date },
): Caller {
  return {
    userIdentity: {
      type: "Root",
      principalId: accountId,
      arn: `${PARTITION}:iam::${accountId}:root`,
      accountId,
      accessKeyId: session === undefined ? "" : uniqueId("ASIA", `${accountId} root`),
      ...(session === undefined
        ? {}
        : {
            sessionContext: {
              attributes: { creationDate: toSeconds(session.since), mfaAuthenticated: String(session.mfa) },
            },
          }),
    },
    sourceIPAddress: origin.address,
    userAgent: origin.agent,
  };
}

/** Somebody who got temporary credentials by GetFederationToken. */
export function federatedUser(
  accountId: string,
  userName: string,
  broker: string,
  origin: Origin,
  since: Date,
): Caller {
  const arn = `${PARTITION}:iam::${accountId}:user/${broker}`;
  return {
    userIdentity: {
      type: "FederatedUser",
      principalId: `${accountId}:${userName}`,
      arn: `${PARTITION}:sts::${accountId}:federated-user/${userName}`,
      accountId,
      accessKeyId: uniqueId("ASIA", `${arn} ${userName}`),
      sessionContext: {
        sessionIssuer: { type: "IAMUser", principalId: uniqueId("AIDA", arn), arn, accountId, userName: broker },
        attributes: { creationDate: toSeconds(since), mfaAuthenticated: "false" },
      },
    },
    sourceIPAddress: origin.address,
    userAgent: origin.agent,
  };
}

/** A workload that shows an identity provider's token instead of credentials. */
export function webIdentity(provider: string, userName: string, origin: Origin): Caller {
  return {
    userIdentity: {
      type: "WebIdentityUser",
      principalId: `${provider}:sts.amazonaws.com:${userName}`,
      userName,
      identityProvider: provider,
    },
    sourceIPAddress: origin.address,
    userAgent: origin.agent,
  };
}

/** Somebody who shows a company directory's assertion instead of credentials. */
export function samlUser(accountId: string, provider: string, userName: string, origin: Origin): Caller {
  return {
    userIdentity: {
      type: "SAMLUser",
      principalId: `${uniqueId("", provider).slice(0, 12)}=:${userName}`,
      userName,
      identityProvider: `${PARTITION}:iam::${accountId}:saml-provider/${provider}`,
    },
    sourceIPAddress: origin.address,
    userAgent: origin.agent,
  };
}

/** A user of IAM Identity Center, before a role is chosen. */
export function identityCenterUser(accountId: string, userId: string, storeId: string, origin: Origin): Caller {
  return {
    userIdentity: {
      type: "IdentityCenterUser",
      accountId,
      onBehalfOf: { userId, identityStoreArn: `${PARTITION}:identitystore::${accountId}:identitystore/${storeId}` },
      credentialId: uniqueId("", `${userId} ${storeId}`).toLowerCase(),
    },
    sourceIPAddress: origin.address,
    userAgent: origin.agent,
  };
}

/** What AWS does by itself in an account. */
export function awsInternal(accountId: string, service: string): Caller {
  return {
    userIdentity: { accountId, invokedBy: service },
    sourceIPAddress: service,
    userAgent: service,
  };
}

/** An account's own principal as another account sees it: it does not learn the name. */
export function fromOtherAccount({ userIdentity, ...origin }: Caller): Caller {
  return {
    ...origin,
    userIdentity: {
      type: "AWSAccount",
      principalId: userIdentity.principalId,
      accountId: userIdentity.accountId,
    },
  };
}

/** AWS's notation of times: to the second. */
export function toSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** An id that looks like AWS's and is always the same for the same thing. No real one ends like this. */
export function uniqueId(prefix: string, of: string): string {
  const digest = createHash("sha256").update(of).digest();
  const letters = [...digest.subarray(0, 10)]
    .map((byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte % 32] ?? "A")
    .join("");
  return `${prefix}${letters}EXAMPLE`;
}
