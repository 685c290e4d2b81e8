import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";

/** A value put in a place of the configuration; undefined takes the place out. */
export type Change = readonly [path: readonly (string | number)[], value: unknown];

/**
 * The configuration that the sandbox deploys: the project's example, changed only where one machine differs from AWS.
 * Returned as YAML, so that it is read and validated like any user's file.
 *
 * @param engineVersion as AWS calls it, such as `Elasticsearch_7.10`
 * @param change further changes, path by path (for tests)
 */
export function sandboxConfiguration(engineVersion: string, change: readonly Change[] = []): string {
  const example = parseDocument(readFileSync(join(__dirname, "..", "cloudtrail.example.yaml"), "utf8"));
  const changes: Change[] = [
    [["search", "engineVersion"], engineVersion],
    // One engine is one node: copies of shards would have no place.
    [["search", "instanceCount"], 1],
    [["search", "zoneAwareness"], false],
    // So that destroy leaves nothing: elsewhere a bucket with evidence in it is not destroyed.
    [["archive", "forceDestroy"], true],
    [["deadLetters", "forceDestroy"], true],
    ...change,
  ];
  for (const [path, value] of changes) {
    if (value === undefined) example.deleteIn(path);
    else example.setIn(path, example.createNode(value));
  }
  return example.toString();
}
