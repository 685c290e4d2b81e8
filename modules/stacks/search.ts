import { TerraformVariable } from "cdktf";
import type { Construct } from "constructs";
import type { Config } from "../config";
import { SearchContent, type SearchEngine } from "../search";
import { BaseStack } from "./base";
import type { DomainStack } from "./domain";
import { gatewayToken } from "./gateway-token";
import { elasticTarget } from "./props";

/**
 * What is in the search engine. A stack of its own, because the elasticstack provider must know its endpoint when the
 * plan is made: here it is another stack's output, or an Elastic Stack's address from the configuration.
 */
export class SearchStack extends BaseStack {
  /** @param domain absent where the target is an Elastic Stack */
  constructor(scope: Construct, config: Config, domain: DomainStack | undefined) {
    super(scope, "search", config.terraform.backend);
    if (domain !== undefined) this.addDependency(domain);
    const { names, search, kibana } = config;
    const elastic = elasticTarget(config);
    new SearchContent(this, "search", {
      engine: this.engine(config, domain),
      indexTemplate: names.indexTemplate,
      retentionPolicy: names.retentionPolicy,
      retentionDays: search.retentionDays,
      // A domain of one node has no room for a copy.
      replicas: elastic?.replicas ?? (search.instanceCount > 1 ? 1 : 0),
      excludedUsers: kibana.excludedUsers,
      importSavedObjects: kibana.importSavedObjects,
    });
  }

  private engine(config: Config, domain: DomainStack | undefined): SearchEngine {
    const elastic = elasticTarget(config);
    if (elastic !== undefined) {
      const { elasticsearch, kibana } = elastic;
      return { kind: "elastic", elasticsearch, kibana, apiKey: this.elasticApiKey() };
    }
    return {
      kind: "gateway",
      url: domain?.gatewayUrl ?? this.localGatewayUrl(),
      token: gatewayToken(this).stringValue,
    };
  }

  /** Terraform's own key: a variable of the provider only, so that no state or plan has it. */
  private elasticApiKey(): string {
    return new TerraformVariable(this, "elastic_api_key", {
      type: "string",
      sensitive: true,
      nullable: false,
      description: "API key of Terraform for Elasticsearch and Kibana, encoded as they show it",
    }).stringValue;
  }

  private localGatewayUrl(): string {
    return new TerraformVariable(this, "gateway_url", {
      type: "string",
      nullable: false,
      description: "Where the local gateway listens, for example http://127.0.0.1:9299; `npm run deploy` sets it",
    }).stringValue;
  }
}
