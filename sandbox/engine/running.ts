/** A search engine as the sandbox uses it, whoever started it. */
export interface RunningEngine {
  /** http://host:port */
  readonly url: string;
  /** As AWS would call it, such as `Elasticsearch_7.10` or `OpenSearch_2.19`. */
  readonly engineVersion: string;
}

interface Root {
  readonly version: { readonly number: string; readonly distribution?: string };
}

/** What is asked to be left alone is not used: it holds indices of the same names. */
export class EngineInUse extends Error {
  override readonly name = "EngineInUse";
}

/**
 * Looks at an engine that already runs.
 *
 * @throws EngineInUse if it has indices that the sandbox would write into, and remove in the end
 * @throws Error if nothing answers there, or something else than Elasticsearch 7 or OpenSearch
 */
export async function lookAtEngine(url: string): Promise<RunningEngine> {
  const base = url.replace(/\/+$/, "");
  const { version } = await ask<Root>(base, "/");
  const [major, minor] = version.number.split(".");
  const isOpenSearch = version.distribution === "opensearch";
  if (!isOpenSearch && version.number !== "7.10.2") {
    throw new Error(`${base} is Elasticsearch ${version.number}; a domain has 7.10, or OpenSearch`);
  }
  const indices = await ask<Record<string, unknown>>(
    base,
    "/cwl-*,.kibana*?expand_wildcards=all&allow_no_indices=true",
  );
  const names = Object.keys(indices);
  if (names.length > 0) {
    throw new EngineInUse(
      `${base} has indices that the sandbox would write into and remove in the end: ${names.slice(0, 5).join(", ")}. ` +
        "Remove them, or name another engine in SEARCH_URL.",
    );
  }
  return { url: base, engineVersion: `${isOpenSearch ? "OpenSearch" : "Elasticsearch"}_${major}.${minor}` };
}

/** Removes everything that a run has left in an engine that goes on running. */
export async function clearEngine(url: string): Promise<void> {
  const indices = await ask<Record<string, unknown>>(url, "/cwl-*,.kibana*?expand_wildcards=all&allow_no_indices=true");
  for (const index of Object.keys(indices)) await ask(url, `/${encodeURIComponent(index)}`, "DELETE");
}

async function ask<T>(base: string, path: string, method = "GET"): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`${base}${path}`, { method, signal: AbortSignal.timeout(30_000) });
  } catch (error) {
    throw new Error(`${base} does not answer: ${(error as Error).message}`);
  }
  const text = await response.text();
  if (!response.ok) throw new Error(`${base}${path} answered ${response.status}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as T;
}
