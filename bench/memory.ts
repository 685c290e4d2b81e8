import type { Contest } from "./contest";
import { ratios, spread, type Spread } from "./statistics";

/** Resident memory at its peak, after one payload in a fresh process, up to the finished bodies. */
export interface MemoryResults {
  readonly rssVsFloor: Spread;
  readonly rssVsArticle: Spread;
  /** MB. */
  readonly shipperMb: Spread;
  readonly floorMb: Spread;
  readonly articleMb: Spread;
}

/** Measures the same work as the CPU time is measured of, once in each process: what a container needs for its first payload. */
export async function measureMemory(measure: Contest, runs: number, ran: () => void): Promise<MemoryResults> {
  const peaks = { floor: [] as number[], shipper: [] as number[], article: [] as number[] };
  for (let run = 0; run < runs; run++) {
    for (const contender of ["floor", "shipper", "article"] as const) {
      const { peakRssMb } = await measure(contender, 0, 1);
      peaks[contender].push(peakRssMb);
    }
    ran();
  }
  const { floor, shipper, article } = peaks;
  return {
    rssVsFloor: spread(ratios(shipper, floor)),
    rssVsArticle: spread(ratios(shipper, article)),
    shipperMb: spread(shipper),
    floorMb: spread(floor),
    articleMb: spread(article),
  };
}
