import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { format, resolveConfig } from "prettier";
import type { EngineKind } from "../sandbox/engine";
import { TerminalProgress } from "../sandbox/progress";
import { articleBody } from "./article";
import { contest } from "./contest";
import { measureCpu } from "./cpu";
import { measureDeployed } from "./deployed";
import { startDomain } from "./domain";
import { measureEngine, type EngineResults, type IndexSize } from "./engine";
import { measureMemory } from "./memory";
import { largestPayload, type Payload } from "./payload";
import { markdownTable, terminalTable } from "./report";
import { Figures, missedBars, worst, type EngineFigures, type Results } from "./results";
import { rounded } from "./statistics";

const PARTS = ["cpu", "function", "engine"] as const;
type Part = (typeof PARTS)[number];
const MB = 1024 * 1024;
const RESULTS = join(__dirname, "results.json");

const flags = new Command("npm run bench --")
  .description(
    "Measures the shipper with a payload as large as Lambda takes: CPU time, memory, cold start, sizes, and records a " +
      "second into real engines. CORPORA=<folder> names CloudTrail files for the size of the index.",
  )
  .addOption(new Option("--only <parts...>", "what to measure; the other figures stay as they are").choices(PARTS))
  .addOption(new Option("--engine <kinds...>", "search engines").choices(["es7", "os2"]).default(["es7", "os2"]))
  .option("--runs <number>", "fresh processes for each figure", wholeNumber, 7)
  .option("--output <file>", "where the figures go", RESULTS)
  .option("--table", "measure nothing: print the README's table of the figures that are there")
  .addHelpText("after", "\nEnds with 1 where a bar is missed.")
  .parse()
  .opts<{ only?: Part[]; engine: EngineKind[]; runs: number; output: string; table?: true }>();

const progress = new TerminalProgress();
const folder = mkdtempSync(join(tmpdir(), "cloudtrail-bench-"));
main()
  .then((met) => (process.exitCode = met ? 0 : 1))
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  })
  .finally(() => rmSync(folder, { recursive: true, force: true }));

/** @returns whether all bars are met */
async function main(): Promise<boolean> {
  if (flags.table) {
    process.stdout.write(`${markdownTable(JSON.parse(readFileSync(flags.output, "utf8")) as Results)}\n`);
    return true;
  }
  const payload = largestPayload();
  const figures = new Figures();
  const measures = (part: Part) => flags.only?.includes(part) ?? true;
  if (measures("cpu")) await cpu(payload, figures);
  if (measures("function")) await deployedFunction(payload, figures);
  const engines = measures("engine") ? await searchEngines(payload, figures) : undefined;

  const before = previous();
  const results: Results = {
    ...before,
    machine: `${cpus().length} CPUs, Node.js ${process.version.slice(1)}`,
    payload: {
      records: payload.logEvents.length,
      textMb: rounded(payload.textBytes / MB),
      eventMb: rounded(payload.data.length / MB),
    },
    ...figures.values,
    ...(engines && { indexBytesVsGuessed: worst(Object.values(engines).flatMap(quotients)), engines }),
    spread: { ...before.spread, ...figures.spread },
  };
  // As `npm run lint` wants it.
  const style = { ...(await resolveConfig(RESULTS)), filepath: RESULTS };
  writeFileSync(flags.output, await format(JSON.stringify(results, null, 2), style));
  process.stdout.write(`${terminalTable(results)}\n`);
  const missed = missedBars(results);
  if (missed.length > 0) process.stdout.write(`Above its bar: ${missed.join(", ")}\n`);
  return missed.length === 0;
}

async function cpu(payload: Payload, figures: Figures): Promise<void> {
  const measure = await contest(payload, folder);
  const results = await progress.bar("CPU time", flags.runs, (advance) =>
    measureCpu(measure, flags.runs, () => advance(1)),
  );
  figures.add("cpuVsFloor", results.cpuVsFloor);
  figures.add("cpuVsArticle", results.cpuVsArticle);
  figures.add("cpuFloorMs", results.floorMs);
  figures.add("cpuShipperMs", results.shipperMs);
  figures.add("cpuArticleMs", results.articleMs);
  figures.add("cpuCompressionMs", results.compressionMs);
  figures.add("cpuHashingMs", results.hashingMs);
  const memory = await progress.bar("Memory, against the others", flags.runs, (advance) =>
    measureMemory(measure, flags.runs, () => advance(1)),
  );
  figures.add("rssVsFloor", memory.rssVsFloor);
  figures.add("rssVsArticle", memory.rssVsArticle);
  figures.add("rssShipperMb", memory.shipperMb);
  figures.add("rssFloorMb", memory.floorMb);
  figures.add("rssArticleMb", memory.articleMb);
}

async function deployedFunction(payload: Payload, figures: Figures): Promise<void> {
  const domain = await startDomain(folder);
  try {
    const results = await progress.bar("Memory and cold start", flags.runs, (advance) =>
      measureDeployed(payload, folder, domain, flags.runs, () => advance(1)),
    );
    const articleBytes = articleBody(payload.data).length;
    figures.add("peakRssMb", results.peakRssMb);
    figures.add("peakRssAfterTenMb", results.peakRssAfterTenMb);
    figures.add("coldStartMs", results.coldStartMs);
    figures.add("coldStartCpuMs", results.coldStartCpuMs);
    figures.add("bundleKb", results.bundleKb);
    figures.add("zipKb", results.zipKb);
    figures.add("rawBytesVsArticle", results.rawBytes / articleBytes);
    figures.add("wireBytesVsArticle", results.wireBytes / articleBytes);
    figures.add("rawMb", results.rawBytes / MB);
    figures.add("wireMb", results.wireBytes / MB);
  } finally {
    await domain.stop();
  }
}

async function searchEngines(payload: Payload, figures: Figures): Promise<Record<string, EngineFigures>> {
  const found: Record<string, EngineFigures> = {};
  for (const kind of flags.engine) {
    const results = await progress.step(`Index size and throughput, ${kind}`, () =>
      measureEngine(kind, payload, folder, flags.runs, process.env.CORPORA),
    );
    found[kind] = engineFigures(results);
    figures.addSpread(`${kind}.recordsPerSecond`, results.recordsPerSecond);
  }
  return found;
}

function engineFigures({ madeUp, corpora, recordsPerSecond }: EngineResults): EngineFigures {
  const size = ({ bytesPerRecord, guessedBytesPerRecord, indexBytesVsGuessed }: IndexSize) => ({
    bytesPerRecord: Math.round(bytesPerRecord),
    guessedBytesPerRecord: Math.round(guessedBytesPerRecord),
    indexBytesVsGuessed: rounded(indexBytesVsGuessed),
  });
  return {
    recordsPerSecond: Math.round(recordsPerSecond.median),
    ...size(madeUp),
    ...(corpora && {
      real: {
        records: corpora.records,
        refused: corpora.refused,
        guessedRefused: corpora.guessedRefused,
        ...size(corpora),
      },
    }),
  };
}

function quotients({ indexBytesVsGuessed, real }: EngineFigures): number[] {
  return [indexBytesVsGuessed, ...(real ? [real.indexBytesVsGuessed] : [])];
}

function previous(): Partial<Results> {
  if (flags.only === undefined || !existsSync(flags.output)) return {};
  return JSON.parse(readFileSync(flags.output, "utf8")) as Results;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("a whole number from 1 on");
  return number;
}
