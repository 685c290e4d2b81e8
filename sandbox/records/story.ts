import type { Cast } from "./cast";
import { iamUser, service, uniqueId, type Caller } from "./callers";
import type { Call, Diary } from "./diary";
import type { Dice } from "./dice";
import { consoleSignIn } from "./sign-in";

/** One step of the story, and how to find it. */
export interface StoryPoint {
  readonly tells: string;
  /** For Kibana's search bar; means the same in KQL and in Lucene's syntax. */
  readonly query: string;
}

/** The network that nobody has ever called from. */
const STRANGER = "198.51.100.233";
const REGION_NOBODY_USES = "sa-east-1";

/** What is to be found, in order. */
export const STORY: readonly StoryPoint[] = [
  {
    tells: "1. The old build server's key is used from a network that nobody ever called from",
    query: `userIdentity.userName.keyword:"build-server" AND sourceIPAddress.ip:"198.51.100.0/24"`,
  },
  {
    tells: "2. Whoever has it tries what it can do, and is refused most of the time",
    query: `sourceIPAddress.keyword:"${STRANGER}" AND errorCode.keyword:(AccessDenied OR AccessDeniedException OR Client.UnauthorizedOperation)`,
  },
  {
    tells: "3. The key may manage users: it makes one, and makes it an administrator",
    query: `eventSource.keyword:"iam.amazonaws.com" AND eventName.keyword:(CreateUser OR CreateLoginProfile OR CreateAccessKey OR AttachUserPolicy)`,
  },
  {
    tells: "4. The new user signs in to the console, without MFA",
    query: `eventName.keyword:ConsoleLogin AND userIdentity.userName.keyword:"svc-health" AND @additionalEventData:"MFAUsed=No"`,
  },
  {
    tells: "5. It tries to stop the trail and what carries its records, and cannot",
    query:
      "eventName.keyword:(StopLogging OR DeleteTrail OR DeleteSubscriptionFilter) AND errorCode.keyword:AccessDenied*",
  },
  {
    tells: "6. It starts large machines in a region that the organisation does not use",
    query: `awsRegion.keyword:"${REGION_NOBODY_USES}" AND eventName.keyword:RunInstances`,
  },
  {
    tells: "7. It tries the way into the other accounts, which is closed",
    query: `eventName.keyword:AssumeRole AND errorCode.keyword:AccessDenied AND userIdentity.userName.keyword:"svc-health"`,
  },
  {
    tells: "8. Somebody notices: key, user and machines are taken away",
    query: `eventName.keyword:(UpdateAccessKey OR DeleteLoginProfile OR DetachUserPolicy OR TerminateInstances) AND userIdentity.type.keyword:AssumedRole AND NOT errorCode.keyword:*`,
  },
];

export interface IncidentScene {
  readonly diary: Diary;
  readonly dice: Dice;
  /** Whose key it is. */
  readonly cast: Cast;
  readonly others: readonly Cast[];
  /** When the key is first misused, in milliseconds since 1970; it takes less than four hours. */
  readonly begin: number;
}

/** A leaked access key, from the first call of a stranger to the end of it. */
export function incident(scene: IncidentScene): void {
  const { diary, dice, cast, others, begin } = scene;
  const account = cast.accountId;
  let clock = begin;
  const say = (by: Caller, call: string, more: Partial<Call> = {}, seconds = dice.int(2, 20)) => {
    clock += seconds * 1000;
    diary.note({ time: new Date(clock), by, call, account, ...more });
  };
  const wait = (minutes: number) => {
    clock += minutes * 60_000;
  };

  const thief: Caller = {
    ...cast.buildServer(),
    sourceIPAddress: STRANGER,
    userAgent: "Boto3/1.26.137 Python/3.11.2 Linux/6.1.0-kali9-amd64 Botocore/1.29.137",
  };
  lookAround(scene, thief, say);

  wait(23);
  const user = `arn:aws:iam::${account}:user/svc-health`;
  const userId = uniqueId("AIDA", user);
  const iam = { userName: "svc-health" };
  const details = { path: "/", userName: "svc-health", userId, arn: user, createDate: new Date(clock).toUTCString() };
  say(thief, "iam:CreateUser", { request: iam, response: { user: details } });
  say(thief, "iam:AttachUserPolicy", { request: { ...iam, policyArn: "arn:aws:iam::aws:policy/AdministratorAccess" } });
  say(thief, "iam:CreateLoginProfile", {
    request: { ...iam, passwordResetRequired: false },
    response: { loginProfile: { ...iam, passwordResetRequired: false } },
  });
  const accessKeyId = uniqueId("AKIA", `${user} second`);
  say(thief, "iam:CreateAccessKey", {
    request: iam,
    response: { accessKey: { ...iam, accessKeyId, status: "Active" } },
  });

  wait(4);
  const origin = { address: STRANGER, agent: "Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0" };
  const intruder = iamUser(account, "svc-health", origin, { mfa: false, since: new Date(clock) });
  consoleSignIn(diary, { time: new Date(clock), by: intruder, account, mfa: false });
  const console = { more: { sessionCredentialFromConsole: "true" } };
  for (const call of ["iam:ListUsers", "ec2:DescribeRegions", "s3:ListBuckets", "cloudtrail:DescribeTrails"]) {
    say(intruder, call, console);
  }
  const closed = "with an explicit deny in a service control policy";
  const trail = `arn:aws:cloudtrail:ap-northeast-1:${account}:trail/cloudtrail`;
  const group = `arn:aws:logs:ap-northeast-1:${account}:log-group:CloudTrail/DefaultLogGroup:*`;
  say(intruder, "cloudtrail:StopLogging", { ...console, request: { name: trail }, deniedOn: trail, because: closed });
  say(intruder, "cloudtrail:DeleteTrail", { ...console, request: { name: trail }, deniedOn: trail, because: closed });
  say(intruder, "logs:DeleteSubscriptionFilter", {
    ...console,
    request: { logGroupName: "CloudTrail/DefaultLogGroup" },
    deniedOn: group,
    because: closed,
  });

  wait(6);
  for (const other of others) {
    const role = `arn:aws:iam::${other.accountId}:role/OrganizationAccountAccessRole`;
    say(intruder, "sts:AssumeRole", { request: { roleArn: role, roleSessionName: "health" }, deniedOn: role });
  }
  // An organisation of one account has the way, too: nobody may take it.
  if (others.length === 0) {
    const role = `arn:aws:iam::${account}:role/OrganizationAccountAccessRole`;
    say(intruder, "sts:AssumeRole", { request: { roleArn: role, roleSessionName: "health" }, deniedOn: role });
  }

  wait(9);
  const machines = startMachines(scene, intruder, say);

  wait(74);
  arrest(scene, say, accessKeyId, machines);
}

