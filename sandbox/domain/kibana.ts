import type { IncomingHttpHeaders } from "node:http";
import type { EngineClient } from "./engine-client";
import type { StandInReply } from "./ism";

interface SavedObject {
  readonly type: string;
  readonly id: string;
  readonly attributes: Record<string, unknown>;
  readonly references?: readonly { readonly name: string; readonly type: string; readonly id: string }[];
  readonly migrationVersion?: Readonly<Record<string, string>>;
}

const ICONS: Readonly<Record<string, string>> = {
  "index-pattern": "indexPatternApp",
  visualization: "visualizeApp",
  dashboard: "dashboardApp",
  search: "discoverApp",
};

/** The newest migrations that Kibana 7.10.2 knows. */
const NEWEST: Readonly<Record<string, string>> = {
  "index-pattern": "7.6.0",
  visualization: "7.10.0",
  dashboard: "7.9.3",
  search: "7.9.3",
};

/** The attributes that Kibana's own mapping has: a new one is refused. Index patterns may have any. */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  visualization: [
    "title",
    "description",
    "visState",
    "uiStateJSON",
    "version",
    "kibanaSavedObjectMeta",
    "savedSearchRefName",
  ],
  dashboard: [
    "title",
    "description",
    "hits",
    "kibanaSavedObjectMeta",
    "optionsJSON",
    "panelsJSON",
    "refreshInterval",
    "timeFrom",
    "timeRestore",
    "timeTo",
    "version",
  ],
  search: ["title", "description", "hits", "columns", "sort", "version", "kibanaSavedObjectMeta"],
};

/** References that an import looks for; others may point nowhere. */
const CHECKED = new Set(["index-pattern", "search"]);
const INDEX = ".kibana";

/**
 * A stand-in for the saved-object API of Kibana and OpenSearch Dashboards, which no package registry has: it answers
 * imports as recordings of a real Kibana 7.10.2 show, refusals included, and keeps the objects in the engine's `.kibana`.
 */
export class KibanaStandIn {
  constructor(
    private readonly engine: EngineClient,
    private readonly basePath: "/_plugin/kibana" | "/_dashboards",
    private readonly now: () => number,
  ) {}

  handles(path: string): boolean {
    return path === this.basePath || path.startsWith(`${this.basePath}/`);
  }

  async reply(
    method: string,
    path: string,
    query: URLSearchParams,
    headers: IncomingHttpHeaders,
    body: Buffer,
  ): Promise<StandInReply> {
    const [, ...steps] = path.slice(this.basePath.length).split("/");
    const [api, savedObjects, type, id] = steps.map(decodeURIComponent);
    if (api !== "api" || savedObjects !== "saved_objects" || type === undefined) return notFound();
    if (method === "POST" && type === "_import" && id === undefined) return this.import(query, headers, body);
    if (method === "GET" && type === "_find") return this.find(query);
    if (method === "GET" && id !== undefined) return this.get(type, id);
    if (method === "DELETE" && id !== undefined) return this.delete(type, id, headers);
    return notFound();
  }

  private async import(query: URLSearchParams, headers: IncomingHttpHeaders, body: Buffer): Promise<StandInReply> {
    if (this.lacksXsrf(headers)) return badRequest("Request must contain a kbn-xsrf header.");
    const contentType = headers["content-type"] ?? "";
    if (!contentType.startsWith("multipart/form-data")) {
      return {
        status: 415,
        body: { statusCode: 415, error: "Unsupported Media Type", message: "Unsupported Media Type" },
      };
    }
    const file = await multipartFile(contentType, body);
    if (file === undefined)
      return badRequest("[request body.file]: expected value of type [Stream] but got [undefined]");
    if (!file.name.toLowerCase().endsWith(".ndjson"))
      return badRequest(`Invalid file extension .${file.name.split(".").pop() ?? ""}`);
    const objects = parseLines(file.text);
    if ("status" in objects) return objects;
    return this.write(objects, query.get("overwrite") === "true");
  }

