import type { Contest } from "./contest";
import { median, ratios, spread, type Spread } from "./statistics";
import type { Contender } from "./workers/cpu";

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
export async function measureCpu(measure: Contest, runs: number, ran: () => void): Promise<CpuResults> {
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
