import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { EngineKind } from "./engine";

/** The engine version that a domain would be given, for each engine that the sandbox can run. */
const ENGINE_VERSIONS: Record<EngineKind, string> = { es7: "Elasticsearch_7.10", os2: "OpenSearch_2.19" };

/** Where people sit, as the domain sees them, and where they do not: both are this machine. */
export const ALLOWED_ADDRESS = "127.0.0.1";
export const OTHER_ADDRESS = "127.0.0.2";

/**
 * The configuration that the sandbox deploys: the project's example, changed only where one machine differs from AWS.
 * Returned as YAML, so that it is read and validated like any user's file.
 *
 * @param change further changes, path by path (for tests)
 */
export function sandboxConfiguration(
  engine: EngineKind,
  change: readonly (readonly [path: readonly (string | number)[], value: unknown])[] = [],
): string {
  const example = parseDocument(readFileSync(join(__dirname, "..", "cloudtrail.example.yaml"), "utf8"));
  const changes = [
    [["search", "engineVersion"], ENGINE_VERSIONS[engine]],
    [["kibana", "allowedCidrs"], [`${ALLOWED_ADDRESS}/32`]],
    // So that destroy leaves nothing: elsewhere a bucket with evidence in it is not destroyed.
    [["archive", "forceDestroy"], true],
    [["deadLetters", "forceDestroy"], true],
    ...change,
  ] as const;
  for (const [path, value] of changes) {
    if (value === undefined) example.deleteIn(path);
    else example.setIn(path, value);
  }
  return example.toString();
}
