import { TerraformOutput } from "cdktf";
import type { Construct } from "constructs";
import { managementProvider } from "../aws";
import type { Config } from "../config";
import { domainAccessPolicy, Operator, SearchDomain } from "../domain";
import { Gateway } from "../gateway";
import { BaseStack } from "./base";
import { gatewayToken, tokenSha256 } from "./gateway-token";
import { accessPolicyProps, managementPlace, operatorProps } from "./props";

/** The search domain, who may do what in it, and the gateway before it. Its outputs feed the other stacks. */
export class DomainStack extends BaseStack {
  /** Host of the domain. */
  readonly searchEndpoint: string;
  /** Absent where the gateway is a local one. */
  readonly gatewayUrl: string | undefined;

  constructor(scope: Construct, config: Config) {
    super(scope, "domain", config.terraform.backend);
    managementProvider(this, config);
    this.useAwsProviderRange();
    const { names, search, logs } = config;
    const { domain, allow } = this.searchDomain(config);
    const operator = new Operator(this, "operator", operatorProps(config));
    const gateway =
      search.gateway === "local"
        ? undefined
        : new Gateway(this, "gateway", {
            at: managementPlace(config),
            functionName: names.gatewayFunction,
            roleName: names.gatewayRole,
            searchEndpoint: domain.endpoint,
            engineVersion: search.engineVersion,
            tokenSha256: tokenSha256(gatewayToken(this)),
            indexTemplate: names.indexTemplate,
            retentionPolicy: names.retentionPolicy,
            allowedCidrs: search.gatewayAllowedCidrs,
            logRetentionDays: logs.functionRetentionDays,
          });
    allow(gateway ? [operator.role, gateway.role] : [operator.role]);

    this.searchEndpoint = domain.endpoint;
    this.gatewayUrl = gateway?.url;
    new TerraformOutput(this, "search_endpoint", { value: domain.endpoint });
    new TerraformOutput(this, "domain_arn", { value: domain.arn });
    new TerraformOutput(this, "operator_role_arn", { value: operator.role.arn });
    if (gateway) new TerraformOutput(this, "gateway_url", { value: gateway.url });
  }

  private searchDomain(config: Config) {
    const { search, names, logs, operations } = config;
    const construct = new SearchDomain(this, "search", {
      at: managementPlace(config),
      domainName: names.domain,
      engineVersion: search.engineVersion,
      instanceType: search.instanceType,
      instanceCount: search.instanceCount,
      zoneAwareness: search.zoneAwareness,
      volumeSizeGib: search.volumeSizeGib,
      logRetentionDays: logs.functionRetentionDays,
      alarmTopicArn: operations.alarmTopicArn,
    });
    return {
      domain: construct.domain,
      allow: (after: Parameters<SearchDomain["allow"]>[1]) =>
        construct.allow(domainAccessPolicy(accessPolicyProps(config)), after),
    };
  }
}
