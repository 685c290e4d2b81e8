import type { Cast } from "./cast";
import { awsInternal, federatedUser, fromOtherAccount, service, toSeconds, type Caller } from "./callers";
import type { Call, Diary } from "./diary";
import type { Dice } from "./dice";
import { consoleSignIn } from "./sign-in";

/** One account on one day. */
export interface Scene {
  readonly diary: Diary;
  readonly dice: Dice;
  readonly cast: Cast;
  /** The casts of the other accounts. */
  readonly others: readonly Cast[];
  readonly region: string;
  /** Milliseconds since 1970; the day's last record is before the end. */
  readonly begin: number;
  readonly end: number;
}

/**
 * What happens every day in an account.
 *
 * @param records about how many records it makes
 */
export function everyday(scene: Scene, records: number): void {
  const before = scene.diary.length;
  once(scene);
  while (scene.diary.length - before < records) {
    const { at, isOffice } = moment(scene);
    const habit = choose(scene.dice, isOffice ? [...MACHINES, ...PEOPLE] : MACHINES);
    habit(scene, at);
  }
}

type Habit = (scene: Scene, at: Date) => void;

/** What nobody's chance decides: every account has some of everything. */
function once(scene: Scene): void {
  const { diary, cast, region } = scene;
  const time = (share: number) => new Date(scene.begin + share * (scene.end - scene.begin));
  const say = (share: number, by: Caller, call: string, more: Partial<Call> = {}) =>
    diary.note({ time: time(share), by, call, account: cast.accountId, ...more });

  consoleSignIn(diary, { time: time(0.31), by: cast.root(), account: cast.accountId, mfa: true });
  say(0.312, cast.root(), "iam:GetAccountSummary", FROM_CONSOLE);
  say(0.313, cast.root(), "account:GetContactInformation", FROM_CONSOLE);
  consoleSignIn(diary, { time: time(0.34), by: cast.oldTimer(), account: cast.accountId, mfa: true, failed: true });
  consoleSignIn(diary, { time: time(0.3405), by: cast.oldTimer(), account: cast.accountId, mfa: true });
  say(0.36, cast.administrator(), "iam:CreateRole", {
    ...FROM_CONSOLE,
    request: { roleName: "nightly-report-role", assumeRolePolicyDocument: trust("lambda.amazonaws.com") },
  });
  say(0.3603, cast.administrator(), "iam:PutRolePolicy", {
    ...FROM_CONSOLE,
    request: { roleName: "nightly-report-role", policyName: "read-orders", policyDocument: '{"Version":"2012-10-17"}' },
  });
  say(0.41, cast.pipeline(), "logs:PutRetentionPolicy", {
    request: { logGroupName: "/aws/lambda/nightly-report", retentionInDays: 30 },
  });
  say(0.45, cast.pipeline(), "s3:PutBucketTagging", {
    request: { bucketName: `shop-assets-${cast.accountId}`, Host: `s3.${region}.amazonaws.com`, tagging: "" },
    more: resource("AWS::S3::Bucket", `arn:aws:s3:::shop-assets-${cast.accountId}`, cast.accountId),
  });
  say(
    0.52,
    federatedUser(cast.accountId, "till-17", "till-broker", { address: "192.0.2.33", agent: "till/4.2" }, time(0.5)),
    "sqs:ListQueues",
  );
  say(0.56, { ...cast.signingIn() }, "sso:ListApplications", {
    region: "us-east-1",
    more: { eventType: "AwsServiceEvent", serviceEventDetails: { Authenticate: "Success" }, readOnly: true },
  });
  say(0.6, unknownCaller(), "sts:GetCallerIdentity", {
    error: { code: "InvalidClientTokenId", message: "The security token included in the request is invalid." },
  });
  saml(scene, time(0.63));
}

/** Around the clock. By how often each is chosen. */
const MACHINES: readonly (readonly [number, Habit])[] = [
  [22, monitoring],
  [16, serviceAssumesRole],
  [12, linkedService],
  [12, instance],
  [10, lambda],
  [6, keys],
  [4, pipeline],
  [3, buildServer],
  [3, backup],
  [3, audit],
  [2, serviceEvent],
  [2, expectedFailure],
];

/** In office hours only. */
const PEOPLE: readonly (readonly [number, Habit])[] = [
  [38, browsing],
  [8, changes],
  [4, oldTimer],
  [4, notAllowed],
  [1, signIn],
];

