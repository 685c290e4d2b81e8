import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { paginateListObjectsV2, PutObjectCommand } from "@aws-sdk/client-s3";
import { gzipSync } from "node:zlib";
import type { VerifyReport } from "../../operations/verify/report";
import type { RedriveReport } from "../../operations/redrive/redrive";
import type { LoggedRecord } from "../../sandbox/records";
import type { Sandbox } from "../../sandbox/sandbox";
import { putRecords } from "../../sandbox/traffic";
import { npmRun, PROJECT } from "../support/command";
import { describeWith } from "../support/tools";
import { aRecord, startSandbox } from "./support";

describeWith(["terraform", "java", "mvn", "python3"], "commands of operators", () => {
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

  describe("npm run redrive", () => {
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
  });

  describe("npm run verify and npm run backfill", () => {
    const today = new Date().toISOString().slice(0, 10);
    const archived: LoggedRecord[] = [];

    beforeAll(async () => {
      archived.push(...Array.from({ length: 40 }, () => aRecord(accountId)));
      const path = `AWSLogs/${accountId}/CloudTrail/ap-northeast-1/${today.replaceAll("-", "/")}`;
      // What was redriven before is in the archive as well.
      const all = [...records, ...archived].map(({ record }) => record);
      await putArchive(`${path}/${accountId}_CloudTrail_1.json.gz`, gzipSync(JSON.stringify({ Records: all })));
      const destination = { logGroup: sandbox.config.names.logGroup, logStream: `${accountId}_CloudTrail_test` };
      await putRecords(sandbox.clients(accountId).logs, destination, archived.slice(4), () => undefined);
      await sandbox.settle();
    });

    const range = ["--from", today, "--to", today, "--account"];

    test("verify names exactly the records that never came", async () => {
      const { code, stdout, stderr } = await command("verify", [...range, accountId]);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.any(String) as string });
      const { complete, comparisons } = JSON.parse(stdout) as VerifyReport;
      expect(complete).toBe(false);
      expect(comparisons).toEqual([
        expect.objectContaining({
          accountId,
          archived: 43,
          indexed: 39,
          missing: archived
            .slice(0, 4)
            .map(({ record }) => String(record.eventID))
            .sort(),
          different: [],
          onlyInIndex: [],
        }),
      ]);
    });

    test("a dry run of backfill says so and writes nothing; backfill closes the gap; verify is content", async () => {
      const dry = await command("backfill", [...range, accountId, "--dry-run"]);
      expect([dry.code, JSON.parse(dry.stdout)]).toEqual([1, expect.objectContaining({ records: 4, left: 4 })]);
      const filled = await command("backfill", [...range, accountId]);
      expect([filled.code, JSON.parse(filled.stdout)]).toEqual([
        0,
        expect.objectContaining({ records: 4, delivered: 4, duplicates: 0, left: 0 }),
      ]);
      await sandbox.settle();
      const after = await command("verify", [...range, accountId]);
      expect({ code: after.code, report: JSON.parse(after.stdout) as unknown }).toMatchObject({
        code: 0,
        report: { complete: true },
      });
    });

    test("what was changed in the index is named until it is repaired", async () => {
      const changed = String(archived[10]!.record.eventID);
      const index = `cwl-${today.replaceAll("-", ".")}`;
      await fetch(`${sandbox.engine.url}/${index}/_update/${changed}?refresh=true`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ doc: { sourceIPAddress: "192.0.2.99" } }),
      });
      const found = await command("verify", [...range, accountId, "--repair"]);
      expect(found.code).toBe(1);
      expect((JSON.parse(found.stdout) as VerifyReport).comparisons[0]!.different).toEqual([changed]);
      await sandbox.settle();
      expect((await command("verify", [...range, accountId])).code).toBe(0);
    });

    test("killed in the middle and started again, backfill and verify end as if nothing had been", async () => {
      const files = 24;
      const perFile = 500;
      const path = `AWSLogs/${accountId}/CloudTrail/ap-northeast-1/${today.replaceAll("-", "/")}`;
      for (let file = 0; file < files; file++) {
        const some = Array.from({ length: perFile }, () => aRecord(accountId).record);
        await putArchive(
          `${path}/${accountId}_CloudTrail_killed_${file}.json.gz`,
          gzipSync(JSON.stringify({ Records: some })),
        );
      }
      const before = await count();
      const all = before + files * perFile;
      await killed("backfill", [...range, accountId], async () => (await count()) > before);
      const left = all - (await count());
      expect(left).toBeGreaterThan(0);

      await killed("verify", [...range, accountId], () => Promise.resolve(true));
      const named = await command("verify", [...range, accountId]);
      const { comparisons } = JSON.parse(named.stdout) as VerifyReport;
      expect(comparisons[0]).toMatchObject({ archived: all, indexed: all - left, different: [], onlyInIndex: [] });
      expect(comparisons[0]!.missing).toHaveLength(left);

      const filled = await command("backfill", [...range, accountId]);
      expect([filled.code, JSON.parse(filled.stdout)]).toEqual([
        0,
        expect.objectContaining({ records: left, delivered: left, left: 0 }),
      ]);
      expect(await count()).toBe(all);
      expect((await command("verify", [...range, accountId])).code).toBe(0);
    });

    test("arguments that say nothing sensible are said at once, without a stack trace", async () => {
      const verify = await command("verify", ["--from", "2026-02-30", "--to", "yesterday", "--account", "1"]);
      expect(verify.code).toBe(2);
      for (const flag of ["--from 2026-02-30: ", "--to yesterday: ", "--account 1: "])
        expect(verify.stderr).toContain(flag);
      const backfill = await command("backfill", ["--from", "2020-01-01", "--to", today]);
      expect([backfill.code, backfill.stderr]).toEqual([2, expect.stringContaining("--beyond-retention")]);
      for (const { stderr } of [verify, backfill]) expect(stderr).not.toMatch(/^\s+at /m);
    });
  });

  /** Starts a command, and kills it and all that it started once something has come about. */
  async function killed(name: string, args: readonly string[], when: () => Promise<boolean>): Promise<void> {
    const child = spawn("npm", ["run", "--silent", name, "--", ...args], {
      cwd: PROJECT,
      env: { ...process.env, ...environment() },
      stdio: "ignore",
      detached: true,
    });
    const ended = once(child, "exit");
    // npm has started the program by then, which has not come to its end.
    await sleep(600);
    while (child.exitCode === null && !(await when())) await sleep(20);
    process.kill(-child.pid!, "SIGKILL");
    expect(await ended).toEqual([null, "SIGKILL"]);
    // What was on its way is written yet.
    await sleep(1_000);
  }

  /** Documents in the index. */
  async function count(): Promise<number> {
    await fetch(`${sandbox.engine.url}/cwl-*/_refresh`, { method: "POST" });
    const reply = await fetch(`${sandbox.engine.url}/cwl-*/_count?q=recipientAccountId:${accountId}`);
    return ((await reply.json()) as { count: number }).count;
  }

  function run(...args: string[]) {
    return command("redrive", args);
  }

  function command(name: string, args: readonly string[]) {
    return npmRun(name, ["--json", ...args], environment());
  }

  function environment(): NodeJS.ProcessEnv {
    return { ...sandbox.environment, CLOUDTRAIL_CONFIG: sandbox.configurationFile };
  }

  async function putArchive(Key: string, Body: Buffer): Promise<void> {
    const { management, names } = sandbox.config;
    const { s3 } = sandbox.clients(management.accountId);
    await s3.send(new PutObjectCommand({ Bucket: names.archiveBucket, Key, Body }));
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
