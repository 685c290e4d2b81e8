import { toBatches } from "../../../lambda/shipper/bulk";
import { toAction } from "../../../lambda/shipper/document";
import { INDEX_PATTERN, indexTemplateMappings, indexTemplateSettings } from "../../../modules/fields";

/** A CloudTrail record; which account's log group it came through decides the owner. */
export type TrailRecord = Readonly<Record<string, unknown>>;

export const NAMED_ACCOUNTS = [
  { accountId: "111111111111", name: "security" },
  { accountId: "222222222222", name: "production" },
  { accountId: "333333333333", name: "staging" },
];
const ACCOUNTS = new Map(NAMED_ACCOUNTS.map(({ accountId, name }) => [accountId, name]));

/**
 * Puts records into an engine as the deployed product would: under the product's index template, as the documents that
 * the shipper makes, shared out over three accounts.
 *
 * @param ownerOf the account whose log group a record came through; by default they are dealt out in turn
 */
export async function indexRecords(
  engineUrl: string,
  records: readonly TrailRecord[],
  ownerOf: (record: TrailRecord, index: number) => string = (_, index) => [...ACCOUNTS.keys()][index % ACCOUNTS.size]!,
): Promise<void> {
  const template = {
    index_patterns: [INDEX_PATTERN],
    template: { settings: indexTemplateSettings({ replicas: 0 }), mappings: indexTemplateMappings() },
  };
  await send(engineUrl, "PUT", "/_index_template/cloudtrail", JSON.stringify(template));
  // Ten years of daily indices are more shards than a single node takes by default.
  await send(engineUrl, "PUT", "/_cluster/settings", '{"transient":{"cluster.max_shards_per_node":10000}}');

  const settings = { ownerNames: ACCOUNTS, maxRecordAgeDays: 20_000 };
  const actions = records.map((record, index) => {
    const logEvent = {
      id: String(index),
      timestamp: Date.parse(String(record.eventTime)),
      message: JSON.stringify(record),
    };
    const logSource = { owner: ownerOf(record, index), logGroup: "CloudTrail/DefaultLogGroup", logStream: "s" };
    return toAction(logEvent, logSource, settings, Date.now());
  });
  for (const { body } of toBatches(actions, 5_000_000)) {
    const reply = (await send(engineUrl, "POST", "/_bulk", body)) as { errors: boolean; items: unknown[] };
    if (reply.errors) throw new Error(`not indexed: ${JSON.stringify(reply.items).slice(0, 500)}`);
  }
  await send(engineUrl, "POST", "/_refresh");
}

/** A request to the engine, and its answer. @throws Error with the engine's reason */
export async function send(engineUrl: string, method: string, path: string, body?: string | Buffer): Promise<unknown> {
  const headers = { "content-type": path === "/_bulk" ? "application/x-ndjson" : "application/json" };
  const response = await fetch(engineUrl + path, {
    method,
    headers,
    body: body === undefined ? undefined : String(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  return JSON.parse(text);
}