function monitoring({ diary, dice, cast, region }: Scene, time: Date): void {
  const by = cast.monitoring();
  const call = dice.pick([
    "monitoring:GetMetricData",
    "monitoring:ListMetrics",
    "ec2:DescribeInstances",
    "rds:DescribeDBInstances",
    "elasticloadbalancing:DescribeLoadBalancers",
    "tagging:GetResources",
  ]);
  const error = dice.chance(0.04) ? { code: "ThrottlingException", message: "Rate exceeded" } : undefined;
  diary.note({ time, by, call, account: cast.accountId, region: dice.chance(0.2) ? "eu-central-1" : region, error });
}

function serviceAssumesRole({ diary, dice, cast }: Scene, time: Date): void {
  const [name, role, session] = dice.pick<readonly [string, string, string]>([
    ["lambda.amazonaws.com", "orders-role", "orders"],
    ["lambda.amazonaws.com", "thumbnails-role", "thumbnails"],
    ["ec2.amazonaws.com", "application", cast.instances[0]],
    ["ecs-tasks.amazonaws.com", "shop-task", "9f8e7d6c5b4a39281706f5e4d3c2b1a0"],
    ["scheduler.amazonaws.com", "nightly", "schedule"],
    ["vpc-flow-logs.amazonaws.com", "flow-logs", "vpc-flow-logs"],
  ]);
  const arn = `arn:aws:iam::${cast.accountId}:role/${role}`;
  diary.note({
    time,
    by: service(name),
    call: "sts:AssumeRole",
    account: cast.accountId,
    request: {
      roleArn: arn,
      roleSessionName: session,
      ...(name === "lambda.amazonaws.com" ? {} : { durationSeconds: 3600 }),
    },
    response: credentials(dice, time),
    more: { ...resource("AWS::IAM::Role", arn, cast.accountId), sharedEventID: dice.uuid() },
  });
}

function linkedService({ diary, dice, cast }: Scene, time: Date): void {
  const call = dice.pick([
    "ec2:DescribeInstances",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "elasticloadbalancing:DescribeTargetHealth",
    "autoscaling:DescribeAutoScalingGroups",
    "s3:GetBucketAcl",
    "iam:ListRoles",
  ]);
  diary.note({ time, by: cast.linkedService(), call, account: cast.accountId });
}

function instance({ diary, dice, cast, region }: Scene, time: Date): void {
  const id = dice.pick(cast.instances);
  const by = cast.instance(id);
  const account = cast.accountId;
  const call = dice.pick([
    "ssm:UpdateInstanceInformation",
    "ssm:GetParametersByPath",
    "secretsmanager:GetSecretValue",
    "logs:CreateLogStream",
    "dynamodb:DescribeTable",
  ]);
  // Calls by way of an endpoint never leave the network.
  const endpoint = { vpcEndpointId: "vpce-0f1e2d3c4b5a69788", vpcEndpointAccountId: account };
  const request = {
    "ssm:UpdateInstanceInformation": {
      instanceId: id,
      agentVersion: "3.3.1957.0",
      platformName: "Amazon Linux",
      agentStatus: "Active",
    },
    "ssm:GetParametersByPath": { path: "/shop/", recursive: true, withDecryption: true },
    "secretsmanager:GetSecretValue": {
      secretId: `arn:aws:secretsmanager:${region}:${account}:secret:shop/database-AbCdEf`,
    },
    "logs:CreateLogStream": { logGroupName: "/shop/application", logStreamName: `${id}-${time.getTime()}` },
    "dynamodb:DescribeTable": { tableName: "orders" },
  }[call];
  diary.note({ time, by, call, account, request, more: endpoint });
}

function lambda({ diary, dice, cast, region }: Scene, time: Date): void {
  const account = cast.accountId;
  const key = `arn:aws:kms:${region}:${account}:key/7c1d2e3f-4a5b-6c7d-8e9f-0a1b2c3d4e5f`;
  if (dice.chance(0.5)) {
    diary.note({
      time,
      by: cast.lambda(),
      call: "logs:CreateLogStream",
      account,
      request: { logGroupName: "/aws/lambda/orders" },
    });
    return;
  }
  diary.note({
    time,
    by: cast.lambda(),
    call: "kms:Decrypt",
    account,
    request: { encryptionAlgorithm: "SYMMETRIC_DEFAULT", encryptionContext: { shop: "orders" } },
    more: resource("AWS::KMS::Key", key, account),
  });
}

