import Table from "cli-table3";
import { BARS, type Barred, type EngineFigures, type Results } from "./results";

interface Row {
  readonly what: string;
  readonly figure: string;
  readonly bar?: string;
}

/** The table on the terminal. */
export function terminalTable(results: Results): string {
  const table = new Table({ head: ["", "median", "least to most", "bar"] });
  for (const { what, name, figure, bar } of rows(results)) {
    const range = results.spread[name];
    table.push([what, figure, range === undefined ? "" : `${range[0]} to ${range[1]}`, bar ?? ""]);
  }
  return table.toString();
}

/** The table of the README. */
export function markdownTable(results: Results): string {
  const lines = rows(results).map(({ what, figure, bar }) => `| ${what} | ${figure} | ${bar ?? ""} |`);
  return ["| | measured | bar |", "| --- | --- | --- |", ...lines].join("\n");
}

function rows(results: Results): (Row & { readonly name: string })[] {
  const row = (name: keyof Results, what: string, unit = ""): (Row & { readonly name: string })[] => {
    const value = results[name];
    if (typeof value !== "number") return [];
    const bar = name in BARS ? `at most ${BARS[name as Barred]}${unit}` : undefined;
    return [{ name, what, figure: `${value}${unit}`, bar }];
  };
  return [
    ...row("cpuVsFloor", "CPU time, against the floor: unpack, parse the payload and each record"),
    ...row("cpuVsArticle", "CPU time, against the article's function"),
    ...row("cpuShipperMs", "CPU time for a payload, up to the finished bodies", " ms"),
    ...row("cpuFloorMs", "the floor's", " ms"),
    ...row("cpuArticleMs", "the article's function's", " ms"),
    ...row("cpuCompressionMs", "compressing the bodies, on top", " ms"),
    ...row("cpuHashingMs", "hashing them for the signature, on top", " ms"),
    ...row("rssVsFloor", "memory at its peak (RSS), up to the finished bodies, against the floor"),
    ...row("rssVsArticle", "the same, against the article's function"),
    ...row("rssShipperMb", "the shipper's", " MB"),
    ...row("rssFloorMb", "the floor's", " MB"),
    ...row("rssArticleMb", "the article's function's", " MB"),
    ...row("peakRssMb", "memory at its peak, the deployed function, one payload", " MB"),
    ...row("peakRssAfterTenMb", "memory at its peak, ten payloads one after the other", " MB"),
    ...row("coldStartMs", "cold start: `require` until the first request was answered", " ms"),
    ...row("coldStartCpuMs", "CPU time of it", " ms"),
    ...row("bundleKb", "bundle, one file", " KB"),
    ...row("zipKb", "zipped", " KB"),
    ...row("rawBytesVsArticle", "bytes of the bodies, against the article's"),
    ...row("wireBytesVsArticle", "bytes on the wire, compressed, against the article's, which were not"),
    ...row("rawMb", "bodies of a payload", " MB"),
    ...row("wireMb", "compressed", " MB"),
    ...row("indexBytesVsGuessed", "index on disk, against the article's documents under a guessed mapping"),
    ...Object.entries(results.engines ?? {}).flatMap(([kind, figures]) => engineRows(kind, figures)),
  ];
}

const ENGINES: Readonly<Record<string, string>> = { es7: "Elasticsearch 7.10", os2: "OpenSearch 2.19" };

function engineRows(kind: string, figures: EngineFigures): (Row & { readonly name: string })[] {
  const engine = ENGINES[kind] ?? kind;
  const size = (what: string, bytes: Pick<EngineFigures, "bytesPerRecord" | "guessedBytesPerRecord">) => ({
    name: `${kind}.bytesPerRecord`,
    what: `${engine}: bytes of ${what} on disk, and under a guessed mapping`,
    figure: `${bytes.bytesPerRecord} and ${bytes.guessedBytesPerRecord}`,
  });
  const { real } = figures;
  return [
    { name: `${kind}.recordsPerSecond`, what: `${engine}: records a second`, figure: `${figures.recordsPerSecond}` },
    size("a made-up record", figures),
    ...(real === undefined
      ? []
      : [
          size(`a real record (of ${real.records})`, real),
          {
            name: `${kind}.refused`,
            what: `${engine}: real records that the mapping refused, and the guessed one`,
            figure: `${real.refused} and ${real.guessedRefused}`,
          },
        ]),
  ];
}