  private async write(objects: readonly SavedObject[], overwrite: boolean): Promise<StandInReply> {
    const seen = new Set<string>();
    for (const { type, id } of objects) {
      if (seen.has(`${type}:${id}`)) return badRequest(`Non-unique import objects detected: [${type}:${id}]`);
      seen.add(`${type}:${id}`);
    }
    const supported = objects.filter(({ type }) => type in ICONS);
    const errors: object[] = objects
      .filter((object) => !supported.includes(object))
      .map((object) => problem(object, { type: "unsupported_type" }));
    const tooNew = supported.find(({ type, migrationVersion }) => isNewer(migrationVersion?.[type], NEWEST[type]!));
    if (tooNew) return unprocessable(tooNew);
    if (supported.some(({ id, attributes }) => !isText(id) || !isRecord(attributes))) return serverError();
    const missing = await this.blocked(supported, overwrite);
    // With these nothing is written; what does not fit the mapping stays out by itself.
    const unfit = missing.length === 0 ? supported.flatMap(unfitFor) : [];
    const blocked = [...missing, ...unfit];
    const successful = supported.filter((object) => !blocked.some((entry) => entry.object === object));
    if (missing.length === 0) await this.save(successful);
    const allErrors = [...errors, ...blocked.map(({ object, error }) => problem(object, error))];
    return {
      status: 200,
      body: {
        successCount: successful.length,
        success: allErrors.length === 0,
        ...(successful.length > 0
          ? {
              successResults: successful.map((object) => ({
                ...identity(object),
                ...(overwrite ? { overwrite: true } : {}),
              })),
            }
          : {}),
        ...(allErrors.length > 0 ? { errors: allErrors } : {}),
      },
    };
  }

  /** Objects with a missing reference or, without overwrite, a conflict: one of them and nothing at all is written. */
  private async blocked(
    objects: readonly SavedObject[],
    overwrite: boolean,
  ): Promise<{ object: SavedObject; error: object }[]> {
    const inFile = new Set(objects.map(({ type, id }) => `${type}:${id}`));
    const found: { object: SavedObject; error: object }[] = [];
    for (const object of objects) {
      const missing = [];
      for (const { type, id } of object.references ?? []) {
        const isThere = !CHECKED.has(type) || inFile.has(`${type}:${id}`) || (await this.exists(type, id));
        if (!isThere) missing.push({ type, id });
      }
      if (missing.length > 0) found.push({ object, error: { type: "missing_references", references: missing } });
      else if (!overwrite && (await this.exists(object.type, object.id)))
        found.push({ object, error: { type: "conflict" } });
    }
    return found;
  }

  private async save(objects: readonly SavedObject[]): Promise<void> {
    await this.ensureIndex();
    const updated = new Date(this.now()).toISOString();
    const lines = objects.flatMap((object) => [
      { index: { _index: INDEX, _id: `${object.type}:${object.id}` } },
      { type: object.type, object: { ...object, references: object.references ?? [] }, updated_at: updated },
    ]);
    if (lines.length === 0) return;
    const body = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    await this.engine.send("POST", "/_bulk?refresh=true", { "content-type": "application/x-ndjson" }, body);
  }

  private async ensureIndex(): Promise<void> {
    await this.engine.json("PUT", `/${INDEX}`, {
      settings: { index: { number_of_shards: 1, number_of_replicas: 0, hidden: true } },
      mappings: { dynamic: false, properties: { type: { type: "keyword" } } },
    });
  }

  private async exists(type: string, id: string): Promise<boolean> {
    return (await this.read(type, id)) !== undefined;
  }

  private async read(type: string, id: string): Promise<{ object: SavedObject; updated_at: string } | undefined> {
    const { status, body } = await this.engine.json<{ _source?: { object: SavedObject; updated_at: string } }>(
      "GET",
      `/${INDEX}/_doc/${encodeURIComponent(`${type}:${id}`)}`,
    );
    return status === 200 ? body._source : undefined;
  }

  private async get(type: string, id: string): Promise<StandInReply> {
    const found = await this.read(type, id);
    if (!found) {
      return {
        status: 404,
        body: { statusCode: 404, error: "Not Found", message: `Saved object [${type}/${id}] not found` },
      };
    }
    return { status: 200, body: { ...found.object, namespaces: ["default"], updated_at: found.updated_at } };
  }

  private async delete(type: string, id: string, headers: IncomingHttpHeaders): Promise<StandInReply> {
    if (this.lacksXsrf(headers)) return badRequest("Request must contain a kbn-xsrf header.");
    const found = await this.get(type, id);
    if (found.status !== 200) return found;
    await this.engine.json("DELETE", `/${INDEX}/_doc/${encodeURIComponent(`${type}:${id}`)}?refresh=true`);
    return { status: 200, body: {} };
  }