/** Services use keys in the name of whoever stores something. */
function keys({ diary, dice, cast, others, region }: Scene, time: Date): void {
  const account = cast.accountId;
  const key = `arn:aws:kms:${region}:${account}:key/11111111-2222-4333-8444-555555555555`;
  const more = { ...resource("AWS::KMS::Key", key, account), sharedEventID: dice.uuid() };
  const request = { keyId: key, keySpec: "AES_256" };
  const other = others[0];
  if (other && dice.chance(0.2)) {
    // A caller of another account: this account does not learn its name, and the other notes the same event.
    const by = other.instance();
    diary.note({ time, by: fromOtherAccount(by), call: "kms:GenerateDataKey", account, request, more });
    diary.note({ time, by, call: "kms:GenerateDataKey", account: other.accountId, request, more });
    return;
  }
  diary.note({ time, by: service("cloudtrail.amazonaws.com"), call: "kms:GenerateDataKey", account, request, more });
}

function pipeline({ diary, dice, cast }: Scene, time: Date): void {
  const account = cast.accountId;
  const role = `arn:aws:iam::${account}:role/deployment`;
  diary.note({
    time,
    by: cast.pipelineToken(),
    call: "sts:AssumeRoleWithWebIdentity",
    account,
    request: { roleArn: role, roleSessionName: "GitHubActions", durationSeconds: 3600 },
    response: { ...credentials(dice, time), audience: "sts.amazonaws.com" },
    more: resource("AWS::IAM::Role", role, account),
  });
  const calls = [
    ["ecr:GetAuthorizationToken", {}],
    ["ecr:PutImage", { repositoryName: "shop", imageTag: dice.hex(7) }],
    ["ecs:RegisterTaskDefinition", { family: "shop", networkMode: "awsvpc" }],
    ["ecs:UpdateService", { cluster: "shop", service: "web", desiredCount: 2 }],
    ["lambda:UpdateFunctionCode20150331v2", { functionName: "orders", publish: false, dryRun: false }],
    ["ecs:DescribeServices", { cluster: "shop", services: ["web"] }],
  ] as const;
  calls.slice(0, dice.int(2, calls.length)).forEach(([call, request], at) => {
    diary.note({ time: after(time, 4 + 7 * at), by: cast.pipeline(), call, account, request });
  });
}

function buildServer({ diary, dice, cast }: Scene, time: Date): void {
  const call = dice.pick([
    "ecr:GetAuthorizationToken",
    "s3:ListBuckets",
    "lambda:ListFunctions20150331",
    "sts:GetCallerIdentity",
  ]);
  diary.note({ time, by: cast.buildServer(), call, account: cast.accountId });
}

function backup({ diary, dice, cast, region }: Scene, time: Date): void {
  const account = cast.accountId;
  const by = cast.backup();
  const snapshot = `snap-0${dice.hex(16)}`;
  diary.note({
    time,
    by,
    call: "ec2:CreateSnapshot",
    account,
    region,
    request: { volumeId: "vol-0a9b8c7d6e5f40312", description: "nightly" },
    response: { snapshotId: snapshot, status: "pending", volumeSize: 100, ownerId: account },
  });
  diary.note({
    time: after(time, 2),
    by,
    call: "ec2:DescribeSnapshots",
    account,
    request: { snapshotSet: { items: [{ snapshotId: snapshot }] } },
  });
}

/** The management account's automation looks into every account, in all regions that are used. */
function audit({ diary, dice, cast, others, region }: Scene, time: Date): void {
  const account = cast.accountId;
  const arn = `arn:aws:iam::${account}:role/audit`;
  const auditor = others.find((other) => other.accountId === cast.management.accountId);
  const sharedEventID = dice.uuid();
  const assumed: Omit<Call, "by" | "account"> = {
    time,
    call: "sts:AssumeRole",
    request: { roleArn: arn, roleSessionName: "compliance-scan", durationSeconds: 900 },
    response: credentials(dice, time),
    more: { ...resource("AWS::IAM::Role", arn, account), sharedEventID },
  };
  if (auditor) {
    const by = auditor.lambda();
    diary.note({ ...assumed, by, account: auditor.accountId });
    diary.note({ ...assumed, by: fromOtherAccount(by), account });
  }
  for (const each of [region, "us-east-1", "eu-central-1"]) {
    const call = dice.pick(["config:DescribeConfigurationRecorders", "cloudtrail:DescribeTrails", "ec2:DescribeVpcs"]);
    diary.note({ time: after(time, 3), by: cast.auditor(), call, account, region: each });
  }
  // Some buckets have no policy; asking is not wrong.
  diary.note({
    time: after(time, 5),
    by: cast.auditor(),
    call: "s3:GetBucketPolicy",
    account,
    request: { bucketName: `shop-assets-${account}`, policy: "" },
    error: { code: "NoSuchBucketPolicy", message: "The bucket policy does not exist" },
  });
}

