/** What differs between the two kinds of Amazon domains. */
export interface Dialect {
  /** Base path of Index State Management. Open Distro on Elasticsearch knows only the older one. */
  readonly ismPath: "/_opendistro/_ism" | "/_plugins/_ism";
  /** Base path of Kibana or OpenSearch Dashboards on the domain's address. */
  readonly kibanaPath: "/_plugin/kibana" | "/_dashboards";
  /** The form of a policy's `ism_template`: Open Distro takes one object and refuses an array. */
  readonly ismTemplate: "object" | "array";
  /**
   * Whether the plugin knows what came with OpenSearch: transitions by `min_rollover_age`, rollover by
   * `min_primary_shard_size`.
   */
  readonly rolloverAge: boolean;
}

const ELASTICSEARCH: Dialect = {
  ismPath: "/_opendistro/_ism",
  kibanaPath: "/_plugin/kibana",
  ismTemplate: "object",
  rolloverAge: false,
};

const OPENSEARCH: Dialect = {
  ismPath: "/_plugins/_ism",
  kibanaPath: "/_dashboards",
  ismTemplate: "array",
  rolloverAge: true,
};

/** The dialect of an engine version as Amazon spells it: `Elasticsearch_7.10`, `OpenSearch_2.19`. */
export function dialectOf(engineVersion: string): Dialect | undefined {
  if (/^Elasticsearch_\d+\.\d+$/.test(engineVersion)) return ELASTICSEARCH;
  if (/^OpenSearch_\d+\.\d+$/.test(engineVersion)) return OPENSEARCH;
  return undefined;
}
