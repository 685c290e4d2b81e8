import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { unzipSync } from "fflate";
import { bundle } from "../../../../modules/aws/bundle";
import { end } from "../../../../sandbox/processes";
import { ACCOUNT } from "../../../factories/payload";
import { PROJECT } from "../../../support/command";

/** The shipper's own line about an invocation. */
export interface Counts {
  readonly RecordsReceived: number;
  readonly RecordsDelivered: number;
  readonly RecordsDuplicate: number;
  readonly RecordsRetried: number;
  readonly RecordsEnveloped: number;
  readonly RecordsDeadLettered: number;
  readonly RecordsUndelivered: number;
  readonly details?: readonly string[];
}

/** What came of an invocation. */
export interface Invocation {
  readonly counts: Counts | undefined;
  /** The error that Lambda would see. */
  readonly error: string | undefined;
}

/** The function as it is deployed: the bundle of the zip, in a node process of its own. */
export interface DeployedShipper {
  /** @param timeoutMs the function's time limit */
  invoke(event: unknown, options?: { readonly requestId?: string; readonly timeoutMs?: number }): Promise<Invocation>;
  stop(): Promise<void>;
}

export const DEAD_LETTER_BUCKET = "dead-letters";

/**
 * Starts it.
 *
 * @param endpoint host and port of what stands for the domain and S3, behind TLS
 * @param caFile whom it trusts
 */
export async function startShipper(
  endpoint: string,
  caFile: string,
  env: NodeJS.ProcessEnv = {},
): Promise<DeployedShipper> {
  const folder = mkdtempSync(join(tmpdir(), "shipper-"));
  const file = join(folder, "index.js");
  writeFileSync(file, unzipSync(bundle(join(PROJECT, "lambda", "shipper", "handler.ts")).zip)["index.js"]!);
  const child = fork(join(__dirname, "runner.mjs"), [file], {
    execArgv: [],
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    env: {
      PATH: process.env.PATH,
      NODE_EXTRA_CA_CERTS: caFile,
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_ENDPOINT_URL: `https://${endpoint}`,
      SEARCH_ENDPOINT: endpoint,
      SEARCH_REGION: "eu-west-1",
      DEAD_LETTER_BUCKET,
      DEAD_LETTER_PREFIX: `${ACCOUNT}/`,
      OWNER_NAMES: JSON.stringify({ [ACCOUNT]: "production" }),
      MAX_RECORD_AGE_DAYS: "36500",
      ...env,
    },
  });
  const lines = new Map<string, Counts>();
  const waiting = new Map<string, (error: string | undefined) => void>();
  createInterface({ input: child.stdout! }).on("line", (line) => {
    const counts = JSON.parse(line) as Counts & { readonly requestId: string };
    lines.set(counts.requestId, counts);
  });
  child.on("exit", () => waiting.forEach((ended) => ended("the process ended")));
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", () => reject(new Error("the bundled function does not load")));
  });
  child.on("message", ({ requestId, error }: { requestId: string; error?: string }) => {
    // Its line comes by another pipe, and may come later.
    setImmediate(() => waiting.get(requestId)?.(error));
  });

  return {
    invoke: async (event, { requestId = randomUUID(), timeoutMs = 60_000 } = {}) => {
      const error = await new Promise<string | undefined>((resolve) => {
        waiting.set(requestId, resolve);
        child.send({ event, requestId, timeoutMs });
      });
      waiting.delete(requestId);
      for (let tries = 0; tries < 100 && !lines.has(requestId) && error === undefined; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return { counts: lines.get(requestId), error };
    },
    stop: async () => {
      await end(child);
      rmSync(folder, { recursive: true });
    },
  };
}
