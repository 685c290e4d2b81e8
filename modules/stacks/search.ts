import { TerraformVariable } from "cdktf";
import type { Construct } from "constructs";
import type { Config } from "../config";
import { SearchContent } from "../search";
import { BaseStack } from "./base";
import type { DomainStack } from "./domain";
import { gatewayToken } from "./gateway-token";

/**
 * What is in the search engine. A stack of its own, because the elasticstack provider must know its endpoint when the
 * plan is made: here it is another stack's output.
 */
export class SearchStack extends BaseStack {
  constructor(scope: Construct, config: Config, domain: DomainStack) {
    super(scope, "search", config.terraform.backend);
    this.addDependency(domain);
    const { names, search, kibana } = config;
    new SearchContent(this, "search", {
      gatewayUrl: domain.gatewayUrl ?? this.localGatewayUrl(),
      gatewayToken: gatewayToken(this).stringValue,
      indexTemplate: names.indexTemplate,
      retentionPolicy: names.retentionPolicy,
      retentionDays: search.retentionDays,
      instanceCount: search.instanceCount,
      excludedUsers: kibana.excludedUsers,
    });
  }

  private localGatewayUrl(): string {
    return new TerraformVariable(this, "gateway_url", {
      type: "string",
      nullable: false,
      description: "Where the local gateway listens, for example http://127.0.0.1:9299; `npm run deploy` sets it",
    }).stringValue;
  }
}
