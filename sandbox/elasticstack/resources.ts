import { isDeepStrictEqual } from "node:util";
import { ElasticstackError, type Session } from "./session";

/** Attributes of a resource as Terraform hands them to a provider: no expression is left in them. */
export type Attributes = Readonly<Record<string, unknown>>;

/** How a resource is on the server. */
export type Reading = "same" | "changed" | "gone";

/** How the provider works on one type of resource: which requests, in which order. */
export interface ResourceKind {
  /** Names of the attributes that it sends. */
  readonly attributes: readonly string[];
  create(session: Session, attributes: Attributes): Promise<void>;
  /** Whether it is there, and whether it is as it was left. */
  refresh(session: Session, attributes: Attributes): Promise<Reading>;
  update(session: Session, attributes: Attributes, before: Attributes): Promise<void>;
  delete(session: Session, attributes: Attributes): Promise<void>;
}

const PHASES = ["hot", "warm", "cold", "frozen", "delete"];

/** Attributes that are query parameters of an import. */
const IMPORT_SWITCHES = [
  ["overwrite", "overwrite"],
  ["create_new_copies", "createNewCopies"],
  ["compatibility_mode", "compatibilityMode"],
] as const;

/** The resources of the provider that were recorded. */
export const KINDS: Readonly<Record<string, ResourceKind>> = {
  elasticstack_elasticsearch_index_template: template(
    "_index_template",
    "index_templates",
    "index_template",
    indexTemplate,
    ["name", "index_patterns", "composed_of", "priority", "metadata", "version", "template"],
  ),
  elasticstack_elasticsearch_component_template: template(
    "_component_template",
    "component_templates",
    "component_template",
    componentTemplate,
    ["name", "metadata", "version", "template"],
  ),
  elasticstack_elasticsearch_ingest_pipeline: pipeline(),
  elasticstack_elasticsearch_index_lifecycle: lifecycle(),
  elasticstack_elasticsearch_cluster_settings: clusterSettings(),
  elasticstack_kibana_import_saved_objects: savedObjects(),
};

// ---------------------------------------------------------------- templates

interface TemplateBody {
  readonly template?: { readonly settings?: object; readonly mappings?: object };
}

function template(
  api: string,
  list: string,
  item: string,
  body: (attributes: Attributes) => object,
  names: readonly string[],
): ResourceKind {
  const path = ({ name }: Attributes) => `/${api}/${String(name)}`;
  const read = async (session: Session, attributes: Attributes) => {
    const reply = await session.elasticsearch("GET", path(attributes));
    if (reply.status === 404) return "gone";
    const found = (reply.body as Record<string, readonly Record<string, unknown>[] | undefined>)[list];
    if (found?.length !== 1) throw new ElasticstackError(`GET ${path(attributes)}: not exactly one template`);
    return isTemplate(found[0]![item] as TemplateBody, body(attributes)) ? "same" : "changed";
  };
  return {
    attributes: names,
    async create(session, attributes) {
      await session.elasticsearch("PUT", path(attributes), body(attributes));
      await session.elasticsearch("GET", "/");
      await consistent(read(session, attributes), path(attributes));
    },
    refresh: read,
    async update(session, attributes) {
      await session.elasticsearch("PUT", path(attributes), body(attributes));
      await consistent(read(session, attributes), path(attributes));
    },
    async delete(session, attributes) {
      await session.elasticsearch("DELETE", path(attributes));
    },
  };
}

function indexTemplate(attributes: Attributes): object {
  return {
    composed_of: attributes.composed_of ?? [],
    index_patterns: attributes.index_patterns,
    ...optional("priority", attributes.priority),
    ...optional("_meta", json(attributes.metadata)),
    ...optional("template", templateBlock(attributes)),
    ...optional("version", attributes.version),
  };
}

function componentTemplate(attributes: Attributes): object {
  return {
    ...optional("_meta", json(attributes.metadata)),
    ...optional("template", templateBlock(attributes)),
    ...optional("version", attributes.version),
  };
}

function templateBlock({ template: block }: Attributes): object | undefined {
  if (block === undefined) return undefined;
  const { settings, mappings, ...others } = block as { settings?: string; mappings?: string };
  if (Object.keys(others).length > 0) {
    throw new ElasticstackError(`template: the stand-in does not know ${Object.keys(others).join(", ")}`);
  }
  return { ...optional("settings", json(settings)), ...optional("mappings", json(mappings)) };
}

