import { rounded, type Spread } from "./statistics";

/** bench/results.json. Figures are medians; `spread` has the least and the most of each that was measured several times. */
export interface Results {
  readonly machine: string;
  readonly payload: { readonly records: number; readonly textMb: number; readonly eventMb: number };
  /** CPU time up to the finished bodies, through the floor's: unpacking, parsing the payload and each record. */
  readonly cpuVsFloor?: number;
  /** The same through the article's function's. */
  readonly cpuVsArticle?: number;
  readonly cpuFloorMs?: number;
  readonly cpuShipperMs?: number;
  readonly cpuArticleMs?: number;
  /** On top of cpuShipperMs. */
  readonly cpuCompressionMs?: number;
  readonly cpuHashingMs?: number;
  /** Resident memory at its peak up to the finished bodies of one payload, through the floor's and the article's. */
  readonly rssVsFloor?: number;
  readonly rssVsArticle?: number;
  readonly rssShipperMb?: number;
  readonly rssFloorMb?: number;
  readonly rssArticleMb?: number;
  /** The same of the deployed function, which compresses and sends them, after one payload in a fresh process. */
  readonly peakRssMb?: number;
  /** The same after ten, one after the other. */
  readonly peakRssAfterTenMb?: number;
  /** From `require` until the first request, of one record, was answered. */
  readonly coldStartMs?: number;
  readonly coldStartCpuMs?: number;
  readonly bundleKb?: number;
  readonly zipKb?: number;
  /** Bytes of all bodies before compression, through those of the article's one body. */
  readonly rawBytesVsArticle?: number;
  /** What is sent, compressed, through what the article's function sent. */
  readonly wireBytesVsArticle?: number;
  readonly rawMb?: number;
  readonly wireMb?: number;
  /** Bytes of a record on disk, through those of the article's document under a guessed mapping; the larger of the engines. */
  readonly indexBytesVsGuessed?: number;
  readonly engines?: Readonly<Record<string, EngineFigures>>;
  readonly spread: Readonly<Record<string, readonly [min: number, max: number]>>;
}

export interface EngineFigures {
  readonly recordsPerSecond: number;
  readonly bytesPerRecord: number;
  readonly guessedBytesPerRecord: number;
  readonly indexBytesVsGuessed: number;
  /** Of real records, where they were at hand. */
  readonly real?: {
    readonly records: number;
    readonly refused: number;
    readonly guessedRefused: number;
    readonly bytesPerRecord: number;
    readonly guessedBytesPerRecord: number;
    readonly indexBytesVsGuessed: number;
  };
}

/** A figure with a limit. */
export type Barred = "cpuVsFloor" | "cpuVsArticle" | "peakRssMb" | "coldStartMs" | "bundleKb" | "indexBytesVsGuessed";

/** The most that each may be. */
export const BARS: Readonly<Record<Barred, number>> = {
  cpuVsFloor: 1.3,
  cpuVsArticle: 0.5,
  peakRssMb: 200,
  coldStartMs: 150,
  bundleKb: 300,
  indexBytesVsGuessed: 0.6,
};

/** The figures that are above their bars; what was not measured is not among them. */
export function missedBars(results: Partial<Record<Barred, number>>): Barred[] {
  return (Object.keys(BARS) as Barred[]).filter((name) => (results[name] ?? 0) > BARS[name]);
}

/** Collects figures: those measured several times by their median, least and most. */
export class Figures {
  readonly values: Record<string, number> = {};
  readonly spread: Record<string, [min: number, max: number]> = {};

  add(name: keyof Results, figure: number | Spread): void {
    this.values[name] = rounded(typeof figure === "number" ? figure : figure.median);
    if (typeof figure === "object") this.addSpread(name, figure);
  }

  addSpread(name: string, { min, max }: Spread): void {
    this.spread[name] = [rounded(min), rounded(max)];
  }
}

/** The largest of the engines' and records' quotients: the one that a bar is about. */
export function worst(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}
