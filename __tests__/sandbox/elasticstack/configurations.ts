import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSynthesized } from "../../support/stacks";
import type { Synthesized } from "../../../sandbox/terraform";

/**
 * The recorded configurations (__tests__/contracts/elasticstack/configurations) as a synthesized stack holds them.
 * Functions are evaluated, as Terraform does it before the provider sees anything; references are left.
 */
export function mainTf({ shards = "1", desc = "v1" } = {}): Synthesized {
  return stack({
    elasticsearch_component_template: {
      base: {
        name: "cwl-base",
        metadata: jsonencode({ managed_by: "cdktf" }),
        template: { settings: jsonencode({ index: { codec: "best_compression" } }) },
      },
    },
    elasticsearch_ingest_pipeline: {
      cwl: {
        name: "cwl",
        description: desc,
        processors: [
          jsonencode({ set: { field: "ingested", value: "{{_ingest.timestamp}}" } }),
          jsonencode({ remove: { field: ["a", "b"], ignore_missing: true } }),
        ],
      },
    },
    elasticsearch_index_template: {
      cwl: {
        name: "cwl",
        index_patterns: ["cwl-*"],
        priority: 200,
        composed_of: ["${elasticstack_elasticsearch_component_template.base.name}"],
        template: {
          settings: jsonencode({
            index: {
              number_of_shards: shards,
              refresh_interval: "30s",
              mapping: { total_fields: { limit: "2000" } },
              default_pipeline: "${elasticstack_elasticsearch_ingest_pipeline.cwl.name}",
            },
          }),
          mappings: jsonencode({
            dynamic: false,
            properties: { "@timestamp": { type: "date" }, message: { type: "text" } },
          }),
        },
      },
    },
    elasticsearch_cluster_settings: {
      this: { persistent: { setting: [{ name: "action.auto_create_index", value: "+cwl-*,-*,+.*" }] } },
    },
    elasticsearch_index_lifecycle: {
      cwl: { name: "cwl", metadata: jsonencode({ owner: "logs" }), delete: { min_age: "90d", delete: {} } },
    },
    kibana_import_saved_objects: {
      cwl: {
        overwrite: true,
        file_contents: lines({
          id: "cwl",
          type: "index-pattern",
          attributes: { title: "cwl-*", timeFieldName: "@timestamp" },
          references: [],
        }),
      },
    },
  });
}

/** As it was synthesized, but for the one function call in it. */
export function cdkTfJson(): Synthesized {
  const file = join(__dirname, "..", "..", "contracts", "elasticstack", "configurations", "cdk.tf.json");
  const settings = jsonencode({
    index: {
      number_of_shards: 1,
      refresh_interval: "30s",
      mapping: { total_fields: { limit: 2000 } },
      default_pipeline: "${elasticstack_elasticsearch_ingest_pipeline.pipe.name}",
    },
  });
  const text = readFileSync(file, "utf8").replace(/"\$\{jsonencode\(.*\)\}"/, () => JSON.stringify(settings));
  return parseSynthesized(text) as unknown as Synthesized;
}

export function ilmTf({ age = "90d", force = false } = {}): Synthesized {
  return stack({
    elasticsearch_index_lifecycle: {
      a: {
        name: "a",
        metadata: jsonencode({ owner: "logs", n: 1 }),
        force_destroy: force,
        hot: {
          rollover: { max_age: "1d", max_size: "50gb", max_primary_shard_docs: 1000, min_docs: 1 },
          set_priority: { priority: 100 },
        },
        warm: {
          min_age: "7d",
          forcemerge: { max_num_segments: 1 },
          readonly: {},
          allocate: { number_of_replicas: 0 },
          shrink: { number_of_shards: 1, allow_write_after_shrink: true },
        },
        delete: { min_age: age, delete: {} },
      },
      plain: { name: "plain", delete: { min_age: "90d", delete: { delete_searchable_snapshot: false } } },
    },
  });
}

export function kibTf({ title = "cwl-*", space }: { title?: string; space?: string } = {}): Synthesized {
  return stack({
    kibana_import_saved_objects: {
      o: {
        overwrite: true,
        ...(space === undefined ? {} : { space_id: space }),
        file_contents: lines(
          { id: "i", type: "index-pattern", attributes: { title }, references: [] },
          { id: "v", type: "visualization", attributes: { title: "V", visState: "{}" }, references: [] },
        ),
      },
    },
  });
}

export function csTf(
  persistent: Record<string, string>,
  { lists = {}, transient = {} }: { lists?: Record<string, string[]>; transient?: Record<string, string> } = {},
): Synthesized {
  const values = (settings: Record<string, string>) =>
    Object.entries(settings).map(([name, value]) => ({ name, value }));
  const all = Object.entries(lists).map(([name, value]) => ({ name, value_list: value }));
  return stack({
    elasticsearch_cluster_settings: {
      s: {
        persistent: { setting: [...values(persistent), ...all] },
        ...(Object.keys(transient).length === 0 ? {} : { transient: { setting: values(transient) } }),
      },
    },
  });
}

export function mapTf(): Synthesized {
  return stack({
    elasticsearch_index_template: {
      m: {
        name: "m",
        index_patterns: ["m-*"],
        priority: 9,
        template: {
          settings: jsonencode({ index: { number_of_shards: "1" } }),
          mappings: jsonencode({ properties: { a: { type: "keyword" } }, dynamic: false }),
        },
      },
    },
  });
}

export function verTf(): Synthesized {
  return stack({
    elasticsearch_index_template: {
      v: {
        name: "v",
        index_patterns: ["v-*"],
        priority: 11,
        composed_of: [],
        template: { settings: jsonencode({ index: { number_of_shards: "1" } }) },
      },
    },
  });
}

export function unkTf(): Synthesized {
  const template = { settings: jsonencode({ index: { number_of_shards: "1" } }) };
  return stack({
    elasticsearch_index_template: { u: { name: "u", index_patterns: ["u-*"], priority: 77, template } },
    elasticsearch_component_template: { u: { name: "u", template } },
    elasticsearch_index_lifecycle: { u: { name: "u", delete: { min_age: "90d", delete: {} } } },
    kibana_import_saved_objects: {
      u: {
        overwrite: true,
        file_contents: lines({ id: "u", type: "index-pattern", attributes: { title: "u" }, references: [] }),
      },
    },
  });
}

/** A stack with the provider block of the recordings. */
export function stack(resources: Record<string, Record<string, object>>): Synthesized {
  return {
    provider: { elasticstack: [{ elasticsearch: [{ username: "tf" }], kibana: [{ username: "tf" }] }] },
    resource: Object.fromEntries(
      Object.entries(resources).map(([type, named]) => [`elasticstack_${type}`, named as Record<string, unknown>]),
    ),
  };
}

function lines(...objects: object[]): string {
  return objects.map((object) => `${jsonencode(object)}\n`).join("");
}

/** Terraform's function: keys in order. */
function jsonencode(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
