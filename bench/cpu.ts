import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { OWNER_NAMES, type Payload } from "./payload";
import { bundleWorker, runWorker } from "./processes";
import { median, ratios, spread, type Spread } from "./statistics";
import type { Contender, CpuFigures } from "./workers/cpu";

/** CPU time for one payload. */
export interface CpuResults {
  readonly cpuVsFloor: Spread;
  readonly cpuVsArticle: Spread;
  /** Milliseconds; the shipper's up to its finished bodies. */
  readonly floorMs: Spread;
  readonly shipperMs: Spread;
  readonly articleMs: Spread;
  /** Milliseconds that come on top: what is sent is compressed, and hashed for its signature. */
  readonly compressionMs: Spread;
  readonly hashingMs: Spread;
}

/** A container that is in use: its code is compiled. */
const WARM_UP = 10;
const ROUNDS = 20;
const CONTENDERS = ["floor", "shipper", "article", "compression", "hashing"] as const satisfies readonly Contender[];

/**
 * Measures all contenders in turn, each in a fresh process of its own: none pays for what another has thrown away. Pairs
 * are what ran one after the other.
 */
export async function measureCpu(payload: Payload, folder: string, runs: number, ran: () => void): Promise<CpuResults> {
  const measure = await contest(payload, folder);
  const figures: Record<Contender, number[][]> = { floor: [], shipper: [], article: [], compression: [], hashing: [] };
  for (let run = 0; run < runs; run++) {
    for (const contender of CONTENDERS) {
      const { cpuMs } = await measure(contender, WARM_UP, ROUNDS);
      figures[contender].push([...cpuMs]);
    }
    ran();
  }
  return summarize(figures);
}

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

/** Of each process the median; of the processes, and of the quotients of each pair, median and spread. */
export function summarize(figures: Readonly<Record<Contender, readonly (readonly number[])[]>>): CpuResults {
  const of = (contender: Contender) => figures[contender].map(median);
  return {
    cpuVsFloor: spread(ratios(of("shipper"), of("floor"))),
    cpuVsArticle: spread(ratios(of("shipper"), of("article"))),
    floorMs: spread(of("floor")),
    shipperMs: spread(of("shipper")),
    articleMs: spread(of("article")),
    compressionMs: spread(of("compression")),
    hashingMs: spread(of("hashing")),
  };
}
