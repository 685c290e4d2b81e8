import { readFileSync } from "node:fs";
import { peakRssMb } from "./peak";

/** What one process measured of the deployed function. */
export interface FunctionFigures {
  /** Milliseconds from before `require` until the first request was answered. */
  readonly coldStartMs: number;
  /** The same in CPU time. */
  readonly coldStartCpuMs: number;
  /** Milliseconds of each invocation. */
  readonly invocationMs: readonly number[];
  /** The most memory that the process ever had, in MB (RSS). */
  readonly peakRssMb: number;
}

interface Function {
  handler: (event: unknown, context: object) => Promise<void>;
}

const [bundle, ...files] = process.argv.slice(2) as [string, ...string[]];

void main();

async function main(): Promise<void> {
  const invocationMs: number[] = [];
  let coldStartMs = 0;
  let coldStartCpuMs = 0;
  const events = files.map((file) => readFileSync(file, "utf8"));
  const began = performance.now();
  const cpuBegan = process.cpuUsage();
  // How long this takes is what is measured.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { handler } = require(bundle) as Function;
  for (const [at, text] of events.entries()) {
    const start = performance.now();
    // Lambda's runtime parses the event.
    await handler(JSON.parse(text), { awsRequestId: `request-${at}`, getRemainingTimeInMillis: () => 300_000 });
    invocationMs.push(performance.now() - start);
    if (at === 0) {
      coldStartMs = performance.now() - began;
      const { user, system } = process.cpuUsage(cpuBegan);
      coldStartCpuMs = (user + system) / 1000;
    }
  }
  const figures: FunctionFigures = {
    coldStartMs,
    coldStartCpuMs,
    invocationMs,
    peakRssMb: peakRssMb(),
  };
  // Standard output has the function's own log lines. Its kept connections would hold the process.
  process.stderr.write(JSON.stringify(figures), () => process.exit(0));
}
