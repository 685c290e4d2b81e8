import { operatorPaths } from "../../modules/domain";
import { DomainError } from "../../operations/domain-client";
import type { Sandbox } from "../sandbox";

/**
 * Reads everything that the commands in operations/ read, as an operator.
 *
 * @returns what was refused; empty if all is well
 */
export async function operatorReads(sandbox: Sandbox): Promise<string[]> {
  const { search, names } = sandbox.config;
  const operator = await sandbox.operator();
  const { read } = operatorPaths({
    engineVersion: search.engineVersion,
    indexTemplate: names.indexTemplate,
    retentionPolicy: names.retentionPolicy,
  });
  const problems: string[] = [];
  for (const path of read) {
    try {
      await operator.request("GET", `/${path}${queryFor(path)}`);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      problems.push(`an operator cannot read: ${error.message}`);
    }
  }
  return problems;
}

/** What a path needs besides, to be answered. */
function queryFor(path: string): string {
  if (path.startsWith("_cat/")) return "?format=json";
  return path.endsWith("/_find") ? "?type=dashboard" : "";
}
