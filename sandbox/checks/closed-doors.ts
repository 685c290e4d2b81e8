import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { Sandbox } from "../sandbox";

/**
 * Tries what nobody should be able to do, and what people should.
 *
 * @returns which doors are not as they should be; empty if all is well
 */
export async function closedDoors(sandbox: Sandbox, gatewayUrl: string): Promise<string[]> {
  const { client, config } = sandbox;
  const problems: string[] = [];
  const search = (door: string) => client.fetch(`https://${door}/cwl-*/_search?size=0`).then(({ status }) => status);
  const expect = (what: string, wanted: boolean, allowed: boolean, detail: string) => {
    if (wanted !== allowed) problems.push(`${what} ${wanted ? "is refused" : "is let in"} (${detail})`);
  };

  const allowed = await search(await sandbox.peoplesDoor());
  expect("an unsigned search from an allowed network", true, allowed === 200, `status ${allowed}`);
  const other = await search(await sandbox.strangersDoor());
  expect("an unsigned search from another network", false, other < 400, `status ${other}`);

  const guess = Buffer.from("terraform:a-token-that-somebody-guessed").toString("base64");
  const gateway = await client.fetch(`${gatewayUrl}/es/`, { headers: { authorization: `Basic ${guess}` } });
  expect("a wrong token at the gateway", false, gateway.status < 400, `status ${gateway.status}`);

  for (const Bucket of [config.names.archiveBucket, config.names.deadLetterBucket]) {
    const plain = await putWithoutTls(sandbox, Bucket);
    expect(`an upload to ${Bucket} without TLS`, false, plain === "taken", plain);
  }
  return problems;
}

async function putWithoutTls(sandbox: Sandbox, Bucket: string): Promise<string> {
  const { aws, config } = sandbox;
  const s3 = new S3Client({
    region: config.region,
    endpoint: aws.httpUrl,
    credentials: aws.credentialsFor(config.management.accountId),
    forcePathStyle: true,
    maxAttempts: 1,
  });
  try {
    await s3.send(new PutObjectCommand({ Bucket, Key: "without-tls", Body: "a try" }));
    return "taken";
  } catch (error) {
    return (error as Error).name;
  } finally {
    s3.destroy();
  }
}
