import Table from "cli-table3";
import { minute, type AccountFacts } from "./accounts";
import { size, type Capacity } from "./capacity";
import type { Report } from "./examine";
import type { IndexRow } from "./indices";

/** The report for people. */
export function printed(report: Report): string {
  const { indices, capacity, accounts, findings, notLookedAt } = report;
  return [
    ...(indices.length === 0 ? [] : ["Indices", indexTable(indices)]),
    ...(capacity === null ? [] : [capacityLine(capacity)]),
    ...(accounts.length === 0 ? [] : ["Accounts", accountTable(accounts)]),
    ...(findings.length === 0 ? [] : [list(`Found (${findings.length})`, findings.map(findingLines))]),
    ...(notLookedAt.length === 0
      ? []
      : [
          list(
            "Could not be looked at",
            notLookedAt.map(({ what, reason }) => `${what}: ${reason}`),
          ),
        ]),
    ...(findings.length + notLookedAt.length === 0 ? ["Nothing found: everything is as it should be."] : []),
  ].join("\n");
}

function indexTable(rows: readonly IndexRow[]): string {
  return table(
    ["index", "made", "days old", "documents", "size", "policy", "state", "goes"],
    rows.map((row) => [
      row.index,
      row.late ? `${row.created} (late)` : row.created,
      String(row.ageDays),
      row.documents.toLocaleString("en-GB"),
      size(row.bytes),
      row.policy ?? "none",
      row.state,
      row.goes ?? "never",
    ]),
    ["left", "left", "right", "right", "right", "left", "left", "left"],
  );
}

function capacityLine(capacity: Capacity): string {
  const { status, nodes, availableBytes, totalBytes, bytesPerDay, neededBytes, shards, shardLimit } = capacity;
  const need = bytesPerDay === null ? "" : `; ${size(bytesPerDay)} a day, ${size(neededBytes)} for the retention`;
  return (
    `Domain: ${status}, ${nodes} data node${nodes === 1 ? "" : "s"}, ` +
    `${size(availableBytes)} of ${size(totalBytes)} free${need}; ${shards} of ${shardLimit} shards\n`
  );
}

function accountTable(accounts: readonly AccountFacts[]): string {
  return table(
    ["account", "name", "trail", "delivered", "subscriptions", "newest record"],
    accounts.map(({ accountId, name, trail, subscriptions, newest }) => [
      accountId,
      name,
      trail === undefined ? "missing" : trail.isLogging ? "logging" : "stopped",
      trail?.delivered === undefined ? "never" : minute(trail.delivered),
      String(subscriptions?.length ?? 0),
      newest === undefined ? "not looked at" : newest === null ? "none" : minute(newest),
    ]),
  );
}

function findingLines({ code, message, remedy }: Report["findings"][number]): string {
  return `${message} [${code}]\n    ${remedy}`;
}

function list(title: string, items: readonly string[]): string {
  return `${title}:\n${items.map((item) => `  - ${item}`).join("\n")}`;
}

function table(head: string[], rows: string[][], colAligns?: ("left" | "right")[]): string {
  const out = new Table({ head, style: { head: [], border: [] }, ...(colAligns ? { colAligns } : {}) });
  out.push(...rows);
  return out.toString();
}
