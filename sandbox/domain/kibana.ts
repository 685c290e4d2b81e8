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
    const blocked = await this.blocked(supported, overwrite);
    if (blocked.length === 0) await this.save(supported);
    const successful = supported.filter((object) => !blocked.some((entry) => entry.object === object));
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

async function multipartFile(contentType: string, body: Buffer): Promise<{ name: string; text: string } | undefined> {
  try {
    const form = await new Response(new Uint8Array(body), { headers: { "content-type": contentType } })
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- for large uploads; these are small
      .formData();
    const file = form.get("file");
    return file === null || typeof file === "string" ? undefined : { name: file.name, text: await file.text() };
  } catch {
    return undefined;
  }
}

function parseLines(text: string): SavedObject[] | StandInReply {
  try {
    return text
      .split(/\r?\n/)
      .filter((line) => line.trim() !== "")
      .map((line) => JSON.parse(line) as SavedObject);
  } catch (error) {
    return badRequest((error as Error).message);
  }
}

function identity({ type, id, attributes }: SavedObject): object {
  const title = attributes.title;
  return { type, id, meta: { title, ...(ICONS[type] === undefined ? {} : { icon: ICONS[type] }) } };
}

function problem(object: SavedObject, error: object): object {
  return { ...identity(object), title: object.attributes.title, error };
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

function badRequest(message: string): StandInReply {
  return { status: 400, body: { statusCode: 400, error: "Bad Request", message } };
}

function notFound(): StandInReply {
  return { status: 404, body: { statusCode: 404, error: "Not Found", message: "Not Found" } };
}
