import { execFile } from "node:child_process";
import { join } from "node:path";
import type { Report } from "../../operations/doctor/examine";
import type { Sandbox } from "../sandbox";

/** What came of `npm run doctor -- --json`. */
export interface DoctorRun {
  readonly code: number;
  readonly report: Report;
  readonly stderr: string;
}

const PROJECT = join(__dirname, "..", "..");
const TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Runs doctor as the user does: a process of its own, with the user's configuration file and AWS profiles.
 *
 * @param env on top of the sandbox's
 * @throws Error with what it printed, if it prints no report
 */
export function runDoctor(sandbox: Sandbox, env: NodeJS.ProcessEnv = {}): Promise<DoctorRun> {
  const args = ["run", "--silent", "doctor", "--", "--json"];
  const options = {
    cwd: PROJECT,
    env: { ...sandbox.environment, CLOUDTRAIL_CONFIG: sandbox.configurationFile, ...env },
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
  };
  return new Promise((resolve, reject) => {
    execFile("npm", args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      try {
        resolve({ code, report: JSON.parse(stdout) as Report, stderr });
      } catch {
        reject(new Error(`doctor ended with ${String(error?.code ?? error?.signal)}: ${stderr}${stdout}`));
      }
    });
  });
}

/** What is not well, in words; empty if all is. */
export function doctorProblems({ findings, notLookedAt }: Report): string[] {
  return [
    ...findings.map(({ code, message }) => `doctor: ${message} [${code}]`),
    ...notLookedAt.map(({ what, reason }) => `doctor could not look at ${what}: ${reason}`),
  ];
}
