import { join } from "node:path";
import { Cloudtrail } from "@cdktf/provider-aws/lib/cloudtrail";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { CloudwatchLogSubscriptionFilter } from "@cdktf/provider-aws/lib/cloudwatch-log-subscription-filter";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { LambdaFunctionEventInvokeConfig } from "@cdktf/provider-aws/lib/lambda-function-event-invoke-config";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import type { TerraformProvider } from "cdktf";
import { Construct } from "constructs";
import { NodeFunction, arns, policyJson, serviceTrust, terraformText, type Place } from "../aws";
import { sourceAccountAlarms } from "./alarms";
import { shipperStatements, trailStatements, type IndexTarget } from "./policies";

export { shipperStatements, trailStatements, type IndexTarget, type ShipperRightsProps } from "./policies";

const ENTRY = join(__dirname, "..", "..", "lambda", "shipper", "handler.ts");

export interface SourceAccountProps {
  /** The account's aliased provider. */
  readonly provider: TerraformProvider;
  readonly at: Place;
  /** What people call the account. */
  readonly accountName: string;
  readonly managementAccountId: string;
  readonly trailName: string;
  readonly trailRole: string;
  readonly logGroup: string;
  /** Days, as CloudWatch Logs knows them. */
  readonly logRetentionDays: number;
  readonly functionLogRetentionDays: number;
  readonly archiveBucket: string;
  readonly deadLetterBucket: string;
  readonly deadLetterKmsKeyArn?: string;
  readonly target: IndexTarget;
  /** Host of the search domain or of Elasticsearch, with a port where it is not 443. */
  readonly searchEndpoint: string;
  readonly functionName: string;
  readonly shipperRole: string;
  readonly shipper: {
    readonly memoryMb: number;
    readonly timeoutSeconds: number;
    readonly reservedConcurrency?: number;
  };
  /** Records older than this have no index of their day. Days. */
  readonly maxRecordAgeDays: number;
  readonly alarmTopicArn?: string;
}

/**
 * One account whose API calls are recorded: its trail writes the archive and a log group, and a subscription of the
 * log group carries the records by the shipper function into the index.
 */
export class SourceAccount extends Construct {
  constructor(scope: Construct, id: string, props: SourceAccountProps) {
    super(scope, id);
    const logGroup = this.trail(props);
    this.shipper(props, logGroup);
  }

  private trail(props: SourceAccountProps): CloudwatchLogGroup {
    const { provider, at } = props;
    const logGroup = new CloudwatchLogGroup(this, "log-group", {
      provider,
      name: props.logGroup,
      retentionInDays: props.logRetentionDays,
    });
    const role = new IamRole(this, "trail-role", {
      provider,
      name: props.trailRole,
      description: "CloudTrail writes its log group",
      // No condition: CloudTrail sends no keys here, and would fail with InvalidCloudWatchLogsRoleArn.
      assumeRolePolicy: serviceTrust("cloudtrail.amazonaws.com"),
    });
    const rolePolicy = new IamRolePolicy(this, "trail-role-policy", {
      provider,
      name: props.trailRole,
      role: role.name,
      policy: terraformText(policyJson(trailStatements(at, props.logGroup))),
    });
    new Cloudtrail(this, "trail", {
      provider,
      name: props.trailName,
      s3BucketName: props.archiveBucket,
      isMultiRegionTrail: true,
      includeGlobalServiceEvents: true,
      enableLogFileValidation: true,
      cloudWatchLogsGroupArn: `${logGroup.arn}:*`,
      cloudWatchLogsRoleArn: role.arn,
      dependsOn: [rolePolicy],
    });
    return logGroup;
  }

  private shipper(props: SourceAccountProps, logGroup: CloudwatchLogGroup): void {
    const { provider, at, functionName, shipper } = props;
    const fn = new NodeFunction(this, "shipper", {
      provider,
      at,
      functionName,
      roleName: props.shipperRole,
      description: "Carries CloudTrail records from CloudWatch Logs into the search domain",
      entry: ENTRY,
      environment: {
        SEARCH_ENDPOINT: props.searchEndpoint,
        SEARCH_REGION: at.region,
        // Where the key is, never the key.
        ...(props.target.kind === "elastic" ? { SEARCH_API_KEY_ARN: props.target.apiKey.arn } : {}),
        DEAD_LETTER_BUCKET: props.deadLetterBucket,
        DEAD_LETTER_PREFIX: `${at.accountId}/`,
        OWNER_NAMES: terraformText(JSON.stringify({ [at.accountId]: props.accountName })),
        MAX_RECORD_AGE_DAYS: String(props.maxRecordAgeDays),
      },
      statements: shipperStatements(props),
      memoryMb: shipper.memoryMb,
      timeoutSeconds: shipper.timeoutSeconds,
      reservedConcurrency: shipper.reservedConcurrency,
      logRetentionDays: props.functionLogRetentionDays,
    });
    const asynchronous = new LambdaFunctionEventInvokeConfig(this, "asynchronous", {
      provider,
      functionName: fn.function.functionName,
      maximumEventAgeInSeconds: 21_600,
      maximumRetryAttempts: 2,
      destinationConfig: { onFailure: { destination: arns.bucket(at.region, props.deadLetterBucket) } },
      dependsOn: [fn.rolePolicy],
    });
    const permission = new LambdaPermission(this, "permission", {
      provider,
      statementId: "AllowCloudWatchLogs",
      action: "lambda:InvokeFunction",
      functionName: fn.function.functionName,
      principal: "logs.amazonaws.com",
      sourceAccount: at.accountId,
      sourceArn: `${logGroup.arn}:*`,
    });
    new CloudwatchLogSubscriptionFilter(this, "subscription", {
      provider,
      name: functionName,
      logGroupName: logGroup.name,
      // Everything: what is no record becomes a document too, rather than nothing.
      filterPattern: "",
      destinationArn: fn.function.arn,
      // CloudWatch Logs tries the function at once, and records follow at once: their failures need a destination.
      dependsOn: [permission, asynchronous],
    });
    sourceAccountAlarms(
      this,
      { accountId: at.accountId, logGroup: props.logGroup, functionName, filterName: functionName },
      { provider, topicArn: props.alarmTopicArn },
    );
  }
}