/** What nobody called. */
function serviceEvent({ diary, dice, cast, region }: Scene, time: Date): void {
  const [call, details] = dice.pick<readonly [string, object]>([
    [
      "secretsmanager:RotationStarted",
      { ARN: `arn:aws:secretsmanager:${region}:${cast.accountId}:secret:shop/database-AbCdEf` },
    ],
    ["kms:RotateKey", { keyId: `arn:aws:kms:${region}:${cast.accountId}:key/11111111-2222-4333-8444-555555555555` }],
    ["autoscaling:SnapshotComplete", { group: "shop-web" }],
  ]);
  const by = awsInternal(cast.accountId, `${call.split(":")[0]!}.amazonaws.com`);
  diary.note({
    time,
    by,
    call,
    account: cast.accountId,
    more: { eventType: "AwsServiceEvent", serviceEventDetails: details },
  });
}

/** Programs that look whether something is there. */
function expectedFailure({ diary, dice, cast, region }: Scene, time: Date): void {
  const account = cast.accountId;
  const [call, error] = dice.pick<readonly [string, { readonly code: string; readonly message: string }]>([
    ["iam:GetRole", { code: "NoSuchEntityException", message: "The role with name shop-preview cannot be found." }],
    [
      "logs:CreateLogGroup",
      { code: "ResourceAlreadyExistsException", message: "The specified log group already exists" },
    ],
    ["ssm:GetParameter", { code: "ParameterNotFound", message: "" }],
    [
      "ec2:RunInstances",
      { code: "Client.DryRunOperation", message: "Request would have succeeded, but DryRun flag is set." },
    ],
    [
      "dynamodb:DescribeTable",
      { code: "ResourceNotFoundException", message: "Requested resource not found: Table: preview not found" },
    ],
  ]);
  diary.note({ time, by: cast.pipeline(), call, account, region: call.startsWith("iam:") ? undefined : region, error });
}

