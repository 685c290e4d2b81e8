import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** The project's folder. */
export const PROJECT = join(__dirname, "..", "..");

/** What came of a command. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/**
 * Runs one of the project's programs, or one that npm installed, in the project's folder.
 *
 * @param name as in node_modules/.bin
 * @param env on top of this process's environment; undefined takes a variable away
 */
export function runCommand(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Outcome> {
  return runProgram(join(PROJECT, "node_modules", ".bin", name), args, env);
}

/** Runs one of the project's programs in TypeScript, as its npm scripts do. */
export function runScript(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Outcome> {
  return runProgram(process.execPath, ["--import", "tsx", file, ...args], env);
}

/**
 * Runs one of the project's npm scripts, as a user does: `npm run <script> -- <args>`.
 *
 * @param folder the project's, or that of another checkout
 */
export function npmRun(
  script: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string | undefined>> = {},
  folder = PROJECT,
): Promise<Outcome> {
  return runProgram("npm", ["run", "--silent", script, "--", ...args], env, folder);
}

/** Runs any program. */
export async function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  folder = PROJECT,
): Promise<Outcome> {
  const started = performance.now();
  const child = spawn(program, [...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr, seconds: (performance.now() - started) / 1000 };
}
