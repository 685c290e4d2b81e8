import { randomUUID } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { GetObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import type { Sandbox } from "../sandbox";

/**
 * Proves in every account that what cannot be indexed is kept: a payload that cannot be read ends as the shipper's own
 * dead letter, an event that fails for good as a record of Lambda's on-failure destination.
 *
 * @returns what was not kept; empty if all is well
 */
export async function deadLetterDrill(sandbox: Sandbox): Promise<string[]> {
  const { names } = sandbox.config;
  // Another one each time: letters of a former drill must not count.
  const mark = randomUUID();
  const broken = Buffer.from(`this was never gzip ${mark}`).toString("base64");
  for (const { account, isManagement } of sandbox.accounts) {
    const { lambda } = sandbox.clients(account.accountId);
    const FunctionName = isManagement ? names.managementShipper : names.memberShipper;
    for (const event of [{ awslogs: { data: broken } }, { drill: `${account.accountId} ${mark}` }]) {
      await lambda.send(new InvokeCommand({ FunctionName, InvocationType: "Event", Payload: JSON.stringify(event) }));
    }
  }
  if (!(await sandbox.aws.lambdaIdle())) return ["the functions did not come to rest"];
  const kept = await keptLetters(sandbox);
  return sandbox.accounts.flatMap(({ account: { accountId, name }, isManagement }) => {
    const fn = isManagement ? names.managementShipper : names.memberShipper;
    const own = kept.some(({ key, text }) => key.startsWith(`${accountId}/undecodable/`) && text.includes(broken));
    const lambdas = kept.some(({ key, text }) => {
      if (!key.startsWith(`aws/lambda/async/${fn}/`)) return false;
      const { requestPayload } = JSON.parse(text) as { requestPayload?: { drill?: string } };
      return requestPayload?.drill === `${accountId} ${mark}`;
    });
    return [
      ...(own ? [] : [`${name}: a payload that cannot be read is in no dead letter`]),
      ...(lambdas ? [] : [`${name}: an event that failed for good is not at the on-failure destination`]),
    ];
  });
}

/** Everything in the dead-letter bucket, as text. */
async function keptLetters(sandbox: Sandbox): Promise<{ key: string; text: string }[]> {
  const Bucket = sandbox.config.names.deadLetterBucket;
  const { s3 } = sandbox.clients(sandbox.config.management.accountId);
  const letters: { key: string; text: string }[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
    for (const { Key = "" } of Contents) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const bytes = await Body!.transformToByteArray();
      letters.push({ key: Key, text: (Key.endsWith(".gz") ? gunzipSync(bytes) : Buffer.from(bytes)).toString() });
    }
  }
  return letters;
}
