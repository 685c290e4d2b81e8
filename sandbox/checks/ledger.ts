import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { GetObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import type { LoggedRecord } from "../records";
import type { Sandbox } from "../sandbox";

/** What became of one account's records. */
export interface AccountLedger {
  readonly accountId: string;
  readonly name: string;
  /** Records put into the log group. */
  readonly put: number;
  /** Documents of the account in the index. */
  readonly indexed: number;
  /** Records whose id another record had brought before. */
  readonly duplicates: number;
  /** Records in dead letters. */
  readonly deadLettered: number;
  /** What does not add up; empty if every record is accounted for. */
  readonly mismatches: readonly string[];
}

/** The counts that shippers write to their logs, added up. */
interface Logged {
  RecordsReceived: number;
  RecordsDelivered: number;
  RecordsDuplicate: number;
  RecordsDeadLettered: number;
  RecordsUndelivered: number;
}

/**
 * Holds what was put into the log groups against the index, the dead letters and the shippers' own counts. Asks as an
 * operator would: the domain with the operator role, the logs in each account.
 *
 * @param put records by account
 * @param since when the first of them was put, in milliseconds, where there were others before: those are left out
 */
export async function ledger(
  sandbox: Sandbox,
  put: ReadonlyMap<string, readonly LoggedRecord[]>,
  since?: number,
): Promise<AccountLedger[]> {
  const all = await indexedIds(sandbox);
  const letters = await deadLetterIds(sandbox);
  const expected = new Set([...put.values()].flat().map(idOf));
  const indexed = since === undefined ? all : new Map([...all].filter(([id]) => expected.has(id)));
  const strangers = [...indexed].filter(([id]) => !expected.has(id));
  const rows: AccountLedger[] = [];
  for (const { account, isManagement } of sandbox.accounts) {
    const { accountId, name } = account;
    const records = put.get(accountId) ?? [];
    const ids = new Set(records.map(idOf));
    const own = [...indexed.values()].filter((owner) => owner === accountId).length;
    const dead = [...ids].filter((id) => letters.has(id) && !indexed.has(id)).length;
    const lost = [...ids].filter((id) => !indexed.has(id) && !letters.has(id));
    const foreign = strangers.filter(([, owner]) => owner === accountId);
    const logged = await loggedCounts(sandbox, accountId, isManagement, since);
    rows.push({
      accountId,
      name,
      put: records.length,
      indexed: own,
      duplicates: records.length - own - dead - lost.length,
      deadLettered: dead,
      mismatches: [
        ...some(lost, (count) => `${count} records are neither in the index nor in the dead letters: ${first(lost)}`),
        ...some(foreign, (count) => `${count} documents were never put: ${first(foreign.map(([id]) => id))}`),
        ...unequal("received records", logged.RecordsReceived, records.length),
        ...unequal("delivered records", logged.RecordsDelivered, own),
        ...unequal("undelivered records", logged.RecordsUndelivered, 0),
      ],
    });
  }
  const unknown = strangers.filter(([, owner]) => !sandbox.accounts.some(({ account }) => account.accountId === owner));
  return unknown.length === 0
    ? rows
    : rows.map((row, at) =>
        at > 0 ? row : { ...row, mismatches: [...row.mismatches, `${unknown.length} documents belong to no account`] },
      );
}

/** A record's id in the index: its own, or the hash of its text. */
export function idOf({ record, message }: LoggedRecord): string {
  const { eventID } = record;
  return typeof eventID === "string" && eventID !== "" ? eventID : createHash("sha256").update(message).digest("hex");
}

/** The owner of each document. */
async function indexedIds(sandbox: Sandbox): Promise<Map<string, string>> {
  const operator = await sandbox.operator();
  const found = new Map<string, string>();
  for await (const hits of operator.scan({ _source: ["@owner"] })) {
    for (const { _id, _index, _source } of hits) {
      const before = found.get(_id);
      if (before !== undefined) throw new Error(`the document ${_id} is there twice, the second time in ${_index}`);
      found.set(_id, String(_source["@owner"]));
    }
  }
  return found;
}

/** Ids of the records in the dead letters of all accounts. */
async function deadLetterIds(sandbox: Sandbox): Promise<Set<string>> {
  const { config } = sandbox;
  const { s3 } = sandbox.clients(config.management.accountId);
  const ids = new Set<string>();
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket: config.names.deadLetterBucket },
  )) {
    for (const { Key = "" } of Contents) {
      if (!/^\d+\/(rejected|undelivered)\//.test(Key)) continue;
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: config.names.deadLetterBucket, Key }));
      const lines = gunzipSync(await Body!.transformToByteArray())
        .toString()
        .trim()
        .split("\n");
      lines.forEach((line) => ids.add((JSON.parse(line) as { id: string }).id));
    }
  }
  return ids;
}

async function loggedCounts(
  sandbox: Sandbox,
  accountId: string,
  isManagement: boolean,
  startTime: number | undefined,
): Promise<Logged> {
  const { names } = sandbox.config;
  const { logs } = sandbox.clients(accountId);
  const total: Logged = {
    RecordsReceived: 0,
    RecordsDelivered: 0,
    RecordsDuplicate: 0,
    RecordsDeadLettered: 0,
    RecordsUndelivered: 0,
  };
  const logGroupName = `/aws/lambda/${isManagement ? names.managementShipper : names.memberShipper}`;
  for await (const { events = [] } of paginateFilterLogEvents({ client: logs }, { logGroupName, startTime })) {
    for (const { message = "" } of events) {
      if (!message.startsWith("{")) continue;
      const line = JSON.parse(message) as Partial<Logged>;
      for (const name of Object.keys(total) as (keyof Logged)[]) total[name] += line[name] ?? 0;
    }
  }
  return total;
}

function some(values: readonly unknown[], text: (count: number) => string): string[] {
  return values.length === 0 ? [] : [text(values.length)];
}

function first(ids: readonly string[]): string {
  return ids.slice(0, 3).join(", ") + (ids.length > 3 ? " ..." : "");
}

function unequal(what: string, logged: number, counted: number): string[] {
  return logged === counted ? [] : [`the shipper's log says ${logged} ${what}, and there are ${counted}`];
}
