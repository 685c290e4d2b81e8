import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { CloudwatchLogResourcePolicy } from "@cdktf/provider-aws/lib/cloudwatch-log-resource-policy";
import { OpensearchDomain } from "@cdktf/provider-aws/lib/opensearch-domain";
import { OpensearchDomainPolicy } from "@cdktf/provider-aws/lib/opensearch-domain-policy";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { arns, policyJson, type Place } from "../aws";
import { domainAlarms } from "./alarms";

export { domainAccessPolicy, type AccessPolicyProps } from "./access-policy";
export { Operator, operatorPaths, operatorPolicy, operatorTrustPolicy, type OperatorProps } from "./operator";

export interface SearchDomainProps {
  /** The management account. */
  readonly at: Place;
  readonly domainName: string;
  readonly engineVersion: string;
  readonly instanceType: string;
  /** Data nodes. With zoneAwareness a multiple of two or of three. */
  readonly instanceCount: number;
  readonly zoneAwareness: boolean;
  /** gp3 volume of each node, in GiB. */
  readonly volumeSizeGib: number;
  /** Days that the engine's error log is kept. */
  readonly logRetentionDays: number;
  readonly alarmTopicArn?: string;
}

/** The search domain, without its access policy: that comes after the roles that it names. Until then nobody is let in. */
export class SearchDomain extends Construct {
  readonly domain: OpensearchDomain;

  constructor(scope: Construct, id: string, props: SearchDomainProps) {
    super(scope, id);
    const { domainName, instanceCount, zoneAwareness } = props;
    const errorLog = this.errorLog(props);
    this.domain = new OpensearchDomain(this, "domain", {
      domainName,
      engineVersion: props.engineVersion,
      clusterConfig: {
        instanceType: props.instanceType,
        instanceCount,
        zoneAwarenessEnabled: zoneAwareness,
        zoneAwarenessConfig: zoneAwareness ? { availabilityZoneCount: instanceCount % 3 === 0 ? 3 : 2 } : undefined,
      },
      ebsOptions: { ebsEnabled: true, volumeType: "gp3", volumeSize: props.volumeSizeGib },
      encryptAtRest: { enabled: true },
      nodeToNodeEncryption: { enabled: true },
      domainEndpointOptions: { enforceHttps: true, tlsSecurityPolicy: "Policy-Min-TLS-1-2-PFS-2023-10" },
      softwareUpdateOptions: { autoSoftwareUpdateEnabled: true },
      logPublishingOptions: [{ logType: "ES_APPLICATION_LOGS", cloudwatchLogGroupArn: errorLog.logGroup.arn }],
      dependsOn: [errorLog.policy],
    });
    domainAlarms(
      this,
      { domainName, accountId: props.at.accountId, volumeSizeGib: props.volumeSizeGib },
      { topicArn: props.alarmTopicArn },
    );
  }

  /** Puts the access policy in force, once what it names is there. */
  allow(policy: string, after: readonly ITerraformDependable[]): void {
    new OpensearchDomainPolicy(this, "access-policy", {
      domainName: this.domain.domainName,
      accessPolicies: policy,
      dependsOn: [...after],
    });
  }

  private errorLog({ at, domainName, logRetentionDays }: SearchDomainProps) {
    const name = `/aws/opensearch/${domainName}/errors`;
    const logGroup = new CloudwatchLogGroup(this, "error-log", { name, retentionInDays: logRetentionDays });
    const policy = new CloudwatchLogResourcePolicy(this, "error-log-policy", {
      policyName: `${domainName}-domain-errors`,
      policyDocument: policyJson([
        {
          Sid: "DomainWritesErrors",
          Principal: { Service: "es.amazonaws.com" },
          Action: ["logs:PutLogEvents", "logs:PutLogEventsBatch", "logs:CreateLogStream"],
          Resource: arns.logGroup(at, name),
          Condition: {
            StringEquals: { "aws:SourceAccount": at.accountId },
            ArnLike: { "aws:SourceArn": arns.domain(at, domainName) },
          },
        },
      ]),
      dependsOn: [logGroup],
    });
    return { logGroup, policy };
  }
}
