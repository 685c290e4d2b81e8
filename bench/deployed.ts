import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { bundle } from "../modules/aws/bundle";
import type { Domain } from "./domain";
import { OWNER_NAMES, toPayload, type Payload } from "./payload";
import { bundleWorker, runWorker } from "./processes";
import { spread, type Spread } from "./statistics";
import type { FunctionFigures } from "./workers/function";

/** The function as it is deployed, with a domain on loopback that answers at once. */
export interface DeployedResults {
  /** Milliseconds from `require` until the first request, of one record, was answered. */
  readonly coldStartMs: Spread;
  readonly coldStartCpuMs: Spread;
  /** MB after one payload in a fresh process, and after ten. */
  readonly peakRssMb: Spread;
  readonly peakRssAfterTenMb: Spread;
  readonly bundleKb: number;
  readonly zipKb: number;
  /** Of all bodies of a payload, before compression and after. */
  readonly rawBytes: number;
  readonly wireBytes: number;
}

/** Payloads that one container is given, one after the other. */
const TEN = 10;

/** The function's bundle in a folder. */
export interface Deployed {
  readonly file: string;
  readonly bundleBytes: number;
  readonly zipBytes: number;
}

export function deploy(folder: string): Deployed {
  const { zip } = bundle(join(__dirname, "..", "lambda", "shipper", "handler.ts"));
  const code = unzipSync(zip)["index.js"]!;
  const file = join(folder, "index.js");
  writeFileSync(file, code);
  return { file, bundleBytes: code.length, zipBytes: zip.length };
}

/** Runs payloads through the bundled function, one after the other, in a fresh process. */
export async function runFunction(
  worker: string,
  deployed: Deployed,
  domain: Pick<Domain, "endpoint" | "caFile">,
  eventFiles: readonly string[],
): Promise<FunctionFigures> {
  return runWorker<FunctionFigures>([worker, deployed.file, ...eventFiles], "stderr", {
    NODE_EXTRA_CA_CERTS: domain.caFile,
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
    SEARCH_ENDPOINT: domain.endpoint,
    SEARCH_REGION: "eu-west-1",
    DEAD_LETTER_BUCKET: "dead-letters",
    DEAD_LETTER_PREFIX: "222222222222/",
    OWNER_NAMES: JSON.stringify(Object.fromEntries(OWNER_NAMES)),
    MAX_RECORD_AGE_DAYS: "36500",
  });
}

export function writeEvent(payload: Payload, folder: string, name: string): string {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({ awslogs: { data: payload.data } }));
  return file;
}

export async function measureDeployed(
  payload: Payload,
  folder: string,
  domain: Domain,
  runs: number,
  ran: () => void,
): Promise<DeployedResults> {
  const deployed = deploy(folder);
  const worker = await bundleWorker("function", folder);
  const small = writeEvent(toPayload([payload.logEvents[0]!.message]), folder, "small");
  const full = writeEvent(payload, folder, "full");
  await runFunction(worker, deployed, domain, [full]);
  const { rawBytes, wireBytes } = domain.sent();
  const figures: Record<"cold" | "one" | "ten", FunctionFigures[]> = { cold: [], one: [], ten: [] };
  for (let run = 0; run < runs; run++) {
    figures.cold.push(await runFunction(worker, deployed, domain, [small]));
    figures.one.push(await runFunction(worker, deployed, domain, [full]));
    figures.ten.push(await runFunction(worker, deployed, domain, Array<string>(TEN).fill(full)));
    ran();
  }
  return {
    coldStartMs: spread(figures.cold.map(({ coldStartMs }) => coldStartMs)),
    coldStartCpuMs: spread(figures.cold.map(({ coldStartCpuMs }) => coldStartCpuMs)),
    peakRssMb: spread(figures.one.map(({ peakRssMb }) => peakRssMb)),
    peakRssAfterTenMb: spread(figures.ten.map(({ peakRssMb }) => peakRssMb)),
    bundleKb: deployed.bundleBytes / 1024,
    zipKb: deployed.zipBytes / 1024,
    rawBytes,
    wireBytes,
  };
}
