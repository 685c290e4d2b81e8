import { isDeepStrictEqual } from "node:util";
import { ElasticstackError, type Session } from "./session";

/** Attributes of a resource as Terraform hands them to a provider: no expression is left in them. */
export type Attributes = Readonly<Record<string, unknown>>;

/** How the provider works on one type of resource: which requests, in which order. */
export interface ResourceKind {
  create(session: Session, attributes: Attributes): Promise<void>;
  /** Whether it is there, and whether it is as it was left. */
  refresh(session: Session, attributes: Attributes): Promise<"same" | "changed" | "gone">;
  update(session: Session, attributes: Attributes, before: Attributes): Promise<void>;
  delete(session: Session, attributes: Attributes): Promise<void>;
}

/** The resources of the provider that were recorded. */
export const KINDS: Readonly<Record<string, ResourceKind>> = {
  elasticstack_elasticsearch_index_template: template(
    "_index_template",
    "index_templates",
    "index_template",
    indexTemplate,
  ),
  elasticstack_elasticsearch_component_template: template(
    "_component_template",
    "component_templates",
    "component_template",
    componentTemplate,
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

function template(api: string, list: string, item: string, body: (attributes: Attributes) => object): ResourceKind {
  const path = ({ name }: Attributes) => `/${api}/${String(name)}`;
  const read = async (session: Session, attributes: Attributes) => {
    const reply = await session.elasticsearch("GET", path(attributes));
    if (reply.status === 404) return "gone";
    const found = (reply.body as Record<string, readonly Record<string, unknown>[] | undefined>)[list];
    if (found?.length !== 1) throw new ElasticstackError(`GET ${path(attributes)}: not exactly one template`);
    return isTemplate(found[0]![item] as TemplateBody, body(attributes)) ? "same" : "changed";
  };
  return {
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
  };
}

function componentTemplate(attributes: Attributes): object {
  return { ...optional("_meta", json(attributes.metadata)), ...optional("template", templateBlock(attributes)) };
}

function templateBlock({ template: block }: Attributes): object | undefined {
  if (block === undefined) return undefined;
  const { settings, mappings } = block as { settings?: string; mappings?: string };
  return { ...optional("settings", json(settings)), ...optional("mappings", json(mappings)) };
}

/** Settings count as texts, whatever their spelling; mappings as the same if one holds the other. */
function isTemplate(found: TemplateBody, wanted: TemplateBody): boolean {
  const { template: foundTemplate = {}, ...foundRest } = found;
  const { template: wantedTemplate = {}, ...wantedRest } = wanted;
  const mappings = [foundTemplate.mappings ?? {}, wantedTemplate.mappings ?? {}] as const;
  return (
    Object.entries(wantedRest).every(([key, value]) => isDeepStrictEqual(foundRest[key as never] ?? [], value)) &&
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

const PHASES = ["hot", "warm", "cold", "frozen", "delete"];

function lifecycle(): ResourceKind {
  const path = ({ name }: Attributes) => `/_ilm/policy/${String(name)}`;
  const body = (attributes: Attributes) => ({
    policy: {
      ...optional("_meta", json(attributes.metadata)),
      phases: Object.fromEntries(
        PHASES.flatMap((phase) =>
          attributes[phase] === undefined ? [] : [[phase, phaseOf(phase, attributes[phase])]],
        ),
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
    await session.elasticsearch("GET", "/");
    await session.elasticsearch("PUT", path(attributes), body(attributes));
    await consistent(read(session, attributes), path(attributes));
  };
  return {
    create: write,
    refresh: read,
    update: write,
    async delete(session, attributes) {
      await session.elasticsearch("DELETE", path(attributes));
    },
  };
}

function phaseOf(name: string, given: unknown): object {
  const { min_age: minAge, ...actions } = given as Record<string, object | undefined> & { min_age?: string };
  const withDefaults = Object.entries(actions).map(([action, settings]) => [
    action,
    action === "delete" ? { delete_searchable_snapshot: true, ...settings } : settings,
  ]);
  return { actions: Object.fromEntries(withDefaults) as object, min_age: minAge ?? (name === "hot" ? "0ms" : "0s") };
}

// ---------------------------------------------------------------- cluster settings

function clusterSettings(): ResourceKind {
  const body = (attributes: Attributes, value: (given: unknown) => unknown) =>
    Object.fromEntries(
      ["persistent", "transient"].flatMap((block) => {
        const { setting = [] } = (attributes[block] ?? {}) as { setting?: { name: string; value?: unknown }[] };
        if (setting.length === 0) return [];
        return [[block, Object.fromEntries(setting.map((given) => [given.name, value(given.value)]))]];
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
  const upload = (session: Session, { overwrite, file_contents: contents, space_id: space }: Attributes) =>
    session.import(overwrite === true ? "?overwrite=true" : "", String(contents), space as string | undefined);
  return {
    async create(session, attributes) {
      const answer = (await upload(session, attributes)) as { success?: boolean; errors?: unknown };
      if (answer.success !== true && attributes.ignore_import_errors !== true) {
        throw new ElasticstackError(`not all objects were imported: ${JSON.stringify(answer.errors).slice(0, 500)}`);
      }
    },
    refresh: () => Promise.resolve("same"),
    // The provider keeps a failed update as if it had worked; so does this.
    async update(session, attributes) {
      await upload(session, attributes);
    },
    delete: () => Promise.resolve(),
  };
}

// ---------------------------------------------------------------- what several have in common

function json(text: unknown): unknown {
  return text === undefined ? undefined : JSON.parse(String(text));
}

function optional(name: string, value: unknown): object {
  return value === undefined ? {} : { [name]: value };
}

/** Terraform fails if what was written reads differently. */
async function consistent(reading: Promise<"same" | "changed" | "gone">, path: string): Promise<void> {
  const state = await reading;
  if (state !== "same") {
    throw new ElasticstackError(`${path}: Provider produced inconsistent result after apply (it reads as ${state})`);
  }
}
