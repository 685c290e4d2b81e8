import { domainError, GatewayError, isObject, parse } from "./errors";
import type { DomainReply } from "./domain";

/** The types of the product's saved objects. */
const TYPES = ["index-pattern", "search", "visualization", "dashboard"];

/**
 * Looks at an import before it is sent: the multipart form with its one file, and each object in it. Kibana never
 * answers some malformed lines (it closes the socket after two minutes) and writes others under made-up ids; here
 * they are refused with the line's number.
 *
 * @throws GatewayError 400 or 415 for what is no export, 403 for objects of other types than the product's
 */
export async function checkImport(body: Buffer, contentType: string | undefined): Promise<void> {
  if (contentType === undefined || !/^multipart\/form-data\s*;.*boundary=/i.test(contentType)) {
    throw invalid(415, "Saved objects are sent as multipart/form-data with a boundary");
  }
  const lines = (await readFile(body, contentType)).split("\n");
  for (const [i, line] of lines.entries()) {
    if (line.trim() !== "") checkObject(parse(line), i + 1);
  }
}

/**
 * Kibana's reply to an import where it says success.
 *
 * @throws GatewayError of status 400 or more for everything else, also for `success: false`, which Kibana answers
 *   with 200 and the provider would store as if it had worked
 */
export function readImportReply(reply: DomainReply): string {
  const parsed = parse(reply.text);
  if (reply.status < 200 || reply.status > 299) {
    if (reply.status === 404) {
      throw new GatewayError(501, "not_supported", "The domain has no import of saved objects at its Kibana address");
    }
    throw domainError(reply);
  }
  if (!isObject(parsed)) {
    throw new GatewayError(502, "domain_exception", "The domain answered the import with something that is no JSON");
  }
  if (parsed.success === true) return reply.text;
  const errors = Array.isArray(parsed.errors) ? (parsed.errors as unknown[]) : [];
  const some = errors.slice(0, 10).map(describe);
  const more = errors.length > some.length ? ` and ${errors.length - some.length} more` : "";
  throw invalid(400, `Saved objects were not imported: ${some.join("; ")}${more}`);
}

/** The text of the form's one file. */
async function readFile(body: Buffer, contentType: string): Promise<string> {
  const parts = await readForm(body, contentType);
  const [[name, file] = []] = parts;
  if (parts.length !== 1 || name !== "file" || file === undefined || typeof file === "string") {
    throw invalid(400, "An import has one part, `file`, with a file name");
  }
  return file.text();
}

async function readForm(body: Buffer, contentType: string) {
  try {
    const form = new Response(new Uint8Array(body), { headers: { "content-type": contentType } });
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- for large uploads; and the library that is recommended instead ends the process on a form that is cut short
    return [...(await form.formData())];
  } catch {
    throw invalid(400, "The body is no multipart form of the boundary that its content type names");
  }
}

function checkObject(object: unknown, line: number): void {
  if (!isObject(object)) throw invalid(400, `Line ${line} is no JSON object`);
  // The last line of an export.
  if ("exportedCount" in object) return;
  const { type, id, attributes } = object;
  if (typeof type !== "string" || typeof id !== "string" || id === "" || !isObject(attributes)) {
    throw invalid(400, `Line ${line} is no saved object: it needs type, id and attributes`);
  }
  if (!TYPES.includes(type)) {
    throw invalid(403, `Line ${line}: the gateway imports ${TYPES.join(", ")}, not ${type.slice(0, 100)}`);
  }
}

function describe(failed: unknown): string {
  const { type, id, error } = isObject(failed) ? failed : {};
  const { type: kind, references, ...rest } = isObject(error) ? error : {};
  const missing = Array.isArray(references)
    ? (references as unknown[]).map((to) => (isObject(to) ? `${String(to.type)} ${String(to.id)}` : "")).join(", ")
    : "";
  const detail = typeof rest.message === "string" ? rest.message : missing;
  return `${String(type)} ${String(id)}: ${String(kind)}${detail === "" ? "" : ` (${detail})`}`;
}

function invalid(status: number, reason: string): GatewayError {
  return new GatewayError(status, "saved_objects_exception", reason);
}
