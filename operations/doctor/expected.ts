import { dialectOf } from "../../lambda/gateway/dialect";
import { toIsm, type IlmPolicy, type IsmPolicy } from "../../lambda/gateway/ism";
import type { Config } from "../../modules/config";
import { savedObjects, type SavedObject } from "../../modules/dashboards";
import { INDEX_PATTERN, indexTemplateMappings, indexTemplateSettings } from "../../modules/fields";

/** The body of an index template. */
export interface TemplateBody {
  readonly index_patterns: readonly string[];
  readonly priority?: number;
  readonly template: { readonly settings?: object; readonly mappings?: object };
}

/** What the stack `search` puts into a domain for a configuration. A test holds it against the synthesized stack. */
export interface Expected {
  readonly template: TemplateBody;
  readonly retention: IsmPolicy;
  readonly savedObjects: readonly SavedObject[];
}

export function expectedOf({ search, kibana }: Config): Expected {
  const replicas = search.instanceCount > 1 ? 1 : 0;
  return {
    template: {
      index_patterns: [INDEX_PATTERN],
      priority: 100,
      template: { settings: indexTemplateSettings({ replicas }), mappings: indexTemplateMappings() },
    },
    retention: toIsm(retentionPolicy(search.retentionDays), INDEX_PATTERN, dialectOf(search.engineVersion)!),
    savedObjects: savedObjects({ excludedUsers: kibana.excludedUsers }),
  };
}

function retentionPolicy(days: number): IlmPolicy {
  return { phases: { delete: { min_age: `${days}d`, actions: { delete: {} } } } };
}