/** Somebody at the console, where one page is several calls. */
function browsing({ diary, dice, cast, region }: Scene, time: Date): void {
  const by = cast.person();
  const page = dice.pick<readonly string[]>([
    ["ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "ec2:DescribeTags", "monitoring:DescribeAlarms"],
    ["s3:ListBuckets", "s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:GetBucketEncryption"],
    ["lambda:ListFunctions20150331", "lambda:GetAccountSettings20160819", "lambda:GetFunction20150331v2"],
    ["logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:StartQuery", "logs:GetQueryResults"],
    ["iam:ListRoles", "iam:GetRole", "iam:ListAttachedRolePolicies"],
    ["ce:GetCostAndUsage", "ce:GetCostForecast"],
    ["cloudformation:ListStacks", "cloudformation:DescribeStackEvents"],
    ["health:DescribeEventAggregates", "resource-explorer-2:ListIndexes"],
  ]);
  const elsewhere = dice.chance(0.08) ? "us-west-2" : region;
  page.forEach((call, at) => {
    const where = call.startsWith("iam:") ? undefined : call.startsWith("ce:") ? "us-east-1" : elsewhere;
    diary.note({ time: after(time, at), by, call, account: cast.accountId, region: where, ...FROM_CONSOLE });
  });
}

function changes({ diary, dice, cast, region }: Scene, time: Date): void {
  const account = cast.accountId;
  const [call, request] = dice.pick<readonly [string, object]>([
    [
      "ec2:AuthorizeSecurityGroupIngress",
      {
        groupId: "sg-0d4c3b2a190817263",
        ipPermissions: { items: [{ ipProtocol: "tcp", fromPort: 443, toPort: 443 }] },
      },
    ],
    [
      "ec2:CreateTags",
      {
        resourcesSet: { items: [{ resourceId: cast.instances[0] }] },
        tagSet: { items: [{ key: "owner", value: "shop" }] },
      },
    ],
    ["ssm:PutParameter", { name: "/shop/limit", type: "String", overwrite: true }],
    ["lambda:UpdateFunctionConfiguration20150331v2", { functionName: "invoices", memorySize: 512 }],
    ["cloudformation:UpdateStack", { stackName: "shop-web", capabilities: ["CAPABILITY_IAM"] }],
    ["monitoring:PutMetricAlarm", { alarmName: "shop-5xx", threshold: 5 }],
    ["dynamodb:UpdateTable", { tableName: "orders", billingMode: "PAY_PER_REQUEST" }],
    ["ec2:StopInstances", { instancesSet: { items: [{ instanceId: cast.instances[1] }] }, force: false }],
  ]);
  diary.note({ time, by: cast.person(), call, account, region, request, ...FROM_CONSOLE });
}

function oldTimer({ diary, dice, cast }: Scene, time: Date): void {
  const call = dice.pick([
    "s3:ListBuckets",
    "ec2:DescribeInstances",
    "rds:DescribeDBSnapshots",
    "iam:GetUser",
    "kms:ListAliases",
  ]);
  diary.note({ time, by: cast.oldTimer(), call, account: cast.accountId, ...FROM_CONSOLE });
}

/** Developers see pages whose calls they may not make. */
function notAllowed({ diary, dice, cast, region }: Scene, time: Date): void {
  const account = cast.accountId;
  const origin = {
    address: "203.0.113.10",
    agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  };
  const by = cast.session("AWSReservedSSO_Developers_90ab12cd34ef5678", "lucia.rossi@example.com", origin, true);
  const [call, deniedOn] = dice.pick<readonly [string, string]>([
    ["iam:ListUsers", `arn:aws:iam::${account}:user/`],
    ["organizations:DescribeOrganization", "*"],
    ["ce:GetCostAndUsage", `arn:aws:ce:us-east-1:${account}:/GetCostAndUsage`],
    ["kms:ListKeys", "*"],
    ["ec2:TerminateInstances", `arn:aws:ec2:${region}:${account}:instance/${cast.instances[2] ?? ""}`],
  ]);
  diary.note({ time, by, call, account, deniedOn, ...FROM_CONSOLE });
}

function signIn({ diary, dice, cast }: Scene, time: Date): void {
  consoleSignIn(diary, {
    time,
    by: dice.chance(0.3) ? cast.oldTimer() : cast.person(),
    account: cast.accountId,
    mfa: true,
  });
}

/** The accountants come through a directory of their own. */
function saml({ diary, dice, cast }: Scene, time: Date): void {
  const account = cast.accountId;
  const role = `arn:aws:iam::${account}:role/billing-reader`;
  diary.note({
    time,
    by: cast.accountant(),
    call: "sts:AssumeRoleWithSAML",
    account,
    request: { roleArn: role, principalArn: `arn:aws:iam::${account}:saml-provider/books`, durationSeconds: 3600 },
    response: credentials(dice, time),
    more: resource("AWS::IAM::Role", role, account),
  });
}

/** A key that is not known: its owner cannot be named. */
function unknownCaller(): Caller {
  return {
    userIdentity: { type: "Unknown", principalId: "", accountId: "", accessKeyId: "", userName: "" },
    sourceIPAddress: "192.0.2.250",
    userAgent: "aws-cli/1.18.69 Python/3.8.10 Linux/5.4.0 botocore/1.16.19",
  };
}

const FROM_CONSOLE = { more: { sessionCredentialFromConsole: "true" } } as const;

function resource(type: string, ARN: string, accountId: string): { resources: object[] } {
  return { resources: [{ accountId, type, ARN }] };
}

/** Temporary credentials, without their secrets, as records show them. */
function credentials(dice: Dice, time: Date): object {
  const expiration = new Date(time.getTime() + 3_600_000);
  return {
    credentials: {
      accessKeyId: `ASIA${dice.hex(9).toUpperCase()}EXAMPLE`,
      sessionToken: "HIDDEN_DUE_TO_SECURITY_REASONS",
      expiration: toSeconds(expiration),
    },
  };
}

function trust(principal: string): string {
  const statement = { Effect: "Allow", Principal: { Service: principal }, Action: "sts:AssumeRole" };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

/** Offices are open from 9 to 18 in Japan: from midnight to 9 in UTC. */
function moment({ dice, begin, end }: Scene): { at: Date; isOffice: boolean } {
  for (;;) {
    // Sessions of some minutes still end within the day.
    const at = new Date(begin + Math.floor(dice.fraction() * (end - begin - 120_000)));
    const isOffice = at.getUTCHours() < 9;
    // More than half of what happens, happens in the office's hours.
    if (isOffice || dice.chance(0.5)) return { at, isOffice };
  }
}

function choose(dice: Dice, habits: readonly (readonly [number, Habit])[]): Habit {
  const total = habits.reduce((sum, [weight]) => sum + weight, 0);
  let left = dice.fraction() * total;
  for (const [weight, habit] of habits) {
    left -= weight;
    if (left < 0) return habit;
  }
  return habits[0]![1];
}

function after(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
