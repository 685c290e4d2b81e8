import { decide, type RecordedCall } from "../../sandbox/aws";
import { policyJson, type Statement } from "../../modules/aws";
import { managementDeployStatements, memberDeployStatements } from "../../modules/stacks";
import type { Change } from "../../sandbox/configuration";
import type { Sandbox } from "../../sandbox/sandbox";
import { describeWith } from "../support/tools";
import { startSandbox } from "./support";

/** Changes that Terraform makes in place, on as many kinds of resources as it can. */
const CHANGES: readonly Change[] = [
  [["shipper", "memoryMb"], 512],
  [["logs", "retentionDays"], 14],
  [["logs", "functionRetentionDays"], 60],
  [["archive", "expireAfterDays"], 1200],
  [["search", "volumeSizeGib"], 120],
  [["kibana", "allowedCidrs"], ["203.0.113.11/32"]],
  [["operations", "alarmTopicArn"], "arn:aws:sns:ap-northeast-1:111111111111:alarms"],
];

/** Rights that no call of the sandbox's needs, and what they are for. */
const BESIDE: readonly (readonly [RegExp, string])[] = [
  [
    /^(?!s3:).*:(AddTags|RemoveTags|TagResource|UntagResource|TagRole|UntagRole)$/,
    "tags of the configuration that change",
  ],
  [/^logs:(\w+LogDelivery|ListLogDeliveries)$/, "API Gateway sets its access log up in the caller's name"],
  [/^iam:PassRole$/, "is no call: Lambda and CloudTrail ask for it when they are given a role"],
  [
    /^es:(GetUpgradeStatus|UpgradeDomain|DescribeDryRunProgress|DescribeDomainChangeProgress)$/,
    "another engine version",
  ],
  [/^lambda:(UpdateFunctionCode|GetFunctionConfiguration)$/, "another version of this project"],
  [/^lambda:(Put|Delete)FunctionConcurrency$/, "shipper.reservedConcurrency"],
  [/^lambda:UpdateFunctionEventInvokeConfig$/, "what somebody changed by hand"],
  [/^cloudtrail:(UpdateTrail|StopLogging|\w+Selectors)$/, "what somebody changed by hand"],
  [/^iam:(UpdateAssumeRolePolicy|UpdateRole|UpdateRoleDescription)$/, "what somebody changed by hand"],
  [/^logs:DeleteRetentionPolicy$/, "what somebody changed by hand"],
  [/^s3:(GetBucketLocation|\w+Resource)$/, "other versions of the aws provider"],
  [/^apigateway:(PATCH|PUT)$/, "what somebody changed by hand"],
];

/** What a call is about, where a policy can name it. */
function resourceOf({ action, path, body }: RecordedCall, arn: (service: string, resource: string) => string): string {
  const [service = ""] = action.split(":");
  const fields = fieldsOf(body);
  const field = (name: string) => (typeof fields[name] === "string" ? fields[name] : undefined);
  switch (service) {
    case "s3":
      // Tags of S3 Control, with the bucket's ARN in the path.
      return path.includes("/tags/")
        ? decodeURIComponent(path.split("/tags/")[1]!)
        : `arn:aws:s3:::${path.split("/")[1]!}`;
    case "iam":
      return arn("iam", `role/${field("RoleName") ?? ""}`).replace(/:ap-northeast-1:/, "::");
    case "sts":
      return field("RoleArn") ?? "*";
    case "lambda": {
      const name = /\/functions\/([^/]+)/.exec(path)?.[1] ?? /"FunctionName":"([^"]+)"/.exec(body)?.[1];
      return name === undefined
        ? decodeURIComponent(path.split("/tags/")[1] ?? "*")
        : arn("lambda", `function:${name}`);
    }
    case "logs":
      return (
        field("resourceArn") ?? (field("logGroupName") ? arn("logs", `log-group:${field("logGroupName")!}:*`) : "*")
      );
    case "es":
      return arn("es", "domain/cloudtrail");
    case "cloudtrail": {
      const listed = (fields.ResourceIdList ?? fields.trailNameList) as string[] | undefined;
      const name = listed?.[0] ?? field("Name") ?? "";
      return name.startsWith("arn:") ? name : arn("cloudtrail", `trail/${name}`);
    }
    case "cloudwatch": {
      const name = field("AlarmName") ?? field("AlarmNames.member.1") ?? field("ResourceARN")?.split(":alarm:")[1];
      return arn("cloudwatch", `alarm:${name ?? ""}`);
    }
    case "apigateway":
      return `arn:aws:apigateway:ap-northeast-1::${path.replace(/^\/v2/, "")}`;
    default:
      throw new Error(`${action} is of a service that this test does not know`);
  }
}

