import type { Settings } from "./settings";

/** What a caller may ask for: everything that the product's own resources need, and nothing else. */
export type Route =
  /** Version and id of the cluster. */
  | { readonly kind: "info" }
  | { readonly kind: "template"; readonly method: "GET" | "PUT" | "DELETE" }
  | { readonly kind: "lifecycle"; readonly method: "GET" | "PUT" | "DELETE" }
  | { readonly kind: "import"; readonly overwrite: boolean };

/** How the two sides of the provider begin; its endpoints are the gateway's address with these. */
export const ELASTICSEARCH_PREFIX = "/es";
export const KIBANA_PREFIX = "/kibana";

/**
 * The route of a request, or undefined for everything that is not on the list. The path is decoded once and then
 * compared as a whole, so there is nothing to normalise and no second decoding to smuggle through; what is sent to
 * the domain is put together from the settings, never from the request.
 *
 * @param method compared with case
 * @param path as it came, percent-encoded
 * @param query as it came, without the question mark
 */
export function routeOf(
  method: string,
  path: string,
  query: string,
  names: Pick<Settings, "indexTemplate" | "retentionPolicy">,
): Route | undefined {
  const decoded = decodeOnce(path);
  if (decoded === undefined) return undefined;
  if (method === "POST" && decoded === `${KIBANA_PREFIX}/api/saved_objects/_import`) {
    if (query === "" || query === "overwrite=false") return { kind: "import", overwrite: false };
    return query === "overwrite=true" ? { kind: "import", overwrite: true } : undefined;
  }
  if (query !== "") return undefined;
  if (decoded === `${ELASTICSEARCH_PREFIX}/` || decoded === ELASTICSEARCH_PREFIX) {
    return method === "GET" ? { kind: "info" } : undefined;
  }
  if (method !== "GET" && method !== "PUT" && method !== "DELETE") return undefined;
  if (decoded === `${ELASTICSEARCH_PREFIX}/_index_template/${names.indexTemplate}`) return { kind: "template", method };
  if (decoded === `${ELASTICSEARCH_PREFIX}/_ilm/policy/${names.retentionPolicy}`) return { kind: "lifecycle", method };
  return undefined;
}

/** The decoded path, or undefined where decoding fails or changes how many parts the path has. */
function decodeOnce(path: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path);
    return decoded.split("/").length === path.split("/").length ? decoded : undefined;
  } catch {
    return undefined;
  }
}
