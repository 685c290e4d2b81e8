import { arns, partitionOf, policyJson, type Place, type Statement } from "../aws";
import { QUOTAS, type Account, type Config } from "../config";
import { elasticTarget, managementPlace } from "./props";

/** What a role in the management account needs to deploy and destroy all stacks, members' by their own roles. */
export function managementDeployStatements(config: Config): Statement[] {
  const at = managementPlace(config);
  const { names } = config;
  const isElastic = elasticTarget(config) !== undefined;
  const hasGateway = !isElastic && config.search.gateway === "api";
  const gatewayLogs = [`/aws/lambda/${names.gatewayFunction}`, `/aws/vendedlogs/apigateway/${names.gatewayFunction}`];
  const source = sourceAccountStatements(config, at, {
    functions: [names.managementShipper, ...(hasGateway ? [names.gatewayFunction] : [])],
    roles: [names.operatorRole, ...(hasGateway ? [names.gatewayRole] : [])],
    logGroups: [
      ...(isElastic ? [] : [`/aws/opensearch/${names.domain}/errors`]),
      ...(hasGateway ? gatewayLogs.slice(1) : []),
    ],
    alarms: isElastic ? [] : [`${names.domain}-domain`],
  });
  const own = [
    ...bucketStatements(config),
    ...(isElastic ? [] : domainStatements(config, at)),
    ...(hasGateway ? gatewayStatements(at) : []),
    ...source,
  ];
  const listed = [...own, ...assumeStatements(config, (accountId) => accountId)];
  // Hundreds of members do not fit; their roles are called the same.
  return Buffer.byteLength(policyJson(listed)) <= QUOTAS.roleInlinePolicyBytes
    ? listed
    : [...own, ...assumeStatements(config, () => "*")];
}

/** What a role in a member account needs to deploy and destroy what is in that account. */
export function memberDeployStatements(config: Config, account: Account): Statement[] {
  const at = { region: config.region, accountId: account.accountId };
  return sourceAccountStatements(config, at, {
    functions: [config.names.memberShipper],
    roles: [],
    logGroups: [],
    alarms: [],
  });
}

/** What is in an account besides what every source account has. */
interface Further {
  readonly functions: readonly string[];
  readonly roles: readonly string[];
  readonly logGroups: readonly string[];
  /** What alarms' names begin with. */
  readonly alarms: readonly string[];
}

function sourceAccountStatements(config: Config, at: Place, further: Further): Statement[] {
  const { names } = config;
  const partition = partitionOf(at.region);
  const logGroups = [names.logGroup, ...further.functions.map((name) => `/aws/lambda/${name}`), ...further.logGroups];
  const roles = [names.trailRole, names.shipperRole, ...further.roles].map((name) => arns.role(at, name));
  const arn = (service: string, resource: string) =>
    `arn:${partition}:${service}:${at.region}:${at.accountId}:${resource}`;
  return [
    {
      Sid: "Trail",
      Action: actions("cloudtrail", [
        "AddTags",
        "CreateTrail",
        "DeleteTrail",
        "GetEventSelectors",
        "GetInsightSelectors",
        "GetTrailStatus",
        "ListTags",
        "PutEventSelectors",
        "RemoveTags",
        "StartLogging",
        "StopLogging",
        "UpdateTrail",
      ]),
      Resource: arn("cloudtrail", `trail/${names.trail}`),
    },
    {
      Sid: "LogGroups",
      Action: actions("logs", [
        "CreateLogGroup",
        "DeleteLogGroup",
        "DeleteRetentionPolicy",
        "DeleteSubscriptionFilter",
        "DescribeSubscriptionFilters",
        "ListTagsForResource",
        "PutRetentionPolicy",
        "PutSubscriptionFilter",
        "TagResource",
        "UntagResource",
      ]),
      // With and without the streams' part: the calls differ in which they are evaluated with.
      Resource: logGroups.flatMap((name) => [arns.logGroup(at, name).replace(/:\*$/, ""), arns.logGroup(at, name)]),
    },
    {
      Sid: "Roles",
      Action: actions("iam", [
        "CreateRole",
        "DeleteRole",
        "DeleteRolePolicy",
        "GetRole",
        "GetRolePolicy",
        "ListAttachedRolePolicies",
        "ListInstanceProfilesForRole",
        "ListRolePolicies",
        "PutRolePolicy",
        "TagRole",
        "UntagRole",
        "UpdateAssumeRolePolicy",
        "UpdateRole",
        "UpdateRoleDescription",
      ]),
      Resource: roles,
    },
    {
      Sid: "PassRoles",
      Action: "iam:PassRole",
      Resource: roles,
      Condition: { StringEquals: { "iam:PassedToService": ["cloudtrail.amazonaws.com", "lambda.amazonaws.com"] } },
    },
    {
      Sid: "Functions",
      Action: actions("lambda", [
        "AddPermission",
        "CreateFunction",
        "DeleteFunction",
        "DeleteFunctionConcurrency",
        "DeleteFunctionEventInvokeConfig",
        "GetFunction",
        "GetFunctionCodeSigningConfig",
        "GetFunctionConfiguration",
        "GetFunctionEventInvokeConfig",
        "GetPolicy",
        "ListVersionsByFunction",
        "PutFunctionConcurrency",
        "PutFunctionEventInvokeConfig",
        "RemovePermission",
        "TagResource",
        "UntagResource",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
        "UpdateFunctionEventInvokeConfig",
      ]),
      Resource: further.functions.map((name) => arn("lambda", `function:${name}`)),
    },
    {
      Sid: "Alarms",
      Action: actions("cloudwatch", [
        "DeleteAlarms",
        "DescribeAlarms",
        "ListTagsForResource",
        "PutMetricAlarm",
        "TagResource",
        "UntagResource",
      ]),
      Resource: [...further.functions, ...further.alarms].map((name) => arn("cloudwatch", `alarm:${name}-*`)),
    },
    {
      Sid: "Look",
      // None of these can be limited to single resources.
      Action: ["cloudtrail:DescribeTrails", "logs:DescribeLogGroups"],
      Resource: "*",
    },
  ];
}

