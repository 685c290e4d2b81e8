import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import type { TerraformProvider } from "cdktf";
import { Construct } from "constructs";
import { arns, type Place } from "./arn";
import { RUNTIME } from "./bundle";
import { lambdaAsset } from "./lambda-asset";
import { policyJson, serviceTrust, terraformText, type Statement } from "./policy";

export interface NodeFunctionProps {
  /** Where the function is. */
  readonly at: Place;
  /** @default the stack's default provider */
  readonly provider?: TerraformProvider;
  readonly functionName: string;
  readonly description: string;
  /** Absolute path of the module that exports `handler`. */
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly roleName: string;
  /** What the role may do besides writing the function's log. */
  readonly statements: readonly Statement[];
  /** MB. */
  readonly memoryMb: number;
  /** Seconds of one invocation, at most 900. */
  readonly timeoutSeconds: number;
  /** @default none: the account's unreserved concurrency */
  readonly reservedConcurrency?: number;
  /** Days, as CloudWatch Logs knows them. */
  readonly logRetentionDays: number;
}

/** A Lambda function in TypeScript, with its role and the only log group that it may write. */
export class NodeFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: IamRole;
  /** Whatever acts with the role's rights must wait for this. */
  readonly rolePolicy: IamRolePolicy;

  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    super(scope, id);
    const { provider, functionName, environment } = props;
    const logGroup = new CloudwatchLogGroup(this, "log", {
      provider,
      name: functionLogGroup(functionName),
      retentionInDays: props.logRetentionDays,
    });
    this.role = new IamRole(this, "role", {
      provider,
      name: props.roleName,
      description: props.description,
      assumeRolePolicy: serviceTrust("lambda.amazonaws.com"),
    });
    this.rolePolicy = new IamRolePolicy(this, "role-policy", {
      provider,
      name: functionName,
      role: this.role.name,
      policy: terraformText(nodeFunctionPolicy(props)),
    });
    this.function = new LambdaFunction(this, "function", {
      provider,
      functionName,
      description: props.description,
      ...lambdaAsset(this, props.entry),
      runtime: RUNTIME,
      architectures: ["arm64"],
      memorySize: props.memoryMb,
      timeout: props.timeoutSeconds,
      reservedConcurrentExecutions: props.reservedConcurrency,
      role: this.role.arn,
      environment: { variables: environment },
      // Without its rights the function would fail; without its log group Lambda would make one that never expires.
      dependsOn: [this.rolePolicy, logGroup],
    });
  }
}

/** Everything that the function's role may do. */
export function nodeFunctionPolicy({
  at,
  functionName,
  statements,
}: Pick<NodeFunctionProps, "at" | "functionName" | "statements">): string {
  return policyJson([
    {
      Sid: "WriteOwnLog",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: arns.logGroup(at, functionLogGroup(functionName)),
    },
    ...statements,
  ]);
}

function functionLogGroup(functionName: string): string {
  return `/aws/lambda/${functionName}`;
}
