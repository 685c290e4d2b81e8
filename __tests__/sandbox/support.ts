import { randomUUID } from "node:crypto";
import { Cleanup } from "../../sandbox/cleanup";
import { closedDoors, deadLetterDrill, ledger, operatorReads } from "../../sandbox/checks";
import type { Change } from "../../sandbox/configuration";
import type { EngineKind } from "../../sandbox/engine";
import { SilentProgress } from "../../sandbox/progress";
import type { LoggedRecord } from "../../sandbox/records";
import { Sandbox } from "../../sandbox/sandbox";
import { putRecords } from "../../sandbox/traffic";

/** A sandbox for one suite, with what ends it again. */
export async function startSandbox(
  changes: readonly Change[] = [],
  engine?: EngineKind,
): Promise<{ sandbox: Sandbox; end: () => Promise<void> }> {
  const cleanup = new Cleanup();
  const failures: string[] = [];
  const end = async () => {
    await cleanup.run((what, error) => failures.push(`${what}: ${String(error)}`));
    if (failures.length > 0) throw new Error(`could not end ${failures.join("; ")}`);
  };
  try {
    return { sandbox: await Sandbox.start({ engine, changes, progress: new SilentProgress(), cleanup }), end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A few records, put into the log group of each account, and every check of the sandbox after it: what is not well. */
export async function checkedRound(sandbox: Sandbox, gatewayUrl: string): Promise<string[]> {
  const since = Date.now();
  const put = await putRound(sandbox, 3);
  const checks: (() => Promise<string[]>)[] = [
    async () =>
      (await ledger(sandbox, put, since)).flatMap(({ name, mismatches }) =>
        mismatches.map((text) => `${name}: ${text}`),
      ),
    () => operatorReads(sandbox),
    () => closedDoors(sandbox, gatewayUrl),
    async () =>
      (await sandbox.planSearch()).map(({ address, action }) => `the search stack would ${action} ${address}`),
    () => deadLetterDrill(sandbox),
  ];
  const problems: string[] = [];
  // A check that cannot be made at all, because it is refused, has failed as well.
  for (const check of checks) problems.push(...(await check().catch((error: unknown) => [String(error)])));
  return problems;
}

/** Puts records into the log group of each account, and waits until they have come to where they go. */
export async function putRound(sandbox: Sandbox, each: number): Promise<Map<string, LoggedRecord[]>> {
  const put = new Map<string, LoggedRecord[]>();
  for (const { account } of sandbox.accounts) {
    const { accountId } = account;
    const records = Array.from({ length: each }, () => aRecord(accountId));
    const destination = { logGroup: sandbox.config.names.logGroup, logStream: `${accountId}_CloudTrail_test` };
    await putRecords(sandbox.clients(accountId).logs, destination, records, () => undefined);
    put.set(accountId, records);
  }
  await sandbox.settle();
  return put;
}

/** A record as CloudTrail writes it, with an id of its own. */
export function aRecord(accountId: string): LoggedRecord {
  const record = {
    eventVersion: "1.11",
    userIdentity: { type: "IAMUser", accountId, userName: "alice", arn: `arn:aws:iam::${accountId}:user/alice` },
    eventTime: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
    eventSource: "s3.amazonaws.com",
    eventName: "ListBuckets",
    awsRegion: "ap-northeast-1",
    sourceIPAddress: "203.0.113.7",
    eventID: randomUUID(),
    recipientAccountId: accountId,
  };
  return { record, message: JSON.stringify(record) };
}