type Say = (by: Caller, call: string, more?: Partial<Call>, seconds?: number) => void;

/** Reads what it can read, in every region that it knows of, and is mostly refused. */
function lookAround({ cast }: IncidentScene, thief: Caller, say: Say): void {
  const account = cast.accountId;
  say(thief, "sts:GetCallerIdentity", { region: "us-east-1" });
  for (const call of [
    "iam:GetAccountAuthorizationDetails",
    "iam:ListUsers",
    "iam:ListRoles",
    "organizations:ListAccounts",
  ]) {
    say(thief, call, { deniedOn: "*" });
  }
  say(thief, "iam:GetUser", {});
  say(thief, "iam:ListAttachedUserPolicies", { request: { userName: "build-server" } });
  for (const region of ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1", REGION_NOBODY_USES]) {
    say(thief, "ec2:DescribeInstances", { region, deniedOn: `arn:aws:ec2:${region}:${account}:instance/*` });
    say(thief, "ec2:DescribeAccountAttributes", { region, deniedOn: "*" });
    say(thief, "secretsmanager:ListSecrets", { region, deniedOn: "*" });
    say(thief, "rds:DescribeDBInstances", { region, deniedOn: `arn:aws:rds:${region}:${account}:db:*` });
    say(thief, "lambda:ListFunctions20150331", { region });
    say(thief, "ses:GetSendQuota", { region, deniedOn: "*" });
  }
  say(thief, "s3:ListBuckets", { region: "us-east-1" });
  for (const bucket of [`shop-assets-${account}`, `shop-backups-${account}`]) {
    say(thief, "s3:GetBucketPolicy", { request: { bucketName: bucket }, deniedOn: `arn:aws:s3:::${bucket}` });
  }
}

/** @returns the ids of the machines */
function startMachines({ cast, dice }: IncidentScene, intruder: Caller, say: Say): string[] {
  const region = REGION_NOBODY_USES;
  const account = cast.accountId;
  say(intruder, "ec2:CreateKeyPair", { region, request: { keyName: "health" }, response: { keyName: "health" } });
  say(intruder, "ec2:CreateSecurityGroup", { region, request: { groupName: "health", groupDescription: "health" } });
  const request = (instanceType: string, count: number) => ({
    instancesSet: { items: [{ imageId: "ami-0c5a8d1e2f3b4a697", minCount: 1, maxCount: count, keyName: "health" }] },
    instanceType,
  });
  for (const type of ["p4d.24xlarge", "p3.16xlarge"]) {
    const message = "You have requested more vCPU capacity than your current vCPU limit of 64 allows";
    say(intruder, "ec2:RunInstances", {
      region,
      request: request(type, 8),
      error: { code: "Client.VcpuLimitExceeded", message },
    });
  }
  const machines: string[] = [];
  for (let start = 0; start < 4; start++) {
    const ids = [`i-0${dice.hex(16)}`, `i-0${dice.hex(16)}`];
    machines.push(...ids);
    const items = ids.map((instanceId) => ({
      instanceId,
      instanceType: "g5.2xlarge",
      instanceState: { code: 0, name: "pending" },
    }));
    say(intruder, "ec2:RunInstances", {
      region,
      request: request("g5.2xlarge", 2),
      response: { ownerId: account, instancesSet: { items } },
    });
  }
  say(service("ec2.amazonaws.com"), "kms:GenerateDataKeyWithoutPlaintext", { region });
  say(intruder, "ec2:DescribeInstances", { region });
  return machines;
}

/** The administrator sees it on the security dashboard. */
function arrest({ cast }: IncidentScene, say: Say, accessKeyId: string, machines: readonly string[]): void {
  const by = cast.administrator();
  const console = { more: { sessionCredentialFromConsole: "true" } };
  const leaked = cast.buildServer().userIdentity.accessKeyId;
  const inactive = (userName: string, key: unknown) => ({ userName, accessKeyId: key, status: "Inactive" });
  say(by, "iam:ListAccessKeys", { ...console, request: { userName: "build-server" } });
  say(by, "iam:UpdateAccessKey", { ...console, request: inactive("build-server", leaked) });
  say(by, "iam:UpdateAccessKey", { ...console, request: inactive("svc-health", accessKeyId) });
  say(by, "iam:DeleteLoginProfile", { ...console, request: { userName: "svc-health" } });
  const policyArn = "arn:aws:iam::aws:policy/AdministratorAccess";
  say(by, "iam:DetachUserPolicy", { ...console, request: { userName: "svc-health", policyArn } });
  say(by, "ec2:TerminateInstances", {
    ...console,
    region: REGION_NOBODY_USES,
    request: { instancesSet: { items: machines.map((instanceId) => ({ instanceId })) } },
  });
}