/** Settings count as texts, whatever their spelling; mappings as the same if one holds the other. */
function isTemplate(found: TemplateBody, wanted: TemplateBody): boolean {
  const { template: foundTemplate = {}, ...foundRest } = found;
  const { template: wantedTemplate = {}, ...wantedRest } = wanted;
  const mappings = [foundTemplate.mappings ?? {}, wantedTemplate.mappings ?? {}] as const;
  return (
    Object.entries(wantedRest).every(([key, value]) =>
      isDeepStrictEqual((foundRest as Record<string, unknown>)[key] ?? [], value),
    ) &&
    isDeepStrictEqual(flat(foundTemplate.settings ?? {}), flat(wantedTemplate.settings ?? {})) &&
    (holds(mappings[0], mappings[1]) || holds(mappings[1], mappings[0]))
  );
}

function flat(settings: object, prefix = ""): Record<string, string> {
  const entries = Object.entries(settings).flatMap(([key, value]: [string, unknown]): [string, string][] =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(flat(value, `${prefix}${key}.`))
      : [[`${prefix}${key}`.replace(/^(?!index\.)/, "index."), String(value)]],
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function holds(larger: unknown, smaller: unknown): boolean {
  if (typeof smaller !== "object" || smaller === null) return String(larger) === String(smaller);
  return Object.entries(smaller).every(([key, value]) =>
    holds((larger as Record<string, unknown> | undefined)?.[key], value),
  );
}

// ---------------------------------------------------------------- pipelines

function pipeline(): ResourceKind {
  const path = ({ name }: Attributes) => `/_ingest/pipeline/${String(name)}`;
  const body = ({ description, processors, metadata }: Attributes) => ({
    ...optional("description", description),
    ...optional("_meta", json(metadata)),
    processors: (processors as string[]).map(json),
  });
  const compare = (found: unknown, attributes: Attributes) => {
    const own = (found as Record<string, unknown> | undefined)?.[String(attributes.name)];
    return isDeepStrictEqual(own, body(attributes)) ? "same" : "changed";
  };
  const write = async (session: Session, attributes: Attributes) => {
    await session.elasticsearch("PUT", path(attributes), body(attributes));
    await session.elasticsearch("GET", "/");
    const { body: found } = await session.elasticsearch("GET", path(attributes));
    await consistent(Promise.resolve(compare(found, attributes)), path(attributes));
  };
  return {
    attributes: ["name", "description", "processors", "metadata"],
    create: write,
    async refresh(session, attributes) {
      const { status, body: found } = await session.elasticsearch("GET", path(attributes));
      await session.elasticsearch("GET", "/");
      return status === 404 ? "gone" : compare(found, attributes);
    },
    update: write,
    async delete(session, attributes) {
      await session.elasticsearch("DELETE", path(attributes));
    },
  };
}

// ---------------------------------------------------------------- lifecycle policies

function lifecycle(): ResourceKind {
  const path = ({ name }: Attributes) => `/_ilm/policy/${String(name)}`;
  const body = (attributes: Attributes) => ({
    policy: {
      ...optional("_meta", json(attributes.metadata)),
      phases: Object.fromEntries(
        PHASES.flatMap((phase) => (attributes[phase] === undefined ? [] : [[phase, phaseOf(attributes[phase])]])),
      ),
    },
  });
  const read = async (session: Session, attributes: Attributes) => {
    const { status, body: found } = await session.elasticsearch("GET", path(attributes));
    if (status === 404) return "gone";
    const own = (found as Record<string, { version?: unknown; policy?: unknown } | undefined>)[String(attributes.name)];
    if (typeof own?.version !== "number") throw new ElasticstackError(`GET ${path(attributes)}: version is no number`);
    return isDeepStrictEqual(own.policy, body(attributes).policy) ? "same" : "changed";
  };
  const write = async (session: Session, attributes: Attributes) => {
    const { body: info } = await session.elasticsearch("GET", "/");
    const { policy } = body(attributes);
    refuseNewer(policy.phases, (info as { version: { number: string } }).version.number);
    await session.elasticsearch("PUT", path(attributes), { policy });
    await consistent(read(session, attributes), path(attributes));
  };
  return {
    attributes: ["name", "metadata", "force_destroy", ...PHASES],
    create: write,
    refresh: read,
    update: write,
    async delete(session, attributes) {
      await session.elasticsearch("DELETE", path(attributes));
    },
  };
}

/** What the provider sends where a block leaves it out. */
const DEFAULTS: Readonly<Record<string, object>> = {
  allocate: { number_of_replicas: 0 },
  delete: { delete_searchable_snapshot: true },
  migrate: { enabled: true },
  searchable_snapshot: { force_merge_index: true },
};
/** Blocks that only say whether. */
const SWITCHES = ["readonly", "freeze", "unfollow"];

type Actions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function phaseOf(given: unknown): { readonly actions: Actions; readonly min_age: string } {
  const { min_age: minAge, ...blocks } = given as Record<string, Record<string, unknown>> & { min_age?: string };
  const actions = Object.entries(blocks as Actions).flatMap(([action, settings]) => {
    if (!SWITCHES.includes(action)) return [[action, { ...DEFAULTS[action], ...settings }] as const];
    return settings.enabled === false ? [] : [[action, {}] as const];
  });
  return { actions: Object.fromEntries(actions), min_age: minAge ?? "0ms" };
}

/** Versions of Elasticsearch from which on the provider sends a setting; to an older one it refuses to. */
const SINCE: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  total_shards_per_node: [7, 16],
  max_primary_shard_docs: [8, 2],
  min_age: [8, 4],
  min_docs: [8, 4],
  min_size: [8, 4],
  min_primary_shard_docs: [8, 4],
  min_primary_shard_size: [8, 4],
  allow_write_after_shrink: [8, 14],
};

function refuseNewer(phases: Readonly<Record<string, { readonly actions: Actions }>>, version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const settings = Object.values(phases).flatMap(({ actions }) => Object.values(actions).flatMap(Object.keys));
  const newer = settings.find((setting) => {
    const [sinceMajor, sinceMinor] = SINCE[setting] ?? [0, 0];
    return major < sinceMajor || (major === sinceMajor && minor < sinceMinor);
  });
  if (newer === undefined) return;
  throw new ElasticstackError(
    `[${newer}] is not supported in the target Elasticsearch server: at least ${SINCE[newer]!.join(".")}.0 is needed, and it is ${version}`,
  );
}

// ---------------------------------------------------------------- cluster settings

function clusterSettings(): ResourceKind {
  const body = (attributes: Attributes, value: (given: unknown) => unknown) =>
    Object.fromEntries(
      ["persistent", "transient"].flatMap((block) => {
        const { setting = [] } = (attributes[block] ?? {}) as {
          setting?: { name: string; value?: unknown; value_list?: unknown }[];
        };
        if (setting.length === 0) return [];
        return [
          [block, Object.fromEntries(setting.map((given) => [given.name, value(given.value ?? given.value_list)]))],
        ];
      }),
    );
  const read = async (session: Session, attributes: Attributes) => {
    const { body: found } = await session.elasticsearch("GET", "/_cluster/settings?flat_settings=true");
    return holds(
      found,
      body(attributes, (value) => value),
    )
      ? "same"
      : "changed";
  };
  const write = async (session: Session, attributes: Attributes, removed: object) => {
    const wanted = body(attributes, (value) => value);
    await session.elasticsearch("PUT", "/_cluster/settings", merge(removed, wanted));
    await consistent(read(session, attributes), "/_cluster/settings");
  };
  return {
    attributes: ["persistent", "transient"],
    async create(session, attributes) {
      await session.elasticsearch("GET", "/");
      await write(session, attributes, {});
    },
    refresh: read,
    update: (session, attributes, before) =>
      write(
        session,
        attributes,
        body(before, () => null),
      ),
    async delete(session, attributes) {
      await session.elasticsearch(
        "PUT",
        "/_cluster/settings",
        body(attributes, () => null),
      );
    },
  };
}

function merge(a: object, b: object): object {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(
    keys.map((key) => [key, { ...(a[key as never] as object), ...(b[key as never] as object) }]),
  );
}

// ---------------------------------------------------------------- saved objects

function savedObjects(): ResourceKind {
  const upload = async (session: Session, attributes: Attributes) => {
    const switches = IMPORT_SWITCHES.filter(([name]) => attributes[name] === true);
    const query = switches.length === 0 ? "" : `?${switches.map(([, name]) => `${name}=true`).join("&")}`;
    const space = attributes.space_id as string | undefined;
    const answer = await session.import(query, String(attributes.file_contents), space);
    const {
      success,
      successCount = 0,
      errors,
    } = answer as { success: boolean; successCount?: number; errors?: unknown };
    // If some objects were imported, the provider only warns.
    if (!success && successCount === 0 && attributes.ignore_import_errors !== true) {
      throw new ElasticstackError(`no objects imported successfully: ${JSON.stringify(errors).slice(0, 500)}`);
    }
  };
  return {
    attributes: [...IMPORT_SWITCHES.map(([name]) => name), "file_contents", "space_id", "ignore_import_errors"],
    create: upload,
    refresh: () => Promise.resolve("same"),
    update: upload,
    delete: () => Promise.resolve(),
  };
}

// ---------------------------------------------------------------- what several have in common

function json(text: unknown): unknown {
  return typeof text === "string" ? JSON.parse(text) : undefined;
}

function optional(name: string, value: unknown): object {
  return value === undefined ? {} : { [name]: value };
}

/** Terraform fails if what was written reads differently. */
async function consistent(reading: Promise<Reading>, path: string): Promise<void> {
  const state = await reading;
  if (state !== "same") {
    throw new ElasticstackError(`${path}: Provider produced inconsistent result after apply (it reads as ${state})`);
  }
}