function bucketStatements({ region, names }: Config): Statement[] {
  const buckets = [names.archiveBucket, names.deadLetterBucket].map((name) => arns.bucket(region, name));
  return [
    {
      Sid: "Buckets",
      Action: actions("s3", [
        "CreateBucket",
        "DeleteBucket",
        "DeleteBucketPolicy",
        "GetAccelerateConfiguration",
        "GetBucketAcl",
        "GetBucketCORS",
        "GetBucketLocation",
        "GetBucketLogging",
        "GetBucketObjectLockConfiguration",
        "GetBucketOwnershipControls",
        "GetBucketPolicy",
        "GetBucketPublicAccessBlock",
        "GetBucketRequestPayment",
        "GetBucketTagging",
        "GetBucketVersioning",
        "GetBucketWebsite",
        "GetEncryptionConfiguration",
        "GetLifecycleConfiguration",
        "GetReplicationConfiguration",
        "ListBucket",
        "ListTagsForResource",
        "PutBucketOwnershipControls",
        "PutBucketPolicy",
        "PutBucketPublicAccessBlock",
        "PutBucketTagging",
        "PutBucketVersioning",
        "PutEncryptionConfiguration",
        "PutLifecycleConfiguration",
        // The aws provider from 6.23 on tags buckets in this way.
        "TagResource",
        "UntagResource",
      ]),
      Resource: buckets,
    },
  ];
}

function domainStatements({ names }: Config, at: Place): Statement[] {
  return [
    {
      Sid: "Domain",
      Action: actions("es", [
        "AddTags",
        "CreateDomain",
        "DeleteDomain",
        "DescribeDomain",
        "DescribeDomainChangeProgress",
        "DescribeDomainConfig",
        "DescribeDryRunProgress",
        "GetCompatibleVersions",
        "GetUpgradeStatus",
        "ListTags",
        "RemoveTags",
        "UpdateDomainConfig",
        "UpgradeDomain",
      ]),
      Resource: arns.domain(at, names.domain),
    },
    {
      Sid: "DomainWritesItsLog",
      Action: actions("logs", ["DeleteResourcePolicy", "DescribeResourcePolicies", "PutResourcePolicy"]),
      Resource: "*",
    },
  ];
}

function gatewayStatements(at: Place): Statement[] {
  const api = `arn:${partitionOf(at.region)}:apigateway:${at.region}::`;
  return [
    {
      Sid: "Gateway",
      Action: actions("apigateway", ["DELETE", "GET", "PATCH", "POST", "PUT", "TagResource", "UntagResource"]),
      Resource: [`${api}/apis`, `${api}/apis/*`, `${api}/tags/*`],
    },
    {
      Sid: "GatewayAccessLog",
      // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
      Action: actions("logs", [
        "CreateLogDelivery",
        "DeleteLogDelivery",
        "GetLogDelivery",
        "ListLogDeliveries",
        "UpdateLogDelivery",
      ]),
      Resource: "*",
    },
  ];
}

/** The roles that Terraform works as, in the accounts as they are named. */
function assumeStatements({ region, management, members }: Config, nameOf: (accountId: string) => string): Statement[] {
  const roles = [management, ...members].flatMap(({ accountId, roleName }) =>
    roleName === undefined ? [] : [arns.role({ region, accountId: nameOf(accountId) }, roleName)],
  );
  return roles.length === 0 ? [] : [{ Sid: "WorkInMembers", Action: "sts:AssumeRole", Resource: [...new Set(roles)] }];
}

function actions(service: string, names: readonly string[]): string[] {
  return names.map((name) => `${service}:${name}`);
}
