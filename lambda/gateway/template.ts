import { GatewayError, isObject, parse } from "./errors";

/**
 * The index template in a request's body, written anew so that nothing but what was looked at is sent on.
 *
 * @param indexPattern the product's own
 * @throws GatewayError 400 for what is no template, 403 for a template that reaches beyond the product's indices:
 *   another pattern, aliases, data streams, component templates, pipelines, scripts
 */
export function checkTemplate(body: string, indexPattern: string): string {
  const template = parse(body);
  if (!isObject(template)) throw new GatewayError(400, "parse_exception", "the body is no index template");
  const patterns = template.index_patterns;
  if (!Array.isArray(patterns) || patterns.length !== 1 || patterns[0] !== indexPattern) {
    throw forbidden(`index_patterns must be ["${indexPattern}"]`);
  }
  onlyKeys(
    template,
    ["index_patterns", "template", "priority", "version", "_meta", "composed_of"],
    "an index template",
  );
  const { composed_of: composedOf = [], template: content = {} } = template;
  if (!Array.isArray(composedOf) || composedOf.length > 0) throw forbidden("no component templates");
  if (!isObject(content)) throw new GatewayError(400, "parse_exception", "template is no object");
  onlyKeys(content, ["settings", "mappings"], "template");
  checkSettings(content.settings ?? {}, "");
  checkMappings(content.mappings);
  return JSON.stringify(template);
}

function onlyKeys(object: Record<string, unknown>, keys: readonly string[], where: string): void {
  const other = Object.keys(object).find((key) => !keys.includes(key));
  if (other !== undefined) throw forbidden(`no ${other} in ${where}`);
}

/** Settings may be nested, dotted, or both. A pipeline would see and change every record. */
function checkSettings(settings: unknown, path: string): void {
  if (/(^|\.)(default_pipeline|final_pipeline)$/.test(path)) throw forbidden(`no ${path}`);
  if (!isObject(settings)) return;
  for (const [key, value] of Object.entries(settings)) checkSettings(value, path === "" ? key : `${path}.${key}`);
}

/** Fields that scripts compute. Below `properties` and `fields` keys are names of fields, elsewhere they are parameters. */
function checkMappings(mappings: unknown): void {
  if (Array.isArray(mappings)) mappings.forEach(checkMappings);
  if (!isObject(mappings)) return;
  for (const [key, value] of Object.entries(mappings)) {
    if (["script", "runtime", "derived"].includes(key)) throw forbidden(`no ${key} in mappings`);
    if (key === "properties" || key === "fields") checkMappings(isObject(value) ? Object.values(value) : value);
    else if (key !== "_meta" && key !== "meta") checkMappings(value);
  }
}

function forbidden(reason: string): GatewayError {
  return new GatewayError(
    403,
    "security_exception",
    `The gateway lets only the product's own index template through: ${reason}`,
  );
}