  private async find(query: URLSearchParams): Promise<StandInReply> {
    const types = query.getAll("type");
    const perPage = Number(query.get("per_page") ?? 20);
    const page = Number(query.get("page") ?? 1);
    const { status, body } = await this.engine.json<{
      hits?: { total: { value: number }; hits: { _source: { object: SavedObject; updated_at: string } }[] };
    }>("POST", `/${INDEX}/_search`, { size: perPage, from: (page - 1) * perPage, query: { terms: { type: types } } });
    const hits = status === 200 ? body.hits : undefined;
    return {
      status: 200,
      body: {
        page,
        per_page: perPage,
        total: hits?.total.value ?? 0,
        saved_objects: (hits?.hits ?? []).map(({ _source: { object, updated_at } }) => ({
          ...object,
          updated_at,
          namespaces: ["default"],
        })),
      },
    };
  }

  private lacksXsrf(headers: IncomingHttpHeaders): boolean {
    const name = this.basePath === "/_dashboards" ? "osd-xsrf" : "kbn-xsrf";
    return headers[name] === undefined && headers["kbn-version"] === undefined && headers["osd-version"] === undefined;
  }
}

/**
 * What Kibana's strict mapping refuses. Objects without a migrationVersion are of an old form, which Kibana rewrites
 * first: they are not looked at.
 */
function unfitFor(object: SavedObject): { object: SavedObject; error: object }[] {
  const { type, attributes, migrationVersion } = object;
  const known = ATTRIBUTES[type];
  if (known === undefined || migrationVersion?.[type] === undefined) return [];
  const unknown = Object.keys(attributes).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const message = `mapping set to strict, dynamic introduction of [${unknown}] within [${type}] is not allowed: strict_dynamic_mapping_exception`;
    return [{ object, error: { message, statusCode: 400, error: "Bad Request", type: "unknown" } }];
  }
  if (attributes.version !== undefined && !Number.isInteger(Number(attributes.version))) {
    const message = `failed to parse field [${type}.version] of type [integer]: mapper_parsing_exception`;
    return [{ object, error: { message, statusCode: 400, error: "Bad Request", type: "unknown" } }];
  }
  return [];
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function multipartFile(contentType: string, body: Buffer): Promise<{ name: string; text: string } | undefined> {
  try {
    const form = await new Response(new Uint8Array(body), { headers: { "content-type": contentType } })
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- for large uploads; these are small
      .formData();
    const file = form.get("file");
    return file === null || typeof file === "string"
      ? undefined
      : {
          name: file.name,
          // Kibana keeps a byte order mark, and then finds no JSON.
          text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(await file.arrayBuffer()),
        };
  } catch {
    return undefined;
  }
}

function parseLines(text: string): SavedObject[] | StandInReply {
  try {
    return (
      text
        .split(/\r?\n/)
        .filter((line) => line.trim() !== "")
        .map((line) => JSON.parse(line) as SavedObject)
        // The details that end an export.
        .filter((object) => !("exportedCount" in object))
    );
  } catch (error) {
    return badRequest((error as Error).message);
  }
}

function identity({ type, id, attributes }: Partial<SavedObject>): object {
  const title = attributes?.title;
  return { type, id, meta: { title, ...(ICONS[type ?? ""] === undefined ? {} : { icon: ICONS[type ?? ""] }) } };
}

function problem(object: Partial<SavedObject>, error: object): object {
  return { ...identity(object), title: object.attributes?.title, error };
}

function isNewer(version: string | undefined, newest: string): boolean {
  if (version === undefined) return false;
  const [a, b] = [version, newest].map((text) => text.split(".").map(Number)) as [number[], number[]];
  return a.reduce((sum, part, position) => sum || part - b[position]!, 0) > 0;
}

function unprocessable({ type, id, migrationVersion }: SavedObject): StandInReply {
  const message = `Document "${id}" has property "${type}" which belongs to a more recent version of Kibana [${migrationVersion![type]!}]. The last known version is [${NEWEST[type]!}]`;
  return { status: 422, body: { statusCode: 422, error: "Unprocessable Entity", message } };
}

function serverError(): StandInReply {
  const message = "An internal server error occurred.";
  return { status: 500, body: { statusCode: 500, error: "Internal Server Error", message } };
}

function badRequest(message: string): StandInReply {
  return { status: 400, body: { statusCode: 400, error: "Bad Request", message } };
}

function notFound(): StandInReply {
  return { status: 404, body: { statusCode: 404, error: "Not Found", message: "Not Found" } };
}
