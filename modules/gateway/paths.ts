import { INDEX_PATTERN } from "../fields";

export interface GatewayPathsProps {
  readonly engineVersion: string;
  readonly indexTemplate: string;
  readonly retentionPolicy: string;
}

/**
 * The paths of the domain that the gateway uses, for the domain's access policy: the index template, the retention
 * policy and its attachment to the product's indices, the import of saved objects. No search, no document.
 */
export function gatewayPaths({ engineVersion, indexTemplate, retentionPolicy }: GatewayPathsProps): string[] {
  const elasticsearch = engineVersion.startsWith("Elasticsearch_");
  const ism = elasticsearch ? "_opendistro/_ism" : "_plugins/_ism";
  return [
    // Its version and its id: the provider asks before and after most of its calls.
    "",
    `_index_template/${indexTemplate}`,
    `${ism}/policies/${retentionPolicy}`,
    ...["add", "change_policy", "remove"].map((verb) => `${ism}/${verb}/${INDEX_PATTERN}`),
    `${elasticsearch ? "_plugin/kibana" : "_dashboards"}/api/saved_objects/_import`,
  ];
}