function fieldsOf(body: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return {};
  }
}

describeWith(["terraform", "java", "mvn", "python3"], "policies of the deploying roles", () => {
  let sandbox: Sandbox;
  let end: () => Promise<void> = () => Promise.resolve();
  let calls: readonly RecordedCall[] = [];
  const policies = new Map<string, readonly Statement[]>();

  beforeAll(async () => {
    ({ sandbox, end } = await startSandbox());
    sandbox.synthesize();
    const { config } = sandbox;
    policies.set(config.management.accountId, managementDeployStatements(config));
    for (const member of config.members) policies.set(member.accountId, memberDeployStatements(config, member));
    await sandbox.deploy();
    sandbox.synthesize(CHANGES);
    await sandbox.deploy();
    await sandbox.destroy();
    calls = await sandbox.aws.calls();
  });
  afterAll(() => end());

  /** Calls as policies name them. */
  const named = () =>
    calls
      .filter(({ action }) => action !== "sts:GetCallerIdentity")
      .map((call) => ({
        ...call,
        action: call.action.startsWith("apigateway:") ? `apigateway:${call.method}` : call.action,
        resource: resourceOf(call, (service, name) => `arn:aws:${service}:ap-northeast-1:${call.accountId}:${name}`),
      }));

  test("Terraform makes, looks at, changes and destroys, in every account", () => {
    const accounts = new Set(calls.map(({ accountId }) => accountId));
    expect([...accounts].sort()).toEqual([...policies.keys()].sort());
    const actions = new Set(calls.map(({ action }) => action));
    for (const action of ["CreateTrail", "GetTrailStatus", "DeleteTrail"])
      expect(actions).toContain(`cloudtrail:${action}`);
    expect(actions).toContain("lambda:UpdateFunctionConfiguration");
    expect(actions).toContain("es:DeleteDomain");
  });

  test("every call is allowed", async () => {
    const denied: string[] = [];
    for (const { accountId, action, resource } of named()) {
      const statements = policies.get(accountId)!;
      if (action.startsWith("apigateway:")) {
        if (!names(statements, action, resource)) denied.push(`${accountId} ${action} ${resource}`);
        continue;
      }
      const policy = JSON.parse(policyJson(statements)) as object;
      const { allowed, reason } = await decide({
        principal: `arn:aws:iam::${accountId}:role/deployer`,
        action,
        resource: { arn: resource, accountId: resource.split(":")[4] || accountId },
        context: {},
        identityPolicies: [{ name: "deployer", document: policy }],
        // Another account's role lets this one in by its trust policy.
        resourcePolicy: action === "sts:AssumeRole" ? trust(accountId) : undefined,
      });
      if (!allowed) denied.push(`${accountId} ${reason}`);
    }
    expect(denied).toEqual([]);
  });

  test("every right is needed by a call, or for a reason that is written down", () => {
    const used = new Set(named().map(({ action }) => action));
    const given = new Set([...policies.values()].flat().flatMap(({ Action }) => [Action].flat()));
    const unused = [...given].filter((action) => !used.has(action));
    expect(unused.filter((action) => !BESIDE.some(([pattern]) => pattern.test(action)))).toEqual([]);
    // A reason that is none any more.
    expect(BESIDE.filter(([pattern]) => !unused.some((action) => pattern.test(action)))).toEqual([]);
  });
});

/** Whether a statement allows an action on a resource: for API Gateway's version 2, which the simulator does not know. */
function names(statements: readonly Statement[], action: string, resource: string): boolean {
  return statements.some(
    ({ Action, Resource = [] }) =>
      [Action].flat().includes(action) &&
      [Resource].flat().some((pattern) => {
        const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
        return new RegExp(`^${parts.join(".*")}$`).test(resource);
      }),
  );
}

function trust(accountId: string): object {
  return {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${accountId}:root` }, Action: "sts:AssumeRole" }],
  };
}
