import { ElasticsearchIndexLifecycle } from "@cdktf/provider-elasticstack/lib/elasticsearch-index-lifecycle";
import { ElasticsearchIndexTemplate } from "@cdktf/provider-elasticstack/lib/elasticsearch-index-template";
import { KibanaImportSavedObjects } from "@cdktf/provider-elasticstack/lib/kibana-import-saved-objects";
import { ElasticstackProvider } from "@cdktf/provider-elasticstack/lib/provider";
import { Construct } from "constructs";
import { terraformText } from "../aws";
import { savedObjects, toNdjson } from "../dashboards";
import { INDEX_PATTERN, indexTemplateMappings, indexTemplateSettings } from "../fields";

/** The gateway looks at the password only; the provider wants a user name beside it. */
const USERNAME = "terraform";

export interface SearchContentProps {
  /** `https://...` of the gateway, without a slash at the end. Must be known when the plan is made. */
  readonly gatewayUrl: string;
  readonly gatewayToken: string;
  readonly indexTemplate: string;
  readonly retentionPolicy: string;
  /** Days that an index lives, counted from its creation. */
  readonly retentionDays: number;
  /** Data nodes of the domain: with one there is no room for a replica. */
  readonly instanceCount: number;
  /** User names that the user panels leave out. */
  readonly excludedUsers: readonly string[];
}

/** What is in the search engine before the first record: index template, retention policy, Kibana's saved objects. */
export class SearchContent extends Construct {
  constructor(scope: Construct, id: string, props: SearchContentProps) {
    super(scope, id);
    const credentials = { username: USERNAME, password: props.gatewayToken };
    new ElasticstackProvider(this, "elasticstack", {
      elasticsearch: [{ ...credentials, endpoints: [`${props.gatewayUrl}/es`] }],
      kibana: [{ ...credentials, endpoints: [`${props.gatewayUrl}/kibana`] }],
    });
    const retention = new ElasticsearchIndexLifecycle(this, "retention", {
      name: props.retentionPolicy,
      // Where the domain's own retention attaches itself: the gateway makes an ism_template of it.
      metadata: json({ index_patterns: [INDEX_PATTERN] }),
      delete: { minAge: `${props.retentionDays}d`, delete: {} },
    });
    const template = new ElasticsearchIndexTemplate(this, "index-template", {
      name: props.indexTemplate,
      indexPatterns: [INDEX_PATTERN],
      // Above templates for everything, as other tools leave them.
      priority: 100,
      template: {
        settings: json(indexTemplateSettings({ replicas: props.instanceCount > 1 ? 1 : 0 })),
        mappings: json(indexTemplateMappings()),
      },
      dependsOn: [retention],
    });
    new KibanaImportSavedObjects(this, "saved-objects", {
      overwrite: true,
      fileContents: terraformText(toNdjson(savedObjects({ excludedUsers: props.excludedUsers }))),
      dependsOn: [template],
    });
  }
}

function json(value: object): string {
  return terraformText(JSON.stringify(value));
}
