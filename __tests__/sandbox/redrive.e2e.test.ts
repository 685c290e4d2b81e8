import { InvokeCommand } from "@aws-sdk/client-lambda";
import { paginateListObjectsV2, PutObjectCommand } from "@aws-sdk/client-s3";
import { gzipSync } from "node:zlib";
import type { RedriveReport } from "../../operations/redrive/redrive";
import type { LoggedRecord } from "../../sandbox/records";
import type { Sandbox } from "../../sandbox/sandbox";
import { runScript } from "../support/command";
import { describeWith } from "../support/tools";
import { aRecord, startSandbox } from "./support";

describeWith(["terraform", "java", "mvn", "python3"], "npm run redrive", () => {
  let sandbox: Sandbox;
  let end: () => Promise<void> = () => Promise.resolve();
  let accountId = "";
  const records: LoggedRecord[] = [];

  beforeAll(async () => {
    ({ sandbox, end } = await startSandbox());
    sandbox.synthesize();
    await sandbox.deploy();
    ({ accountId } = sandbox.config.members[0]!);
    records.push(...[1, 2, 3].map(() => aRecord(accountId)));
    await keepAsLambda(records.slice(0, 2));
    await keepAsShipper(records[2]!);
  });
  afterAll(() => end());

  test("a dry run says what there is, and changes nothing", async () => {
    const { code, report } = await redrive("--dry-run");
    expect([code, report]).toEqual([1, expect.objectContaining({ objects: 2, records: 3, left: 3, removed: 0 })]);
    expect(await keptKeys()).toHaveLength(2);
    expect(await indexed()).toEqual([]);
  });

  test("dead letters come into the index, each once, and the bucket is empty", async () => {
    const { code, report, stderr } = await redrive();
    expect({ code, report, stderr }).toMatchObject({
      code: 0,
      report: { objects: 2, records: 3, delivered: 3, duplicates: 0, left: 0, removed: 2 },
    });
    expect(await keptKeys()).toEqual([]);
    expect(await indexed()).toEqual(records.map(({ record }) => String(record.eventID)).sort());
  });

  test("a second run has nothing to do", async () => {
    expect(await redrive()).toMatchObject({ code: 0, report: { objects: 0, removed: 0 } });
  });

  test("an event that holds no records stays, and the run says so", async () => {
    const FunctionName = sandbox.config.names.memberShipper;
    const { lambda } = sandbox.clients(accountId);
    await lambda.send(new InvokeCommand({ FunctionName, InvocationType: "Event", Payload: '{"drill":true}' }));
    await sandbox.settle();
    const { code, report } = await redrive("--account", accountId);
    expect([code, report.remaining.map(({ why }) => why)]).toEqual([1, ["an event that is none of CloudWatch Logs"]]);
    expect(await keptKeys()).toHaveLength(1);
  });

  test("an account that is not in the configuration is said, without a stack trace", async () => {
    const { code, stderr } = await run("--account", "999999999999");
    expect([code, stderr]).toEqual([2, expect.stringContaining("--account 999999999999: ")]);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  function run(...args: string[]) {
    const env = { ...sandbox.environment, CLOUDTRAIL_CONFIG: sandbox.configurationFile };
    return runScript("operations/redrive/index.ts", ["--json", ...args], env);
  }

  async function redrive(...args: string[]): Promise<{ code: number | null; report: RedriveReport; stderr: string }> {
    const { code, stdout, stderr } = await run(...args);
    if (stdout === "") throw new Error(stderr);
    await sandbox.settle();
    return { code, report: JSON.parse(stdout) as RedriveReport, stderr };
  }

  function payload(some: readonly LoggedRecord[]) {
    const message = {
      messageType: "DATA_MESSAGE",
      owner: accountId,
      logGroup: sandbox.config.names.logGroup,
      logStream: "test",
      logEvents: some.map(({ message }, at) => ({ id: String(at), timestamp: Date.now(), message })),
    };
    return { awslogs: { data: gzipSync(JSON.stringify(message)).toString("base64") } };
  }

  /** What Lambda writes when it gives an event up. */
  async function keepAsLambda(some: readonly LoggedRecord[]): Promise<void> {
    const Key = `aws/lambda/async/${sandbox.config.names.memberShipper}/2026/02/01/kept.json`;
    await put(Key, JSON.stringify({ version: "1.0", requestPayload: payload(some) }));
  }

  async function keepAsShipper({ message }: LoggedRecord): Promise<void> {
    const { data } = payload([{ message, record: {} }]).awslogs;
    const letter = { reason: "undecodable", detail: "a version that could not read it", data };
    await put(`${accountId}/undecodable/2026/02/01/kept.ndjson.gz`, gzipSync(`${JSON.stringify(letter)}\n`));
  }

  async function put(Key: string, Body: string | Buffer): Promise<void> {
    const { management, names } = sandbox.config;
    const { s3 } = sandbox.clients(management.accountId);
    await s3.send(new PutObjectCommand({ Bucket: names.deadLetterBucket, Key, Body }));
  }

  async function keptKeys(): Promise<string[]> {
    const { management, names } = sandbox.config;
    const { s3 } = sandbox.clients(management.accountId);
    const keys: string[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: names.deadLetterBucket })) {
      keys.push(...Contents.map(({ Key = "" }) => Key));
    }
    return keys;
  }

  async function indexed(): Promise<string[]> {
    await sandbox.settle();
    const ids: string[] = [];
    for await (const page of (await sandbox.operator()).scan({ _source: false }))
      ids.push(...page.map(({ _id }) => _id));
    return ids.sort();
  }
});
