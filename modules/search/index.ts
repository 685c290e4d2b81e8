import { ElasticsearchIndexLifecycle } from "@cdktf/provider-elasticstack/lib/elasticsearch-index-lifecycle";
import { ElasticsearchIndexTemplate } from "@cdktf/provider-elasticstack/lib/elasticsearch-index-template";
import { KibanaImportSavedObjects } from "@cdktf/provider-elasticstack/lib/kibana-import-saved-objects";
import { ElasticstackProvider, type ElasticstackProviderConfig } from "@cdktf/provider-elasticstack/lib/provider";
import { Construct } from "constructs";
import { terraformText } from "../aws";
import { savedObjects, toNdjson } from "../dashboards";
import { INDEX_PATTERN, indexTemplateMappings, indexTemplateSettings } from "../fields";

/** The gateway looks at the password only; the provider wants a user name beside it. */
const USERNAME = "terraform";

/** How Terraform reaches the search engine. Addresses must be known when the plan is made. */
export type SearchEngine =
  | {
      /** An Amazon domain behind the gateway. */
      readonly kind: "gateway";
      /** `https://...`, without a slash at the end. */
      readonly url: string;
      readonly token: string;
    }
  | {
      /** An Elastic Stack, which needs no gateway. */
      readonly kind: "elastic";
      /** `https://...`, without a slash at the end. */
      readonly elasticsearch: string;
      /** `https://...`, without a slash at the end. */
      readonly kibana: string;
      /** Terraform's own, in the encoded form: it is not the shippers'. */
      readonly apiKey: string;
    };

export interface SearchContentProps {
  readonly engine: SearchEngine;
  readonly indexTemplate: string;
  readonly retentionPolicy: string;
  /** Days that an index lives, counted from its creation. */
  readonly retentionDays: number;
  /** Copies of each shard: what the number of nodes leaves room for. */
  readonly replicas: number;
  /** User names that the user panels leave out. */
  readonly excludedUsers: readonly string[];
  /** Whether Kibana's saved objects are imported. */
  readonly importSavedObjects: boolean;
}

/** What is in the search engine before the first record: index template, retention policy, Kibana's saved objects. */
export class SearchContent extends Construct {
  constructor(scope: Construct, id: string, props: SearchContentProps) {
    super(scope, id);
    const isElastic = props.engine.kind === "elastic";
    new ElasticstackProvider(this, "elasticstack", providerConfig(props.engine));
    const retention = new ElasticsearchIndexLifecycle(this, "retention", {
      name: props.retentionPolicy,
      // Where the domain's own retention attaches itself: the gateway makes an ism_template of it.
      metadata: isElastic ? undefined : json({ index_patterns: [INDEX_PATTERN] }),
      delete: { minAge: `${props.retentionDays}d`, delete: {} },
    });
    const template = new ElasticsearchIndexTemplate(this, "index-template", {
      name: props.indexTemplate,
      indexPatterns: [INDEX_PATTERN],
      // Above templates for everything, as other tools leave them.
      priority: 100,
      template: {
        settings: json(
          indexTemplateSettings({
            replicas: props.replicas,
            lifecyclePolicy: isElastic ? props.retentionPolicy : undefined,
          }),
        ),
        mappings: json(indexTemplateMappings()),
      },
      dependsOn: [retention],
    });
    if (!props.importSavedObjects) return;
    new KibanaImportSavedObjects(this, "saved-objects", {
      overwrite: true,
      fileContents: terraformText(toNdjson(savedObjects({ excludedUsers: props.excludedUsers }))),
      dependsOn: [template],
    });
  }
}

function providerConfig(engine: SearchEngine): ElasticstackProviderConfig {
  if (engine.kind === "elastic") {
    const { elasticsearch, kibana, apiKey } = engine;
    return {
      elasticsearch: [{ endpoints: [elasticsearch], apiKey }],
      kibana: [{ endpoints: [kibana], apiKey }],
    };
  }
  const credentials = { username: USERNAME, password: engine.token };
  return {
    elasticsearch: [{ ...credentials, endpoints: [`${engine.url}/es`] }],
    kibana: [{ ...credentials, endpoints: [`${engine.url}/kibana`] }],
  };
}

function json(value: object): string {
  return terraformText(JSON.stringify(value));
}
