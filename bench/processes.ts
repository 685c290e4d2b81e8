import { execFile } from "node:child_process";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";

const execute = promisify(execFile);
const TIMEOUT_MS = 300_000;

/**
 * Bundles a worker with the code that it measures, as the function is bundled for Lambda: no loader and no compiler
 * then runs beside what is measured.
 *
 * @returns the file's path
 */
export async function bundleWorker(name: string, folder: string): Promise<string> {
  const entry = join(__dirname, "workers", `${name}.ts`);
  const outfile = join(folder, `${name}.js`);
  await build({
    entryPoints: [basename(entry)],
    absWorkingDir: dirname(entry),
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node22",
    minify: true,
    tsconfigRaw: {},
    logLevel: "silent",
  });
  return outfile;
}

/**
 * Runs a worker in a fresh process and reads the figures that it prints in the end.
 *
 * @param stream where it prints them
 * @throws Error with what it printed, if it ends badly
 */
export async function runWorker<Figures>(
  args: readonly string[],
  stream: "stdout" | "stderr",
  env: NodeJS.ProcessEnv = {},
): Promise<Figures> {
  const options = { env: { PATH: process.env.PATH, ...env }, timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };
  const output = await execute(process.execPath, [...args], options);
  try {
    return JSON.parse(output[stream]) as Figures;
  } catch {
    throw new Error(`A worker has printed no figures: ${output.stderr.slice(-2_000)}`);
  }
}
