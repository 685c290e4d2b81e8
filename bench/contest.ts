import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { OWNER_NAMES, type Payload } from "./payload";
import { bundleWorker, runWorker } from "./processes";
import type { Contender, CpuFigures } from "./workers/cpu";

/** Runs a contender in a fresh process, with the payload. */
export type Contest = (contender: Contender, warmUp: number, rounds: number) => Promise<CpuFigures>;

export async function contest(payload: Payload, folder: string): Promise<Contest> {
  const file = join(folder, "payload.txt");
  writeFileSync(file, payload.data);
  const worker = await bundleWorker("cpu", folder);
  const names = JSON.stringify(Object.fromEntries(OWNER_NAMES));
  return (contender, warmUp, rounds) => {
    const args = [worker, contender, file, String(payload.now), names, String(warmUp), String(rounds)];
    return runWorker<CpuFigures>(args, "stdout");
  };
}
